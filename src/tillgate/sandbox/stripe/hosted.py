"""The hosted page of a session: plain forms, no JavaScript needed.

GET /c/pay/{id} shows it; POST sends `outcome` pay, decline, delay (with `seconds`) or cancel, and `card`, the last
four digits of a test card. What was paid goes to success_url by a 303; a declined try comes back to the open page.
An address outside this computer is named, and not gone to.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillgate.domain.errors import Invalid, Refused
from tillgate.sandbox.bank import Outcome
from tillgate.sandbox.forms import read_form
from tillgate.sandbox.page import notice, page
from tillgate.sandbox.stripe import currencies
from tillgate.sandbox.stripe.account import StripeAccount
from tillgate.sandbox.stripe.customer import CardChoice, TestCard, press
from tillgate.sandbox.stripe.records import Charge, Session
from tillgate.sandbox.stripe.returns import stays_here, success_url

_CLOSED = {
    "complete": ("Already paid", "This checkout has been completed."),
    "expired": ("Expired", "This checkout has expired. Nothing can be paid here."),
}
_CARDS = [
    (TestCard.GOOD, "Visa •••• 4242: is approved"),
    (TestCard.DECLINED, "Visa •••• 0002: is declined"),
    (TestCard.INSUFFICIENT_FUNDS, "Visa •••• 9995: has too little money"),
    (TestCard.LOST, "Visa •••• 9987: was lost"),
    (TestCard.EXPIRED, "Visa •••• 0069: has expired"),
    (TestCard.PROCESSING_ERROR, "Visa •••• 0119: can't be processed"),
]


class SessionPages:
    """The pages of an account's sessions."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """Below the account's base URL."""
        return [
            Route("/c/pay/{id}", self._show, methods=["GET"]),
            Route("/c/pay/{id}", self._press, methods=["POST"]),
        ]

    def _find(self, request: Request) -> Session | None:
        with self._account.transaction() as books:
            return books.find(Session, request.path_params["id"])

    async def _show(self, request: Request) -> Response:
        session = self._find(request)
        if session is None:
            return _unknown()
        failed = request.query_params.get("failed")
        if failed is None:
            return _page_of(session)
        with self._account.transaction() as books:
            charge = books.find(Charge, failed)
        return _page_of(session, (charge.failure_message or "") if charge else "")

    async def _press(self, request: Request) -> Response:
        session = self._find(request)
        if session is None:
            return _unknown()
        form = await read_form(request)
        if form.get("outcome") == "cancel":
            return _left(session)
        try:
            choice = _read_choice(form)
            with self._account.transaction() as books:
                charge = press(self._account, books, books.load(Session, session.id), choice)
                after = books.load(Session, session.id)
        except Refused as error:
            return _page_of(session, f"This can't be paid now ({error.code}).", 400)
        if charge.status == "failed":
            return RedirectResponse(f"{session.url}?failed={charge.id}", 303)
        back = success_url(self._account, after)
        return RedirectResponse(back, 303) if stays_here(back) else _receipt(charge, back)


def _read_choice(form: dict[str, str]) -> CardChoice:
    """A press from a form's fields. Raises Invalid for values that no button sends."""
    try:
        outcome = Outcome(form.get("outcome", "pay"))
        return CardChoice(outcome, TestCard(form.get("card", TestCard.GOOD)), float(form.get("seconds") or 5))
    except (ValueError, OverflowError):
        raise Invalid("sandbox_press", field="outcome") from None


def _page_of(session: Session, failure: str = "", status: int = 200) -> Response:
    if session.status != "open":
        return notice(session.status, *_CLOSED[session.status])
    values = {
        "session": session,
        "amount": currencies.shown(session.amount, session.currency),
        "failure": failure,
        "cards": _CARDS,
    }
    return page("session.html", values, status=status)


def _left(session: Session) -> Response:
    """The back link: the session stays open."""
    back = stays_here(session.cancel_url)
    if back is not None:
        return RedirectResponse(back, 303)
    return notice("closed", "Closed", "Nothing was paid.", again=session.url)


def _receipt(charge: Charge, back: str) -> Response:
    shown = currencies.shown(charge.amount, charge.currency)
    if charge.status == "pending":
        text = f"{shown} will be debited later. Stripe would now open {back}"
        return notice("waiting", "Payment on its way", text, payment_id=charge.id)
    text = f"{shown} went to the shop. Stripe would now open {back}"
    return notice("received", "Payment received", text, tone="good", payment_id=charge.id)


def _unknown() -> Response:
    return notice("unknown", "Not found", "There is no such checkout.", status=404)
