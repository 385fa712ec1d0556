"""Bulk orders in the crash tests: placed, paid or given up, and what must hold once a killed till has settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final, Protocol

from sqlalchemy import select

from tests.crash.shop import Shop
from tests.factories.instalments import ADDRESS, AIRPODS, IPHONE
from tillgate.domain.coupons import CouponUse
from tillgate.domain.instalments import BulkState, CancelReason, InstalmentOrderState, InstalmentState, ItemAsk
from tillgate.domain.payment import Fulfilment, Purpose
from tillgate.services.bulk_orders import PlaceBulk, Placed, new_bulk_key, place_bulk_order
from tillgate.store.models import referral

TABLES: Final = ("bulk_order", "instalment_order", "instalment", "coupon", "coupon_use")
_ITEMS: Final = (ItemAsk(IPHONE, 10, 1, "", "SAVE10"), ItemAsk(AIRPODS, 3), ItemAsk("nothing", 3))
_NEVER_BEGUN: Final = (CancelReason.UNPAID.value, CancelReason.NOT_STARTED.value)
_S: Final = InstalmentOrderState


class Books(Protocol):
    """Every row of ours by table."""

    rows: dict[str, list[Any]]


def place_a_bulk_order(shop: Shop) -> Placed:
    """Two products on plans of their own, one that there isn't; pressed for twice. By a customer with a referrer."""
    with shop.till.db.read() as connection:
        customer_id = int(connection.execute(select(referral.c.customer_id)).scalars().first() or 0)
    press = PlaceBulk(new_bulk_key(), customer_id, _ITEMS, ADDRESS)
    made = [place_bulk_order(shop.till, shop.cashier, press) for _ in range(2)]
    assert len({each.bulk.id for each in made}) == 1, "one press made two bulk orders"
    return made[-1]


def schedules_are_their_orders(story: Books) -> Iterator[str]:
    """A row for each day that sum to the total; paid is what its paid days are, a tenth of that the commission."""
    days: dict[int, list[Any]] = defaultdict(list)
    for each in story.rows["instalment"]:
        days[each.order_id].append(each)
    for order in story.rows["instalment_order"]:
        mine = days[order.id]
        if (sum(each.amount_minor for each in mine), len(mine)) != (order.total_minor, order.total_days):
            yield f"order {order.number} of {order.total_minor} has {len(mine)} days"
        paid = [each for each in mine if each.state is InstalmentState.PAID]
        if (sum(each.amount_minor for each in paid), len(paid)) != (order.paid_minor, order.paid_count):
            yield f"order {order.number} says {order.paid_minor} is paid; paid are {[each.number for each in paid]}"
        if order.commission_minor != (order.paid_minor - order.returned_minor) // 10:
            yield f"order {order.number} earned {order.commission_minor}"


def all_orders_of_a_bulk_order_or_none(story: Books) -> Iterator[str]:
    """Active with all of its orders where one payment for it was used, else over; nothing waits for ever."""
    orders: dict[int, list[Any]] = defaultdict(list)
    for each in story.rows["instalment_order"]:
        orders[each.bulk_order_id].append(each)
    of_order = {each.id: each.order_id for each in story.rows["instalment"]}
    bulk_of = {each.id: each.bulk_order_id for each in story.rows["instalment_order"]}
    used: dict[int, set[int]] = defaultdict(set)
    done = {
        each.id
        for each in story.rows["payment"]
        if each.purpose is Purpose.INSTALMENTS and each.fulfilment is Fulfilment.DONE
    }
    for each in story.rows["allocation"]:
        if each.thing_kind == "instalment" and each.payment_id in done:
            used[bulk_of[of_order[each.thing_id]]].add(each.payment_id)
    for each in story.rows["bulk_order"]:
        mine = orders[each.id]
        wanted = BulkState.ACTIVE if used[each.id] else BulkState.CANCELLED
        if each.state is not wanted or len(used[each.id]) > 1 or len(mine) != 2:
            yield f"bulk order {each.number} is {each.state} with {len(mine)} orders, paid by {used[each.id]}"
        begun = {order.activated_at is not None for order in mine}
        if begun != {bool(used[each.id])} or any(order.state is _S.PENDING for order in mine):
            yield f"the orders of {each.number} are {[order.state for order in mine]}"


def orders_hold_what_they_hold(story: Books) -> Iterator[str]:
    """An order that lives holds its pieces and its coupon, one that never began neither."""
    held: Counter[int] = Counter()
    for each in story.rows["stock_move"]:
        held[each.instalment_order_id or 0] -= each.quantity
    uses = {each.order_id: each.state for each in story.rows["coupon_use"]}
    for each in story.rows["instalment_order"]:
        living = each.state in (_S.ACTIVE, _S.COMPLETED)
        if (living and held[each.id] != each.quantity) or (each.cancel_reason in _NEVER_BEGUN and held[each.id]):
            yield f"order {each.number} is {each.state} and holds {held[each.id]} pieces"
        if each.coupon_id is not None and uses.get(each.id) is not (CouponUse.USED if living else CouponUse.RELEASED):
            yield f"order {each.number} is {each.state}, its coupon {uses.get(each.id)}"
    counted = Counter(each.coupon_id for each in story.rows["coupon_use"] if each.state is not CouponUse.RELEASED)
    for each in story.rows["coupon"]:
        if each.used_count != counted[each.id]:
            yield f"coupon {each.code} counts {each.used_count} uses, and has {counted[each.id]}"
