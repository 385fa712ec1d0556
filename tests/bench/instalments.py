"""Instalments: bulk orders with their schedules; what is due today among 1,000,000, for all and for one customer."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text

from tests.bench.figure import Figure, interleaved
from tests.bench.floors import bare_bulk, open_bare_shop
from tests.factories.clock import FakeClock
from tests.factories.instalments import ITEMS, open_bazaar
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_sqlite
from tillgate.domain.instalments import ItemAsk
from tillgate.services.instalment_dues import DuesQuery, When, list_dues, sum_dues
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import instalment_order, payment

READS: Final = 20
PLACED: Final = 60
# Between a payment's creation, 6, and orders made of a verified payment, 12 (performance.md): it is both.
MOST_FLOORS: Final = 8
ORDERS: Final = 10_000
DAYS: Final = 100
# At most so long: the manager's figures have the same limit (performance.md).
LIMIT_MS: Final = 20.0
_N: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :orders) "
_CUSTOMERS: Final = """
INSERT INTO customer(id, name, email, phone, note, active, created_at, version)
SELECT 1000 + i, 'Customer ' || i, '', '+9198' || (10000000 + i), '', 1, 1790000000000000, 1
FROM n WHERE i <= :orders / 5
"""
_BULKS: Final = """
INSERT INTO bulk_order(id, number, key, request_sha256, customer_id, currency, pay_by, provider, state, delivery_name,
  delivery_phone, address_line1, address_line2, city, region, pincode, country, landmark, item_count, failed_items,
  first_total_minor, day, till_id, created_at, expires_at, version)
SELECT i, 'BULK-20260101-' || i, 'fill-' || i, '', 1001 + i % (:orders / 5), 'INR', 'RAZORPAY', 'razorpay', 'ACTIVE',
  'A', '9', 'B', '', 'C', 'D', '400001', 'India', '', 1, '[]', 10000, '2026-01-01', 'T1', 1790000000000000,
  1790001800000000, 1 FROM n
"""
_ORDERS: Final = """
INSERT INTO instalment_order(id, number, bulk_order_id, position, customer_id, product_id, variant_id, product_name,
  picture, currency, unit_minor, quantity, total_days, discount_minor, total_minor, paid_minor, paid_count, state,
  commission_bp, commission_minor, created_at, activated_at, version)
SELECT i, 'ORD-20260101-' || i, i, 0, 1001 + i % (:orders / 5), v.product_id, v.id, 'Phone', '', 'INR', 1000000, 1,
  :days, 0, 1000000, 10000, 1, 'ACTIVE', 0, 0, 1790000000000000, 1790000000000000, 1
FROM n, (SELECT min(id) AS id, min(product_id) AS product_id FROM variant) v
"""
# Orders began in the last hundred days; a tenth of them is five days behind. What is settled is no matter to the index.
_INSTALMENTS: Final = """
INSERT INTO instalment(order_id, number, due_on, amount_minor, state)
SELECT o.id, d.i, date(:today, (d.i - o.id % :days) || ' days'), 10000,
  CASE WHEN d.i < o.id % :days - 5 * (o.id % 10 = 0) THEN 'CANCELLED' ELSE 'DUE' END
FROM instalment_order o CROSS JOIN (SELECT i FROM n WHERE i <= :days) d
"""


def bulk_creation() -> list[Figure]:
    """A press of Place order, provider excluded: the document's three items, and ten, with a row for each day."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(new_sqlite(Path(folder)))
        bare = open_bare_shop(Path(folder, "bare.db"))
        shop = open_bazaar(make_till(engine, FakeClock()))
        with shop.till.db.write(shop.till.system) as uow:
            uow.execute(text("UPDATE variant SET stock = 1000000"))
        few, many = ITEMS, (*ITEMS, *ITEMS, *ITEMS, ITEMS[0])
        works = (
            lambda number: bare_bulk(bare, 2 * number, _plans(few)),
            lambda _number: shop.place(*few),
            lambda number: bare_bulk(bare, 2 * number + 1, _plans(many)),
            lambda _number: shop.place(*many),
        )
        floor_few, placed_few, floor_many, placed_many = interleaved(PLACED, *works)
        assert shop.count(instalment_order) == PLACED * (len(few) + len(many)), "every item became an order"
        assert shop.count(payment) == 2 * PLACED
        engine.dispose()
    return [
        Figure("bulk-creation-3", placed_few, "ms", floor_few, MOST_FLOORS),
        Figure("bulk-creation-10", placed_many, "ms", floor_many, MOST_FLOORS),
    ]


def _plans(items: Sequence[ItemAsk]) -> list[int]:
    return [int(str(each.total_days)) for each in items]


def instalments() -> list[Figure]:
    """The list of who owes, with its sum."""
    with tempfile.TemporaryDirectory() as folder:
        counter = open_counter(make_till(sqlite_engine(new_sqlite(Path(folder))), FakeClock()))
        fill_orders(counter)
        figures = [
            _read("due-today-1000000", counter, lambda: _open_list(counter, DuesQuery())),
            _read("due-of-customer-1000000", counter, lambda: _open_list(counter, DuesQuery(When.DUE, 1_002))),
        ]
        counter.till.db.close()
    return figures


def fill_orders(counter: Counter) -> None:
    """Active orders with their schedules, by bulk SQL: ORDERS x DAYS instalments."""
    today = counter.till.store_day(counter.till.clock.now())
    values = {"orders": ORDERS, "days": DAYS, "today": today.isoformat()}
    with counter.till.db.write(counter.till.system) as uow:
        for statement in (_CUSTOMERS, _BULKS, _ORDERS, _INSTALMENTS):
            uow.connection.execute(text(statement.replace("INSERT", f"{_N}INSERT", 1)), values)


def _open_list(counter: Counter, query: DuesQuery) -> int:
    found = sum_dues(counter.till, counter.cashier, query)
    return len(list_dues(counter.till, counter.cashier, query, limit=100)) and found.orders


def _read(name: str, counter: Counter, work: Callable[[], int]) -> Figure:
    taken = []
    for _ in range(READS):
        begun = time.perf_counter()
        found = work()
        taken.append((time.perf_counter() - begun) * 1000)
    assert found
    return Figure(name, statistics.median(taken), "ms", LIMIT_MS, 1)
