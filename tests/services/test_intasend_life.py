"""A payment's life through IntaSend as the sandbox plays it: paid, in doubt, refused, late, given back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk, open_desk
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.errors import Invalid
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, PaymentState, Purpose
from tillgate.domain.secret import Secret
from tillgate.domain.settings import INTASEND_LARGEST, Settings
from tillgate.domain.staff import Role
from tillgate.ports import Payer
from tillgate.providers.intasend import IntaSend
from tillgate.sandbox import FaultKind, PhoneChoice, PhoneOutcome, SandboxServer, Verb, When
from tillgate.services.cancel import Ended, cancel
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.services.payments import StartPayment, Thing, start
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.sweep import sweep
from tillgate.store.unit_of_work import refuse_inside_transaction

DUE = Money(118_000, "KES")


@dataclass
class Counter:
    """A counter whose customers pay through IntaSend; the till's clock is IntaSend's."""

    desk: Desk
    sandbox: SandboxServer
    clock: FakeClock

    def begin(
        self, key: str = "payment-1", method: str = "prompt", amount: Money = DUE, phone: str = "0712345678"
    ) -> int:
        things = (Thing("device_invoice", len(key) * 100 + ord(key[-1]), amount),)
        payer = Payer("Wanjiku", "", phone)
        command = StartPayment(key, Purpose.CHECKOUT, amount, things, "Invoice 7", "intasend", method, payer=payer)
        return start(self.desk.till, self.desk.cashier, command).payment.id

    def state(self, payment_id: int) -> PaymentState:
        return self.desk.payment(payment_id).state

    def check(self, payment_id: int) -> PaymentState:
        return check_now(self.desk.till, self.desk.cashier, payment_id).state

    def answer(self, payment_id: int, outcome: PhoneOutcome = PhoneOutcome.PAY) -> str:
        attempt = self.desk.view(payment_id).attempts[-1]
        assert attempt.provider_id is not None
        return self.sandbox.mpesa_payer.answer(attempt.provider_id, PhoneChoice(outcome, seconds=30)).payment_id

    def wait(self, seconds: float, *, steps: int = 1) -> None:
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            self.desk.settle()

    def prompts(self) -> int:
        return len(self.sandbox.money_facts().payments)

    def exceptions(self) -> list[ExceptionKind]:
        return [each.kind for each in self.desk.exceptions()]


@pytest.fixture
def counter(sqlite_only: Engine) -> Iterator[Counter]:
    clock = FakeClock(wall=datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    till = make_till(sqlite_only, clock, mode=Mode.TRAINING)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        intasend = IntaSend(
            sandbox.intasend.key_id,
            Secret(sandbox.intasend.key_secret),
            mode=Mode.TRAINING,
            base_url=sandbox.intasend.base_url,
            before_send=refuse_inside_transaction,
            now=clock.now,
        )
        desk.till = replace(desk.till, providers={intasend.name: intasend})
        yield Counter(desk, sandbox, clock)
        intasend.close()


def test_paid_on_the_phone_and_given_back_by_a_chargeback(counter: Counter) -> None:
    begun = counter.begin()
    # It is on the phone: whatever the cashier presses, nobody charges again.
    assert counter.check(begun) is PaymentState.PROCESSING
    assert cancel(counter.desk.till, counter.desk.cashier, begun).ended is Ended.CHECKING
    invoice = counter.answer(begun, PhoneOutcome.DELAY)
    assert counter.check(begun) is PaymentState.PROCESSING
    counter.clock.advance(31)
    assert counter.check(begun) is PaymentState.CAPTURED
    assert counter.desk.made == [begun]
    # The number in the customer's message finds the payment.
    (money,) = counter.desk.view(begun).captures
    assert money.receipt is not None and re.fullmatch("[A-Z0-9]{10}", money.receipt)
    typed = PaymentQuery(text=f" {money.receipt.lower()} ")
    assert [row.id for row in list_payments(counter.desk.till, counter.desk.cashier, typed)] == [begun]
    request_refund(counter.desk.till, counter.desk.manager, begun, DUE, "The bike came back")
    counter.desk.settle()
    assert counter.state(begun) is PaymentState.REFUND_PENDING
    counter.wait(120, steps=4)
    assert counter.state(begun) is PaymentState.REFUNDED
    assert [one.parent_id for one in counter.sandbox.money_facts().refunds] == [invoice]
    assert sweep(counter.desk.till, counter.desk.till.providers["intasend"])
    assert counter.exceptions() == []
    assert counter.desk.ledger_is_even()


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_push_in_doubt_is_looked_for_and_never_sent_again(counter: Counter, when: When) -> None:
    counter.sandbox.faults.arm(FaultKind.RESET_BEFORE_ANSWER, Verb.CREATE, provider="intasend", when=when)
    begun = counter.begin()
    assert counter.state(begun) is PaymentState.CREATED
    counter.wait(40, steps=8)
    sent = 1 if when is When.AFTER else 0
    assert counter.prompts() == sent
    if sent:
        counter.answer(begun)
        assert counter.check(begun) is PaymentState.CAPTURED
        return
    # Nothing reached IntaSend: for two minutes that is not certain, then it is told as it was.
    assert counter.state(begun) is PaymentState.CREATED
    counter.wait(600, steps=20)
    assert (counter.state(begun), counter.prompts()) == (PaymentState.CANCELLED, 0)
    assert counter.desk.payment(begun).ended_reason == "never_arrived"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (PhoneOutcome.WRONG_PIN, "wrong_pin"),
        (PhoneOutcome.NO_FUNDS, "insufficient_funds"),
        (PhoneOutcome.CANCEL, "cancelled_on_phone"),
        (PhoneOutcome.IGNORE, "no_answer"),
    ],
)
def test_a_prompt_that_took_nothing_ends_with_the_reason_and_may_be_late(
    counter: Counter, outcome: PhoneOutcome, reason: str
) -> None:
    begun = counter.begin()
    if outcome is PhoneOutcome.IGNORE:
        counter.clock.advance(61)
    else:
        counter.answer(begun, outcome)
    assert counter.check(begun) is PaymentState.FAILED
    assert counter.desk.payment(begun).ended_reason == reason
    invoice = counter.desk.view(begun).attempts[-1].provider_id
    assert invoice is not None
    if reason == "no_answer":
        counter.sandbox.mpesa_payer.approve_late(invoice)
        counter.wait(180, steps=3)
        assert (counter.state(begun), counter.exceptions()) == (PaymentState.CAPTURED, [ExceptionKind.LATE])


def test_a_hosted_checkout_is_found_by_what_was_paid_in_it(counter: Counter) -> None:
    begun = counter.begin(method="checkout", phone="")
    attempt = counter.desk.view(begun).attempt
    assert attempt is not None and attempt.url is not None
    assert counter.check(begun) is PaymentState.PENDING
    counter.sandbox.mpesa_payer.pay(attempt.url, PhoneChoice(PhoneOutcome.NO_FUNDS))
    assert counter.check(begun) is PaymentState.PENDING
    counter.sandbox.mpesa_payer.pay(attempt.url)
    assert sweep(counter.desk.till, counter.desk.till.providers["intasend"])
    assert (counter.state(begun), counter.exceptions()) == (PaymentState.CAPTURED, [])


def test_what_mpesa_cant_move_is_refused_before_anything_is_written(counter: Counter) -> None:
    counter.desk.till = replace(counter.desk.till, settings=lambda: Settings({INTASEND_LARGEST.name: "5000"}))
    for changes, code in (
        ({"amount": Money(500_100, "KES")}, "amount_above_maximum"),
        ({"amount": Money(118_050, "KES")}, "amount_not_round"),
        ({"phone": "+255712345678"}, "mpesa_phone"),
        ({"phone": ""}, "mpesa_phone"),
    ):
        with pytest.raises(Invalid, match=code):
            counter.begin(**changes)
    assert counter.sandbox.list_events() == []
