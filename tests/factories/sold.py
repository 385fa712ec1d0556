"""What a captured payment leaves behind: orders of several vendors with their items, written as rows."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.orders import OrderState
from tillgate.domain.payment import Fulfilment, PaymentState, Purpose
from tillgate.services.payment_rows import load_payment
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.store.models import capture, order_item, payment, product, sales_order, variant, vendor
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Item:
    """One order item; a rented one has days."""

    description: str
    quantity: int
    price_minor: int
    deposit_minor: int = 0
    tax_bp: int = 1800
    tax_name: str = "GST"
    first: date | None = None
    last: date | None = None

    @property
    def tax_minor(self) -> int:
        return self.price_minor * self.quantity * self.tax_bp // 10_000


CAMERA: Final = Item("Sony A7 IV body", 1, 450_000, 2_000_000, first=date(2026, 11, 21), last=date(2026, 11, 23))
LIGHT: Final = Item("Godox light", 3, 65_000, 100_000, 1200, first=date(2026, 11, 21), last=date(2026, 11, 21))
CARD: Final = Item("SD card 128 GB", 2, 189_900)
BOOK: Final = Item("Field guide", 1, 49_900, tax_bp=0, tax_name="")
THREE_VENDORS: Final = ((CAMERA, CARD), (LIGHT,), (BOOK, CARD))


def sold(
    till: Till,
    vendors: tuple[tuple[Item, ...], ...] = THREE_VENDORS,
    *,
    fee_minor: int = 4_900,
    email: str = "asha@example.com",
    vendor_email: str = "orders{number}@example.org",
    approved: bool = True,
) -> tuple[PaymentRecord, list[int]]:
    """A captured payment with an order for each vendor; the payment and the orders' ids."""
    with till.db.write(till.system) as uow:
        totals = [_total(items, fee_minor) for items in vendors]
        payment_id = _payment(uow, till, sum(totals), email)
        orders = [
            _order(uow, payment_id, _vendor(uow, number, vendor_email), items, fee=fee_minor, approved=approved)
            for number, items in enumerate(vendors, 1)
        ]
        return load_payment(uow.connection, payment_id), orders


def _total(items: tuple[Item, ...], fee_minor: int) -> int:
    return fee_minor + sum(i.quantity * (i.price_minor + i.deposit_minor) + i.tax_minor for i in items)


def _payment(uow: UnitOfWork, till: Till, minor: int, email: str) -> int:
    row = {
        "purpose": Purpose.CHECKOUT,
        "amount_minor": minor,
        "currency": "INR",
        "mode": till.mode,
        "state": PaymentState.CAPTURED,
        "idem_key": secrets.token_hex(8),
        "request_sha256": "",
        "description": "A sale",
        "payer_name": "Asha Rao",
        "payer_email": email,
        "payer_phone": "+91 98450 12345",
        "till_id": till.id,
        "created_at": uow.now,
        "captured_at": uow.now,
        "fulfilment": Fulfilment.DONE,
    }
    payment_id = insert_row(uow.connection, payment, row)
    money = {
        "payment_id": payment_id,
        "provider": "razorpay",
        "provider_ref": f"pay_{secrets.token_hex(7)}",
        "amount_minor": minor,
        "currency": "INR",
        "method": "upi",
        "disposition": CaptureDisposition.APPLIED,
        "main": 1,
        "seen_at": uow.now,
    }
    insert_row(uow.connection, capture, money)
    return payment_id


def _vendor(uow: UnitOfWork, number: int, email: str) -> int:
    row = {
        "code": f"V{next(_numbers)}",
        "name": f"Vendor {number} & Sons",
        "email": email.format(number=number),
        "phone": "+91 80 4123 4567",
        "address": "14 Residency Road, Bengaluru 560025",
        "tax_number": "29ABCDE1234F1Z5",
        "brand_color": "#0F766E",
        "brand_mark": f"V{number}",
        "currency": "INR",
    }
    return insert_row(uow.connection, vendor, row)


def _order(
    uow: UnitOfWork, payment_id: int, vendor_id: int, items: tuple[Item, ...], *, fee: int, approved: bool
) -> int:
    row = {
        "number": f"ORD-{uow.now:%Y%m%d}-{next(_numbers):04d}",
        "payment_id": payment_id,
        "vendor_id": vendor_id,
        "state": OrderState.AUTO_APPROVED if approved else OrderState.PENDING_VENDOR_APPROVAL,
        "currency": "INR",
        "items_minor": sum(item.quantity * item.price_minor for item in items),
        "deposit_minor": sum(item.quantity * item.deposit_minor for item in items),
        "fee_minor": fee,
        "tax_minor": sum(item.tax_minor for item in items),
        "total_minor": _total(items, fee),
        "till_id": uow.actor.till_id,
        "created_at": uow.now,
    }
    order_id = insert_row(uow.connection, sales_order, row)
    for position, item in enumerate(items, 1):
        _item(uow, order_id, vendor_id, position, item)
    return order_id


def _item(uow: UnitOfWork, order_id: int, vendor_id: int, position: int, item: Item) -> None:
    kind = ProductKind.SALE if item.first is None else ProductKind.RENTAL
    code = f"P{next(_numbers)}"
    made = {"vendor_id": vendor_id, "code": code, "name": item.description, "kind": kind, "currency": "INR"}
    made |= {"description": "", "category": "", "image": "", "tax_name": item.tax_name}
    product_id = insert_row(uow.connection, product, made)
    kept = {"product_id": product_id, "code": code, "name": "", "price_minor": item.price_minor, "stock": 9}
    row = {
        "order_id": order_id,
        "position": position,
        "product_id": product_id,
        "variant_id": insert_row(uow.connection, variant, kept),
        "description": item.description,
        "quantity": item.quantity,
        "unit_price_minor": item.price_minor,
        "unit_deposit_minor": item.deposit_minor,
        "tax_bp": item.tax_bp,
        "tax_name": item.tax_name,
        "tax_minor": item.tax_minor,
        "start_on": item.first,
        "end_on": item.last,
    }
    insert_row(uow.connection, order_item, row)
