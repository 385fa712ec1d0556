"""Rows as frozen records: what services give to screens and to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, TypeVar

from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.money import Money
from tillgate.domain.payment import AttemptState, Fulfilment, Mode, PaymentState, Purpose, RefundState
from tillgate.ports import AttemptRef, Payer

R = TypeVar("R")
# How the key of a refund begins that was made on the provider's own pages: no key of ours went with it.
OUTSIDE: Final = "outside:"
# Before the number of a second one of the same name.
SEVERAL: Final = "~"
# Ends the key of a refund that makes good another one, which had come back; that one's number follows.
AGAIN: Final = "-again-"

_READERS: dict[type[Any], tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {}


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The record's columns, and what reads them of a row."""
    found = _READERS.get(kind)
    if found is None:
        names = _names(kind)
        found = _READERS[kind] = (names, attrgetter(*names))
    return found


def record(kind: type[R], row: Any) -> R:
    """A record of a row that has at least the record's columns."""
    _, read = _reader(kind)
    return kind(*read(row))


def columns(kind: type[Any], table: Any) -> list[Any]:
    """The table's columns that a record reads."""
    return [table.c[name] for name in _names(kind)]


def with_values(found: R, values: Mapping[str, object]) -> R:
    """The record with other values, for less than `dataclasses.replace`; columns that it does not read are left out."""
    names, read = _reader(type(found))
    changed = list(read(found))
    for name, value in values.items():
        if name in names:
            changed[names.index(name)] = value
    return type(found)(*changed)


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """Money to collect, one life."""

    id: int
    purpose: Purpose
    amount_minor: int
    currency: str
    mode: Mode
    state: PaymentState
    version: int
    idem_key: str
    description: str
    customer_id: int | None
    payer_name: str
    payer_email: str
    payer_phone: str
    till_id: str
    created_by: int | None
    created_at: datetime
    captured_at: datetime | None
    late: int
    ended_reason: str | None
    fulfilment: Fulfilment
    fulfil_tries: int
    settled_at: datetime | None

    @property
    def amount(self) -> Money:
        """What is to be collected."""
        return Money(self.amount_minor, self.currency)

    @property
    def payer(self) -> Payer:
        """Whom the checkout is for."""
        return Payer(self.payer_name, self.payer_email, self.payer_phone)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"payment:{self.id}"


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One checkout at one provider."""

    id: int
    payment_id: int
    provider: str
    account: str
    method: str
    state: AttemptState
    version: int
    live: int
    reference: str
    provider_id: str | None
    parameters: str
    amount_minor: int
    currency: str
    url: str | None
    expires_at: datetime | None
    created_at: datetime
    ending: int
    ended_at: datetime | None
    ended_reason: str | None
    checked_at: datetime | None
    checks: int
    missed: int
    heard_sha256: str | None
    heard_at: datetime | None
    next_check_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None

    @property
    def amount(self) -> Money:
        """What the checkout asks for."""
        return Money(self.amount_minor, self.currency)

    @property
    def ref(self) -> AttemptRef:
        """What identifies it at the provider."""
        return AttemptRef(self.reference, self.method, self.amount, self.provider_id, self.created_at)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"attempt:{self.id}"


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """Money a provider took. `receipt` is the number that its payer has of it, where somebody told it."""

    id: int
    payment_id: int | None
    attempt_id: int | None
    provider: str
    provider_ref: str
    amount_minor: int
    currency: str
    method: str | None
    disposition: CaptureDisposition
    refunded_minor: int
    excess_minor: int
    late: int
    main: int
    seen_at: datetime
    version: int
    receipt: str | None

    @property
    def amount(self) -> Money:
        """What was taken."""
        return Money(self.amount_minor, self.currency)

    @property
    def left(self) -> Money:
        """What has neither gone back nor is on its way."""
        return Money(self.amount_minor - self.refunded_minor, self.currency)


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """Money on its way back. `sent_at` is when the provider was first known to have it."""

    id: int
    capture_id: int
    payment_id: int | None
    amount_minor: int
    currency: str
    state: RefundState
    version: int
    key: str
    provider: str
    provider_ref: str | None
    reason: str
    automatic: int
    requested_by: int | None
    approved_by: int | None
    return_goods: int
    created_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    message: str | None
    tries: int
    next_at: datetime | None
    lease_until: datetime | None

    @property
    def outside(self) -> bool:
        """Made on the provider's own pages, or told with another amount than asked: the till only follows it."""
        return self.key.startswith(OUTSIDE)

    @property
    def again_of(self) -> int | None:
        """The refund that was done and came back, which this one makes good: its sale is reversed already."""
        _, again, number = self.key.rpartition(AGAIN)
        return int(number) if again else None

    @property
    def instead(self) -> bool:
        """One of theirs that stands for one of ours: somebody is owed its money if it fails."""
        asked = self.automatic or self.requested_by is not None
        return self.outside and (bool(asked) or self.again_of is not None)

    @property
    def their_name(self) -> str | None:
        """The provider's name for it, as far as it is known."""
        if self.provider_ref is None and self.outside:
            return self.key.removeprefix(OUTSIDE).partition(AGAIN)[0].partition(SEVERAL)[0]
        return self.provider_ref

    @property
    def amount(self) -> Money:
        """What goes back."""
        return Money(self.amount_minor, self.currency)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"refund:{self.id}"
