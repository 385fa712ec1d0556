"""How one call ends, for every provider: understood, ended with a word, or not understood and so unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from tillgate.domain.checkout_facts import CheckoutFacts, ProviderTry, RefundFacts
from tillgate.ports import Answer, Capabilities, Outcome
from tillgate.providers.http import ApiClient, Call, Reply
from tillgate.providers.json_strict import Json, Malformed

# Of a later request of one call these would say too much about the call as a whole.
_ONLY_OF_THE_FIRST: Final = frozenset({Outcome.NOT_SENT, Outcome.NOT_FOUND, Outcome.DECLINED})

_T = TypeVar("_T")
_Asking = TypeVar("_Asking")


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


class Understands(Protocol):
    """What reads a provider's words."""

    def message_from(self, value: Json) -> str:
        """What a refusal says, safe for a log and a screen; empty if there is nothing."""

    def plain(self, text: str) -> str:
        """A stranger's words on one line, without secrets and personal data."""


class Steps:
    """One call, step by step. Every step raises Ended or Malformed unless it was answered and understood."""

    def __init__(self, call: Call, words: Understands) -> None:
        self.call = call
        self._words = words
        self._steps = 0

    def sent(self, send: Callable[[], Reply]) -> Reply:
        """The answer to the next step."""
        self._steps += 1
        return send()

    def value(self, reply: Reply) -> Json:
        """The understood body; anything else ends the call."""
        if reply.outcome is Outcome.SUCCESS:
            return reply.value
        later = self._steps > 1 and reply.outcome in _ONLY_OF_THE_FIRST
        raise Ended(Outcome.UNKNOWN if later else reply.outcome, self.words_of(reply), reply.retry_after_s)

    def words_of(self, reply: Reply) -> str:
        """The provider's own words of a refusal, or ours."""
        return self._words.message_from(reply.value) or self._words.plain(reply.why)

    def if_heard(self, look: Callable[[], _T]) -> _T | None:
        """What a look found, or None if the answer did not come or was not understood."""
        try:
            return look()
        except (Ended, Malformed):
            return None


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


class Calls(Generic[_Asking]):
    """An adapter's calls, each within the deadline of its kind; `asking` makes the steps of one."""

    def __init__(
        self,
        client: ApiClient,
        capabilities: Capabilities,
        sweep_deadline_ms: int,
        asking: Callable[[Call], _Asking],
    ) -> None:
        self._client = client
        self._capabilities = capabilities
        self._sweep_deadline_ms = sweep_deadline_ms
        self._asking = asking

    def writing(self, verb: str, ask: Callable[[_Asking], Found]) -> Answer:
        """One that changes something."""
        return self._run(verb, self._capabilities.create_deadline_ms, ask)

    def reading(self, verb: str, ask: Callable[[_Asking], Found]) -> Answer:
        """One that looks something up."""
        return self._run(verb, self._capabilities.status_deadline_ms, ask)

    def sweeping(self, verb: str, ask: Callable[[_Asking], Found]) -> Answer:
        """One that reads the last days."""
        return self._run(verb, self._sweep_deadline_ms, ask)

    def _run(self, verb: str, deadline_ms: int, ask: Callable[[_Asking], Found]) -> Answer:
        call = self._client.call(verb, deadline_ms)
        return answer_of(call, lambda: ask(self._asking(call)))
