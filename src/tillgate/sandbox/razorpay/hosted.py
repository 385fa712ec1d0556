"""The hosted page of a payment link: plain forms, no JavaScript needed.

GET /rzp/{code} shows it; POST sends `outcome` pay, decline, delay (with `seconds`) or cancel, and `method` upi,
card or netbanking. A success goes back to callback_url by a 303 with the five signed values; a declined try comes
back to the open page; a delayed one waits on /rzp/{code}/{payment_id}.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillgate.domain.errors import Invalid, Refused
from tillgate.sandbox.bank import Outcome
from tillgate.sandbox.forms import read_form
from tillgate.sandbox.page import notice, page
from tillgate.sandbox.razorpay import currencies, links
from tillgate.sandbox.razorpay.account import RazorpayAccount
from tillgate.sandbox.razorpay.customer import Choice, press, succeeded
from tillgate.sandbox.razorpay.payments import DECLINED
from tillgate.sandbox.razorpay.records import Link, Payment
from tillgate.sandbox.razorpay.returns import link_return_url

_CLOSED = {
    "paid": ("Already paid", "This payment request has been paid in full."),
    "cancelled": ("Cancelled", "The shop has cancelled this payment request. Nothing can be paid here."),
    "expired": ("Expired", "This payment request has expired. Nothing can be paid here."),
}


def read_choice(form: dict[str, str], currency: str) -> Choice:
    """A press from a form's fields. Raises Invalid for values that no button sends."""
    try:
        outcome = Outcome(form.get("outcome", "pay"))
        seconds = float(form.get("seconds") or 5)
        amount = _minor(form["part"], currency) if form.get("part") else None
    except (ValueError, InvalidOperation, OverflowError):
        raise Invalid("sandbox_press", field="outcome") from None
    return Choice(outcome, form.get("method", "upi"), seconds, amount)


def _minor(text: str, currency: str) -> int:
    minor = Decimal(text).scaleb(currencies.exponent(currency))
    if minor != int(minor):
        raise ValueError(text)
    return int(minor)


def part_payment(amount_due: int, currency: str) -> str:
    """What the field for a part payment starts with: all that is due, in major units."""
    return currencies.shown(amount_due, currency).split(" ", 1)[1].replace(",", "")


class LinkPages:
    """The pages of an account's links."""

    def __init__(self, account: RazorpayAccount) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """Below the account's base URL."""
        return [
            Route("/rzp/{code}", self._show, methods=["GET"]),
            Route("/rzp/{code}", self._press, methods=["POST"]),
            Route("/rzp/{code}/{payment_id}", self._follow, methods=["GET"]),
        ]

    def _find(self, request: Request) -> Link | None:
        with self._account.transaction() as books:
            return links.find_by_code(books, request.path_params["code"])

    async def _show(self, request: Request) -> Response:
        link = self._find(request)
        failed = "failed" in request.query_params
        return _unknown() if link is None else _page_of(link, DECLINED["description"] if failed else "")

    async def _press(self, request: Request) -> Response:
        link = self._find(request)
        if link is None:
            return _unknown()
        form = await read_form(request)
        if form.get("outcome") == "cancel":
            return _closed_by_customer(request.url.path)
        try:
            choice = read_choice(form, link.currency)
            with self._account.transaction() as books:
                payment = press(self._account, books, books.load(Link, link.id), choice)
        except Refused as error:
            return _page_of(link, f"This can't be paid now ({error.code}).", 400)
        return self._onward(request, payment)

    async def _follow(self, request: Request) -> Response:
        with self._account.transaction() as books:
            payment = books.find(Payment, request.path_params["payment_id"])
            link = links.find_by_code(books, request.path_params["code"])
        if payment is None or link is None or payment.link_id != link.id:
            return _unknown()
        return self._onward(request, payment)

    def _onward(self, request: Request, payment: Payment) -> Response:
        code = request.path_params["code"]
        own_path = f"{self._account.base_url}/rzp/{code}"
        with self._account.transaction() as books:
            link = books.load(Link, payment.link_id or "")
        if payment.status == "failed":
            return RedirectResponse(f"{own_path}?failed={payment.id}", 303)
        if payment.status == "created":
            if request.url.path.endswith(payment.id):
                return _waiting(payment)
            return RedirectResponse(f"{own_path}/{payment.id}", 303)
        # Late money for a link that was closed meanwhile: the customer is not sent back with a success.
        back = link_return_url(self._account, link, payment) if _goes_back(link, payment) else None
        return RedirectResponse(back, 303) if back else _receipt(payment)


def _goes_back(link: Link, payment: Payment) -> bool:
    return succeeded(payment) and link.status not in {"cancelled", "expired"}


def _page_of(link: Link, failure: str, status: int = 200) -> Response:
    if not link.is_open:
        return notice(link.status, *_CLOSED[link.status])
    due = link.amount_due
    return page(
        "link.html",
        {
            "link": link,
            "amount": currencies.shown(due, link.currency),
            "failure": failure,
            "part_payment": part_payment(due, link.currency) if link.accept_partial else "",
        },
        status=status,
    )


def _unknown() -> Response:
    return notice("unknown", "Not found", "There is no such payment request.", status=404)


def _closed_by_customer(again: str) -> Response:
    return notice("closed", "Closed", "Nothing was paid.", again=again)


def _waiting(payment: Payment) -> Response:
    text = "The bank has not answered yet. This page looks again by itself."
    return notice("waiting", "Waiting for the bank", text, refresh=True, payment_id=payment.id)


def _receipt(payment: Payment) -> Response:
    paid = f"{currencies.shown(payment.amount, payment.currency)} went to the shop. You can close this page."
    return notice("received", "Payment received", paid, tone="good", payment_id=payment.id)
