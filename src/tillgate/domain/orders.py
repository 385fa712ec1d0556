"""Orders and sales invoices: one order per vendor, one invoice per order (product.md, rulings 2 and 3)."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    """Where an order starts is the vendor's setting; it is cancelled once all of its money went back."""

    PENDING_VENDOR_APPROVAL = "PENDING_VENDOR_APPROVAL"
    AUTO_APPROVED = "AUTO_APPROVED"
    CANCELLED = "CANCELLED"


class InvoiceState(StrEnum):
    """A draft has a number already; final ones never change."""

    DRAFT = "DRAFT"
    FINALIZED = "FINALIZED"


class LineType(StrEnum):
    """What a line is; a refund is on credit notes only."""

    SALE = "sale"
    RENTAL = "rental"
    DEPOSIT = "deposit"
    FEE = "fee"
    TAX = "tax"
    REFUND = "refund"


class CartState(StrEnum):
    """A cart is rung up, held, or done with."""

    OPEN = "open"
    HELD = "held"
    SOLD = "sold"
    CLEARED = "cleared"
