"""How Razorpay words what the fault menu makes it say."""

from __future__ import annotations

from typing import Any

from tillgate.sandbox.faults import Verb
from tillgate.sandbox.razorpay.account import new_id
from tillgate.sandbox.razorpay.errors import plain_error, unknown_id
from tillgate.sandbox.spoil import Answer

_REFUSALS = {
    401: ("BAD_REQUEST_ERROR", "The api key provided is invalid"),
    429: ("BAD_REQUEST_ERROR", "Too many requests"),
    500: (
        "SERVER_ERROR",
        "We are facing some trouble completing your request at the moment. Please try again shortly.",
    ),
    503: ("SERVICE_UNAVAILABLE", "The service is temporarily unavailable. Please try again shortly."),
}
_REFERENCES = frozenset({"reference_id", "receipt"})
_IDS = {"order_id": "order_", "plink_id": "plink_"}


class RazorpayVoice:
    """The amounts, currencies and references of its answers, and its own refusals."""

    amount_fields = frozenset({"amount", "amount_paid", "amount_due"})
    currency_fields = frozenset({"currency"})

    def refusal(self, status: int) -> dict[str, Any]:
        """Wrong keys and too many calls carry the same code as a bad request."""
        code, description = _REFUSALS[status]
        return plain_error(description, status, code).answer

    def spell_currency(self, code: str) -> str:
        """Upper case on the wire."""
        return code.upper()

    def other_reference(self, field: str, value: str) -> str | None:
        """Another till's reference or receipt, or another order's or link's id."""
        if field in _REFERENCES:
            return f"other-{value}"[:40]
        return new_id(_IDS[field]) if field in _IDS else None

    def other_mode(self, verb: Verb, answer: Answer) -> Answer:
        """A thing of the other mode does not exist; a new link is at the live address; an order's key is wrong."""
        if verb is Verb.CREATE and "short_url" in answer.body:
            return Answer(answer.status, {**answer.body, "short_url": "https://rzp.io/rzp/" + new_id("")[:7]})
        if verb is Verb.CREATE:
            return Answer(401, self.refusal(401))
        if verb is Verb.LOOKUP and "payment_links" in answer.body:
            return Answer(200, {"payment_links": []})
        if verb is Verb.LOOKUP:
            return Answer(200, {"entity": "collection", "count": 0, "items": []})
        return Answer(400, unknown_id().answer)
