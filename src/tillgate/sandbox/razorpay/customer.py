"""The customer: what a press on a hosted page does. The pages and the Python API both come through here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.sandbox.bank import Outcome
from tillgate.sandbox.faults import Fault, FaultKind, Verb
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.razorpay import orders, payments
from tillgate.sandbox.razorpay.account import PROVIDER, RazorpayAccount
from tillgate.sandbox.razorpay.payments import Tender
from tillgate.sandbox.razorpay.records import Link, Order, Payment
from tillgate.sandbox.razorpay.returns import link_return_url, order_response

_LONGEST_DELAY_S = 31 * 24 * 3600


@dataclass(frozen=True)
class Choice:
    """One press. `amount` (minor units) only where a link takes part payments; None is all that is due."""

    outcome: Outcome = Outcome.PAY
    method: str = "upi"
    seconds: float = 5.0
    amount: int | None = None


@dataclass(frozen=True)
class Paid:
    """What came of a press: the payment's id and status, and the way back if there is one now."""

    payment_id: str
    status: str
    return_url: str | None = None
    response: dict[str, str] | None = None


def press(account: RazorpayAccount, books: Books, target: Order | Link, choice: Choice) -> Payment:
    """Try to pay a link or an order. Raises Refused when it can't be paid (any more)."""
    link = target if isinstance(target, Link) else None
    order = orders.for_link(books, target) if isinstance(target, Link) else target
    amount = _check(books, order, link, choice)
    fault = account.faults.take(PROVIDER, Verb.PAY, target.KIND, target.id)
    tender = _really_paid(fault, Tender(amount, order.currency, choice.method))
    payment = payments.begin(books, order, link, tender)
    _answer(account, books, payment, choice, fault)
    if fault is not None and fault.kind is FaultKind.CAPTURED_TWICE and payment.status != "failed":
        again = payments.begin(books, books.load(Order, order.id), link, tender)
        payments.authorise(account, books, again, even_if_paid=True)
    return books.load(Payment, payment.id)


def _check(books: Books, order: Order, link: Link | None, choice: Choice) -> int:
    if choice.method not in payments.METHODS:
        raise Invalid("sandbox_method", field="method", method=choice.method)
    if not 0 <= choice.seconds <= _LONGEST_DELAY_S:
        raise Invalid("sandbox_delay", field="seconds", seconds=choice.seconds)
    if link is not None and not link.is_open:
        raise Refused("sandbox_link_closed", status=link.status)
    if order.status == "paid":
        raise Refused("sandbox_order_paid", order_id=order.id)
    if payments.has_authorised(books, order.id):
        raise Refused("sandbox_order_authorised", order_id=order.id)
    if choice.amount is None or choice.amount == order.amount_due:
        return order.amount_due
    least = link.first_min_partial_amount if link and not link.amount_paid else 1
    if not order.partial_payment or not least <= choice.amount <= order.amount_due:
        raise Invalid("sandbox_part_payment", field="amount", amount=choice.amount)
    return choice.amount


def _really_paid(fault: Fault | None, tender: Tender) -> Tender:
    if fault is not None and fault.kind is FaultKind.WRONG_AMOUNT:
        return replace(tender, amount=max(tender.amount + fault.amount_minor, 1))
    if fault is not None and fault.kind is FaultKind.WRONG_CURRENCY:
        return replace(tender, currency=fault.text or "USD")
    return tender


def _answer(account: RazorpayAccount, books: Books, payment: Payment, choice: Choice, fault: Fault | None) -> None:
    late = fault is not None and fault.kind is FaultKind.LATE_SUCCESS
    if late or choice.outcome is Outcome.DELAY:
        seconds = fault.seconds if fault is not None and late else choice.seconds
        books.plan(books.now_ms + int((seconds or 0) * 1000), payments.APPROVE, payment.id)
    if late:
        payments.fail(books, payment, payments.NO_ANSWER)
    elif choice.outcome is Outcome.DECLINE:
        payments.fail(books, payment, payments.DECLINED)
    elif choice.outcome is Outcome.PAY:
        payments.authorise(account, books, payment)


def succeeded(payment: Payment) -> bool:
    """Whether the customer goes back with a success: the bank has said yes."""
    return payment.status in {"authorized", "captured"}


class RazorpayCustomer:
    """The customer without a browser, for tests and demos. Ids, short URLs and order ids as the till has them."""

    def __init__(self, account: RazorpayAccount) -> None:
        self._account = account

    def pay_link(self, link: str, choice: Choice | None = None) -> Paid:
        """Press on a link's page (its id or short URL); the way back is in the answer, nobody has gone it."""
        with self._account.transaction() as books:
            found = books.find(Link, link) or self._by_url(books, link)
            if found is None:
                raise NotFound("sandbox_link", link=link)
            payment = press(self._account, books, found, choice or Choice())
            after = books.load(Link, found.id)
        url = link_return_url(self._account, after, payment) if succeeded(payment) else None
        return Paid(payment.id, payment.status, return_url=url)

    def pay_order(self, order_id: str, choice: Choice | None = None) -> Paid:
        """Press on an order's checkout; `response` is what the page's handler would get."""
        with self._account.transaction() as books:
            order = books.find(Order, order_id)
            if order is None:
                raise NotFound("sandbox_order", order_id=order_id)
            payment = press(self._account, books, order, choice or Choice())
        response = order_response(self._account, payment)[0] if succeeded(payment) else None
        return Paid(payment.id, payment.status, response=response)

    def approve_late(self, payment_id: str) -> str:
        """The bank's late yes to a payment that waits or failed, whatever became of its link; its status."""
        with self._account.transaction() as books:
            payment = books.find(Payment, payment_id)
            if payment is None:
                raise NotFound("sandbox_payment", payment_id=payment_id)
            payments.authorise(self._account, books, payment)
            return books.load(Payment, payment_id).status

    def _by_url(self, books: Books, url: str) -> Link | None:
        claim = books.find_claim("link_code", url.rsplit("/", 1)[-1])
        return None if claim is None else books.find(Link, claim.id)
