"""Every provider fault x {create, fetch, cancel, capture, refund}, through the services, the adapter and HTTP.

While it lasts: the exact outcome in the books, and no success that the bank does not have. Afterwards: paid ones come
to their orders, unpaid ones to nothing, and the bank's ledger is our books. CI tries each fault on one verb, the
campaign each on all of them, paid and unpaid.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.contract.counter import Bazaar, Cashier, open_bazaar
from tests.contract.test_faults import SPOILS, Spoil
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState, RefundState
from tillgate.ports import Outcome
from tillgate.sandbox import FaultKind, Verb, When
from tillgate.services.cancel import Ended, cancel
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.store.models import capture, money_exception, refund, sales_invoice, sales_order

CAMPAIGN: Final = bool(os.environ.get("TILLGATE_CAMPAIGN"))
VERBS: Final = ("create", "fetch", "cancel", "capture", "refund")
# Longer than the hasty deadline: nobody can have the answer.
LATE_S: Final = 0.4
_SHOWN: Final = {
    Ended.PAID: PaymentState.CAPTURED,
    Ended.CANCELLED: PaymentState.CANCELLED,
    Ended.CHECKING: PaymentState.PENDING,
}


@dataclass
class Case:
    """One fault met by one verb of one sale."""

    bazaar: Bazaar
    verb: str
    spoil: Spoil
    paid: bool
    payment_id: int = 0
    journal: int = 0
    ended: Ended | None = None

    @property
    def cashier(self) -> Cashier:
        return self.bazaar.cashier

    @property
    def state(self) -> PaymentState:
        return self.cashier.view(self.payment_id).payment.state

    @property
    def expected(self) -> Outcome:
        """What the journal must say of the spoiled call."""
        if self._strange_link:
            return Outcome.UNKNOWN
        return self.spoil.otherwise.get(self.verb, self.spoil.outcome)

    def ring_up(self) -> None:
        self.payment_id = self.cashier.ring_up("link").id

    def pay(self) -> None:
        self.cashier.pay(self.payment_id, come_back=False)

    def arm(self) -> None:
        """The next call of the verb goes wrong."""
        self.journal = self.cashier.journal_end()
        options = self.spoil.options | ({"seconds": LATE_S} if self.spoil.kind is FaultKind.SLOW else {})
        if self.spoil.hasty:
            self.bazaar.adapter.hasty_verb = self.verb
        self.bazaar.sandbox.faults.arm(self.spoil.kind, Verb(self.verb), **options)

    def lift(self) -> None:
        """All is well again; what was to happen late has happened."""
        fired = self.bazaar.sandbox.faults.list_fired()
        assert fired, "the fault met nothing"
        self.bazaar.sandbox.faults.clear()
        if self.spoil.kind is FaultKind.SLOW:
            time.sleep(LATE_S)

    # --- the sale, up to the spoiled call ---

    def create(self) -> None:
        self.arm()
        self.ring_up()

    def fetch(self) -> None:
        self.ring_up()
        if self.paid:
            self.pay()
        self.arm()
        self.cashier.check(self.payment_id)

    def cancel(self) -> None:
        self.ring_up()
        if self.paid:
            self.pay()
        self.arm()
        self.ended = cancel(self.cashier.till, self.cashier.shop.cashier, self.payment_id).ended

    def capture(self) -> None:
        """The money is only authorised: the till takes it."""
        self.bazaar.sandbox.razorpay.configure(auto_capture=False)
        self.ring_up()
        self.pay()
        self.arm()
        self.cashier.check(self.payment_id)

    def refund(self) -> None:
        """In full where the case is called paid, in part where not."""
        self.ring_up()
        self.pay()
        self.cashier.check(self.payment_id)
        amount = self.cashier.view(self.payment_id).payment.amount
        wished = amount if self.paid else Money(amount.minor // 3, amount.currency)
        made = request_refund(self.cashier.till, self.cashier.manager(), self.payment_id, wished, "came back")
        self.arm()
        drive_refund(self.cashier.till, made.id)

    # --- what the books say while it lasts ---

    def check_spoiled(self) -> None:
        """The exact outcome, and nothing that the bank does not know of."""
        heard = self.cashier.heard(self.verb, self.journal)
        # What the bank refuses because it was paid holds no amount to spoil.
        refused = {Outcome.DECLINED.value} if self.verb == "cancel" and self.paid else set()
        assert heard in {self.expected.value} | refused
        assert self.state in self._states()
        self._no_false_success()

    def _states(self) -> set[PaymentState]:
        acted = self.bazaar.sandbox.faults.list_fired()[0].fault.when is When.AFTER
        if self.verb == "create":
            stopped = self.expected is Outcome.MISCONFIGURED
            return {PaymentState.CANCELLED if stopped else PaymentState.CREATED}
        if self.verb == "fetch":
            return {PaymentState.PENDING}
        if self.verb == "cancel":
            assert self.ended is self._ended(acted=acted)
            return {_SHOWN[self.ended]}
        if self.verb == "refund":
            return {PaymentState.REFUND_PENDING}
        if self.spoil.kind is FaultKind.SLOW:
            return {PaymentState.PROCESSING, PaymentState.CAPTURED}
        return {PaymentState.CAPTURED if acted else PaymentState.PROCESSING}

    def _ended(self, *, acted: bool) -> Ended:
        """It is asked once more when the fetch shows it open still: only what goes wrong twice keeps it open."""
        if self.paid:
            return Ended.PAID
        return Ended.CHECKING if self.spoil.options.get("count") == 2 and not acted else Ended.CANCELLED

    def _no_false_success(self) -> None:
        bank = self.bazaar.sandbox.money_facts()
        taken = {(fact.id, fact.amount_minor) for fact in bank.captures}
        assert {(row.provider_ref, row.amount_minor) for row in self.cashier.rows(capture)} <= taken
        back = {fact.id for fact in bank.refunds}
        assert {row.provider_ref for row in self.cashier.rows(refund, state=RefundState.DONE)} <= back
        view = self.cashier.view(self.payment_id)
        if self.verb == "create":
            assert (view.attempts[-1].provider_id, view.attempts[-1].url) == (None, None)
        if self.verb == "refund":
            mine = self.cashier.rows(refund, payment_id=self.payment_id)
            assert [row.state for row in mine] == [RefundState.PENDING]

    # --- what becomes of it ---

    def finish(self) -> None:
        """The customer pays or walks off, if they have not yet; the rest is the timer's."""
        if self.verb == "create" and self.state in WAITING:
            assert self.cashier.until(lambda: self.cashier.view(self.payment_id).attempts[-1].provider_id)
            if self.paid:
                self.pay()
        if self._distrusted:
            mine = self.cashier.rows(money_exception, payment_id=self.payment_id)
            assert [each.kind for each in mine] == [ExceptionKind.MISMATCH]
            self.cashier.decide_all(ExceptionAction.REFUND)
        elif not self.paid and self.state in WAITING and self.verb != "capture":
            self._walk_off()
        assert self.cashier.until(lambda: self.state not in {*WAITING, PaymentState.REFUND_PENDING}), self.state

    def _walk_off(self) -> None:
        self.cashier.shop.clock.jump(4)
        self.cashier.tick()
        if self.state in WAITING:
            cancel(self.cashier.till, self.cashier.shop.cashier, self.payment_id)

    def check_finished(self) -> None:
        """Orders and invoices, or nothing; and the bank's ledger is our books."""
        assert self.bazaar.faults() == []
        orders = self.cashier.rows(sales_order, payment_id=self.payment_id)
        assert self.state is self._end()
        sold = self.state not in {PaymentState.CANCELLED, PaymentState.FAILED} and not self._distrusted
        assert len(orders) == (3 if sold else 0)
        assert len(self.cashier.rows(sales_invoice, payment_id=self.payment_id)) == len(orders)
        assert (self.cashier.view(self.payment_id).payment.fulfilment is Fulfilment.DONE) is sold
        if not sold and not self._distrusted:
            assert self.cashier.rows(capture, payment_id=self.payment_id) == []

    @property
    def _distrusted(self) -> bool:
        """Money under an answer that names another amount or reference is for a person, whatever is said later."""
        return self.verb == "fetch" and self.paid and self.spoil.mismatch and not self._strange_link

    @property
    def _strange_link(self) -> bool:
        """A paid link whose order bears another reference than itself is no answer at all."""
        return self.verb == "fetch" and self.paid and self.spoil.kind is FaultKind.WRONG_REFERENCE

    def _end(self) -> PaymentState:
        if self.verb == "refund":
            return PaymentState.REFUNDED if self.paid else PaymentState.PARTIALLY_REFUNDED
        stopped = self.verb == "create" and self.expected is Outcome.MISCONFIGURED
        if self._distrusted:
            return PaymentState.FAILED
        if stopped:
            return PaymentState.CANCELLED
        return PaymentState.CAPTURED if self.paid or self.verb == "capture" else PaymentState.CANCELLED


def cases_of(verb: str) -> list[tuple[str, bool]]:
    """All, or every fifth from another one for each verb, paid and unpaid by turns."""
    if CAMPAIGN:
        return [(name, paid) for name in SPOILS for paid in (True, False)]
    first = VERBS.index(verb)
    return [(name, number % 2 == 0) for number, name in enumerate(list(SPOILS)[first :: len(VERBS)])]


@pytest.mark.parametrize("verb", VERBS)
def test_the_books_through_a_fault_and_after_it(tmp_path: Path, verb: str) -> None:
    with open_bazaar(tmp_path) as bazaar:
        for name, paid in cases_of(verb):
            case = Case(bazaar, verb, SPOILS[name], paid)
            try:
                getattr(case, verb)()
                case.check_spoiled()
                case.lift()
                case.finish()
                case.check_finished()
            except AssertionError as fault:
                fault.add_note(f"{name}, {verb}, {'paid' if paid else 'unpaid'}")
                raise
            bazaar.sandbox.razorpay.configure(auto_capture=True)


def test_each_fault_is_tried_in_ci() -> None:
    tried = {name for first, _ in enumerate(VERBS) for name in list(SPOILS)[first :: len(VERBS)]}
    assert tried == set(SPOILS)
