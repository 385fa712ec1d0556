"""The columns and filters of the orders."""

from __future__ import annotations

from typing import Final

from tillgate.domain.orders import OrderState
from tillgate.i18n import tr
from tillgate.services.order_reads import OrderQuery, OrderRecord
from tillgate.ui.screens.checkout.order_cards import ORDER_STATUS
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DayFilter,
    Query,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Filter
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS

STATE: Final = "state"
CREATED: Final = "created"
_SORTS: Final = {"created": "created", "number": "number", "total": "total"}


def order_columns() -> list[Column[OrderRecord]]:
    """When, which, whose, for whom, how it stands and how much."""
    return [
        instant_column(CREATED, tr("Made"), lambda row: row.created_at, width=168),
        text_column("number", tr("Order"), lambda row: row.number, width=148, strong=True),
        money_column("total", tr("Total"), lambda row: row.total, width=124),
        status_column(STATE, tr("State"), lambda row: ORDER_STATUS[row.state], sortable=False, width=176, minor=True),
        text_column(
            "vendor", tr("Vendor"), lambda row: row.vendor_name, sortable=False, width=150, stretch=True, minor=True
        ),
        text_column("customer", tr("Customer"), _customer, sortable=False, width=140, stretch=True, minor=True),
        text_column(
            "invoice", tr("Invoice"), lambda row: row.invoice_number or "", sortable=False, width=150, minor=True
        ),
        status_column(
            "payment",
            tr("Payment"),
            lambda row: PAYMENT_STATUS[row.payment_state],
            sortable=False,
            width=200,
            minor=True,
        ),
    ]


def _customer(row: OrderRecord) -> str:
    return row.customer_name or tr("Walk-in")


def order_filters() -> list[Filter]:
    """By state and day."""
    states = [Choice(state.value, ORDER_STATUS[state].text) for state in OrderState]
    return [ChoiceFilter(STATE, tr("State"), states), DayFilter(CREATED, tr("Made"))]


def order_query(query: Query) -> OrderQuery:
    """What the list asks for, in the service's terms."""
    state, days = query.choice(STATE), query.days(CREATED)
    return OrderQuery(
        text=query.text,
        state=OrderState(state) if state else None,
        first_day=days.first if days else None,
        last_day=days.last if days else None,
        sort=_SORTS[query.sort.key] if query.sort else CREATED,
        descending=query.sort.descending if query.sort else True,
    )
