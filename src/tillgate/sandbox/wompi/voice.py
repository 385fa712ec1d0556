"""How Wompi words what the fault menu makes it say."""

from __future__ import annotations

from typing import Any

from tillgate.sandbox.faults import Verb
from tillgate.sandbox.spoil import Answer
from tillgate.sandbox.wompi.errors import wrong_key

_REFERENCES = {"sku": 36, "reference": 60, "payment_link_id": 40}


class WompiVoice:
    """The amounts, currencies and references of its answers, and its own refusals."""

    amount_fields = frozenset({"amount_in_cents"})
    currency_fields = frozenset({"currency"})

    def refusal(self, status: int) -> dict[str, Any]:
        """The error of a 401, 429, 500 or 503; the documents have only the first."""
        if status == 401:
            return wrong_key().answer
        kind = "TOO_MANY_REQUESTS" if status == 429 else "INTERNAL_ERROR"
        return {"error": {"type": kind, "reason": "Intente de nuevo más tarde."}}

    def spell_currency(self, code: str) -> str:
        """In capitals."""
        return code.upper()

    def other_reference(self, field: str, value: str) -> str | None:
        """Another till's reference, or another link's id."""
        return f"other-{value}"[: _REFERENCES[field]] if field in _REFERENCES else None

    def other_mode(self, verb: Verb, answer: Answer) -> Answer:
        """The environments share nothing: a key of one is unknown in the other."""
        del verb, answer
        return Answer(401, wrong_key().answer)
