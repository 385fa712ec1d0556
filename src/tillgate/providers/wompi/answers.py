"""What comes back, in our words. Every field is read by its exact type; a transaction's own status decides.

A link never says that it was paid: the transactions that name it do. One that is declined leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

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
from tillgate.providers.rules import REFERENCE
from tillgate.providers.wompi import facts
from tillgate.providers.wording import Wording

TRY_STATUSES: Final = {
    "PENDING": TryStatus.CREATED,
    "APPROVED": TryStatus.CAPTURED,
    "DECLINED": TryStatus.FAILED,
    "ERROR": TryStatus.FAILED,
    "VOIDED": TryStatus.REFUNDED,
}
# What a refusal is believed for; any other 4xx is not documented.
_REFUSED: Final = frozenset({400, 404, 422})
_DEEPEST_MESSAGE: Final = 4


@dataclass(frozen=True, slots=True)
class Link:
    """A payment link: its facts without its transactions, and what they are looked up by."""

    checkout: CheckoutFacts
    active: bool
    single_use: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One try to pay, and the two names by which it belongs to a checkout."""

    money: ProviderTry
    reference: str
    link_id: str | None

    @property
    def checkout_id(self) -> str:
        """The link it was made through; for a Web Checkout the reference is the checkout."""
        return self.link_id or self.reference


class Reader(Wording):
    """Turns one account's answers into facts. Every reading raises Malformed, and nothing else."""

    def __init__(self, account: str, mode: Mode, checkout_url: str, hosts: frozenset[str], redactor: Redactor) -> None:
        super().__init__(redactor, hosts)
        self._account = account
        self._mode = mode
        self._checkout_url = checkout_url

    def link(self, value: Json) -> Link:
        """A payment link. Whose it is, it says itself."""
        link = Fields(_inside(value), "link")
        link_id = link.text("id", facts.LINK_ID)
        active = boolean(link, "active")
        checkout = CheckoutFacts(
            provider_id=link_id,
            reference=one_line(link.text_or_none("sku") or ""),
            status=CheckoutStatus.OPEN,
            amount=amount_from(link),
            account=link.text_or_none("merchant_public_key") or self._account,
            mode=self._mode_of(link_id),
            # There is no address in the answer; it is made of the id.
            url=self.checkout_url(f"{self._checkout_url}/l/{link_id}"),
            expires_at=instant_or_none(link, "expires_at"),
        )
        return Link(checkout, active, boolean(link, "single_use"), instant_or_none(link, "created_at"))

    def transaction(self, value: Json) -> Transaction:
        """A transaction. A status that is not in the documents waits: it is never taken for a failure."""
        one = Fields(value, "transaction")
        reference = one_line(one.text("reference"))
        link_id = one.text_or_none("payment_link_id", facts.LINK_ID)
        amount = amount_from(one)
        status = TRY_STATUSES.get(one.text("status"), TryStatus.CREATED)
        method = one.text_or_none("payment_method_type", facts.WORD)
        why = one.text_or_none("status_message") if status is TryStatus.FAILED else None
        money = ProviderTry(
            provider_ref=one.text("id", facts.TRANSACTION_ID),
            status=status,
            amount=amount,
            checkout_id=link_id or reference,
            method=method.lower() if method else None,
            reason=self.plain(why or one.text("status").lower()) if status is TryStatus.FAILED else None,
            refunded_minor=amount.minor if status is TryStatus.REFUNDED else 0,
            created_at=instant_or_none(one, "created_at"),
        )
        return Transaction(money, reference, link_id)

    def web_checkout(self, reference: str, amount: Money, url: str | None = None) -> CheckoutFacts:
        """A Web Checkout: Wompi knows nothing of it until somebody tries to pay, so it is what we signed."""
        return CheckoutFacts(
            provider_id=reference,
            reference=reference,
            status=CheckoutStatus.OPEN,
            amount=amount,
            account=self._account,
            mode=self._mode,
            url=self.checkout_url(url),
        )

    def message_from(self, value: Json) -> str:
        """Wompi's own words of a refusal, safe for a log and a screen; empty if there are none."""
        error = value.get("error") if type(value) is dict else None
        if type(error) is not dict:
            return ""
        reason = error.get("reason")
        if type(reason) is str and reason:
            return self.plain(reason)
        return self.plain("; ".join(_sentences(error.get("messages"))))

    def _mode_of(self, link_id: str) -> Mode:
        """A test link says so in its id, whoever answers."""
        return Mode.TEST if self._mode is Mode.LIVE and link_id.startswith(facts.TEST_LINK) else self._mode


def with_tries(checkout: CheckoutFacts, found: Iterable[Transaction]) -> CheckoutFacts:
    """The checkout with its transactions: any that took money pays it, and one that waits keeps it open."""
    tries = tuple(sorted((one.money for one in found), key=_made_at))
    if any(one.took_money for one in tries):
        return replace(checkout, status=CheckoutStatus.PAID, tries=tries)
    if any(one.status is TryStatus.CREATED for one in tries):
        return replace(checkout, status=CheckoutStatus.OPEN, tries=tries)
    return replace(checkout, tries=tries)


def ended(link: Link, answered_at: datetime | None) -> CheckoutFacts:
    """The link as it stands without money. Its end is by the clock of the answer, never by ours: where Wompi does not
    say what time it is, the link is open until it says that it is not active.
    """
    ends = link.checkout.expires_at
    if ends is not None and answered_at is not None and answered_at >= ends + facts.LINGERS:
        return replace(link.checkout, status=CheckoutStatus.EXPIRED)
    over = ends is not None and answered_at is not None and answered_at >= ends
    if link.active or over:
        return link.checkout
    return replace(link.checkout, status=CheckoutStatus.CANCELLED)


def void_of(money: ProviderTry, key: str | None = None) -> RefundFacts:
    """A voided transaction as the refund that it is; Wompi gives it no name and keeps no key."""
    return RefundFacts(
        provider_ref=f"void-{money.provider_ref}",
        payment_ref=money.provider_ref,
        status=RefundStatus.DONE,
        amount=money.amount,
        key=key,
    )


def list_of(value: Json) -> list[Json]:
    """The entries of a list; where there is one alone it may come bare [A]."""
    found = _inside(value)
    if type(found) is dict:
        return [found]
    if type(found) is not list:
        raise Malformed("no data")
    return found


def one_of(value: Json) -> Json:
    """The one thing of an answer."""
    return _inside(value)


def void_went_through(value: Json) -> bool:
    """`data.status` of a void tells of the void; the transaction's own stands deeper."""
    data = value.get("data") if type(value) is dict else None
    return type(data) is not dict or data.get("status") in (None, "APPROVED", "VOIDED")


def words_of_void(value: Json) -> str:
    """Why a void did not go through, in Wompi's words."""
    data = value.get("data") if type(value) is dict else None
    said = data.get("status_message") if type(data) is dict else None
    return said if type(said) is str else ""


def amount_from(thing: Fields) -> Money:
    """Centavos and their currency. Raises Malformed for an open amount, which is never one of ours."""
    try:
        return Money(thing.integer("amount_in_cents", least=1), thing.text("currency", facts.CODE))
    except Invalid as error:
        raise Malformed(error.code) from None


def instant_or_none(thing: Fields, name: str) -> datetime | None:
    """ISO 8601; a time without a zone is meant in UTC."""
    text = thing.text_or_none(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(f"{name} is not a time") from None


def instant_of(date: str | None) -> datetime | None:
    """The clock of an answer, by its Date header."""
    try:
        found = parsedate_to_datetime(date) if date else None
    except (ValueError, OverflowError):
        return None
    return None if found is None or found.tzinfo is None else found.astimezone(UTC)


def boolean(thing: Fields, name: str) -> bool:
    """Exactly true or false."""
    value = thing.raw(name)
    if type(value) is not bool:
        raise Malformed(f"{name} is missing or of the wrong type")
    return value


def is_ours(reference: str) -> bool:
    """Whether a link's name could be one that this till, or another one of the store, gave."""
    return REFERENCE.fullmatch(reference) is not None


def is_refusal(value: Json) -> bool:
    """A well-formed error body: Wompi itself speaks, not something on the way to it."""
    error = value.get("error") if type(value) is dict else None
    return type(error) is dict and type(error.get("type")) is str


def outcome_of_refusal(method: str, status: int, value: Json) -> Outcome:
    """What a 4xx answer says."""
    if not is_refusal(value) or status not in _REFUSED:
        return Outcome.UNKNOWN
    return Outcome.NOT_FOUND if method == "GET" and status == 404 else Outcome.DECLINED


def _made_at(one: ProviderTry) -> datetime:
    return one.created_at or datetime.max.replace(tzinfo=UTC)


def _inside(value: Json) -> Json:
    return Fields(value, "answer").raw("data")


def _sentences(value: Json, name: str = "", depth: int = 0) -> list[str]:
    """`messages` has lists of sentences by field, and may have objects of them [A]."""
    if type(value) is str:
        return [f"{name}: {value}" if name else value]
    if depth >= _DEEPEST_MESSAGE:
        return []
    if type(value) is list:
        return [said for inner in value for said in _sentences(inner, name, depth + 1)]
    if type(value) is dict:
        return [said for key, inner in value.items() for said in _sentences(inner, key, depth + 1)]
    return []
