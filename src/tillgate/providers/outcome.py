"""How one call ends, for every provider: understood, ended with a word, or not understood and so unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tillgate.domain.checkout_facts import CheckoutFacts, ProviderTry, RefundFacts
from tillgate.ports import Answer, Outcome
from tillgate.providers.http import Call
from tillgate.providers.json_strict import Malformed


@dataclass(frozen=True, slots=True)
class Found:
    """What an understood answer holds."""

    checkouts: tuple[CheckoutFacts, ...] = ()
    refunds: tuple[RefundFacts, ...] = ()
    payments: tuple[ProviderTry, ...] = ()


class Ended(Exception):
    """A call that ended in anything but success, with what to say of it."""

    def __init__(self, outcome: Outcome, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.retry_after_s = retry_after_s


def answer_of(call: Call, ask: Callable[[], Found]) -> Answer:
    """Do it, and say how it ended; what was answered and not understood is unknown."""
    outcome, found, message, retry_after_s = Outcome.SUCCESS, Found(), "", None
    try:
        found = ask()
    except Ended as ended:
        outcome, message, retry_after_s = ended.outcome, ended.message, ended.retry_after_s
    except Malformed as error:
        outcome, message = Outcome.UNKNOWN, str(error)
    return Answer(
        outcome,
        checkouts=found.checkouts,
        refunds=found.refunds,
        payments=found.payments,
        message=message,
        http_status=call.status,
        response_sha256=call.response_sha256,
        retry_after_s=retry_after_s,
        elapsed_ms=call.elapsed_ms,
    )
