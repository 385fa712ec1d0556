"""Orders from a captured checkout payment: one per vendor, with items, stock, books and letters, all or none of it.

Runs in the transaction that captures the payment, within its savepoint (product.md, rulings 2 and 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.cart import Content, Line
from tillgate.domain.cart_checks import Offer, allotted, check_availability
from tillgate.domain.errors import Refused
from tillgate.domain.ledger import DEPOSITS, FEES, RENTALS, SALES, TAX, UNAPPLIED, Entry
from tillgate.domain.money import Money
from tillgate.domain.orders import CartState, OrderState
from tillgate.domain.vendor_split import Split, VendorPart, split_by_vendor
from tillgate.failpoints import fp
from tillgate.services.cart_content import list_line_rows, load_cart_row, load_content
from tillgate.services.cart_offers import load_offers
from tillgate.services.cart_view import CART_THING
from tillgate.services.order_ends import cancel_orders, credit_sale
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Fulfilling
from tillgate.store.ledger import post
from tillgate.store.models import (
    allocation,
    cart,
    order_item,
    rental_day,
    sales_order,
    stock_move,
    variant,
)
from tillgate.store.outbox_rows import enqueue, enqueue_new
from tillgate.store.series import take_numbers
from tillgate.store.statements import Named, Statement, insert_row, insert_rows, update_rows
from tillgate.store.unit_of_work import UnitOfWork

_MADE: Final = Statement(select(sales_order.c.id).where(sales_order.c.payment_id == bindparam("payment_id")))
_THINGS: Final = Statement(
    select(allocation.c.thing_kind, allocation.c.thing_id).where(allocation.c.payment_id == bindparam("payment_id"))
)
_TAKE_STOCK: Final = Statement(
    update(variant)
    .where(variant.c.id == bindparam("variant"), variant.c.stock >= bindparam("pieces"))
    .values(stock=variant.c.stock - bindparam("pieces"))
)
_UNDER_WAY: Final = (CartState.OPEN, CartState.HELD)
# Later than this a period is over in every time zone.
_SURELY_OVER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Order:
    """One order as it was written."""

    id: int
    number: str
    part: VendorPart
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Item:
    """One item as it was written, with the line it came from."""

    id: int
    line: Line


def make_orders(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """Make one order per vendor of the cart that the payment is for; nothing if they are there already.

    The customer pays what was rung up and charged, whatever the catalogue says by now. Raises Refused("out_of_stock" |
    "rental_taken" | "not_offered" | "currency_mismatch" | "rental_over" | "stock_conflict") with `line` and `name`,
    and Refused("cart_gone" | "amount_changed").
    """
    if _MADE.first(uow.connection, payment_id=payment.id) is not None:
        return
    things = _THINGS.rows(uow.connection, payment_id=payment.id)
    if len(things) != 1 or things[0][0] != CART_THING:
        raise Refused("cart_gone", cart=None)
    sell_cart(uow, payment, things[0][1], payment.amount, (Entry(UNAPPLIED, payment.amount),))


def sell_cart(
    uow: UnitOfWork, payment: PaymentRecord, cart_id: int, charged: Money, paid_with: Sequence[Entry]
) -> list[int]:
    """Make the orders of a cart whose total is what was charged; their ids. `paid_with` are the ledger's lines of where
    that comes from, which sum to it. Raises as `make_orders`."""
    head, rows, content = _load_cart(uow, cart_id)
    split = split_by_vendor(content)
    if split.totals.total != charged:
        raise Refused("amount_changed", cart=head.id, charged=charged, now=split.totals.total)
    offers = load_offers(uow.connection, content, rows)
    _check(uow, content, offers)
    facts = {row.id: row for row in rows}
    orders = _insert_orders(uow, payment, head, split, facts)
    fp("orders.after_order")
    items = _insert_items(uow, orders, facts, split)
    fp("orders.after_items")
    _take_units(uow, items, content, offers)
    _take_stock(uow, items, offers)
    fp("orders.after_stock")
    sold = {"state": CartState.SOLD, "version": head.version + 1, "changed_at": uow.now}
    if update_rows(uow.connection, cart, {"id": head.id, "version": head.version}, sold) != 1:
        raise Refused("cart_gone", cart=head.id)
    fp("orders.after_cart")
    _post(uow, payment, split, paid_with)
    _announce(uow, payment, orders, facts)
    return [order.id for order in orders]


def orders_refused(uow: UnitOfWork, payment: PaymentRecord, reason: str) -> None:
    """Tell the customer and the admin that the money goes back; the cart keeps its lines."""
    notices = {"refund_started": bool(payment.payer_email), "admin_refund_started": True}
    for template, wanted in notices.items():
        if wanted:
            payload = {"template": template, "payment_id": payment.id, "reason": reason}
            enqueue(uow, "mail", f"mail:{template}:{payment.id}", payload, payment_id=payment.id)


FULFILLING: Final = Fulfilling(make_orders, orders_refused, gone_back=credit_sale, gone_whole=cancel_orders)


def _load_cart(uow: UnitOfWork, cart_id: int) -> tuple[Named, Sequence[Named], Content]:
    head = load_cart_row(uow.connection, cart_id, lock=True)
    if head.state not in _UNDER_WAY:
        raise Refused("cart_gone", cart=head.id, state=head.state.value)
    rows = list_line_rows(uow.connection, head.id, lock=True)
    return head, rows, load_content(uow.connection, head, rows)


def _check(uow: UnitOfWork, content: Content, offers: Mapping[int, Offer]) -> None:
    for finding in check_availability(content, offers):
        values: dict[str, Any] = dict(finding.values)
        raise Refused(finding.code.value, line=finding.line_id, **values)
    for line in content.lines:
        if line.rental is not None and line.rental.span.last < uow.now.date() - _SURELY_OVER:
            raise Refused("rental_over", line=line.id, name=offers[line.id].name, end_on=line.rental.span.last)


def _insert_orders(
    uow: UnitOfWork, payment: PaymentRecord, head: Named, split: Split, facts: Mapping[int, Named]
) -> list[_Order]:
    numbers = take_numbers(uow.connection, f"order:{payment.till_id}", len(split.parts))
    rows = []
    for number, part in zip(numbers, split.parts, strict=True):
        approved = facts[part.lines[0].id].auto_approve
        rows.append(
            {
                "number": f"ORD-{payment.till_id}-{number:06d}",
                "payment_id": payment.id,
                "cart_id": head.id,
                "vendor_id": part.vendor_id,
                "customer_id": payment.customer_id,
                "state": OrderState.AUTO_APPROVED if approved else OrderState.PENDING_VENDOR_APPROVAL,
                "currency": payment.currency,
                "items_minor": part.totals.items.minor,
                "deposit_minor": part.totals.deposit.minor,
                "fee_minor": part.totals.fee.minor,
                "tax_minor": part.totals.tax.minor,
                "total_minor": part.totals.total.minor,
                "till_id": payment.till_id,
                "created_at": uow.now,
            }
        )
    return [
        _Order(insert_row(uow.connection, sales_order, row), row["number"], part, row)
        for part, row in zip(split.parts, rows, strict=True)
    ]


def _insert_items(uow: UnitOfWork, orders: Sequence[_Order], facts: Mapping[int, Named], split: Split) -> list[_Item]:
    items = []
    for order in orders:
        for at, line in enumerate(order.part.lines, 1):
            row = _item_row(order.id, at, line, facts[line.id], split.amounts[line.id].tax.minor)
            items.append(_Item(insert_row(uow.connection, order_item, row), line))
    return items


def _item_row(order_id: int, position: int, line: Line, fact: Named, tax_minor: int) -> dict[str, Any]:
    named = (fact.name, fact.variant_name, fact.period_name)
    return {
        "order_id": order_id,
        "position": position,
        "product_id": fact.product_id,
        "variant_id": line.variant_id,
        "rental_period_id": line.rental.period_id if line.rental else None,
        "description": " · ".join(word for word in named if word),
        "quantity": line.quantity,
        "unit_price_minor": line.terms.price.minor,
        "unit_deposit_minor": line.terms.deposit.minor,
        "tax_bp": line.terms.tax_bp,
        "tax_name": line.terms.tax_name,
        "tax_minor": tax_minor,
        "start_on": line.rental.start_on if line.rental else None,
        "end_on": line.rental.span.last if line.rental else None,
    }


def _take_units(uow: UnitOfWork, items: Sequence[_Item], content: Content, offers: Mapping[int, Offer]) -> None:
    """The lowest free units, a row for each unit and day: the database lets each be taken once."""
    given = allotted(content, offers)
    rows = [
        {"variant_id": item.line.variant_id, "unit": unit, "day": day, "order_item_id": item.id}
        for item in items
        if item.line.rental is not None
        for unit in given[item.line.id]
        for day in item.line.rental.span
    ]
    try:
        insert_rows(uow.connection, rental_day, rows)
    except IntegrityError as error:
        line = next(item.line for item in items if item.line.rental is not None)
        raise Refused("stock_conflict", line=line.id, name=offers[line.id].name) from error


def _take_stock(uow: UnitOfWork, items: Sequence[_Item], offers: Mapping[int, Offer]) -> None:
    """In the order of the variants' ids, as they were locked, so that two tills never wait for each other."""
    sold = sorted((item for item in items if item.line.rental is None), key=lambda item: item.line.variant_id)
    for item in sold:
        if _TAKE_STOCK.count(uow.connection, variant=item.line.variant_id, pieces=item.line.quantity) != 1:
            raise Refused("stock_conflict", line=item.line.id, name=offers[item.line.id].name)
    moves = [
        {
            "variant_id": item.line.variant_id,
            "quantity": -item.line.quantity,
            "reason": "sold",
            "order_item_id": item.id,
        }
        for item in sold
    ]
    insert_rows(uow.connection, stock_move, moves)


def _post(uow: UnitOfWork, payment: PaymentRecord, split: Split, paid_with: Sequence[Entry]) -> None:
    totals = split.totals
    entries = (
        *paid_with,
        Entry(SALES, -totals.sale),
        Entry(RENTALS, -totals.rental),
        Entry(DEPOSITS, -totals.deposit),
        Entry(FEES, -totals.fee),
        Entry(TAX, -totals.tax),
    )
    post(uow.connection, "orders", f"orders:{payment.id}", payment_id=payment.id, now=uow.now, entries=entries)


def _announce(uow: UnitOfWork, payment: PaymentRecord, orders: Sequence[_Order], facts: Mapping[int, Named]) -> None:
    """The invoices and letters that follow, and the audit. Whoever has no address gets no letter."""
    mails: list[tuple[str, int | None]] = [("admin_new_orders", None)]
    if payment.payer_email:
        mails.append(("payment_success", None))
        mails.extend(("order_confirmation", order.id) for order in orders)
    mails.extend(("new_order", order.id) for order in orders if facts[order.part.lines[0].id].vendor_email)
    work: list[tuple[str, str, Mapping[str, object]]] = [
        ("invoice", f"invoice:payment:{payment.id}", {"payment_id": payment.id})
    ]
    for template, order_id in mails:
        payload: dict[str, object] = {"template": template, "payment_id": payment.id}
        if order_id is not None:
            payload["order_id"] = order_id
        work.append(("mail", f"mail:{template}:{order_id or payment.id}", payload))
    enqueue_new(uow, work, payment_id=payment.id)
    for order in orders:
        uow.record(
            "order.created",
            payment.subject,
            order=order.id,
            number=order.number,
            vendor=order.part.vendor_id,
            state=order.row["state"].value,
            total=order.row["total_minor"],
            currency=payment.currency,
            items=len(order.part.lines),
        )
