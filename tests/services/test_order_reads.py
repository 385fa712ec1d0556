"""Lists of orders and their details."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter
from tillgate.domain.errors import NotFound
from tillgate.domain.orders import OrderState
from tillgate.domain.payment import PaymentState
from tillgate.services.order_reads import (
    OrderQuery,
    OrderRecord,
    list_orders,
    list_orders_of,
    load_order,
    order_key,
    summarize_orders,
)
from tillgate.store.models import vendor


def numbers(counter: Counter, query: OrderQuery) -> list[str]:
    return [row.number.removeprefix("ORD-T1-") for row in list_orders(counter.till, counter.cashier, query)]


def test_orders_are_found_narrowed_sorted_and_summed(counter: Counter, clock: FakeClock) -> None:
    counter.sell("CAM-1", "GIT-1", "VAR-001")
    clock.advance(10 * 3_600)  # past midnight in the store, within one session
    counter.pay(counter.put_up(counter.ring_up("GIT-1", "GIT-1", customer=False)))
    today = counter.till.store_day(clock.now())
    all_of_them = ["000004", "000003", "000002", "000001"]
    cases = [
        (OrderQuery(), all_of_them),
        (OrderQuery(descending=False), all_of_them[::-1]),
        (OrderQuery(sort="total"), ["000003", "000001", "000004", "000002"]),
        (OrderQuery(sort="number", descending=False), all_of_them[::-1]),
        (OrderQuery(text="ord-t1-000002"), ["000002"]),
        (OrderQuery(text="ORD-T1"), all_of_them),
        (OrderQuery(text="3"), ["000003"]),
        (OrderQuery(text="asha"), ["000003", "000002", "000001"]),
        (OrderQuery(text="book h"), ["000004", "000002"]),
        (OrderQuery(text="%"), []),
        (OrderQuery(state=OrderState.AUTO_APPROVED), ["000001"]),
        (OrderQuery(vendor_id=counter.number(vendor, "BOOK")), ["000004", "000002"]),
        (OrderQuery(first_day=today), ["000004"]),
        (OrderQuery(last_day=today - timedelta(days=1)), ["000003", "000002", "000001"]),
    ]
    for query, expected in cases:
        assert numbers(counter, query) == expected, query
        summary = summarize_orders(counter.till, counter.cashier, query)
        rows = list_orders(counter.till, counter.cashier, query)
        assert (summary.count, [money.minor for money in summary.totals.values()]) == (
            len(rows), [sum(row.total_minor for row in rows)] if rows else [],
        )  # fmt: skip


@pytest.mark.parametrize("sort", ["created", "number", "total"])
def test_pages_join_up_in_every_order(corner: Counter, sort: str) -> None:
    corner.sell("CAM-1", "GIT-1", "VAR-001")
    corner.sell("GIT-1", "VAR-001")
    for descending in (True, False):
        query = OrderQuery(sort=sort, descending=descending)
        paged: list[OrderRecord] = []
        after = None
        while rows := list_orders(corner.till, corner.cashier, query, after=after, limit=2):
            paged += rows
            after = order_key(query, rows[-1])
        assert paged == list(list_orders(corner.till, corner.cashier, query))
        assert len({row.id for row in paged}) == 5


def test_a_detail_shows_items_dates_and_units(counter: Counter) -> None:
    paid = counter.sell("CAM-1", "CHR-1", "GIT-1")
    rented, bought = list_orders_of(counter.till, counter.cashier, paid.id)
    assert (rented.order.vendor_name, rented.order.customer_name) == ("Lens Rentals", "Asha Rao")
    assert (rented.order.payment_state, rented.order.invoice_number) == (PaymentState.CAPTURED, None)
    camera, chairs = rented.items
    assert (camera.units, chairs.units, bought.items[0].units) == ((1,), (1, 2, 3, 4), ())
    assert (camera.unit_price.minor, camera.unit_deposit.minor, camera.tax.minor) == (249_900, 400_000, 44_982)
    assert camera.start_on == camera.end_on == counter.till.store_day(counter.till.clock.now())
    assert load_order(counter.till, counter.cashier, rented.order.id) == rented
    with pytest.raises(NotFound, match="order_unknown"):
        load_order(counter.till, counter.cashier, 99)
