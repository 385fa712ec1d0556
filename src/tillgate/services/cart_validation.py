"""Whether a cart can be paid, with a reason per line: cached 30 s, repeated inside transactions (ruling 4)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from tillgate.domain.cart_checks import Finding, Needs, check_cart
from tillgate.domain.errors import Unavailable
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.cart_content import list_line_rows, load_cart_row, load_content
from tillgate.services.cart_offers import load_offers
from tillgate.services.customers import load_customer_in
from tillgate.services.till import Till
from tillgate.store.statements import Named
from tillgate.store.unit_of_work import Database

KEPT_S: Final = 30
_KEPT_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What was found for a version of a cart; nothing means that it can be paid."""

    cart_id: int
    version: int
    findings: tuple[Finding, ...]
    checked_at: datetime

    @property
    def ok(self) -> bool:
        """Whether it can be paid."""
        return not self.findings

    def of_line(self, line_id: int) -> tuple[Finding, ...]:
        """What was found for one line."""
        return tuple(finding for finding in self.findings if finding.line_id == line_id)

    @property
    def of_cart(self) -> tuple[Finding, ...]:
        """What was found for the cart as a whole."""
        return tuple(finding for finding in self.findings if finding.line_id is None)


@dataclass(slots=True)
class _Kept:
    """Results of the last 30 seconds, of any till in this process; an entry belongs to one database."""

    entries: OrderedDict[tuple[Any, ...], tuple[Database, float, ValidationResult]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, till: Till, key: tuple[Any, ...]) -> ValidationResult | None:
        with self.lock:
            kept = self.entries.get(key)
        if kept is None or kept[0] is not till.db or till.clock.monotonic() - kept[1] >= KEPT_S:
            return None
        return kept[2]

    def keep(self, till: Till, key: tuple[Any, ...], result: ValidationResult) -> None:
        with self.lock:
            self.entries[key] = (till.db, till.clock.monotonic(), result)
            self.entries.move_to_end(key)
            if len(self.entries) > _KEPT_MOST:
                self.entries.popitem(last=False)


_kept: Final = _Kept()


def validate_for_checkout(
    till: Till, actor: Actor, cart_id: int, *, provider: str | None = None, email_wanted: bool = False
) -> ValidationResult:
    """Everything that stands between the cart and its payment. A result is kept for 30 s, until the cart changes.

    `provider` adds its smallest amount; `email_wanted` asks for a customer with an address (ruling 5).
    Raises NotFound("cart_unknown"), Unavailable("provider_off").
    """
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        head = load_cart_row(connection, cart_id)
        key = (id(till.db), cart_id, head.version, provider, email_wanted)
        kept = _kept.find(till, key)
        if kept is not None:
            return kept
        result = validate_in(connection, till, head, provider=provider, email_wanted=email_wanted)
    _kept.keep(till, key, result)
    return result


def validate_in(
    connection: Connection,
    till: Till,
    head: Named,
    *,
    provider: str | None = None,
    email_wanted: bool = False,
) -> ValidationResult:
    """The same on an open connection, never from what is kept."""
    rows = list_line_rows(connection, head.id)
    content = load_content(connection, head, rows)
    email = load_customer_in(connection, content.customer_id).email if content.customer_id else ""
    now = till.clock.now()
    needs = Needs(till.store_day(now), email_wanted, email, _smallest(till, provider, head.currency))
    offers = load_offers(connection, content, rows)
    return ValidationResult(head.id, head.version, check_cart(content, offers, needs), now)


def _smallest(till: Till, name: str | None, currency: str) -> Money | None:
    if name is None:
        return None
    provider = till.providers.get(name)
    if provider is None:
        raise Unavailable("provider_off", provider=name)
    minor = provider.capabilities.smallest_minor.get(currency)
    return Money(minor, currency) if minor is not None else None
