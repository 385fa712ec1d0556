"""The phones and the hosted checkout: plain forms, no JavaScript needed.

GET /phone/ lists the prompts that wait; GET /phone/{id} shows one, as the customer's phone would, and POST to it sends
`outcome` pay, delay (with `seconds`), wrong_pin, no_funds, cancel or ignore. GET /checkout/{id}/express/ is the hosted
checkout; POST to it sends the same, and `method` M-PESA or CARD-PAYMENT. Success goes to the redirect address by a 303
with the invoice's id; a try that failed comes back to the open page. An address outside this computer is named, and
not gone to.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillgate.domain.errors import Invalid, Refused
from tillgate.sandbox.forms import read_form
from tillgate.sandbox.intasend import invoices
from tillgate.sandbox.intasend.account import IntaSendAccount
from tillgate.sandbox.intasend.amounts import shown
from tillgate.sandbox.intasend.customer import PhoneChoice, PhoneOutcome, press, return_url
from tillgate.sandbox.intasend.records import Checkout, Invoice
from tillgate.sandbox.knock import is_loopback
from tillgate.sandbox.page import notice, page

_METHODS = [(invoices.MPESA, "M-Pesa"), (invoices.CARD, "Card 4242 4242 4242 4242")]


class Pages:
    """The pages of an account's customers."""

    def __init__(self, account: IntaSendAccount) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """Below the account's base URL."""
        return [
            Route("/phone/", self._list, methods=["GET"]),
            Route("/phone/{id}", self._show, methods=["GET"]),
            Route("/phone/{id}", self._press, methods=["POST"]),
            Route("/checkout/{id}/express/", self._show_checkout, methods=["GET"]),
            Route("/checkout/{id}/express/", self._press_checkout, methods=["POST"]),
        ]

    # --- the phones ---

    async def _list(self, request: Request) -> Response:
        del request
        with self._account.transaction() as books:
            waiting = [
                one for one in books.list_all(Invoice, status="PENDING") if one.parent_id is None and not one.unusable
            ]
        prompts = [(one.id, one.account, shown(one.amount, one.currency), one.narrative) for one in waiting]
        return page("phones.html", {"prompts": prompts})

    async def _show(self, request: Request) -> Response:
        one = self._invoice(request)
        return _unknown() if one is None else self._phone(one)

    async def _press(self, request: Request) -> Response:
        form = await read_form(request)
        one = self._invoice(request)
        if one is None:
            return _unknown()
        if form.get("outcome") == PhoneOutcome.IGNORE:
            # Nobody touches the phone: the prompt goes by itself.
            return notice("ignored", "Not touched", "The prompt goes away by itself.", again=str(request.url))
        try:
            choice = _read_choice(form)
            with self._account.transaction() as books:
                one = press(self._account, books, books.load(Invoice, one.id), choice)
        except Refused as error:
            return self._phone(one, f"This can't be answered now ({error.code}).", 400)
        return self._told(one)

    def _phone(self, one: Invoice, failure: str = "", status: int = 200) -> Response:
        if one.unusable:
            return notice("replaced", "Another prompt came", "A later prompt took this one's place.")
        if one.status != "PENDING":
            return self._told(one)
        values = {"one": one, "amount": shown(one.amount, one.currency), "failure": failure}
        return page("phone.html", values, status=status)

    def _told(self, one: Invoice) -> Response:
        if one.status == "COMPLETE":
            text = f"{one.receipt} confirmed. {shown(*one.really)} went to the shop."
            return notice("received", "Payment received", text, tone="good", payment_id=one.id)
        if one.status == "FAILED":
            return notice("failed", "Not paid", one.failed_reason or "", payment_id=one.id)
        text = f"{shown(one.amount, one.currency)}: M-Pesa has not answered yet."
        return notice("waiting", "Payment on its way", text, payment_id=one.id, refresh=True)

    # --- the hosted checkout ---

    async def _show_checkout(self, request: Request) -> Response:
        checkout = self._checkout(request)
        return _unknown() if checkout is None else self._page_of(checkout)

    async def _press_checkout(self, request: Request) -> Response:
        form = await read_form(request)
        checkout = self._checkout(request)
        if checkout is None or checkout.status == "paid":
            return _unknown() if checkout is None else self._page_of(checkout)
        if form.get("outcome") == "cancel":
            return notice("closed", "Closed", "Nothing was paid.", again=str(request.url))
        try:
            choice = _read_choice(form)
            with self._account.transaction() as books:
                one = press(self._account, books, invoices.next_try(books, checkout), choice)
        except Refused as error:
            return self._page_of(checkout, f"This can't be paid now ({error.code}).", 400)
        return self._after_press(checkout, one)

    def _after_press(self, checkout: Checkout, one: Invoice) -> Response:
        if one.status == "FAILED":
            return self._page_of(checkout, one.failed_reason or "", 402)
        back = return_url(self._account, checkout, one) if one.status == "COMPLETE" else None
        if back is not None and is_loopback(back):
            return RedirectResponse(back, 303)
        return self._told(one)

    def _page_of(self, checkout: Checkout, failure: str = "", status: int = 200) -> Response:
        if checkout.status == "paid":
            return notice("paid", "Already paid", "This checkout has been paid.")
        values = {
            "checkout": checkout,
            "amount": shown(checkout.amount, checkout.currency),
            "failure": failure,
            "methods": _METHODS,
        }
        return page("intasend.html", values, status=status)

    def _invoice(self, request: Request) -> Invoice | None:
        with self._account.transaction() as books:
            found = books.find(Invoice, request.path_params["id"])
        return None if found is None or found.parent_id is not None else found

    def _checkout(self, request: Request) -> Checkout | None:
        with self._account.transaction() as books:
            return books.find(Checkout, request.path_params["id"])


def _read_choice(form: dict[str, str]) -> PhoneChoice:
    """A press from a form's fields. Raises Invalid for values that no button sends."""
    try:
        outcome = PhoneOutcome(form.get("outcome", "pay"))
        return PhoneChoice(outcome, float(form.get("seconds") or 5), form.get("method") or invoices.MPESA)
    except ValueError:
        raise Invalid("sandbox_press", field="outcome") from None


def _unknown() -> Response:
    return notice("unknown", "Not found", "There is no such checkout or prompt.", status=404)
