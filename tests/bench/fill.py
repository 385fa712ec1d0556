"""Large databases by bulk SQL, not through the services."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text

from tillgate.services.catalogue_files import MOST_ROWS
from tillgate.services.till import Till

_NUMBERS: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
_BLOCK: Final = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
_PAYMENTS: Final = """
INSERT INTO payment(id, purpose, amount_minor, currency, mode, state, idem_key, request_sha256, description,
  payer_name, payer_email, payer_phone, till_id, created_at, captured_at, fulfilment, late, fulfil_tries, version)
SELECT i + :base, 'checkout', 30000, 'INR', 'training', 'CAPTURED', 'fill-' || i, '', 'a sale',
  'Customer ' || (i % 5000), 'c' || (i % 5000) || '@example.com', '+9198' || (10000000 + i % 5000), 'T1',
  1790000000000000 + i * 1000000,
  1790000000000000 + i * 1000000, 'done', 0, 0, 3 FROM n
"""
_ALLOCATIONS: Final = """
INSERT INTO allocation(payment_id, thing_kind, thing_id, amount_minor, currency, live)
SELECT i + :base, 'old', i, 30000, 'INR', 1 FROM n
"""
_ORDERS: Final = """
INSERT INTO sales_order(number, payment_id, vendor_id, state, currency, items_minor, deposit_minor, fee_minor,
  tax_minor, total_minor, till_id, created_at, version)
SELECT 'OLD-' || v.id || '-' || i, i + :base, v.id, 'AUTO_APPROVED', 'INR', 10000, 0, 0, 0, 10000, 'T1',
  1790000000000000 + i * 1000000, 1 FROM n CROSS JOIN vendor v
"""
_PRODUCTS: Final = """
INSERT INTO product(id, vendor_id, code, name, description, category, image, kind, currency, tax_bp, tax_name, active,
  version)
SELECT 1000 + i, (SELECT min(id) FROM vendor), 'FILL-' || i,
  CASE i % 5 WHEN 0 THEN 'Steel' WHEN 1 THEN 'Cotton' WHEN 2 THEN 'Copper' WHEN 3 THEN 'Bamboo' ELSE 'Ceramic' END
  || ' ' || CASE i % 7 WHEN 0 THEN 'bottle' WHEN 1 THEN 'lamp' WHEN 2 THEN 'chair' WHEN 3 THEN 'kurta'
  WHEN 4 THEN 'tripod' WHEN 5 THEN 'basket' ELSE 'kettle' END || ' ' || i,
  '', 'things', 'books.svg', 'sale', 'INR', 1800, 'GST 18%', 1, 1 FROM n
"""
_VARIANTS: Final = """
INSERT INTO variant(product_id, code, name, price_minor, deposit_minor, stock, smallest_quantity, active, version)
SELECT 1000 + i, 'FILL-' || i || '-1', '', 9900, 0, 5, 1, 1, 1 FROM n
"""
BASE: Final = 1_000_000


def fill_sales(connection: Any, payments: int) -> None:
    """Captured payments with an order of each vendor, from number BASE on."""
    for statement in (_PAYMENTS, _ALLOCATIONS, _ORDERS):
        connection.execute(text(statement.replace("INSERT", f"{_NUMBERS}INSERT", 1)), {"count": payments, "base": BASE})


def fill_products(till: Till, products: int) -> None:
    """Products of the first vendor with one variant each, searchable, in blocks as imported files bring them."""
    for first in range(1, products + 1, MOST_ROWS):
        numbers = {"first": first, "last": min(first + MOST_ROWS - 1, products)}
        with till.db.write(till.system) as uow:
            for statement in (_PRODUCTS, _VARIANTS):
                uow.connection.execute(text(statement.replace("SELECT 1000", f"{_BLOCK}SELECT 1000", 1)), numbers)
