"""How IntaSend words what the fault menu makes it say."""

from __future__ import annotations

from typing import Any

from tillgate.sandbox.faults import Verb
from tillgate.sandbox.intasend.errors import ApiError, wrong_key
from tillgate.sandbox.spoil import Answer

_LONGEST_REFERENCE = 60


class IntaSendVoice:
    """The amounts, currencies and references of its answers, and its own refusals."""

    amount_fields = frozenset({"value", "amount"})
    currency_fields = frozenset({"currency"})

    def refusal(self, status: int) -> dict[str, Any]:
        """The error of a 401, 429, 500 or 503."""
        if status == 401:
            return wrong_key().answer
        if status == 429:
            return ApiError(429, "client_error", "throttled", "Request was throttled.").answer
        return ApiError(status, "server_error", "error", "A server error occurred.").answer

    def spell_currency(self, code: str) -> str:
        """In capitals."""
        return code.upper()

    def other_reference(self, field: str, value: str) -> str | None:
        """Another till's name."""
        return f"other-{value}"[:_LONGEST_REFERENCE] if field == "api_ref" else None

    def other_mode(self, verb: Verb, answer: Answer) -> Answer:
        """The environments share nothing: a key of one is unknown in the other."""
        del verb, answer
        return Answer(403, wrong_key().answer)
