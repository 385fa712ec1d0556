"""The customer: what a press on the phone or on the hosted page does. Pages and Python API both come through here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.sandbox.faults import Fault, FaultKind, Verb
from tillgate.sandbox.intasend import invoices
from tillgate.sandbox.intasend.account import PROVIDER, IntaSendAccount
from tillgate.sandbox.intasend.records import Checkout, Invoice
from tillgate.sandbox.knock import knock_later
from tillgate.sandbox.ledger import Books

_LONGEST_DELAY_S = 31 * 24 * 3600


class PhoneOutcome(StrEnum):
    """What the customer does: pays, pays some seconds later, types a wrong PIN, has too little, says no, or nothing."""

    PAY = "pay"
    DELAY = "delay"
    WRONG_PIN = "wrong_pin"
    NO_FUNDS = "no_funds"
    CANCEL = "cancel"
    IGNORE = "ignore"


_FAILURES = {
    PhoneOutcome.WRONG_PIN: invoices.WRONG_PIN,
    PhoneOutcome.NO_FUNDS: invoices.NO_FUNDS,
    PhoneOutcome.CANCEL: invoices.CANCELLED,
    PhoneOutcome.IGNORE: invoices.NO_ANSWER,
}


@dataclass(frozen=True)
class PhoneChoice:
    """One press. `method` counts on a hosted checkout alone: M-PESA or CARD-PAYMENT."""

    outcome: PhoneOutcome = PhoneOutcome.PAY
    seconds: float = 5.0
    method: str = invoices.MPESA


@dataclass(frozen=True)
class PhonePaid:
    """What came of a press: the invoice and its state, and where the browser goes, if anywhere."""

    payment_id: str
    status: str
    return_url: str | None = None


def press(account: IntaSendAccount, books: Books, one: Invoice, choice: PhoneChoice) -> Invoice:
    """Answer a prompt, or try to pay a checkout's invoice. Raises Refused when nobody can (any more)."""
    if not 0 <= choice.seconds <= _LONGEST_DELAY_S:
        raise Invalid("sandbox_delay", field="seconds", seconds=choice.seconds)
    if choice.method not in {invoices.MPESA, invoices.CARD}:
        raise Invalid("sandbox_method", field="method", method=choice.method)
    invoices.check_open(books, one)
    noun = Invoice.KIND if one.parent_id is None else Checkout.KIND
    fault = account.faults.take(PROVIDER, Verb.PAY, noun, one.id)
    late = fault is not None and fault.kind is FaultKind.LATE_SUCCESS
    invoices.take_up(books, one, choice.method)
    if late or choice.outcome is PhoneOutcome.DELAY:
        seconds = fault.seconds if fault is not None and late else choice.seconds
        books.plan(books.now_ms + int((seconds or 0) * 1000), invoices.COMPLETE, one.id)
    elif choice.outcome in _FAILURES:
        card = choice.method == invoices.CARD
        invoices.fail(books, one, invoices.CARD_DECLINED if card else _FAILURES[choice.outcome])
    else:
        invoices.pay(books, one, _really(fault, one))
        if fault is not None and fault.kind is FaultKind.CAPTURED_TWICE:
            invoices.pay(books, invoices.again(books, one))
        invoices.close_checkout(books, one)
    return books.load(Invoice, one.id)


def _really(fault: Fault | None, one: Invoice) -> tuple[int, str] | None:
    if fault is not None and fault.kind is FaultKind.WRONG_AMOUNT:
        return max(one.amount + fault.amount_minor, 1), one.currency
    if fault is not None and fault.kind is FaultKind.WRONG_CURRENCY:
        return one.amount, (fault.text or "USD").upper()
    return None


def return_url(account: IntaSendAccount, checkout: Checkout, one: Invoice) -> str | None:
    """Where the browser goes with the invoice's id. A DUPLICATE_RETURN fault sends further requests there."""
    if checkout.redirect_url is None:
        return None
    mark = "&" if urlsplit(checkout.redirect_url).query else "?"
    told = {"tracking_id": one.id, "signature": checkout.signature, "checkout_id": checkout.id}
    url = f"{checkout.redirect_url}{mark}{urlencode(told)}"
    fault = account.faults.take(PROVIDER, Verb.RETURN, Invoice.KIND, one.id)
    if fault is not None and fault.kind is FaultKind.DUPLICATE_RETURN:
        knock_later(url, fault.times)
    return url


class IntaSendCustomer:
    """The customer without a phone or a browser, for tests and demos."""

    def __init__(self, account: IntaSendAccount) -> None:
        self._account = account

    def answer(self, invoice_id: str, choice: PhoneChoice | None = None) -> PhonePaid:
        """Answer the prompt of an invoice."""
        with self._account.transaction() as books:
            one = press(self._account, books, _invoice(books, invoice_id), choice or PhoneChoice())
        return PhonePaid(one.id, one.status)

    def pay(self, url: str, choice: PhoneChoice | None = None) -> PhonePaid:
        """Press on the page of a hosted checkout (its id or URL); nobody has gone the way back."""
        checkout_id = url.split("?", maxsplit=1)[0].removesuffix("/express/").rsplit("/", 1)[-1]
        with self._account.transaction() as books:
            checkout = books.find(Checkout, checkout_id)
            if checkout is None:
                raise NotFound("sandbox_link", link=url)
            if checkout.status == "paid":
                raise Refused("sandbox_link_closed", status="paid")
            one = press(self._account, books, invoices.next_try(books, checkout), choice or PhoneChoice())
        back = return_url(self._account, checkout, one) if one.status != "FAILED" else None
        return PhonePaid(one.id, one.status, back)

    def list_prompts(self, phone: str | None = None) -> list[str]:
        """The invoices of the prompts that wait on phones, or on one of them, newest first."""
        with self._account.transaction() as books:
            waiting = books.list_all(Invoice, status="PENDING")
            return [
                one.id for one in waiting if one.parent_id is None and not one.unusable and phone in (None, one.account)
            ]

    def approve_late(self, invoice_id: str) -> str:
        """The money of a try that waits comes, or of one that was said to have failed; its state."""
        with self._account.transaction() as books:
            one = _invoice(books, invoice_id)
            invoices.pay(books, one, after_failure=True)
            invoices.close_checkout(books, one)
            return one.status

    def refuse_late(self, invoice_id: str) -> str:
        """A try that waits fails."""
        with self._account.transaction() as books:
            one = _invoice(books, invoice_id)
            invoices.fail(books, one, invoices.NO_ANSWER)
            return one.status


def _invoice(books: Books, invoice_id: str) -> Invoice:
    found = books.find(Invoice, invoice_id)
    if found is None:
        raise NotFound("sandbox_payment", payment_id=invoice_id)
    return found
