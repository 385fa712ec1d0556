"""The fault menu: what goes wrong at a provider, on demand.

A fault is armed for a provider's verb and spoils the next `count` calls of it, after letting `after` calls pass.
A call is spoiled by at most one fault: the one armed first.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum

from tillgate.domain.errors import Invalid

RAZORPAY, STRIPE, WOMPI, INTASEND = PROVIDERS = "razorpay", "stripe", "wompi", "intasend"


class Verb(StrEnum):
    """What is being done at the provider. `PAY` and `RETURN` are the customer's side; the rest are API calls."""

    ANY = "any"  # every API call
    CREATE = "create"
    FETCH = "fetch"  # one thing by its id
    LOOKUP = "lookup"  # a list, by reference or by parent
    UPDATE = "update"
    CANCEL = "cancel"
    CAPTURE = "capture"
    REFUND = "refund"
    PAY = "pay"  # the customer's press on a hosted page
    RETURN = "return"  # the browser's way back to the till


class When(StrEnum):
    """Before the provider acts on the call, or after it has."""

    BEFORE = "before"
    AFTER = "after"


class FaultKind(StrEnum):
    """What goes wrong. The wire and answer faults are for any API verb; the others name theirs."""

    # the wire
    TIMEOUT = "timeout"  # never an answer; `seconds` long, then the connection is closed
    SLOW = "slow"  # acts `seconds` later, even if the caller has gone, then answers
    SLOW_HEADERS = "slow_headers"  # one byte every `seconds`
    SLOW_BODY = "slow_body"
    RESET_BEFORE_ANSWER = "reset_before_answer"  # TCP RST
    RESET_MID_BODY = "reset_mid_body"
    CLOSE_MID_BODY = "close_mid_body"  # a polite FIN with half of the promised bytes
    # the status
    SERVER_ERROR_500 = "server_error_500"
    BAD_GATEWAY_502 = "bad_gateway_502"  # HTML, as an edge answers
    UNAVAILABLE_503 = "unavailable_503"
    RATE_LIMITED_429 = "rate_limited_429"  # with Retry-After when `seconds` is given
    UNAUTHORISED_401 = "unauthorised_401"
    REDIRECT = "redirect"  # to `text`, by default another host
    # the body
    MALFORMED_JSON = "malformed_json"
    WRONG_TYPES = "wrong_types"  # amounts as `text`: string, float, bool, null, negative, list
    NAN = "nan"
    DUPLICATE_KEYS = "duplicate_keys"
    BAD_UTF8 = "bad_utf8"
    DEEP_NESTING = "deep_nesting"
    HUGE_INTEGER = "huge_integer"
    TOO_LARGE = "too_large"  # a valid answer padded past 256 KiB
    HTML_200 = "html_200"
    EMPTY_BODY = "empty_body"
    # the content; with PAY, WRONG_AMOUNT and WRONG_CURRENCY are what is really paid
    WRONG_AMOUNT = "wrong_amount"  # off by `amount_minor`
    WRONG_CURRENCY = "wrong_currency"  # `text`, by default USD
    WRONG_REFERENCE = "wrong_reference"
    WRONG_MODE = "wrong_mode"  # what a key of the other mode sees
    # the money's own surprises
    LATE_SUCCESS = "late_success"  # PAY: fails now (Razorpay) or waits, is captured `seconds` later
    CAPTURED_TWICE = "captured_twice"  # PAY: the same checkout is paid twice
    ALREADY_CAPTURED = "already_captured"  # CAPTURE: captures, and answers that it was captured before
    DUPLICATE_RETURN = "duplicate_return"  # RETURN: `times` extra requests reach the till's return address
    BAD_SIGNATURE = "bad_signature"  # RETURN: altered, or `text` = "absent"
    REFUND_REFUSED = "refund_refused"  # REFUND
    REFUND_PENDING = "refund_pending"  # REFUND: processed only `seconds` later
    REFUND_FAILS = "refund_fails"  # REFUND: pending, then failed `seconds` later


_MONEY_FAULT_VERBS = {
    FaultKind.LATE_SUCCESS: Verb.PAY,
    FaultKind.CAPTURED_TWICE: Verb.PAY,
    FaultKind.ALREADY_CAPTURED: Verb.CAPTURE,
    FaultKind.DUPLICATE_RETURN: Verb.RETURN,
    FaultKind.BAD_SIGNATURE: Verb.RETURN,
    FaultKind.REFUND_REFUSED: Verb.REFUND,
    FaultKind.REFUND_PENDING: Verb.REFUND,
    FaultKind.REFUND_FAILS: Verb.REFUND,
}
# Razorpay alone signs its return; Wompi and IntaSend take money in one step, and Wompi voids it in one.
_UNKNOWN_TO = {
    STRIPE: frozenset({FaultKind.BAD_SIGNATURE}),
    INTASEND: frozenset({FaultKind.BAD_SIGNATURE, FaultKind.ALREADY_CAPTURED}),
    WOMPI: frozenset(
        {
            FaultKind.BAD_SIGNATURE,
            FaultKind.ALREADY_CAPTURED,
            FaultKind.REFUND_PENDING,
            FaultKind.REFUND_FAILS,
        }
    ),
}
_PAID_WRONGLY = frozenset({FaultKind.WRONG_AMOUNT, FaultKind.WRONG_CURRENCY})
# Refused at the door: the provider never acts on such a call, whatever `when` says.
_NEVER_ACTS = frozenset({FaultKind.RATE_LIMITED_429, FaultKind.UNAUTHORISED_401, FaultKind.REFUND_REFUSED})
_EITHER = frozenset(
    {
        FaultKind.TIMEOUT,
        FaultKind.RESET_BEFORE_ANSWER,
        FaultKind.SERVER_ERROR_500,
        FaultKind.BAD_GATEWAY_502,
        FaultKind.UNAVAILABLE_503,
    }
)
_LONGEST_S = 366 * 24 * 3600
_DEFAULT_SECONDS = {
    FaultKind.TIMEOUT: 120.0,
    FaultKind.SLOW: 2.0,
    FaultKind.SLOW_HEADERS: 0.5,
    FaultKind.SLOW_BODY: 0.5,
    FaultKind.LATE_SUCCESS: 30.0,
    FaultKind.REFUND_PENDING: 60.0,
    FaultKind.REFUND_FAILS: 60.0,
}


@dataclass(frozen=True)
class Fault:
    """One armed fault. `seconds`, `amount_minor`, `times` and `text` mean what the kind says."""

    id: int
    kind: FaultKind
    verb: Verb
    provider: str
    noun: str | None  # order, payment, payment_link, session, payment_intent, charge, refund, invoice ...; None is any
    when: When
    count: int
    after: int
    seconds: float | None
    amount_minor: int
    times: int
    text: str | None

    def matches(self, provider: str, verb: Verb, noun: str | None) -> bool:
        """Whether a call of this provider, verb and noun is one that the fault spoils."""
        if provider != self.provider or (self.noun is not None and noun != self.noun):
            return False
        if self.verb is Verb.ANY:
            return verb not in {Verb.PAY, Verb.RETURN}
        return verb is self.verb


@dataclass(frozen=True)
class Firing:
    """A fault that spoiled a call: which, and what was called."""

    fault: Fault
    verb: Verb
    noun: str | None
    subject: str  # the request's path, or the id paid


@dataclass
class _Armed:
    fault: Fault
    to_pass: int
    left: int


class FaultMenu:
    """Armed faults, taken one a call. Safe to use from any thread while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._armed: list[_Armed] = []
        self._fired: list[Firing] = []

    def arm(
        self,
        kind: FaultKind,
        verb: Verb = Verb.ANY,
        *,
        provider: str = RAZORPAY,
        noun: str | None = None,
        when: When | None = None,
        count: int = 1,
        after: int = 0,
        seconds: float | None = None,
        amount_minor: int = -100,
        times: int = 2,
        text: str | None = None,
    ) -> Fault:
        """Arm a fault for the next `count` calls of the verb, after `after` that go well.

        `when` is chosen by the caller only for time-outs, resets before the answer and 5xx (default: before);
        every other kind has its own. Raises Invalid for a kind that the verb or the provider does not know.
        """
        verb = _verb_for(kind, verb)
        if kind in _UNKNOWN_TO.get(provider, ()):
            raise Invalid("sandbox_fault_verb", field="kind", kind=kind.value, verb=provider)
        if count < 1 or after < 0:
            raise Invalid("sandbox_fault_count", field="count", count=count, after=after)
        if seconds is not None and not 0 <= seconds <= _LONGEST_S:
            raise Invalid("sandbox_fault_seconds", field="seconds", seconds=seconds)
        with self._lock:
            fault = Fault(
                id=next(self._ids),
                kind=kind,
                verb=verb,
                provider=provider,
                noun=noun,
                when=_when_for(kind, when),
                count=count,
                after=after,
                seconds=_DEFAULT_SECONDS.get(kind) if seconds is None else seconds,
                amount_minor=amount_minor,
                times=times,
                text=text,
            )
            self._armed.append(_Armed(fault, to_pass=after, left=count))
        return fault

    def disarm(self, fault_id: int) -> bool:
        """Take a fault off the menu; False if it is not on it."""
        with self._lock:
            kept = [armed for armed in self._armed if armed.fault.id != fault_id]
            found = len(kept) < len(self._armed)
            self._armed = kept
        return found

    def clear(self) -> None:
        """Take every fault off the menu and forget what fired."""
        with self._lock:
            self._armed.clear()
            self._fired.clear()

    def list_armed(self) -> list[Fault]:
        """The faults that will still spoil something, oldest first."""
        with self._lock:
            return [armed.fault for armed in self._armed]

    def list_fired(self) -> list[Firing]:
        """Every fault that spoiled a call so far, in order."""
        with self._lock:
            return list(self._fired)

    def take(self, provider: str, verb: Verb, noun: str | None = None, subject: str = "") -> Fault | None:
        """The fault that spoils this call, if any; it is used up by it."""
        with self._lock:
            for armed in self._armed:
                if not armed.fault.matches(provider, verb, noun):
                    continue
                if armed.to_pass:
                    armed.to_pass -= 1
                    continue
                armed.left -= 1
                self._armed = [one for one in self._armed if one.left]
                self._fired.append(Firing(armed.fault, verb, noun, subject))
                return armed.fault
        return None


def describe_fault(fault: Fault) -> dict[str, object]:
    """A fault as plain JSON values."""
    return asdict(fault)


def _verb_for(kind: FaultKind, verb: Verb) -> Verb:
    own = _MONEY_FAULT_VERBS.get(kind)
    if own is not None and verb in {Verb.ANY, own}:
        return own
    customers = verb in {Verb.PAY, Verb.RETURN}
    if own is not None or (customers and not (verb is Verb.PAY and kind in _PAID_WRONGLY)):
        raise Invalid("sandbox_fault_verb", field="verb", kind=kind.value, verb=verb.value)
    return verb


def _when_for(kind: FaultKind, when: When | None) -> When:
    if kind in _NEVER_ACTS:
        return When.BEFORE
    if kind in _EITHER:
        return when or When.BEFORE
    return When.AFTER
