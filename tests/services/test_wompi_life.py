"""A payment's life through Wompi as the sandbox plays it: opened, doubted, paid, ended, given back."""

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
from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, PaymentState, Purpose, RefundState
from tillgate.domain.secret import Secret
from tillgate.domain.settings import WOMPI_LARGEST, WOMPI_SMALLEST, Settings
from tillgate.domain.staff import Role
from tillgate.providers.wompi import Wompi
from tillgate.sandbox import FaultKind, SandboxServer, Verb, When, WompiChoice, WompiOutcome
from tillgate.services.cancel import Ended, cancel
from tillgate.services.payments import StartPayment, Thing, start
from tillgate.services.refund_rows import list_refunds
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.sweep import sweep
from tillgate.store.unit_of_work import refuse_inside_transaction

DUE = Money(5_000_000, "COP")


@dataclass
class Counter:
    """A counter whose customers pay through Wompi; the till's clock is Wompi's."""

    desk: Desk
    sandbox: SandboxServer
    clock: FakeClock

    def begin(self, key: str = "payment-1", method: str = "link", amount: Money = DUE) -> int:
        things = (Thing("device_invoice", len(key) * 100 + ord(key[-1]), amount),)
        command = StartPayment(key, Purpose.CHECKOUT, amount, things, "INV-BIKE001", "wompi", method)
        return start(self.desk.till, self.desk.cashier, command).payment.id

    def state(self, payment_id: int) -> PaymentState:
        return self.desk.payment(payment_id).state

    def url(self, payment_id: int) -> str:
        attempt = self.desk.view(payment_id).attempt
        assert attempt is not None
        assert attempt.url is not None
        return attempt.url

    def pay(self, payment_id: int, outcome: WompiOutcome = WompiOutcome.PAY, method: str = "CARD") -> str:
        choice = WompiChoice(outcome, method, seconds=60)
        return self.sandbox.wompi_payer.pay(self.url(payment_id), choice).payment_id

    def check(self, payment_id: int) -> PaymentState:
        return check_now(self.desk.till, self.desk.cashier, payment_id).state

    def wait(self, seconds: float, *, steps: int = 1) -> None:
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            self.desk.settle()

    def exceptions(self) -> list[ExceptionKind]:
        return [each.kind for each in self.desk.exceptions()]


@pytest.fixture
def counter(sqlite_only: Engine) -> Iterator[Counter]:
    clock = FakeClock(wall=datetime(2026, 11, 21, 15, 0, tzinfo=UTC))
    till = make_till(sqlite_only, clock, mode=Mode.TRAINING)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        wompi = Wompi(
            sandbox.wompi.key_id,
            Secret(sandbox.wompi.key_secret),
            mode=Mode.TRAINING,
            integrity=Secret(sandbox.wompi.keys.integrity),
            base_url=sandbox.wompi.base_url,
            before_send=refuse_inside_transaction,
            now=clock.now,
        )
        desk.till = replace(desk.till, providers={wompi.name: wompi})
        yield Counter(desk, sandbox, clock)
        wompi.close()


def arm(counter: Counter, kind: FaultKind, verb: Verb, when: When | None = None, count: int = 1) -> None:
    counter.sandbox.faults.arm(kind, verb, provider="wompi", when=when, count=count)


def refunded(counter: Counter, payment_id: int) -> list[RefundState]:
    with counter.desk.till.db.read() as connection:
        return [one.state for one in list_refunds(connection, payment_id)]


@pytest.mark.parametrize("method", ["link", "web"])
def test_paid_after_a_decline_and_an_error_and_voided(counter: Counter, method: str) -> None:
    begun = counter.begin(method=method)
    assert counter.state(begun) is PaymentState.PENDING
    counter.pay(begun, WompiOutcome.DECLINE)
    assert counter.check(begun) is PaymentState.PENDING
    counter.pay(begun, WompiOutcome.ERROR, "PSE")
    assert counter.check(begun) is PaymentState.PENDING
    transaction = counter.pay(begun)
    assert counter.check(begun) is PaymentState.CAPTURED
    assert counter.desk.made == [begun]
    with pytest.raises(Refused, match="partial_unsupported"):
        request_refund(counter.desk.till, counter.desk.manager, begun, Money(100, "COP"), "A part")
    request_refund(counter.desk.till, counter.desk.manager, begun, DUE, "The bike came back")
    counter.desk.settle()
    assert counter.state(begun) is PaymentState.REFUNDED
    assert [one.parent_id for one in counter.sandbox.money_facts().refunds] == [transaction]
    counter.wait(3_600)
    assert sweep(counter.desk.till, counter.desk.till.providers["wompi"])
    assert counter.exceptions() == []
    assert counter.desk.ledger_is_even()


def test_pending_money_is_waited_for_and_holds_the_thing(counter: Counter) -> None:
    begun = counter.begin()
    counter.pay(begun, WompiOutcome.DELAY, "PSE")
    assert counter.check(begun) is PaymentState.PROCESSING
    # It may come still: nobody charges again.
    assert cancel(counter.desk.till, counter.desk.cashier, begun).ended is Ended.CHECKING
    counter.clock.advance(61)
    assert counter.check(begun) is PaymentState.CAPTURED


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_create_in_doubt_is_sent_again_and_one_link_is_ever_shown(counter: Counter, when: When) -> None:
    arm(counter, FaultKind.RESET_BEFORE_ANSWER, Verb.CREATE, when)
    begun = counter.begin()
    assert counter.state(begun) is PaymentState.CREATED
    assert counter.desk.view(begun).attempts[-1].url is None
    counter.wait(30, steps=5)
    assert counter.state(begun) is PaymentState.PENDING
    # The first one, where there is one, was never shown to anybody.
    assert len(counter.sandbox.money_facts().links) == (2 if when is When.AFTER else 1)
    counter.pay(begun)
    assert counter.check(begun) is PaymentState.CAPTURED


def test_a_web_checkout_in_doubt_is_the_same_one_again(counter: Counter) -> None:
    arm(counter, FaultKind.RESET_BEFORE_ANSWER, Verb.LOOKUP, When.AFTER, count=2)
    begun = counter.begin(method="web")
    counter.wait(30, steps=5)
    assert counter.state(begun) is PaymentState.PENDING
    counter.pay(begun)
    assert counter.check(begun) is PaymentState.CAPTURED


def test_money_that_comes_twice_or_wrong_goes_to_a_person(counter: Counter) -> None:
    begun = counter.begin()
    arm(counter, FaultKind.CAPTURED_TWICE, Verb.PAY)
    counter.pay(begun)
    assert counter.check(begun) is PaymentState.CAPTURED
    assert (counter.desk.made, counter.exceptions()) == ([begun], [ExceptionKind.DOUBLE])
    for number, kind in enumerate((FaultKind.WRONG_AMOUNT, FaultKind.WRONG_CURRENCY), 2):
        other = counter.begin(f"payment-{number}")
        arm(counter, kind, Verb.PAY)
        counter.pay(other)
        counter.check(other)
    assert counter.desk.made == [begun]
    kinds = {ExceptionKind.DOUBLE, ExceptionKind.UNDERPAID, ExceptionKind.MISMATCH}
    assert set(counter.exceptions()) == kinds


def test_cancel_closes_a_link_and_a_payment_that_won_stands(counter: Counter) -> None:
    begun = counter.begin()
    assert cancel(counter.desk.till, counter.desk.cashier, begun).ended is Ended.CANCELLED
    with pytest.raises(Refused, match="sandbox_link_closed"):
        counter.pay(begun)
    second = counter.begin("payment-2")
    counter.pay(second)
    assert cancel(counter.desk.till, counter.desk.cashier, second).ended is Ended.PAID
    assert counter.state(second) is PaymentState.CAPTURED
    # A Web Checkout has no end but its own time: it is over here, and watched.
    web = counter.begin("payment-3", "web")
    assert cancel(counter.desk.till, counter.desk.cashier, web).ended is Ended.CANCELLED
    counter.pay(web)
    counter.wait(120, steps=2)
    assert counter.state(web) is PaymentState.CAPTURED
    assert counter.exceptions() == [ExceptionKind.LATE]


def test_nobody_pays_and_it_expires_at_wompis_word(counter: Counter) -> None:
    begun = counter.begin()
    counter.wait(34 * 60, steps=10)
    assert counter.state(begun) is PaymentState.PENDING
    counter.wait(20 * 60, steps=5)
    assert counter.state(begun) is PaymentState.EXPIRED


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_void_in_doubt_is_made_once(counter: Counter, when: When) -> None:
    begun = counter.begin()
    counter.pay(begun)
    counter.check(begun)
    arm(counter, FaultKind.BAD_GATEWAY_502, Verb.REFUND, when)
    request_refund(counter.desk.till, counter.desk.manager, begun, DUE, "All of it")
    counter.desk.settle()
    counter.wait(600, steps=10)
    assert counter.state(begun) is PaymentState.REFUNDED
    assert len(counter.sandbox.money_facts().refunds) == 1
    assert refunded(counter, begun) == [RefundState.DONE]


def test_what_wompi_cant_give_back_is_a_persons_to_do(counter: Counter) -> None:
    yesterday = counter.begin()
    counter.pay(yesterday)
    counter.check(yesterday)
    counter.clock.advance(timedelta(hours=15).total_seconds())  # past midnight in Bogotá
    counter.desk.settle()
    counter.desk.cashier = signed_in(counter.desk.till, Role.CASHIER)
    nequi = counter.begin("payment-2")
    counter.pay(nequi, method="NEQUI")
    counter.check(nequi)
    manager = signed_in(counter.desk.till, Role.MANAGER)
    for payment_id in (yesterday, nequi):
        request_refund(counter.desk.till, manager, payment_id, DUE, "It came back")
        counter.desk.settle()
        assert refunded(counter, payment_id) == [RefundState.FAILED]
    failed = [each for each in counter.desk.exceptions() if each.kind is ExceptionKind.REFUND_FAILED]
    said = {each.payment_id: str(each.evidence) for each in failed}
    assert set(said) == {yesterday, nequi}
    assert "liquidada" in said[yesterday]
    assert "card payments only" in said[nequi]
    assert all("dashboard" in words for words in said.values())
    assert counter.sandbox.money_facts().refunds == ()


def test_more_or_less_than_the_settings_allow_is_refused_before_anything(counter: Counter) -> None:
    stored = {WOMPI_SMALLEST.name: "2000", WOMPI_LARGEST.name: "60000"}
    counter.desk.till = replace(counter.desk.till, settings=lambda: Settings(stored))
    for pesos, code in ((1_999, "amount_below_minimum"), (60_001, "amount_above_maximum")):
        with pytest.raises(Invalid, match=code):
            counter.begin(amount=Money(pesos * 100, "COP"))
    with pytest.raises(Invalid, match="currency_unsupported"):
        counter.begin(amount=Money(5_000_000, "INR"))
    assert counter.sandbox.list_events() == []
    for number, pesos in enumerate((2_000, 60_000)):
        assert counter.state(counter.begin(f"payment-{number}", amount=Money(pesos * 100, "COP")))


def test_what_was_paid_unseen_comes_in_with_the_sweep(counter: Counter) -> None:
    begun = counter.begin()
    counter.pay(begun)
    assert sweep(counter.desk.till, counter.desk.till.providers["wompi"])
    assert (counter.state(begun), counter.exceptions()) == (PaymentState.CAPTURED, [])
