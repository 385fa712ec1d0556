"""The Exceptions list as screens show it: with the money it is about, and what each action would do to that money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select

from tillgate.domain.errors import NotFound
from tillgate.domain.exceptions import AGREED, CaptureDisposition, ExceptionAction, ExceptionKind, allowed
from tillgate.domain.money import Money
from tillgate.domain.payment import ENDED_UNPAID, WAITING, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.services import payment_search
from tillgate.services.access import authorize
from tillgate.services.customers import cleaned
from tillgate.services.giving_back import owed_again
from tillgate.services.outbox import INVOICE
from tillgate.services.refund_rows import OPEN_REFUNDS, load_refund
from tillgate.services.refund_told import OTHER_CURRENCY, told_amount
from tillgate.services.till import Till
from tillgate.services.wallet_settling import in_wallet, out_of_wallet
from tillgate.store.keyset import Key, page
from tillgate.store.models import (
    allocation,
    capture,
    customer,
    money_exception,
    outbox,
    payment,
    payment_attempt,
    refund,
    staff,
)

_A: Final = ExceptionAction


@dataclass(frozen=True, slots=True)
class ExceptionQuery:
    """What the list is narrowed to."""

    text: str = ""
    closed: bool = False
    kind: ExceptionKind | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One exception. `amount` is the money it is about: what came, or what should go back; None where there is none."""

    id: int
    kind: ExceptionKind
    payment_id: int | None
    amount: Money | None
    payer_name: str
    provider: str
    evidence: Mapping[str, str]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    action: ExceptionAction | None
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be done about it: with how much money, what goes back of it, and the code of what keeps it
    from being done now, or "".
    """

    action: ExceptionAction
    amount: Money | None = None
    surplus: Money | None = None
    hindered: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionDetails:
    """An exception with what may be done. `customer` is whose wallet a credit goes to; `work` names a mail or an
    invoice that waits, as the outbox does.
    """

    row: ExceptionRow
    choices: tuple[Choice, ...]
    payment_state: PaymentState | None
    customer: str
    work: str


# Of a refund the refund's amount; of other money what came; of a silent checkout what it asks for.
_MINOR: Final = func.coalesce(refund.c.amount_minor, capture.c.amount_minor, payment_attempt.c.amount_minor)
_CURRENCY: Final = func.coalesce(refund.c.currency, capture.c.currency, payment_attempt.c.currency)
_PROVIDER: Final = func.coalesce(refund.c.provider, capture.c.provider, payment_attempt.c.provider, "")
_ROWS: Final[Select[Any]] = (
    select(
        money_exception,
        _MINOR.label("minor"),
        _CURRENCY.label("currency"),
        _PROVIDER.label("provider"),
        func.coalesce(payment.c.payer_name, "").label("payer_name"),
        func.coalesce(staff.c.name, "").label("closed_by_name"),
    )
    .join(payment, payment.c.id == money_exception.c.payment_id, isouter=True)
    .join(capture, capture.c.id == money_exception.c.capture_id, isouter=True)
    .join(refund, refund.c.id == money_exception.c.refund_id, isouter=True)
    .join(payment_attempt, payment_attempt.c.id == money_exception.c.attempt_id, isouter=True)
    .join(staff, staff.c.id == money_exception.c.closed_by, isouter=True)
)


def list_rows(
    till: Till, actor: Actor, query: ExceptionQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[ExceptionRow, ...]:
    """A page of the list behind an exception's `exception_key`."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    with till.db.read() as connection:
        chosen = _ROWS.where(*_conditions(connection, query))
        order = (money_exception.c.id,)
        wanted = page(chosen, order, descending=query.descending, after=after, skip=skip, limit=limit)
        return tuple(_row(row) for row in connection.execute(wanted))


def exception_key(row: ExceptionRow) -> Key:
    """Where a row stands in the list."""
    return (row.id,)


def count_rows(till: Till, actor: Actor, query: ExceptionQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(money_exception).where(*_conditions(connection, query))
        return int(connection.execute(counted).scalar_one())


def load_exception_details(till: Till, actor: Actor, exception_id: int) -> ExceptionDetails:
    """Raises NotFound("exception_unknown")."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    with till.db.read() as connection:
        found = connection.execute(_ROWS.where(money_exception.c.id == exception_id)).one_or_none()
        if found is None:
            raise NotFound("exception_unknown", exception=exception_id)
        owner = _owner(connection, found)
        source = _source(connection, found)
        work = select(outbox.c.dedupe_key).where(outbox.c.id == found.outbox_id)
        return ExceptionDetails(
            row=_row(found),
            choices=() if found.closed_at else _choices(connection, found, owner, source),
            payment_state=owner.state if owner is not None else None,
            customer=owner.customer_name or "" if owner is not None else "",
            work=connection.execute(work).scalar_one_or_none() or "",
        )


def _conditions(connection: Connection, query: ExceptionQuery) -> list[ColumnElement[bool]]:
    table = money_exception.c
    conditions: list[ColumnElement[bool]] = [
        table.closed_at.is_not(None) if query.closed else table.closed_at.is_(None)
    ]
    if query.kind is not None:
        conditions.append(table.kind == query.kind)
    text = cleaned(query.text).strip()
    if text:
        payments = select(payment.c.id).where(payment_search.found_by(connection, text))
        # Money of nobody has no payment to be found by.
        money = select(capture.c.id).where(
            capture.c.provider.in_(payment_search.providers_in_use(connection)), capture.c.provider_ref == text
        )
        receipts = select(capture.c.id).where(capture.c.receipt.is_not(None), capture.c.receipt == text.upper())
        of_nobody = (table.capture_id.in_(ids) for ids in (money, receipts))
        conditions.append(or_(table.payment_id.in_(payments), *of_nobody))
    return conditions


def _row(row: Row[Any]) -> ExceptionRow:
    return ExceptionRow(
        id=row.id,
        kind=row.kind,
        payment_id=row.payment_id,
        amount=Money(row.minor, row.currency) if row.minor is not None else None,
        payer_name=row.payer_name,
        provider=row.provider,
        evidence={name: str(value) for name, value in json.loads(row.evidence).items()},
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by_name,
        action=ExceptionAction(row.action) if row.action else None,
        reason=row.reason or "",
    )


def _owner(connection: Connection, found: Row[Any]) -> Row[Any] | None:
    query = (
        select(payment, customer.c.name.label("customer_name"))
        .join(customer, customer.c.id == payment.c.customer_id, isouter=True)
        .where(payment.c.id == found.payment_id)
    )
    return connection.execute(query).one_or_none()


def _source(connection: Connection, found: Row[Any]) -> Row[Any] | None:
    return connection.execute(select(capture).where(capture.c.id == found.capture_id)).one_or_none()


def _choices(
    connection: Connection, found: Row[Any], owner: Row[Any] | None, source: Row[Any] | None
) -> tuple[Choice, ...]:
    left = Money(source.amount_minor - source.refunded_minor, source.currency) if source is not None else None
    failed = Money(found.minor, found.currency) if found.refund_id is not None else None
    choices = []
    for action in allowed(found.kind, of_refund=found.refund_id is not None):
        if action is _A.APPLY and owner is not None and left is not None:
            asked = Money(owner.amount_minor, owner.currency)
            surplus = left - asked if left.currency == asked.currency and left > asked else None
            hindered = _hinders_applying(connection, found, owner, source)
            choices.append(Choice(action, asked, surplus, hindered))
        elif action is _A.CREDIT:
            owed = _out_of_wallet(connection, found, owner, source)
            hindered = _hinders_crediting(owner, there=owed is not None and not owed)
            amount = owed or failed or left
            choices.append(Choice(action, amount, hindered=hindered or _hinders_giving_back(amount, left)))
        elif action is _A.RETRY:
            choices.append(_retrying(connection, found, failed, left))
        elif action is _A.ACCEPT:
            choices.append(_accepting(found))
        elif action is _A.CLOSE:
            kept = source is not None and source.disposition is CaptureDisposition.ON_EXCEPTIONS
            choices.append(Choice(action, left if kept else None, hindered=_hinders_closing(connection, found)))
        else:
            choices.append(Choice(action, left, hindered=_hinders_giving_back(left, left)))
    return tuple(choices)


def _retrying(connection: Connection, found: Row[Any], failed: Money | None, left: Money | None) -> Choice:
    """A refund that failed is sent anew, as much as is owed of it; any other is asked about."""
    if found.kind is not ExceptionKind.REFUND_FAILED or found.refund_id is None:
        return Choice(_A.RETRY, failed)
    owed = owed_again(connection, load_refund(connection, found.refund_id))
    return Choice(_A.RETRY, owed, hindered=_hinders_giving_back(owed, left) if owed else "nothing_left")


def _accepting(found: Row[Any]) -> Choice:
    told = told_amount({name: str(value) for name, value in json.loads(found.evidence).items()})
    foreign = told is None or told.currency != found.currency
    return Choice(_A.ACCEPT, None if foreign else told, hindered=OTHER_CURRENCY if foreign else "")


def _hinders_closing(connection: Connection, found: Row[Any]) -> str:
    """What is not settled stays on the list (services/owners.py): a refund on its way, an invoice to be made."""
    on_its_way = select(refund.c.id).where(refund.c.id == found.refund_id, refund.c.state.in_(OPEN_REFUNDS))
    parked = select(outbox.c.id).where(
        outbox.c.id == found.outbox_id, outbox.c.kind == INVOICE, outbox.c.parked_at.is_not(None)
    )
    kept = any(connection.execute(query).first() is not None for query in (on_its_way, parked))
    return "would_be_forgotten" if kept else ""


def _hinders_giving_back(amount: Money | None, left: Money | None) -> str:
    if amount is None or left is None:
        return ""
    if not left.minor:
        return "nothing_left"
    return "refund_exceeds" if amount > left else ""


def _hinders_applying(connection: Connection, found: Row[Any], owner: Row[Any], source: Row[Any] | None) -> str:
    """As `settle_exception` would refuse it; said before anybody tries."""
    if found.kind is ExceptionKind.MISMATCH and AGREED not in json.loads(found.evidence):
        return "not_verified"
    if source is not None and source.refunded_minor:
        return "money_given_back"
    if owner.state in WAITING:
        live = select(payment_attempt.c.id).where(payment_attempt.c.payment_id == owner.id, payment_attempt.c.live == 1)
        open_now = connection.execute(live).scalar_one_or_none()
        return "close_checkout_first" if open_now not in (None, found.attempt_id) else ""
    mine, other = allocation.alias("mine"), allocation.alias("other")
    same = (other.c.thing_kind == mine.c.thing_kind) & (other.c.thing_id == mine.c.thing_id)
    taken = (
        select(other.c.id)
        .join(mine, same)
        .where(mine.c.payment_id == owner.id, other.c.payment_id != owner.id, other.c.live == 1)
        .limit(1)
    )
    usable = owner.state in ENDED_UNPAID or (source is not None and source.main)
    return "" if usable and connection.execute(taken).first() is None else "paid_otherwise"


def _out_of_wallet(
    connection: Connection, found: Row[Any], owner: Row[Any] | None, source: Row[Any] | None
) -> Money | None:
    """Of a top-up that is in its wallet, what its refund took out of there; None for other money."""
    if owner is None or source is None or not source.main or not in_wallet(owner.purpose, owner.fulfilment):
        return None
    if found.refund_id is None:
        return Money(0, source.currency)
    return out_of_wallet(connection, found.refund_id, source.currency)


def _hinders_crediting(owner: Row[Any] | None, *, there: bool) -> str:
    if owner is None:
        return "money_of_nobody"
    if owner.customer_id is None:
        return "customer_needed"
    return "already_in_wallet" if there else ""
