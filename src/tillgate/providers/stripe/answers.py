"""What comes back, in our words. Every field is read by its exact type; `payment_status` decides whether it is paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from tillgate.domain.checkout_facts import (
    CheckoutFacts,
    CheckoutStatus,
    ProviderTry,
    RefundFacts,
    RefundStatus,
    TryStatus,
)
from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.ports import Outcome
from tillgate.providers.json_strict import Fields, Json, Malformed
from tillgate.providers.redaction import Redactor, one_line
from tillgate.providers.stripe import facts, words
from tillgate.providers.stripe.currencies import from_wire
from tillgate.providers.wording import Wording, state_from

# A session that is complete and unpaid waits for a slow way to pay, or has failed: its payment intent says which.
SESSION_STATUSES: Final = {
    "open": CheckoutStatus.OPEN,
    "complete": CheckoutStatus.PAID,
    "expired": CheckoutStatus.EXPIRED,
}
PAYMENT_STATUSES: Final = {"paid": True, "unpaid": False}
INTENT_OVER: Final = {
    "requires_payment_method": True,
    "requires_confirmation": False,
    "requires_action": False,
    "processing": False,
    "requires_capture": False,
    "canceled": True,
    "succeeded": False,
}
TRY_STATUSES: Final = {
    "pending": TryStatus.CREATED,
    "succeeded": TryStatus.CAPTURED,
    "failed": TryStatus.FAILED,
}
REFUND_STATUSES: Final = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.DONE,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Session:
    """A checkout session: its facts, the payment intent behind it once there is one, and whether it says paid."""

    checkout: CheckoutFacts
    intent_id: str | None
    paid: bool


class Reader(Wording):
    """Turns one account's answers into facts. Every reading raises Malformed, and nothing else."""

    def __init__(
        self, account: str, mode: Mode, hosts: frozenset[str], redactor: Redactor, now: Callable[[], datetime]
    ) -> None:
        super().__init__(redactor, hosts)
        self._account = account
        self._mode = mode
        self._now = now

    def session(self, value: Json | None) -> Session:
        """A checkout session; its payment intent as an object or as its id."""
        session = Fields(value, "session")
        paid = state_from(session.text("payment_status"), PAYMENT_STATUSES)
        intent_id, intent = _intent_of(session)
        status = self._status(session, intent, paid=paid)
        checkout = CheckoutFacts(
            provider_id=session.text("id", facts.SESSION_ID),
            reference=_reference_of(session),
            status=status,
            amount=amount_from(session, "amount_total"),
            account=self._account,
            mode=self._mode_of(session),
            url=self.checkout_url(session.text_or_none("url")),
            expires_at=session.instant_or_none("expires_at"),
            reason=self._reason(intent) if status is CheckoutStatus.FAILED else None,
        )
        return Session(checkout, intent_id, paid)

    def charge(self, value: Json | None) -> ProviderTry:
        """A charge: one try to pay, with the payment intent it says it belongs to."""
        charge = Fields(value, "charge")
        amount = amount_from(charge, "amount")
        status = state_from(charge.text("status"), TRY_STATUSES)
        captured = boolean(charge, "captured")
        refunded = from_wire_or_malformed(charge.integer_or_zero("amount_refunded"), amount.currency)
        if refunded > amount:
            raise Malformed("charge.amount_refunded is more than its amount")
        reason = self._decline(charge) if status is TryStatus.FAILED else None
        if status is TryStatus.CAPTURED and captured:
            # Less may have been taken than was authorised.
            amount = amount_from(charge, "amount_captured")
            status = TryStatus.REFUNDED if refunded >= amount else TryStatus.CAPTURED
        elif status is TryStatus.CAPTURED:
            status = TryStatus.FAILED if refunded else TryStatus.AUTHORIZED
            reason = "released without being captured" if refunded else None
        details = charge.raw("payment_method_details")
        return ProviderTry(
            provider_ref=charge.text("id", facts.CHARGE_ID),
            status=status,
            amount=amount,
            checkout_id=charge.text_or_none("payment_intent", facts.INTENT_ID),
            method=None if details is None else Fields(details, "details").text_or_none("type", facts.WORD),
            reason=reason,
            refunded_minor=refunded.minor if captured else 0,
            created_at=charge.instant_or_none("created"),
        )

    def refund(self, value: Json | None) -> RefundFacts:
        """A refund, with our key where it is one of ours."""
        refund = Fields(value, "refund")
        status = state_from(refund.text("status"), REFUND_STATUSES)
        key = metadata_of(refund).get(facts.REFUND_KEY_FIELD)
        why = refund.text_or_none("failure_reason")
        return RefundFacts(
            provider_ref=refund.text("id", facts.REFUND_ID),
            payment_ref=refund.text("charge", facts.CHARGE_ID),
            status=status,
            amount=amount_from(refund, "amount"),
            key=one_line(key) if key else None,
            reason=(words.REFUND_FAILURES.get(why) or self.plain(why)) if why else None,
        )

    def message_from(self, value: Json) -> str:
        """What a refusal says, safe for a log and a screen: in plain words where we have them, else in Stripe's."""
        error = value.get("error") if type(value) is dict else None
        if type(error) is not dict:
            return ""
        said = {name: found for name in ("code", "decline_code", "message") if type(found := error.get(name)) is str}
        known = words.DECLINES.get(said.get("decline_code", "")) or words.REFUSALS.get(said.get("code", ""))
        return known or self.plain(said.get("message", ""))

    def _status(self, session: Fields, intent: Fields | None, *, paid: bool) -> CheckoutStatus:
        status = state_from(session.text("status"), SESSION_STATUSES)
        if status is CheckoutStatus.EXPIRED:
            # Stripe has one word for both: before its time it was the till that ended it.
            ends = session.instant_or_none("expires_at")
            early = ends is not None and ends > self._now()
            return CheckoutStatus.CANCELLED if early else CheckoutStatus.EXPIRED
        if status is not CheckoutStatus.PAID or paid:
            return status
        over = intent is not None and state_from(intent.text("status"), INTENT_OVER)
        return CheckoutStatus.FAILED if over else CheckoutStatus.OPEN

    def _mode_of(self, session: Fields) -> Mode:
        if boolean(session, "livemode"):
            return Mode.LIVE
        return Mode.TEST if self._mode is Mode.LIVE else self._mode

    def _reason(self, intent: Fields | None) -> str | None:
        error = None if intent is None else intent.raw("last_payment_error")
        return self.message_from({"error": error}) or None

    def _decline(self, charge: Fields) -> str:
        """Why a try failed. The charge's outcome has the bank's code, `failure_code` only that it was declined."""
        outcome = charge.raw("outcome")
        code = None if outcome is None else Fields(outcome, "outcome").text_or_none("reason")
        known = words.DECLINES.get(code or "")
        return known or self.plain(charge.text_or_none("failure_message") or code or "declined")


def boolean(thing: Fields, name: str) -> bool:
    """Exactly true or false."""
    value = thing.raw(name)
    if type(value) is not bool:
        raise Malformed(f"{name} is missing or of the wrong type")
    return value


def amount_from(thing: Fields, name: str) -> Money:
    """An amount in Stripe's minor units, with the thing's currency."""
    return from_wire_or_malformed(thing.integer(name, least=1), thing.text("currency", facts.CURRENCY))


def from_wire_or_malformed(minor: int, currency: str) -> Money:
    """The amount that Stripe means; one that can't be is an answer that can't be understood."""
    try:
        return from_wire(minor, currency)
    except Invalid as error:
        raise Malformed(error.code) from None


def metadata_of(thing: Fields) -> dict[str, str]:
    """Metadata is an object of strings, empty or not."""
    found = thing.raw("metadata")
    if found is None:
        return {}
    if type(found) is not dict:
        raise Malformed("metadata is not an object")
    return {name: value for name, value in found.items() if type(value) is str}


def intent_id_of(value: Json) -> str | None:
    """An intent's id, given as its id or as the whole of it; None where there is none yet."""
    found = value.get("id") if type(value) is dict else value
    if found is None:
        return None
    if type(found) is not str or not facts.INTENT_ID.fullmatch(found):
        raise Malformed("payment_intent is not an id")
    return found


def page_of(value: Json) -> tuple[list[Json], bool]:
    """One page of a list, and whether there is more."""
    page = Fields(value, "list")
    items = page.raw("data")
    if type(items) is not list:
        raise Malformed("no data")
    return items, boolean(page, "has_more")


def _intent_of(session: Fields) -> tuple[str | None, Fields | None]:
    found = session.raw("payment_intent")
    return intent_id_of(found), Fields(found, "payment_intent") if type(found) is dict else None


def _reference_of(session: Fields) -> str:
    """Ours stands in two places; where they differ it is nobody's."""
    named = session.text_or_none("client_reference_id") or ""
    kept = metadata_of(session).get(facts.REFERENCE_FIELD, "")
    return one_line(named) if named == kept else ""


def is_refusal(value: Json) -> bool:
    """A well-formed error body: Stripe itself speaks, not something on the way to it."""
    error = value.get("error") if type(value) is dict else None
    return type(error) is dict and type(error.get("type")) is str


def outcome_of_refusal(method: str, status: int, value: Json) -> Outcome:
    """What a 4xx answer says, in Stripe's own status and type."""
    if not is_refusal(value) or status in (409, 424):
        # 409: the same key is being worked on. 424: somebody behind Stripe did not answer it.
        return Outcome.UNKNOWN
    if Fields(Fields(value, "answer").raw("error"), "error").text("type") == "idempotency_error":
        # The key was used for another body: what that made must be looked up.
        return Outcome.UNKNOWN
    return Outcome.NOT_FOUND if method == "GET" and status == 404 else Outcome.DECLINED
