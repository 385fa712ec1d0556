"""How Stripe words what the fault menu makes it say."""

from __future__ import annotations

from typing import Any

from tillgate.sandbox.faults import Verb
from tillgate.sandbox.spoil import Answer
from tillgate.sandbox.stripe.account import new_id
from tillgate.sandbox.stripe.errors import invalid, wrong_key

# The last two are the names under which the till keeps its own in metadata.
_REFERENCES = frozenset({"client_reference_id", "reference", "refund_key"})
_IDS = {"payment_intent": "pi_"}
_AMOUNTS = "amount amount_total amount_subtotal amount_received amount_captured amount_capturable unit_amount"


class StripeVoice:
    """The amounts, currencies and references of its answers, and its own refusals."""

    amount_fields = frozenset(_AMOUNTS.split())
    currency_fields = frozenset({"currency"})

    def refusal(self, status: int) -> dict[str, Any]:
        """The error of a 401, 429, 500 or 503."""
        if status == 401:
            return wrong_key("sk_test_0000000000000000").answer
        if status == 429:
            return invalid(
                "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
                code="rate_limit",
            ).answer
        message = (
            "An unknown error occurred. If you have any questions, we can help at https://support.stripe.com/."
            if status == 500
            else "The service is temporarily unavailable. Please try again shortly."
        )
        return {"error": {"message": message, "type": "api_error"}}

    def spell_currency(self, code: str) -> str:
        """Lower case on the wire."""
        return code.lower()

    def other_reference(self, field: str, value: str) -> str | None:
        """Another till's reference or refund key, or another payment intent's id."""
        if field in _REFERENCES:
            return f"other-{value}"[:40]
        return new_id(_IDS[field]) if field in _IDS else None

    def other_mode(self, verb: Verb, answer: Answer) -> Answer:
        """A thing of the other mode does not exist; a new session is a live one."""
        if verb is Verb.CREATE:
            return Answer(answer.status, {**answer.body, "livemode": True, "id": new_id("cs_live_a1", 56)})
        if verb is Verb.LOOKUP:
            return Answer(200, {**answer.body, "data": [], "has_more": False})
        found = answer.body.get("id", "")
        message = (
            f"No such {answer.body.get('object', 'object')}: '{found}'; a similar object exists in test mode, but a"
            " live mode key was used to make this request."
        )
        return Answer(404, invalid(message, "id", "resource_missing").answer)
