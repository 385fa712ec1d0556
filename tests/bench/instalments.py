"""Instalments: what is due today among 1,000,000 instalments, for the shop and for one customer."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import text

from tests.bench.figure import Figure
from tests.factories.clock import FakeClock
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_sqlite
from tillgate.services.instalment_dues import DuesQuery, When, list_dues, sum_dues
from tillgate.store.engine import sqlite_engine

READS: Final = 20
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
