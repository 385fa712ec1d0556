"""The tables, one file per noun; importing this package fills `metadata`."""

from tillgate.store.columns import metadata
from tillgate.store.models.books import (
    audit,
    audit_head,
    ledger_entry,
    ledger_tx,
    metric,
    money_exception,
    number_series,
    outbox,
    setting,
)
from tillgate.store.models.catalogue import product, rental_day, rental_period, stock_move, variant, vendor
from tillgate.store.models.payments import (
    allocation,
    capture,
    payment,
    payment_attempt,
    provider_call,
    refund,
    return_inbox,
)
from tillgate.store.models.people import approval, customer, sign_in_guard, staff, staff_session
from tillgate.store.models.sales import (
    cart,
    cart_fee,
    cart_line,
    cart_undo,
    order_item,
    sales_invoice,
    sales_invoice_line,
    sales_order,
)

__all__ = [
    "allocation",
    "approval",
    "audit",
    "audit_head",
    "capture",
    "cart",
    "cart_fee",
    "cart_line",
    "cart_undo",
    "customer",
    "ledger_entry",
    "ledger_tx",
    "metadata",
    "metric",
    "money_exception",
    "number_series",
    "order_item",
    "outbox",
    "payment",
    "payment_attempt",
    "product",
    "provider_call",
    "refund",
    "rental_day",
    "rental_period",
    "return_inbox",
    "sales_invoice",
    "sales_invoice_line",
    "sales_order",
    "setting",
    "sign_in_guard",
    "staff",
    "staff_session",
    "stock_move",
    "variant",
    "vendor",
]
