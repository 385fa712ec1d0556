"""Coupons as a manager keeps them: made, changed, withdrawn, and the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.coupons import CouponKind, CouponTerms, CouponUse, check_terms
from tillgate.domain.errors import NotFound, Refused, Stale
from tillgate.domain.money import check_currency
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.coupons import CouponRecord, load_coupon_in
from tillgate.services.customers import cleaned
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import coupon, coupon_use, product
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_C: Final = coupon.c
_COUPON: Final = columns(CouponRecord, coupon)
# What orders were promised never changes; a coupon of another value is another coupon.
_FIXED: Final = ("code", "kind", "value", "currency")
_ORDER: Final = (_C.code, _C.id)


@dataclass(frozen=True, slots=True)
class CouponQuery:
    """What the list is narrowed to: a text finds the beginning of a code or of a category. `open_only`: those that may
    be used today."""

    text: str = ""
    kind: CouponKind | None = None
    open_only: bool = False
    descending: bool = False


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon in the list. `product` is the name of the only one it is for; `held` of its uses wait for money."""

    coupon: CouponRecord
    product: str
    held: int


def create_coupon(till: Till, actor: Actor, terms: CouponTerms) -> CouponRecord:
    """Raises those of `check_terms`, Invalid("currency_malformed"), NotFound("product_unknown"),
    Refused("coupon_code_taken")."""
    authorize(till, actor, Action.EDIT_COUPONS)
    checked = check_terms(terms)
    check_currency(checked.currency)

    def work(uow: UnitOfWork) -> CouponRecord:
        _check_product(uow, checked)
        row = _row(checked) | {"created_by": actor.staff_id, "created_at": uow.now}
        made = load_coupon_in(uow.connection, insert_row(uow.connection, coupon, row))
        uow.record("coupon.created", made.subject, coupon=made.code, kind=made.kind.value, value=made.value)
        return made

    try:
        return till.db.transact(actor, work)
    except IntegrityError as error:
        raise Refused("coupon_code_taken", coupon=checked.code) from error


def change_coupon(till: Till, actor: Actor, coupon_id: int, terms: CouponTerms, version: int) -> CouponRecord:
    """Change days, limits, minimum, cap and what it is for; orders that are there keep their discount.

    Raises as `create_coupon`, Refused("coupon_value_fixed" | "coupon_limit_below_used"), Stale("coupon_changed").
    """
    authorize(till, actor, Action.EDIT_COUPONS)
    checked = check_terms(terms)

    def work(uow: UnitOfWork) -> CouponRecord:
        before = load_coupon_in(uow.connection, coupon_id)
        if any(getattr(before, name) != getattr(checked, name) for name in _FIXED):
            raise Refused("coupon_value_fixed", coupon=before.code)
        _check_product(uow, checked)
        values = {name: value for name, value in _row(checked).items() if name not in _FIXED}
        changed = [name for name, value in values.items() if getattr(before, name) != value]
        _write(uow, before, version, values)
        uow.record("coupon.changed", before.subject, coupon=before.code, fields=changed)
        return load_coupon_in(uow.connection, coupon_id)

    return till.db.transact(actor, work)


def withdraw_coupon(till: Till, actor: Actor, coupon_id: int, version: int) -> CouponRecord:
    """No order takes it any more; those that have it keep it. Raises NotFound, Stale("coupon_changed")."""
    return _set_active(till, actor, coupon_id, version, active=0)


def reopen_coupon(till: Till, actor: Actor, coupon_id: int, version: int) -> CouponRecord:
    """One that was withdrawn may be used again. Raises NotFound, Stale("coupon_changed")."""
    return _set_active(till, actor, coupon_id, version, active=1)


def load_coupon(till: Till, actor: Actor, coupon_id: int) -> CouponRecord:
    """Raises NotFound("coupon_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        return load_coupon_in(connection, coupon_id)


def list_coupons(
    till: Till, actor: Actor, query: CouponQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> list[CouponRow]:
    """A page of the list by code, behind a row's `coupon_key`."""
    authorize(till, actor, Action.SELL)
    held = select(func.count()).where(coupon_use.c.coupon_id == _C.id, coupon_use.c.state == CouponUse.HELD)
    chosen = (
        select(*_COUPON, product.c.name.label("product_name"), held.scalar_subquery().label("held"))
        .join(product, product.c.id == _C.product_id, isouter=True)
        .where(*_conditions(till, query))
    )
    paged = page(chosen, _ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
    with till.db.read() as connection:
        return [
            CouponRow(record(CouponRecord, row), row.product_name or "", row.held) for row in connection.execute(paged)
        ]


def coupon_key(row: CouponRow) -> Key:
    """What the next page begins behind."""
    return (row.coupon.code, row.coupon.id)


def count_coupons(till: Till, actor: Actor, query: CouponQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(coupon).where(*_conditions(till, query))
        return int(connection.execute(counted).scalar_one())


def _set_active(till: Till, actor: Actor, coupon_id: int, version: int, *, active: int) -> CouponRecord:
    authorize(till, actor, Action.EDIT_COUPONS)

    def work(uow: UnitOfWork) -> CouponRecord:
        before = load_coupon_in(uow.connection, coupon_id)
        _write(uow, before, version, {"active": active})
        uow.record("coupon.reopened" if active else "coupon.withdrawn", before.subject, coupon=before.code)
        return replace(before, active=active, version=version + 1)

    return till.db.transact(actor, work)


def _write(uow: UnitOfWork, before: CouponRecord, version: int, values: dict[str, Any]) -> None:
    same = (_C.id == before.id) & (_C.version == version)
    limit = values.get("total_limit")
    if limit is not None:
        # Asked in the statement itself: an order may take a use at this very moment.
        same &= _C.used_count <= limit
    if uow.execute(update(coupon).where(same).values(version=version + 1, **values)).rowcount != 1:
        here = load_coupon_in(uow.connection, before.id)
        if here.version == version and limit is not None:
            raise Refused("coupon_limit_below_used", coupon=here.code, used=here.used_count)
        raise Stale("coupon_changed", coupon=before.id)


def _check_product(uow: UnitOfWork, terms: CouponTerms) -> None:
    if terms.product_id is None:
        return
    if uow.execute(select(product.c.id).where(product.c.id == terms.product_id)).first() is None:
        raise NotFound("product_unknown", product=terms.product_id)


def _row(terms: CouponTerms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in CouponTerms.__slots__}


def _conditions(till: Till, query: CouponQuery) -> Sequence[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    text = cleaned(query.text).strip()
    if text:
        code = _C.code.startswith(text.upper(), autoescape=True)
        wanted.append(code | func.lower(_C.category).startswith(text.lower(), autoescape=True))
    if query.kind is not None:
        wanted.append(_C.kind == query.kind)
    if query.open_only:
        today = till.store_day(till.clock.now())
        limited = _C.total_limit.is_(None) | (_C.used_count < _C.total_limit)
        wanted += [_C.active == 1, _C.valid_from <= today, _C.valid_until >= today, limited]
    return wanted
