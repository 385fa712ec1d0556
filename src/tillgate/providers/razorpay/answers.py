"""What comes back, in our words. Every field is read by its exact type; the status decides, never `captured` alone."""

from __future__ import annotations

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
from tillgate.providers.razorpay import facts
from tillgate.providers.redaction import Redactor, one_line
from tillgate.providers.wording import Wording, state_from

LINK_STATUSES: Final = {
    "created": CheckoutStatus.OPEN,
    "partially_paid": CheckoutStatus.OPEN,
    "paid": CheckoutStatus.PAID,
    "expired": CheckoutStatus.EXPIRED,
    "cancelled": CheckoutStatus.CANCELLED,
}
# An order is never ended by Razorpay, and stays paid after its money went back.
ORDER_STATUSES: Final = {
    "created": CheckoutStatus.OPEN,
    "attempted": CheckoutStatus.OPEN,
    "paid": CheckoutStatus.PAID,
}
TRY_STATUSES: Final = {
    "created": TryStatus.CREATED,
    "authorized": TryStatus.AUTHORIZED,
    "captured": TryStatus.CAPTURED,
    "refunded": TryStatus.REFUNDED,
    "failed": TryStatus.FAILED,
}
REFUND_STATUSES: Final = {
    "pending": RefundStatus.PENDING,
    "processed": RefundStatus.DONE,
    "failed": RefundStatus.FAILED,
}

_NO_SUCH_ID: Final = "id provided does not exist"
_WRONG_KEY: Final = ("authentication failed", "api key provided is invalid", "key/secret provided is invalid")

_Status = TypeVar("_Status", CheckoutStatus, TryStatus, RefundStatus)


class Reader(Wording):
    """Turns one account's answers into facts. Every reading raises Malformed, and nothing else."""

    def __init__(self, account: str, mode: Mode, hosts: frozenset[str], redactor: Redactor) -> None:
        super().__init__(redactor, hosts)
        self._account = account
        self._mode = mode

    def link(self, value: Json | None, tries: tuple[ProviderTry, ...] = ()) -> CheckoutFacts:
        """A payment link."""
        link = Fields(value, "link")
        return CheckoutFacts(
            provider_id=link.text("id", facts.LINK_ID),
            reference=one_line(link.text_or_none("reference_id") or ""),
            status=state_from(link.text("status"), LINK_STATUSES),
            amount=amount_from(link),
            account=self._account,
            mode=self._mode,
            url=self.checkout_url(link.text("short_url")),
            expires_at=link.instant_or_none("expire_by"),
            tries=tries,
        )

    def order(self, value: Json | None, tries: tuple[ProviderTry, ...] = ()) -> CheckoutFacts:
        """An order; it has no address of its own."""
        order = Fields(value, "order")
        return CheckoutFacts(
            provider_id=order.text("id", facts.ORDER_ID),
            reference=one_line(order.text_or_none("receipt") or ""),
            status=state_from(order.text("status"), ORDER_STATUSES),
            amount=amount_from(order),
            account=self._account,
            mode=self._mode,
            tries=tries,
        )

    def payment(self, value: Json | None) -> ProviderTry:
        """A payment, with the order it says it belongs to."""
        payment = Fields(value, "payment")
        amount = amount_from(payment)
        refunded_minor = payment.integer_or_zero("amount_refunded")
        if refunded_minor > amount.minor:
            raise Malformed("payment.amount_refunded is more than its amount")
        status = state_from(payment.text("status"), TRY_STATUSES)
        reason = payment.text_or_none("error_description") or payment.text_or_none("error_reason") or ""
        if status is TryStatus.REFUNDED and payment.raw("captured") is False:
            # Authorised money that was given back without ever being taken: it was never ours.
            status, reason = TryStatus.FAILED, "released without being captured"
        return ProviderTry(
            provider_ref=payment.text("id", facts.PAYMENT_ID),
            status=status,
            amount=amount,
            checkout_id=payment.text_or_none("order_id", facts.ORDER_ID),
            method=payment.text_or_none("method", facts.WORD),
            reason=self.plain(reason) or None,
            refunded_minor=refunded_minor,
            created_at=payment.instant_or_none("created_at"),
        )

    def refund(self, value: Json | None) -> RefundFacts:
        """A refund, with our key where it was kept."""
        refund = Fields(value, "refund")
        key = refund.text_or_none("receipt") or notes_from(refund).get(facts.REFUND_KEY_NOTE)
        return RefundFacts(
            provider_ref=refund.text("id", facts.REFUND_ID),
            payment_ref=refund.text("payment_id", facts.PAYMENT_ID),
            status=state_from(refund.text("status"), REFUND_STATUSES),
            amount=amount_from(refund),
            key=one_line(key) if key else None,
        )

    def message_from(self, value: Json) -> str:
        """The provider's own words of a refusal, safe for a log and a screen; empty if there are none."""
        error = value.get("error") if type(value) is dict else None
        words = error.get("description") if type(error) is dict else None
        return self.plain(words) if type(words) is str else ""


def amount_from(thing: Fields) -> Money:
    """`amount` and `currency`, which every entity has."""
    try:
        return Money(thing.integer("amount", least=1), thing.text("currency", facts.CURRENCY))
    except Invalid as error:
        raise Malformed(error.code) from None


def notes_from(thing: Fields) -> dict[str, str]:
    """Notes as an object; empty ones come as [], {} or null. Other values than strings are left out."""
    notes = thing.raw("notes")
    if notes is None or notes == []:
        return {}
    if type(notes) is not dict:
        raise Malformed("notes are neither an object nor empty")
    return {name: value for name, value in notes.items() if type(value) is str}


def check_done(value: Json) -> None:
    """That an answer says "success" and means it. Raises Malformed."""
    if Fields(value, "answer").raw("success") is not True:
        raise Malformed("nothing says that it was done")


def items_from(value: Json, envelope: str = "items") -> list[Json]:
    """The entries of a list; payment links come in an envelope of their own."""
    items = value.get(envelope) if type(value) is dict else None
    if type(items) is not list:
        raise Malformed(f"no {envelope}")
    return items


def order_id_of(link: Fields) -> str | None:
    """The order behind a link, if it has one yet; some answers leave its prefix out."""
    order_id = link.text_or_none("order_id")
    if order_id is None:
        return None
    full = order_id if order_id.startswith("order_") else f"order_{order_id}"
    if not facts.ORDER_ID.fullmatch(full):
        raise Malformed("link.order_id is not an id")
    return full


def is_refusal(value: Json) -> bool:
    """A well-formed error body: the provider itself speaks, not something on the way to it."""
    error = value.get("error") if type(value) is dict else None
    return type(error) is dict and type(error.get("code")) is str and type(error.get("description")) is str


def outcome_of_refusal(method: str, status: int, value: Json) -> Outcome:
    """What a 4xx answer says. Razorpay uses 400 for almost everything, so some of it is in the words alone."""
    if not is_refusal(value) or status == 409:
        # 409: the same refund key is being worked on, or was used for another body.
        return Outcome.UNKNOWN
    words = Fields(Fields(value, "answer").raw("error"), "error").text("description").casefold()
    if any(phrase in words for phrase in _WRONG_KEY):
        return Outcome.MISCONFIGURED
    if method == "GET" and (status == 404 or _NO_SUCH_ID in words):
        return Outcome.NOT_FOUND
    return Outcome.DECLINED


def says_key_was_used(words: str) -> bool:
    """A refund's key or receipt was seen before: what it made must be looked up."""
    lowered = words.casefold()
    return "idempotency" in lowered or "receipt" in lowered
