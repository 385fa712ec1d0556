"""Wallets and their statements, and referrers with theirs, as lists: searched, by pages behind the last row seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, exists, false, func, or_, select

from tillgate.domain.catalogue import search_words
from tillgate.domain.commission import CommissionKind
from tillgate.domain.instalments import CURRENCY
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import WalletKind
from tillgate.services.access import authorize
from tillgate.services.customers import CustomerRecord, cleaned
from tillgate.services.payment_lists import day_begins
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.services.wallet_rows import WalletTransaction
from tillgate.store.keyset import Key, page
from tillgate.store.models import (
    commission_entry,
    customer,
    instalment_order,
    referral,
    staff,
    wallet_balance,
    wallet_transaction,
)
from tillgate.store.search import matching

_T: Final = wallet_transaction.c
_E: Final = commission_entry.c
_B: Final = wallet_balance.c
_MOST_DIGITS: Final = 15
_CUSTOMER: Final = columns(CustomerRecord, customer)


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """What a statement is narrowed to: a text finds an order's number, a payment's number, or a part of a reason. Days
    are the store's, both included; `currency` "" and no `kinds` mean any. The newest first unless said otherwise."""

    text: str = ""
    kinds: frozenset[str] = frozenset()
    currency: str = ""
    first: date | None = None
    last: date | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One move of a wallet, with who made it and for which order."""

    move: WalletTransaction
    order: str
    person: str

    @property
    def kind(self) -> WalletKind:
        """Why it moved."""
        return self.move.kind


@dataclass(frozen=True, slots=True)
class CommissionRow:
    """One line of a referrer's statement. `customer` is who paid, `order` what for; both "" for a payout."""

    id: int
    kind: CommissionKind
    amount: Money
    order: str
    customer: str
    payment_id: int | None
    person: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    """What a statement's rows come to in one currency: what went in, what went out (below nothing or zero)."""

    count: int
    came: Money
    went: Money


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A customer with what is in their wallet, in one currency; `changed_at` None where it never held anything."""

    customer: CustomerRecord
    balance: Money
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReferrerRow:
    """Somebody who brought customers: how many, and what they earned less what was taken back, and were paid."""

    customer: CustomerRecord
    referred: int
    earned: Money
    paid_out: Money

    @property
    def owed(self) -> Money:
        """What is still to be paid out; below nothing where it was paid and then taken back."""
        return self.earned - self.paid_out


def list_wallet_transactions(
    till: Till,
    actor: Actor,
    customer_id: int,
    query: StatementQuery,
    *,
    after: Key | None = None,
    skip: int = 0,
    limit: int = 100,
) -> list[StatementRow]:
    """A page of a wallet's statement, in the order in which it moved."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    chosen = (
        select(
            *columns(WalletTransaction, wallet_transaction),
            instalment_order.c.number.label("order_number"),
            staff.c.name.label("person"),
        )
        .join(instalment_order, instalment_order.c.id == _T.order_id, isouter=True)
        .join(staff, staff.c.id == _T.staff_id, isouter=True)
        .where(_T.customer_id == customer_id, *_narrowed(till, query, _T))
    )
    paged = page(chosen, (_T.id,), descending=query.descending, after=after, skip=skip, limit=limit)
    with till.db.read() as connection:
        return [
            StatementRow(record(WalletTransaction, row), row.order_number or "", row.person or "")
            for row in connection.execute(paged)
        ]


def statement_key(row: StatementRow) -> Key:
    """What the next page begins behind."""
    return (row.move.id,)


def sum_wallet_transactions(till: Till, actor: Actor, customer_id: int, query: StatementQuery) -> tuple[Flow, ...]:
    """How many rows the statement has, and what they come to, by currency."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    mine = (_T.customer_id == customer_id, *_narrowed(till, query, _T))
    with till.db.read() as connection:
        return _flows(connection, wallet_transaction, mine)


def list_commissions(
    till: Till,
    actor: Actor,
    referrer_id: int,
    query: StatementQuery,
    *,
    after: Key | None = None,
    skip: int = 0,
    limit: int = 100,
) -> list[CommissionRow]:
    """A page of a referrer's statement."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    chosen = (
        select(
            commission_entry,
            instalment_order.c.number.label("order_number"),
            customer.c.name.label("customer_name"),
            staff.c.name.label("person"),
        )
        .join(instalment_order, instalment_order.c.id == _E.order_id, isouter=True)
        .join(customer, customer.c.id == instalment_order.c.customer_id, isouter=True)
        .join(staff, staff.c.id == _E.staff_id, isouter=True)
        .where(_E.referrer_id == referrer_id, *_narrowed(till, query, _E))
    )
    paged = page(chosen, (_E.id,), descending=query.descending, after=after, skip=skip, limit=limit)
    with till.db.read() as connection:
        return [_commission(row) for row in connection.execute(paged)]


def commission_key(row: CommissionRow) -> Key:
    """What the next page begins behind."""
    return (row.id,)


def sum_commissions(till: Till, actor: Actor, referrer_id: int, query: StatementQuery) -> tuple[Flow, ...]:
    """How many rows the referrer's statement has, and what they come to, by currency."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    mine = (_E.referrer_id == referrer_id, *_narrowed(till, query, _E))
    with till.db.read() as connection:
        return _flows(connection, commission_entry, mine)


def list_wallets(
    till: Till,
    actor: Actor,
    text: str = "",
    *,
    everybody: bool = False,
    after: Key | None = None,
    skip: int = 0,
    limit: int = 100,
) -> list[WalletRow]:
    """Wallets by their customers' names, searched as customers are; one that was emptied stands there with nothing.

    With `everybody` customers who never had one stand there too, those who are still served.
    """
    authorize(till, actor, Action.VIEW_PAYMENTS)
    currency = func.coalesce(_B.currency, CURRENCY)
    with till.db.read() as connection:
        chosen = (
            select(*_CUSTOMER, currency.label("currency"), func.coalesce(_B.balance_minor, 0).label("balance_minor"),
                   _B.changed_at)
            .join(wallet_balance, _B.customer_id == customer.c.id, isouter=everybody)
            .where(*_named(connection, text), _has_wallet_or_may())
        )  # fmt: skip
        order = (customer.c.name, customer.c.id, currency)
        rows = connection.execute(page(chosen, order, descending=False, after=after, skip=skip, limit=limit))
        return [
            WalletRow(record(CustomerRecord, row), Money(row.balance_minor, row.currency), row.changed_at)
            for row in rows
        ]


def wallet_key(row: WalletRow) -> Key:
    """What the next page begins behind."""
    return (row.customer.name, row.customer.id, row.balance.currency)


def count_wallets(till: Till, actor: Actor, text: str = "", *, everybody: bool = False) -> int:
    """How many rows the list has."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    joined = customer.join(wallet_balance, _B.customer_id == customer.c.id, isouter=everybody)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(joined).where(*_named(connection, text), _has_wallet_or_may())
        return int(connection.execute(counted).scalar_one())


def _has_wallet_or_may() -> ColumnElement[bool]:
    return or_(_B.customer_id.is_not(None), customer.c.active == 1)


def list_referrers(
    till: Till,
    actor: Actor,
    currency: str,
    text: str = "",
    *,
    after: Key | None = None,
    skip: int = 0,
    limit: int = 100,
) -> list[ReferrerRow]:
    """Whoever brought customers, by name, with what they earned in a currency."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    referred = select(func.count()).where(referral.c.referrer_id == customer.c.id)
    paid = _E.kind == CommissionKind.PAID_OUT
    mine = (_E.referrer_id == customer.c.id) & (_E.currency == currency)
    summed = select(func.coalesce(func.sum(_E.amount_minor), 0))
    with till.db.read() as connection:
        chosen = select(
            *_CUSTOMER,
            referred.scalar_subquery().label("referred"),
            summed.where(mine, ~paid).scalar_subquery().label("earned"),
            summed.where(mine, paid).scalar_subquery().label("paid_out"),
        ).where(_refers(), *_named(connection, text))
        order = (customer.c.name, customer.c.id)
        rows = connection.execute(page(chosen, order, descending=False, after=after, skip=skip, limit=limit))
        return [
            ReferrerRow(
                record(CustomerRecord, row),
                row.referred,
                Money(int(row.earned), currency),
                Money(-int(row.paid_out), currency),
            )
            for row in rows
        ]


def referrer_key(row: ReferrerRow) -> Key:
    """What the next page begins behind."""
    return (row.customer.name, row.customer.id)


def count_referrers(till: Till, actor: Actor, text: str = "") -> int:
    """How many there are in the list."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(customer).where(_refers(), *_named(connection, text))
        return int(connection.execute(counted).scalar_one())


def _refers() -> ColumnElement[bool]:
    brought = exists().where(referral.c.referrer_id == customer.c.id)
    return brought | exists().where(_E.referrer_id == customer.c.id)


def _named(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    words = search_words(text)
    return [matching(connection, customer, words)] if words else []


def _narrowed(till: Till, query: StatementQuery, table: Any) -> Sequence[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    seen = cleaned(query.text).strip()
    if seen:
        wanted.append(_finds(seen, table))
    if query.kinds:
        wanted.append(table.kind.in_(sorted(query.kinds)))
    if query.currency:
        wanted.append(table.currency == query.currency)
    if query.first is not None:
        wanted.append(table.created_at >= day_begins(till, query.first))
    if query.last is not None:
        wanted.append(table.created_at < day_begins(till, query.last + timedelta(days=1)))
    return wanted


def _finds(text: str, table: Any) -> ColumnElement[bool]:
    of_order = select(instalment_order.c.id).where(instalment_order.c.number == text.upper())
    number = text.lstrip("#")
    is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    of_payment = table.payment_id == int(number) if is_number else false()
    reason = func.lower(table.reason).contains(text.lower(), autoescape=True)
    return or_(table.order_id.in_(of_order), of_payment, reason)


def _flows(connection: Connection, table: Any, mine: Sequence[ColumnElement[bool]]) -> tuple[Flow, ...]:
    amount = table.c.amount_minor
    came = func.coalesce(func.sum(amount).filter(amount > 0), 0)
    went = func.coalesce(func.sum(amount).filter(amount < 0), 0)
    query = select(table.c.currency, func.count(), came, went).where(*mine)
    rows = connection.execute(query.group_by(table.c.currency).order_by(table.c.currency))
    return tuple(Flow(row[1], Money(int(row[2]), row[0]), Money(int(row[3]), row[0])) for row in rows)


def _commission(row: Any) -> CommissionRow:
    return CommissionRow(
        id=row.id,
        kind=row.kind,
        amount=Money(row.amount_minor, row.currency),
        order=row.order_number or "",
        customer=row.customer_name or "",
        payment_id=row.payment_id,
        person=row.person or "",
        reason=row.reason,
        created_at=row.created_at,
    )
