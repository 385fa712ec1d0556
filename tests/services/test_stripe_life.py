"""A payment's life through Stripe as the sandbox plays it: opened, doubted, paid, ended, given back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk, open_desk
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, PaymentState, Purpose, RefundState
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Role
from tillgate.providers.stripe import Stripe
from tillgate.sandbox import CardChoice, FaultKind, Outcome, SandboxServer, TestCard, Verb, When
from tillgate.services.cancel import Ended, cancel
from tillgate.services.payments import StartPayment, Thing, start
from tillgate.services.refund_rows import list_refunds
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.sweep import sweep
from tillgate.store.unit_of_work import refuse_inside_transaction

FEE = Money(500_000, "PHP")


@dataclass
class Counter:
    """A counter whose customers pay through Stripe; the till's clock is Stripe's."""

    desk: Desk
    sandbox: SandboxServer
    clock: FakeClock

    def begin(self, key: str = "payment-1") -> int:
        things = (Thing("consultation", 1, FEE),)
        command = StartPayment(key, Purpose.CHECKOUT, FEE, things, "Consultation", "stripe", "session")
        return start(self.desk.till, self.desk.cashier, command).payment.id

    def state(self, payment_id: int) -> PaymentState:
        return self.desk.payment(payment_id).state

    def session(self, payment_id: int) -> str:
        attempt = self.desk.view(payment_id).attempt
        assert attempt is not None
        assert attempt.provider_id is not None
        return attempt.provider_id

    def pay(self, payment_id: int, choice: CardChoice | None = None) -> str:
        return self.sandbox.card_holder.pay_session(self.session(payment_id), choice).payment_id

    def check(self, payment_id: int) -> PaymentState:
        return check_now(self.desk.till, self.desk.cashier, payment_id).state

    def wait(self, seconds: float, *, steps: int = 1) -> None:
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            self.desk.settle()


@pytest.fixture
def counter(sqlite_only: Engine) -> Iterator[Counter]:
    clock = FakeClock(wall=datetime(2026, 11, 21, 7, 0, tzinfo=UTC))
    till = make_till(sqlite_only, clock, mode=Mode.TRAINING)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        stripe = Stripe(
            sandbox.stripe.key_id,
            Secret(sandbox.stripe.key_secret),
            mode=Mode.TRAINING,
            base_url=sandbox.stripe.base_url,
            before_send=refuse_inside_transaction,
            now=clock.now,
            sleep=lambda _seconds: None,
        )
        desk.till = replace(desk.till, providers={stripe.name: stripe})
        yield Counter(desk, sandbox, clock)
        stripe.close()


def arm(counter: Counter, kind: FaultKind, verb: Verb, when: When | None = None, count: int = 1) -> None:
    counter.sandbox.faults.arm(kind, verb, provider="stripe", when=when, count=count)


def test_paid_after_a_decline_verified_and_refunded_in_part(counter: Counter) -> None:
    begun = counter.begin()
    view = counter.desk.view(begun)
    assert view.attempt is not None
    assert (view.payment.state, view.attempt.account) == (PaymentState.PENDING, counter.sandbox.stripe.key_id)
    assert view.attempt.expires_at == counter.clock.now() + timedelta(minutes=35)
    counter.pay(begun, CardChoice(card=TestCard.INSUFFICIENT_FUNDS))
    assert counter.check(begun) is PaymentState.PENDING
    charge = counter.pay(begun)
    assert counter.check(begun) is PaymentState.CAPTURED
    assert counter.desk.made == [begun]
    request_refund(counter.desk.till, counter.desk.manager, begun, Money(100_000, "PHP"), "Half the time")
    counter.desk.settle()
    assert counter.state(begun) is PaymentState.PARTIALLY_REFUNDED
    [given] = [one for one in counter.sandbox.money_facts().refunds if one.parent_id == charge]
    assert (given.amount_minor, given.currency) == (100_000, "PHP")
    assert counter.desk.ledger_is_even()


def test_slow_money_is_waited_for(counter: Counter) -> None:
    for key, ends, state in (
        ("payment-comes", "approve_late", PaymentState.CAPTURED),
        ("payment-fails", "refuse_late", PaymentState.FAILED),
    ):
        begun = counter.begin(key)
        charge = counter.pay(begun, CardChoice(Outcome.DELAY, seconds=9 * 86_400))
        assert counter.check(begun) is PaymentState.PROCESSING
        assert getattr(counter.sandbox.card_holder, ends)(charge)
        assert counter.check(begun) is state
        if state is PaymentState.CAPTURED:
            request_refund(counter.desk.till, counter.desk.manager, begun, FEE, "To charge it again")
            counter.desk.settle()


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_create_in_doubt_is_looked_up_and_there_is_one_session(counter: Counter, when: When) -> None:
    arm(counter, FaultKind.RESET_BEFORE_ANSWER, Verb.CREATE, when)
    begun = counter.begin()
    assert counter.state(begun) is PaymentState.CREATED
    counter.wait(30, steps=5)
    assert counter.state(begun) is PaymentState.PENDING
    assert len(counter.sandbox.money_facts().links) == 1
    counter.pay(begun)
    assert counter.check(begun) is PaymentState.CAPTURED


def test_a_failure_that_stripe_keeps_frees_the_consultation(counter: Counter) -> None:
    """The stored 500 would be said for a day; nothing bears the reference, so nobody can ever pay it."""
    arm(counter, FaultKind.SERVER_ERROR_500, Verb.CREATE, When.BEFORE)
    begun = counter.begin()
    counter.wait(60, steps=10)
    assert counter.state(begun) is PaymentState.FAILED
    again = counter.begin("payment-2")
    counter.pay(again)
    assert counter.check(again) is PaymentState.CAPTURED
    arm(counter, FaultKind.SERVER_ERROR_500, Verb.CREATE, When.AFTER)
    request_refund(counter.desk.till, counter.desk.manager, again, FEE, "Once more")
    counter.desk.settle()
    found = counter.begin("payment-3")
    counter.wait(30, steps=5)
    assert counter.state(found) is PaymentState.PENDING


def test_cancel_closes_the_session_and_a_payment_that_won_stands(counter: Counter) -> None:
    begun = counter.begin()
    assert cancel(counter.desk.till, counter.desk.cashier, begun).ended is Ended.CANCELLED
    with pytest.raises(Exception, match="sandbox_link_closed"):
        counter.pay(begun)
    second = counter.begin("payment-2")
    counter.pay(second)
    assert cancel(counter.desk.till, counter.desk.cashier, second).ended is Ended.PAID
    assert counter.state(second) is PaymentState.CAPTURED


def test_nobody_pays_and_it_expires_at_stripes_word(counter: Counter) -> None:
    begun = counter.begin()
    counter.wait(34 * 60, steps=10)
    assert counter.state(begun) is PaymentState.PENDING
    counter.wait(10 * 60, steps=5)
    assert counter.state(begun) is PaymentState.EXPIRED


def test_money_of_another_amount_goes_to_a_person(counter: Counter) -> None:
    begun = counter.begin()
    arm(counter, FaultKind.WRONG_AMOUNT, Verb.PAY)
    counter.pay(begun)
    counter.check(begun)
    assert counter.desk.made == []
    assert [one.kind for one in counter.desk.exceptions()] == [ExceptionKind.UNDERPAID]


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_refund_in_doubt_is_made_once(counter: Counter, when: When) -> None:
    begun = counter.begin()
    counter.pay(begun)
    counter.check(begun)
    arm(counter, FaultKind.BAD_GATEWAY_502, Verb.REFUND, when)
    request_refund(counter.desk.till, counter.desk.manager, begun, FEE, "All of it")
    counter.desk.settle()
    counter.wait(600, steps=10)
    assert counter.state(begun) is PaymentState.REFUNDED
    assert len(counter.sandbox.money_facts().refunds) == 1
    with counter.desk.till.db.read() as connection:
        assert [one.state for one in list_refunds(connection, begun)] == [RefundState.DONE]


def test_the_books_and_stripes_agree_at_the_end_of_the_day(counter: Counter) -> None:
    begun = counter.begin()
    counter.pay(begun)
    counter.check(begun)
    counter.wait(1_000)
    assert sweep(counter.desk.till, counter.desk.till.providers["stripe"])
    assert counter.desk.exceptions() == []
