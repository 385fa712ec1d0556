"""What comes back, in our words. An invoice is one try to pay: its own state decides, and one that nobody knows waits.

Types wobble between the documents and what developers report: an amount is a number or a text of digits, a list comes
bare or in pages, an error in three shapes. Each of them is read exactly; anything else is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tillgate.domain.checkout_facts import (
    CheckoutFacts,
    CheckoutStatus,
    ProviderTry,
    RefundFacts,
    RefundStatus,
    TryStatus,
)
from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money, exponent_of
from tillgate.domain.mpesa import CURRENCY, failure_of
from tillgate.domain.payment import Mode
from tillgate.ports import Outcome
from tillgate.providers.intasend import facts
from tillgate.providers.json_strict import Fields, Json, Malformed
from tillgate.providers.redaction import Redactor, one_line
from tillgate.providers.rules import REFERENCE
from tillgate.providers.wording import Wording

_PENDING: Final = "PENDING"
# COMPLETED stands in an old table of the documents, CANCELLED in nobody's but some developers' [F].
TRY_STATUSES: Final = {
    "COMPLETE": TryStatus.CAPTURED,
    "COMPLETED": TryStatus.CAPTURED,
    "FAILED": TryStatus.FAILED,
    "CANCELLED": TryStatus.FAILED,
}
# OVERDUE and DISPUTED are not over; nor is a status that is not in the documents.
REFUND_STATUSES: Final = {"COMPLETED": RefundStatus.DONE, "CANCELLED": RefundStatus.FAILED}
_STATUS_OF: Final = {TryStatus.CAPTURED: CheckoutStatus.PAID, TryStatus.FAILED: CheckoutStatus.FAILED}
# What a refusal is believed for; any other 4xx is not documented.
_REFUSED: Final = frozenset({400, 404})
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One try at IntaSend. `receipt` is M-Pesa's own number for money that moved."""

    invoice_id: str
    api_ref: str
    state: str
    amount: Money
    method: str | None
    code: str
    words: str
    receipt: str | None
    created_at: datetime | None

    @property
    def status(self) -> TryStatus:
        """Our word for its state."""
        return TRY_STATUSES.get(self.state, TryStatus.CREATED)

    @property
    def hosted(self) -> bool:
        """Whether it belongs to a hosted checkout of ours."""
        return self.api_ref.endswith(facts.HOSTED_MARK)

    @property
    def reference(self) -> str:
        """Our name for it."""
        return self.api_ref.removesuffix(facts.HOSTED_MARK)

    @property
    def is_ours(self) -> bool:
        """Whether its name could be one that this till, or another one of the store, gave."""
        return REFERENCE.fullmatch(self.reference) is not None

    @property
    def was_tried(self) -> bool:
        """A hosted checkout has an invoice before anybody tried to pay it [F]; a prompt is one try from its start."""
        return not self.hosted or self.state != _PENDING


@dataclass(frozen=True, slots=True)
class Chargeback:
    """A refund that was asked for; `invoice_id` is None where the answer names none."""

    chargeback_id: str
    invoice_id: str | None
    status: RefundStatus
    amount: Money
    reason: str | None
    created_at: datetime | None

    def as_refund(self, payment_ref: str, key: str | None = None) -> RefundFacts:
        """The refund of a payment; IntaSend keeps no key."""
        return RefundFacts(self.chargeback_id, payment_ref, self.status, self.amount, key, self.reason)


class Reader(Wording):
    """Turns one account's answers into facts. Every reading raises Malformed, and nothing else."""

    def __init__(self, account: str, mode: Mode, hosts: frozenset[str], redactor: Redactor) -> None:
        super().__init__(redactor, hosts)
        self._account = account
        self._mode = mode

    def invoice(self, value: Json) -> Invoice:
        """An invoice, bare or inside an answer about it."""
        one = Fields(bare(value), "invoice")
        method = one.text_or_none("provider", facts.WORD)
        return Invoice(
            # Old answers have a number as `id`, which names nothing else.
            invoice_id=one.text("invoice_id" if one.raw("invoice_id") is not None else "id", facts.INVOICE_ID),
            api_ref=one_line(one.text_or_none("api_ref") or ""),
            state=one.text("state").strip().upper(),
            amount=amount_from(one, "value", one.text("currency", facts.CODE)),
            method=method.lower() if method else None,
            code=self.plain(_text_of(one.raw("failed_code"))),
            words=self.plain(_text_of(one.raw("failed_reason"))),
            receipt=_receipt_of(one.raw("mpesa_reference")),
            created_at=instant_or_none(one, "created_at"),
        )

    def chargeback(self, value: Json) -> Chargeback:
        """A chargeback request, as the API answers it or as its events are shaped."""
        one = Fields(value, "chargeback")
        named = one.raw("chargeback_id")
        found = _text_of(one.raw("id") if named is None else named)
        if not facts.CHARGEBACK_ID.fullmatch(found):
            raise Malformed("chargeback.id is missing or of the wrong type")
        resolution = self.plain(_text_of(one.raw("resolution")))
        return Chargeback(
            chargeback_id=found,
            invoice_id=_invoice_of(one),
            status=REFUND_STATUSES.get(one.text("status").strip().upper(), RefundStatus.PENDING),
            # It is in the money of its invoice, and all of ours are in shillings.
            amount=amount_from(one, "amount", one.text_or_none("currency", facts.CODE) or CURRENCY),
            reason=resolution or None,
            created_at=instant_or_none(one, "created_at"),
        )

    def prompt(
        self, invoice: Invoice, asked: Money | None = None, answered_at: datetime | None = None
    ) -> CheckoutFacts:
        """A prompt, which is its one invoice. `asked` is what we sent: an invoice that took money tells only what came.

        By the answer's clock, never by ours, a prompt that is merely pending after minutes is no try any more.
        """
        status = _STATUS_OF.get(invoice.status, CheckoutStatus.OPEN)
        paid = status is CheckoutStatus.PAID and asked is not None
        return CheckoutFacts(
            provider_id=invoice.invoice_id,
            reference=invoice.reference,
            status=status,
            amount=asked if paid and asked is not None else invoice.amount,
            account=self._account,
            mode=self._mode,
            tries=() if _is_stale(invoice, answered_at) else (self.tried(invoice, invoice.invoice_id),),
            reason=failure_of(invoice.code, invoice.words).value if status is CheckoutStatus.FAILED else None,
        )

    def hosted(
        self, reference: str, amount: Money, invoices: Iterable[Invoice] = (), url: str | None = None
    ) -> CheckoutFacts:
        """A hosted checkout: IntaSend tells nothing of it but the invoices that bear its name."""
        tries = tuple(self.tried(one, reference) for one in sorted(invoices, key=_made_at) if one.was_tried)
        paid = any(one.took_money for one in tries)
        return CheckoutFacts(
            provider_id=reference,
            reference=reference,
            status=CheckoutStatus.PAID if paid else CheckoutStatus.OPEN,
            amount=amount,
            account=self._account,
            mode=self._mode,
            url=self.checkout_url(url),
            tries=tries,
        )

    def tried(self, invoice: Invoice, checkout_id: str, refunded_minor: int = 0) -> ProviderTry:
        """An invoice as a try to pay."""
        status = invoice.status
        gone = status is TryStatus.CAPTURED and refunded_minor >= invoice.amount.minor
        failed = status is TryStatus.FAILED
        words = invoice.words or failure_of(invoice.code, "").value
        return ProviderTry(
            provider_ref=invoice.invoice_id,
            status=TryStatus.REFUNDED if gone else status,
            amount=invoice.amount,
            checkout_id=checkout_id,
            method=invoice.method,
            reason=words if failed else None,
            refunded_minor=refunded_minor if status is TryStatus.CAPTURED else 0,
            created_at=invoice.created_at,
            receipt=invoice.receipt if status is TryStatus.CAPTURED else None,
        )

    def message_from(self, value: Json) -> str:
        """IntaSend's own words of a refusal, safe for a log and a screen; empty if there are none."""
        if type(value) is not dict:
            return ""
        detail = value.get("detail")
        if type(detail) is str:
            return self.plain(detail)
        errors = value.get("errors")
        said = [_sentence(one) for one in errors] if type(errors) is list else []
        return self.plain("; ".join(one for one in said if one))


def page_of(value: Json) -> tuple[list[Json], dict[str, str] | None]:
    """The entries of a list, and what asks for its next page; None after the last. Lists come bare or in pages.

    Of the next page's address only the query is believed: nothing is ever asked anywhere else.
    """
    if type(value) is list:
        return value, None
    listed = Fields(value, "list")
    entries = listed.raw("results")
    if type(entries) is not list:
        raise Malformed("no results")
    following = listed.text_or_none("next")
    if following is None:
        return entries, None
    try:
        query = dict(parse_qsl(urlsplit(following).query))
    except ValueError:
        raise Malformed("next is no address") from None
    if not query:
        raise Malformed("next names no page")
    return entries, query


def bare(value: Json) -> Json:
    """An invoice without what is around it."""
    inside = value.get("invoice") if type(value) is dict else None
    return inside if type(inside) is dict else value


def name_of(item: Json) -> str:
    """The name that an invoice of a list bears; empty where it has none."""
    name = Fields(item, "entry").raw("api_ref")
    return one_line(name) if type(name) is str else ""


def amount_from(thing: Fields, name: str, currency: str) -> Money:
    """Major units, as a number or as digits, exactly to the minor unit. Raises Malformed for nothing or less."""
    value = thing.raw(name)
    if type(value) is not int and type(value) is not Decimal and not (type(value) is str and _AMOUNT.fullmatch(value)):
        raise Malformed(f"{name} is no amount")
    exact = Decimal(value)
    try:
        minor = exact.scaleb(exponent_of(currency))
        if minor <= 0 or minor != minor.to_integral_value():
            raise Malformed(f"{name} is no amount of {currency}")
        return Money(int(minor), currency)
    except (Invalid, ArithmeticError):
        raise Malformed(f"{name} is no amount") from None


def instant_or_none(thing: Fields, name: str) -> datetime | None:
    """ISO 8601 with its zone; None where there is none."""
    text = thing.text_or_none(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{name} is not a time") from None
    if found.tzinfo is None:
        raise Malformed(f"{name} has no zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise Malformed(f"{name} is not a time") from None


def instant_of(date: str | None) -> datetime | None:
    """The clock of an answer, by its Date header."""
    try:
        found = parsedate_to_datetime(date) if date else None
    except (ValueError, OverflowError):
        return None
    return None if found is None or found.tzinfo is None else found.astimezone(UTC)


def outcome_of_refusal(method: str, status: int, value: Json) -> Outcome:
    """What a 4xx answer says."""
    if not _is_refusal(value) or status not in _REFUSED:
        return Outcome.UNKNOWN
    return Outcome.NOT_FOUND if method == "GET" and status == 404 else Outcome.DECLINED


def _is_refusal(value: Json) -> bool:
    """A well-formed error body of today or of 2022: IntaSend itself speaks, not something on the way to it."""
    if type(value) is not dict:
        return False
    errors = value.get("errors")
    return type(value.get("detail")) is str or (type(errors) is list and bool(errors) and type(errors[0]) is dict)


def _is_stale(invoice: Invoice, answered_at: datetime | None) -> bool:
    if invoice.state != _PENDING or invoice.created_at is None or answered_at is None:
        return False
    return answered_at >= invoice.created_at + facts.PROMPT_LIVES


def _invoice_of(chargeback: Fields) -> str | None:
    """The invoice's name; an old answer has a number there, which is not the name by which it was paid."""
    named = chargeback.raw("invoice")
    if type(named) is dict:
        inside = Fields(named, "chargeback.invoice")
        named = inside.raw("invoice_id") or inside.raw("id")
    if type(named) is str and facts.INVOICE_ID.fullmatch(named):
        return named
    # Our own words in the request name it too.
    details = chargeback.raw("reason_details")
    found = re.match("Invoice ([A-Za-z0-9_-]{3,40}), refund ", details) if type(details) is str else None
    return found[1] if found else None


def _text_of(value: Json) -> str:
    """A word or a whole number as text; empty for anything else."""
    return str(value) if type(value) is str or type(value) is int else ""


def _receipt_of(value: Json) -> str | None:
    """M-Pesa's number as the payer's message has it. Anything else in its place says nothing, and spoils nothing."""
    found = _text_of(value).strip().upper()
    return found if facts.RECEIPT.fullmatch(found) else None


def _sentence(error: Json) -> str:
    if type(error) is not dict:
        return ""
    detail, field = _text_of(error.get("detail")), _text_of(error.get("attr"))
    return f"{field}: {detail}" if field and detail else detail


def _made_at(one: Invoice) -> datetime:
    return one.created_at or datetime.max.replace(tzinfo=UTC)
