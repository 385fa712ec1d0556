"""The hosted pages of links and of Web Checkout: plain forms, no JavaScript needed.

GET /l/{id} and GET /p/?public-key=... show it; POST to the same address sends `outcome` pay, decline, error, delay
(with `seconds`) or cancel, and `method` CARD, NEQUI, PSE or BANCOLOMBIA_TRANSFER. Success goes to the redirect address
by a 303 with the transaction's id; a try that failed comes back to the open page, where another one may be made; one
that waits is shown at /t/{id}. An address outside this computer is named, and not gone to. A Web Checkout that is
signed wrongly, or says anything else that can't be, is an error page with status 422.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.sandbox.forms import read_form
from tillgate.sandbox.knock import is_loopback
from tillgate.sandbox.page import notice, page
from tillgate.sandbox.wompi.account import WompiAccount
from tillgate.sandbox.wompi.amounts import shown
from tillgate.sandbox.wompi.customer import WompiChoice, WompiOutcome, press, return_url
from tillgate.sandbox.wompi.records import Link, Transaction
from tillgate.sandbox.wompi.transactions import Payable, closed_because, payable_link
from tillgate.sandbox.wompi.web import BadCheckout, read_checkout

_CLOSED = {
    "paid": ("Already paid", "This checkout has been paid."),
    "inactive": ("Closed", "This link is not active. Nothing can be paid here."),
    "expired": ("Expired", "This checkout has expired. Nothing can be paid here."),
}
_METHODS = [
    ("CARD", "Card 4242 4242 4242 4242"),
    ("NEQUI", "Nequi 3991111111"),
    ("PSE", "PSE, a bank that approves"),
    ("BANCOLOMBIA_TRANSFER", "Bancolombia transfer"),
]
_LARGEST_TYPED = 10**10


class CheckoutPages:
    """The pages of a merchant's checkouts."""

    def __init__(self, account: WompiAccount) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """Below the account's base URL."""
        return [
            Route("/l/{id}", self._show, methods=["GET"]),
            Route("/l/{id}", self._press, methods=["POST"]),
            Route("/p/", self._show, methods=["GET"]),
            Route("/p/", self._press, methods=["POST"]),
            Route("/t/{id}", self._told, methods=["GET"]),
        ]

    def _thing(self, request: Request) -> Payable:
        """What the address asks for. Raises NotFound, BadCheckout."""
        if "id" not in request.path_params:
            return read_checkout(self._account, request.query_params)
        with self._account.transaction() as books:
            link = books.find(Link, request.path_params["id"])
        if link is None:
            raise NotFound("sandbox_link")
        return payable_link(link)

    async def _show(self, request: Request) -> Response:
        try:
            return self._page_of(self._thing(request))
        except (NotFound, BadCheckout) as error:
            return _wrong(error)

    async def _press(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            thing = self._thing(request)
        except (NotFound, BadCheckout) as error:
            return _wrong(error)
        if form.get("outcome") == "cancel":
            return notice("closed", "Closed", "Nothing was paid.", again=str(request.url))
        try:
            choice = _read_choice(form)
            with self._account.transaction() as books:
                one = press(self._account, books, thing, choice)
        except Refused as error:
            return self._page_of(thing, f"This can't be paid now ({error.code}).", 400)
        if one.status in {"DECLINED", "ERROR"}:
            return self._page_of(thing, f"{one.status}: {one.status_message}", 402)
        if one.status == "PENDING":
            return RedirectResponse(f"{self._account.base_url}/t/{one.id}", 303)
        return self._back(one)

    async def _told(self, request: Request) -> Response:
        """A transaction that waits, looked at again by itself until it is over."""
        with self._account.transaction() as books:
            one = books.find(Transaction, request.path_params["id"])
        if one is None:
            return _wrong(NotFound("sandbox_payment"))
        if one.status == "PENDING":
            text = f"{shown(one.amount, one.currency)}: the bank has not answered yet."
            return notice("waiting", "Payment on its way", text, payment_id=one.id, refresh=True)
        if one.status == "APPROVED":
            return self._back(one)
        return notice("failed", "Not paid", one.status_message or one.status, payment_id=one.id)

    def _back(self, one: Transaction) -> Response:
        back = return_url(self._account, one)
        if back is not None and is_loopback(back):
            return RedirectResponse(back, 303)
        text = f"{shown(one.amount, one.currency)} went to the shop."
        if back is not None:
            text = f"{text} Wompi would now open {back}"
        return notice("received", "Payment received", text, tone="good", payment_id=one.id)

    def _page_of(self, thing: Payable, failure: str = "", status: int = 200) -> Response:
        with self._account.transaction() as books:
            closed = closed_because(books, thing)
        if closed:
            return notice(closed, *_CLOSED[closed])
        values = {
            "thing": thing,
            "amount": shown(thing.amount, thing.currency) if thing.amount else "an amount of your choice",
            "failure": failure,
            "methods": _METHODS,
        }
        return page("wompi.html", values, status=status)


def _read_choice(form: dict[str, str]) -> WompiChoice:
    """A press from a form's fields. Raises Invalid for values that no button sends."""
    try:
        outcome = WompiOutcome(form.get("outcome", "pay"))
        pesos = min(int(form.get("pesos") or 0), _LARGEST_TYPED)
        return WompiChoice(outcome, form.get("method", "CARD"), float(form.get("seconds") or 5), pesos * 100)
    except (ValueError, OverflowError):
        raise Invalid("sandbox_press", field="outcome") from None


def _wrong(error: NotFound | BadCheckout) -> Response:
    if isinstance(error, NotFound):
        return notice("unknown", "Not found", "There is no such checkout.", status=404)
    text = f"{error.said} ({error.part})"
    return notice("refused", "This checkout can't be opened", text, tone="bad", status=422)
