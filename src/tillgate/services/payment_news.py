"""How payments of this till ended that nobody at the till has seen yet; what was seen stays seen over a restart.

`payment.told` is the end that was seen; every move of a payment empties it (payment_rows.move_payment). What opens an
exception without a move is found by the exception.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, text, update

from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.orders import CartState
from tillgate.domain.payment import RefundState
from tillgate.domain.payment_end import End, end_of
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.cart_view import CART_THING
from tillgate.services.till import Till
from tillgate.store.models import allocation, capture, cart, money_exception, payment, refund, sales_order
from tillgate.store.unit_of_work import UnitOfWork

# More than anybody reads; older ones come up once these are seen.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class PaymentNews:
    """`at` is when it ended so; `who` the payer's name and `label` the cart's, both "" where there is none. `cart_id`
    and `cart_state` are None where the payment was for no cart, and `about` says what for."""

    payment_id: int
    end: End
    amount: Money
    at: datetime
    who: str
    label: str
    orders: int
    cart_id: int | None
    cart_state: CartState | None
    about: str = ""
    # Some money came for it, whether it was used or not.
    money_came: bool = False


@dataclass(frozen=True, slots=True)
class _Around:
    """What else decides how payments ended, by payment."""

    exceptions: Mapping[int, Sequence[Any]]
    refunds: Mapping[int, Sequence[Any]]
    orders: Mapping[int, int]
    captured: Collection[int]


def list_news(till: Till, actor: Actor) -> tuple[PaymentNews, ...]:
    """Ends that nobody at this till has seen, oldest first."""
    with till.db.read() as connection:
        authorize(till, actor, Action.VIEW_PAYMENTS, on=connection)
        return tuple(sorted(_unseen(connection, _candidates(connection, till.id)), key=lambda news: news.at))


def acknowledge(till: Till, actor: Actor, seen: Sequence[tuple[int, End]]) -> int:
    """Somebody at the till has seen these ends. One that has changed meanwhile is news still. How many were noted."""

    def work(uow: UnitOfWork) -> int:
        authorize(uow, actor, Action.VIEW_PAYMENTS)
        ids = sorted({payment_id for payment_id, _ in seen})
        uow.execute(select(payment.c.id).where(payment.c.id.in_(ids)).order_by(payment.c.id).with_for_update())
        now = {news.payment_id: news.end for news in _unseen(uow.connection, ids)}
        noted = [(payment_id, end) for payment_id, end in seen if now.get(payment_id) is end]
        for payment_id, end in noted:
            uow.execute(update(payment).where(payment.c.id == payment_id).values(told=end.value))
            uow.record("payment.seen", f"payment:{payment_id}", end=end.value)
        return len(noted)

    return till.db.transact(actor, work) if seen else 0


def _candidates(connection: Connection, till_id: str) -> list[int]:
    mine = payment.c.till_id == till_id
    # Written out, so that the partial index serves it.
    untold = select(payment.c.id).where(mine, text("payment.told = ''")).order_by(payment.c.id.desc()).limit(MOST)
    excepted = (
        select(payment.c.id)
        .join(money_exception, money_exception.c.payment_id == payment.c.id)
        .where(mine, money_exception.c.closed_at.is_(None))
        .limit(MOST)
    )
    return sorted({int(row.id) for query in (untold, excepted) for row in connection.execute(query)})


def _unseen(connection: Connection, ids: Collection[int]) -> list[PaymentNews]:
    if not ids:
        return []
    around = _around(connection, ids)
    query = (
        select(payment, cart.c.id.label("cart_id"), cart.c.state.label("cart_state"), cart.c.label)
        .outerjoin(allocation, (allocation.c.payment_id == payment.c.id) & (allocation.c.thing_kind == CART_THING))
        .outerjoin(cart, cart.c.id == allocation.c.thing_id)
        .where(payment.c.id.in_(ids))
    )
    found = (_news(row, around) for row in connection.execute(query))
    return [news for news, told in found if news is not None and news.end != told]


def _around(connection: Connection, ids: Collection[int]) -> _Around:
    opened = select(money_exception.c.payment_id, money_exception.c.kind, money_exception.c.opened_at).where(
        money_exception.c.payment_id.in_(ids), money_exception.c.closed_at.is_(None)
    )
    refunds = select(refund.c.payment_id, refund.c.state, refund.c.ended_at).where(refund.c.payment_id.in_(ids))
    orders = (
        select(sales_order.c.payment_id, func.count().label("orders"))
        .where(sales_order.c.payment_id.in_(ids))
        .group_by(sales_order.c.payment_id)
    )
    captured = select(capture.c.payment_id).where(capture.c.payment_id.in_(ids)).distinct()
    return _Around(
        exceptions=_by_payment(connection.execute(opened).all()),
        refunds=_by_payment(connection.execute(refunds).all()),
        orders={row.payment_id: row.orders for row in connection.execute(orders)},
        captured={row.payment_id for row in connection.execute(captured)},
    )


def _by_payment(rows: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.payment_id, []).append(row)
    return found


def _news(row: Row[Any], around: _Around) -> tuple[PaymentNews | None, str]:
    exceptions, refunds = around.exceptions.get(row.id, ()), around.refunds.get(row.id, ())
    kinds: set[ExceptionKind] = {each.kind for each in exceptions}
    parked = any(each.state is RefundState.PARKED for each in refunds)
    end = end_of(row.state, row.fulfilment, kinds, parked=parked)
    if end is None:
        return None, row.told
    news = PaymentNews(
        payment_id=row.id,
        end=end,
        amount=Money(row.amount_minor, row.currency),
        at=_WHEN[end](row, [each.opened_at for each in exceptions], [each.ended_at for each in refunds]),
        who=row.payer_name,
        label=row.label or "",
        orders=around.orders.get(row.id, 0),
        cart_id=row.cart_id,
        cart_state=row.cart_state,
        about=row.description if row.cart_id is None else "",
        money_came=row.id in around.captured,
    )
    return news, row.told


_Times = Sequence[datetime | None]
_When = Callable[[Row[Any], _Times, _Times], datetime]


def _captured(row: Row[Any], _opened: _Times, _refunded: _Times) -> datetime:
    found: datetime = row.captured_at or row.created_at
    return found


def _settled(row: Row[Any], _opened: _Times, _refunded: _Times) -> datetime:
    found: datetime = row.settled_at or row.created_at
    return found


def _excepted(row: Row[Any], opened: _Times, refunded: _Times) -> datetime:
    return max((each for each in opened if each is not None), default=_captured(row, opened, refunded))


def _refunded(row: Row[Any], opened: _Times, refunded: _Times) -> datetime:
    return max((each for each in refunded if each is not None), default=_captured(row, opened, refunded))


_WHEN: Final[Mapping[End, _When]] = {
    End.PAID: _captured,
    End.LATE: _captured,
    End.REFUNDING: _captured,
    End.FAILED: _settled,
    End.EXPIRED: _settled,
    End.CANCELLED: _settled,
    End.MISMATCHED: _excepted,
    End.DOUBLE: _excepted,
    End.REFUND_STUCK: _excepted,
    End.REFUNDED: _refunded,
}
