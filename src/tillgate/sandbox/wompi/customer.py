"""The customer: what a press on a hosted page does. The pages and the Python API both come through here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit

from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.sandbox.faults import Fault, FaultKind, Verb
from tillgate.sandbox.knock import knock_later
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.wompi import transactions
from tillgate.sandbox.wompi.account import PROVIDER, WompiAccount
from tillgate.sandbox.wompi.records import Link, Transaction
from tillgate.sandbox.wompi.transactions import CARD, METHODS, Payable, payable_link
from tillgate.sandbox.wompi.web import BadCheckout, read_checkout

_LONGEST_DELAY_S = 31 * 24 * 3600


class WompiOutcome(StrEnum):
    """What comes of a press: the bank's yes or no, a way to pay that breaks down, or a yes some seconds later."""

    PAY = "pay"
    DECLINE = "decline"
    ERROR = "error"
    DELAY = "delay"


@dataclass(frozen=True)
class WompiChoice:
    """One press. `amount` is what the payer types where a link leaves that open, in centavos."""

    outcome: WompiOutcome = WompiOutcome.PAY
    method: str = CARD
    seconds: float = 5.0
    amount: int = 0


@dataclass(frozen=True)
class WompiPaid:
    """What came of a press: the transaction's id and status, and where the browser goes, if anywhere."""

    payment_id: str
    status: str
    return_url: str | None = None


def press(account: WompiAccount, books: Books, thing: Payable, choice: WompiChoice) -> Transaction:
    """Try to pay. Raises Refused when it can't be paid (any more)."""
    if not 0 <= choice.seconds <= _LONGEST_DELAY_S:
        raise Invalid("sandbox_delay", field="seconds", seconds=choice.seconds)
    if choice.method not in METHODS:
        raise Invalid("sandbox_method", field="method", method=choice.method)
    closed = transactions.closed_because(books, thing)
    if closed:
        raise Refused("sandbox_link_closed", status=closed)
    noun = "web_checkout" if thing.web else Link.KIND
    fault = account.faults.take(PROVIDER, Verb.PAY, noun, thing.id)
    amount, currency = _really_paid(fault, thing.amount or choice.amount, thing.currency)
    if amount < 1:
        raise Refused("sandbox_part_payment", amount=amount)
    one = transactions.begin(books, thing, amount, currency, choice.method)
    late = fault is not None and fault.kind is FaultKind.LATE_SUCCESS
    if late or choice.outcome is WompiOutcome.DELAY:
        seconds = fault.seconds if fault is not None and late else choice.seconds
        books.plan(books.now_ms + int((seconds or 0) * 1000), transactions.APPROVE, one.id)
    elif choice.outcome is WompiOutcome.DECLINE:
        transactions.decline(books, one)
    elif choice.outcome is WompiOutcome.ERROR:
        transactions.fail(books, one)
    else:
        transactions.approve(books, one)
        if fault is not None and fault.kind is FaultKind.CAPTURED_TWICE:
            transactions.approve(books, transactions.begin(books, thing, amount, currency, choice.method))
    return books.load(Transaction, one.id)


def _really_paid(fault: Fault | None, amount: int, currency: str) -> tuple[int, str]:
    if fault is not None and fault.kind is FaultKind.WRONG_AMOUNT:
        return max(amount + fault.amount_minor, 1), currency
    if fault is not None and fault.kind is FaultKind.WRONG_CURRENCY:
        return amount, (fault.text or "USD").upper()
    return amount, currency


def return_url(account: WompiAccount, one: Transaction) -> str | None:
    """Where the browser goes with the transaction's id. A DUPLICATE_RETURN fault sends further requests there."""
    if one.redirect_url is None:
        return None
    mark = "&" if urlsplit(one.redirect_url).query else "?"
    url = f"{one.redirect_url}{mark}{urlencode({'id': one.id, 'env': 'test'})}"
    fault = account.faults.take(PROVIDER, Verb.RETURN, Transaction.KIND, one.id)
    if fault is not None and fault.kind is FaultKind.DUPLICATE_RETURN:
        knock_later(url, fault.times)
    return url


class WompiCustomer:
    """The customer without a browser, for tests and demos."""

    def __init__(self, account: WompiAccount) -> None:
        self._account = account

    def pay(self, url: str, choice: WompiChoice | None = None) -> WompiPaid:
        """Press on the page of a link (its id or URL) or of a Web Checkout (its URL); nobody has gone the way back."""
        with self._account.transaction() as books:
            one = press(self._account, books, self._thing(books, url), choice or WompiChoice())
        back = return_url(self._account, one) if one.status in {"APPROVED", "PENDING"} else None
        return WompiPaid(one.id, one.status, back)

    def approve_late(self, transaction_id: str) -> str:
        """The bank's yes to a transaction that waits; its status."""
        with self._account.transaction() as books:
            transactions.approve(books, _transaction(books, transaction_id))
            return books.load(Transaction, transaction_id).status

    def refuse_late(self, transaction_id: str) -> str:
        """The bank's no to a transaction that waits."""
        with self._account.transaction() as books:
            transactions.decline(books, _transaction(books, transaction_id))
            return books.load(Transaction, transaction_id).status

    def _thing(self, books: Books, url: str) -> Payable:
        parts = urlsplit(url)
        if parts.query:
            try:
                return read_checkout(self._account, dict(parse_qsl(parts.query, keep_blank_values=True)))
            except BadCheckout as error:
                raise Refused("sandbox_web_checkout", part=error.part) from None
        link = books.find(Link, url.rsplit("/", 1)[-1])
        if link is None:
            raise NotFound("sandbox_link", link=url)
        return payable_link(link)


def _transaction(books: Books, transaction_id: str) -> Transaction:
    found = books.find(Transaction, transaction_id)
    if found is None:
        raise NotFound("sandbox_payment", payment_id=transaction_id)
    return found
