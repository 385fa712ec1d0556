"""Coupons on orders: priced, held when the order is made, used when it is paid, given back when it isn't.

However many tills want the last use of a coupon, one gets it: the coupon's row is counted up under its lock, and the
database refuses a count above the limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, or_, select, update

from tillgate.domain.coupons import CouponAsk, CouponKind, CouponTerms, CouponUse, clean_code, discount_of
from tillgate.domain.errors import Bug, Invalid, NotFound, Refused
from tillgate.domain.money import Money
from tillgate.services.instalment_rows import InstalmentOrderRecord
from tillgate.services.records import columns
from tillgate.store.models import coupon, coupon_use
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

_C: Final = coupon.c
_U: Final = coupon_use.c
_COUNTED: Final = (CouponUse.HELD, CouponUse.USED)


@dataclass(frozen=True, slots=True)
class CouponRecord:
    """A coupon as it is kept. `used_count` are the uses that are held or used."""

    id: int
    code: str
    kind: CouponKind
    value: int
    currency: str
    valid_from: date
    valid_until: date
    cap_minor: int | None
    minimum_minor: int
    per_customer_limit: int | None
    total_limit: int | None
    product_id: int | None
    category: str | None
    active: int
    used_count: int
    created_by: int | None
    created_at: datetime
    version: int

    @property
    def terms(self) -> CouponTerms:
        """What it promises."""
        return CouponTerms(
            code=self.code,
            kind=self.kind,
            value=self.value,
            currency=self.currency,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            cap_minor=self.cap_minor,
            minimum_minor=self.minimum_minor,
            per_customer_limit=self.per_customer_limit,
            total_limit=self.total_limit,
            product_id=self.product_id,
            category=self.category,
        )

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"coupon:{self.id}"


@dataclass(frozen=True, slots=True)
class Priced:
    """What a coupon takes off a line."""

    coupon_id: int
    code: str
    discount: Money


_COUPON: Final = columns(CouponRecord, coupon)
_by_code: Final = select(*_COUPON).where(_C.code == bindparam("code"))
_BY_CODE: Final = {lock: Statement(_by_code.with_for_update() if lock else _by_code) for lock in (False, True)}
_by_id: Final = select(*_COUPON).where(_C.id == bindparam("number"))
_BY_ID: Final = {lock: Statement(_by_id.with_for_update() if lock else _by_id) for lock in (False, True)}
_COUNT_UP: Final = Statement(
    update(coupon)
    .where(_C.id == bindparam("number"), or_(_C.total_limit.is_(None), _C.used_count < _C.total_limit))
    .values(used_count=_C.used_count + 1)
)
_USES_OF_CUSTOMER: Final = Statement(
    select(func.count()).where(
        _U.coupon_id == bindparam("number"),
        _U.customer_id == bindparam("customer"),
        or_(*(_U.state == bindparam(f"state_{each.value}", each, _U.state.type) for each in _COUNTED)),
    )
)


def find_coupon(connection: Connection, code: str, *, lock: bool = False) -> CouponRecord:
    """By its code however it is typed. Raises NotFound("coupon_unknown")."""
    try:
        cleaned = clean_code(code)
    except Invalid as error:
        # What can't be a code is nobody's coupon; of what was typed, what a message can show.
        raise NotFound("coupon_unknown", coupon="".join(filter(str.isprintable, code.strip()[:30]))) from error
    row = _BY_CODE[lock].first(connection, code=cleaned)
    if row is None:
        raise NotFound("coupon_unknown", coupon=cleaned)
    return CouponRecord(*row)


def price_coupon(connection: Connection, code: str, ask: CouponAsk, today: date) -> Priced:
    """What a coupon takes off a line today; nothing is held. `today` is the store's day.

    Raises NotFound("coupon_unknown"), Refused("coupon_withdrawn" | "coupon_over" | "coupon_used_up" |
    "coupon_used_by_customer" | "coupon_currency" | "coupon_other_product" | "coupon_minimum" | "coupon_below_daily").
    """
    return _price(connection, find_coupon(connection, code), ask, today)


def lock_coupons(uow: UnitOfWork, codes: Iterable[str]) -> None:
    """Lock those of these codes that there are, in the order of their numbers, as everybody does."""
    cleaned = set()
    for code in codes:
        # What can't be a code locks nothing; its item says so.
        with suppress(Invalid):
            cleaned.add(clean_code(code))
    _lock(uow, _C.code, cleaned)


def lock_coupons_of(uow: UnitOfWork, orders: Iterable[InstalmentOrderRecord]) -> None:
    """The same for those that orders have; after their variants, as where orders are made."""
    _lock(uow, _C.id, {each.coupon_id for each in orders if each.coupon_id is not None})


def _lock(uow: UnitOfWork, named_by: ColumnElement[Any], names: Collection[Any]) -> None:
    """On SQLite whoever writes is alone."""
    if names and uow.connection.dialect.name != "sqlite":
        uow.execute(select(_C.id).where(named_by.in_(names)).order_by(_C.id).with_for_update()).all()


def hold_coupon(uow: UnitOfWork, priced: Priced, ask: CouponAsk, today: date, *, order_id: int) -> None:
    """Count a use for an order that was made with this price; asked again under the coupon's lock.

    Raises as `price_coupon`, and Refused("coupon_changed") where it would take off another amount now.
    """
    here = find_coupon(uow.connection, priced.code, lock=True)
    if _price(uow.connection, here, ask, today) != priced:
        raise Refused("coupon_changed", coupon=here.code)
    _count_up(uow, here)
    row = {
        "coupon_id": here.id,
        "order_id": order_id,
        "customer_id": ask.customer_id,
        "state": CouponUse.HELD,
        "created_at": uow.now,
    }
    insert_row(uow.connection, coupon_use, row)
    uow.record("coupon.held", here.subject, coupon=here.code, order=order_id)


def use_coupon(uow: UnitOfWork, order_id: int) -> None:
    """The order is paid: its use counts for good. One that was given back, whose money came late, is counted again.

    Nothing where the order has no coupon, or it is used already. Raises Refused("coupon_used_up" |
    "coupon_used_by_customer").
    """
    held = _use_of(uow, order_id)
    if held is None or held.state is CouponUse.USED:
        return
    here = _load(uow.connection, held.coupon_id, lock=True)
    if held.state is CouponUse.RELEASED:
        _refuse_customers(uow.connection, here, held.customer_id)
        _count_up(uow, here)
    _move(uow, held, CouponUse.USED)
    uow.record("coupon.used", here.subject, coupon=here.code, order=order_id)


def release_coupon(uow: UnitOfWork, order_id: int) -> None:
    """The order is not paid, or is cancelled: somebody else may have its use. Nothing where that was done already."""
    held = _use_of(uow, order_id)
    if held is None or held.state is CouponUse.RELEASED:
        return
    here = _load(uow.connection, held.coupon_id, lock=True)
    _move(uow, held, CouponUse.RELEASED)
    uow.execute(update(coupon).where(_C.id == here.id).values(used_count=_C.used_count - 1))
    uow.record("coupon.released", here.subject, coupon=here.code, order=order_id)


def load_coupon_in(connection: Connection, coupon_id: int) -> CouponRecord:
    """Raises NotFound("coupon_unknown")."""
    return _load(connection, coupon_id)


def _load(connection: Connection, coupon_id: int, *, lock: bool = False) -> CouponRecord:
    row = _BY_ID[lock].first(connection, number=coupon_id)
    if row is None:
        raise NotFound("coupon_unknown", coupon=coupon_id)
    return CouponRecord(*row)


def _price(connection: Connection, here: CouponRecord, ask: CouponAsk, today: date) -> Priced:
    if not here.active:
        raise Refused("coupon_withdrawn", coupon=here.code)
    discount = discount_of(here.terms, ask, today)
    if here.total_limit is not None and here.used_count >= here.total_limit:
        raise Refused("coupon_used_up", coupon=here.code)
    _refuse_customers(connection, here, ask.customer_id)
    return Priced(here.id, here.code, discount)


def _refuse_customers(connection: Connection, here: CouponRecord, customer_id: int) -> None:
    if here.per_customer_limit is None:
        return
    ((uses,),) = _USES_OF_CUSTOMER.rows(connection, number=here.id, customer=customer_id)
    if uses >= here.per_customer_limit:
        raise Refused("coupon_used_by_customer", coupon=here.code, limit=here.per_customer_limit)


def _count_up(uow: UnitOfWork, here: CouponRecord) -> None:
    if _COUNT_UP.count(uow.connection, number=here.id) != 1:
        raise Refused("coupon_used_up", coupon=here.code)


def _use_of(uow: UnitOfWork, order_id: int) -> Row[Any] | None:
    query = select(_U.id, _U.coupon_id, _U.customer_id, _U.state).where(_U.order_id == order_id).with_for_update()
    found: Row[Any] | None = uow.execute(query).one_or_none()
    return found


def _move(uow: UnitOfWork, held: Row[Any], state: CouponUse) -> None:
    same = (_U.id == held.id) & (_U.state == held.state)
    ended = None if state is CouponUse.HELD else uow.now
    if uow.execute(update(coupon_use).where(same).values(state=state, ended_at=ended)).rowcount != 1:
        raise Bug("coupon_use_changed", use=held.id)
