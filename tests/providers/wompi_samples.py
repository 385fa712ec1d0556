"""Answers in the shape of Wompi's documents, with fields that nobody here reads."""

from __future__ import annotations

from typing import Any

KEY_ID = "pub_test_Q5yDA9xoKdePzhSGeVe9HAez7HgGORGf"
KEY_SECRET = "prv_test_Hl3V675pH555OJ00046aKuYo444sKbta"
INTEGRITY = "test_integrity_Xq6vPzB9sT3n"
REFERENCE = "TG0123456789ABCDEF0123456789ABCD"
LINK_ID = "test_m31Mki"
TRANSACTION_ID = "1292-1602113476-10985"


def link(**changes: Any) -> dict[str, Any]:
    """Open; what was not sent is null."""
    return {
        "id": LINK_ID,
        "name": "INV-BIKE001",
        "description": "INV-BIKE001-20261121-01",
        "single_use": True,
        "collect_shipping": False,
        "collect_customer_legal_id": None,
        "currency": "COP",
        "amount_in_cents": 5_000_000,
        "sku": REFERENCE,
        "expires_at": "2026-11-21T10:30:00.000Z",
        "redirect_url": None,
        "image_url": None,
        "customer_data": None,
        "taxes": [],
        "active": True,
        "created_at": "2026-11-21T10:00:00.250Z",
        "updated_at": "2026-11-21T10:00:00.250Z",
        "merchant_public_key": KEY_ID,
        **changes,
    }


def transaction(**changes: Any) -> dict[str, Any]:
    """Approved, through the link."""
    return {
        "id": TRANSACTION_ID,
        "created_at": "2026-11-21T10:05:00.000Z",
        "finalized_at": "2026-11-21T10:05:02.000Z",
        "amount_in_cents": 5_000_000,
        "reference": f"{LINK_ID}_1795255500_M7iQmFbLK",
        "customer_email": "cliente@example.com",
        "currency": "COP",
        "payment_method_type": "CARD",
        "payment_method": {"type": "CARD", "extra": {"last_four": "4242"}, "installments": 1},
        "status": "APPROVED",
        "status_message": None,
        "shipping_address": None,
        "redirect_url": None,
        "payment_source_id": None,
        "payment_link_id": LINK_ID,
        "customer_data": {"full_name": "Cliente", "phone_number": "+573001234567"},
        "merchant": {"name": "Tienda"},
        **changes,
    }


def answer(found: Any) -> dict[str, Any]:
    return {"data": found, "meta": {}}
