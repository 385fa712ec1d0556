"""Razorpay's entities as its documents show them, field for field."""

from __future__ import annotations

import copy
from typing import Any

KEY_ID = "rzp_test_Abcdefgh123456"
KEY_SECRET = "LocalSecret00000000000001"
LINK_ID, ORDER_ID, PAYMENT_ID, REFUND_ID = (
    "plink_IH3cNucfVEgV68",
    "order_IEIaMR65cu6nz3",
    "pay_IH4NVgf4Dreq1l",
    "rfnd_FP8QHiV938haTz",
)
REFERENCE = "TSsd1989_0123456789abcdefghij"
KEY = "refund-0123456789abcdef"

_LINK: dict[str, Any] = {
    "accept_partial": False,
    "amount": 118000,
    "amount_paid": 118000,
    "callback_method": "get",
    "callback_url": "http://127.0.0.1:4711/cb/x",
    "cancelled_at": 0,
    "created_at": 1591097057,
    "currency": "INR",
    "customer": {"contact": "+919876543210", "email": "gaurav.kumar@example.com", "name": "Gaurav Kumar"},
    "description": "Payment for policy no #23456",
    "expire_by": 1791097057,
    "expired_at": 0,
    "first_min_partial_amount": 0,
    "id": LINK_ID,
    "notes": {"reference": REFERENCE},
    "notify": {"email": False, "sms": False, "whatsapp": False},
    "order_id": ORDER_ID,
    "payments": [
        {
            "amount": 118000,
            "created_at": 1591097200,
            "method": "upi",
            "payment_id": PAYMENT_ID,
            "plink_id": LINK_ID,
            "status": "captured",
            "updated_at": 1591097200,
        }
    ],
    "reference_id": REFERENCE,
    "reminder_enable": False,
    "reminders": [],
    "short_url": "https://rzp.io/i/nxrHnLJ",
    "status": "paid",
    "updated_at": 1591097057,
    "upi_link": False,
    "user_id": "",
    "whatsapp_link": False,
}

_ORDER: dict[str, Any] = {
    "id": ORDER_ID,
    "entity": "order",
    "amount": 118000,
    "amount_paid": 118000,
    "amount_due": 0,
    "currency": "INR",
    "receipt": REFERENCE,
    "offer_id": None,
    "status": "paid",
    "attempts": 1,
    "notes": [],
    "created_at": 1566986570,
}

_PAYMENT: dict[str, Any] = {
    "id": PAYMENT_ID,
    "entity": "payment",
    "amount": 118000,
    "currency": "INR",
    "status": "captured",
    "order_id": ORDER_ID,
    "invoice_id": None,
    "international": False,
    "method": "upi",
    "amount_refunded": 0,
    "refund_status": None,
    "captured": True,
    "description": "#IH3cNucfVEgV68",
    "card_id": None,
    "bank": None,
    "wallet": None,
    "vpa": "gaurav.kumar@exampleupi",
    "email": "gaurav.kumar@example.com",
    "contact": "+919876543210",
    "notes": [],
    "fee": 2784,
    "tax": 424,
    "error_code": None,
    "error_description": None,
    "error_source": None,
    "error_step": None,
    "error_reason": None,
    "acquirer_data": {"rrn": "303107535132"},
    "created_at": 1605871409,
}

_REFUND: dict[str, Any] = {
    "id": REFUND_ID,
    "entity": "refund",
    "amount": 50000,
    "currency": "INR",
    "payment_id": PAYMENT_ID,
    "notes": {"refund_key": KEY},
    "receipt": KEY,
    "acquirer_data": {"arn": None},
    "created_at": 1597078866,
    "batch_id": None,
    "status": "processed",
    "speed_processed": "normal",
    "speed_requested": "normal",
}


def link(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_LINK), **changes}


def order(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_ORDER), **changes}


def payment(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_PAYMENT), **changes}


def refund(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_REFUND), **changes}


def collection(*items: dict[str, Any]) -> dict[str, Any]:
    return {"entity": "collection", "count": len(items), "items": list(items)}


def error(description: str, **more: Any) -> dict[str, Any]:
    about = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "NA", "step": "NA", "reason": "NA"}
    return {"error": {**about, "metadata": {}, **more}}
