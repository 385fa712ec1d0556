"""Answers in the shape of Stripe's documents, with fields that nobody here reads."""

from __future__ import annotations

from typing import Any

KEY_ID = "pk_test_51AbcdefghPublishable"
KEY_SECRET = "sk_test_51AbcdefghVerySecret0001"
REFERENCE = "tQ2-_b7"
REFUND_KEY = "refund-key-0001"
SESSION_ID = "cs_test_a1Abcdefgh0123456789"
INTENT_ID = "pi_3AbcdefghIntent"
CHARGE_ID = "ch_3AbcdefghCharge"
REFUND_ID = "re_3AbcdefghRefund"
EXPIRES_AT = 1_795_250_000


def intent(**changes: Any) -> dict[str, Any]:
    return {
        "id": INTENT_ID,
        "object": "payment_intent",
        "amount": 500_000,
        "amount_received": 500_000,
        "currency": "php",
        "last_payment_error": None,
        "latest_charge": CHARGE_ID,
        "livemode": False,
        "metadata": {"reference": REFERENCE},
        "status": "succeeded",
        **changes,
    }


def session(**changes: Any) -> dict[str, Any]:
    """Paid."""
    return {
        "id": SESSION_ID,
        "object": "checkout.session",
        "amount_subtotal": 500_000,
        "amount_total": 500_000,
        "client_reference_id": REFERENCE,
        "created": 1_795_240_000,
        "currency": "php",
        "customer_details": {"email": "ana@example.ph", "name": "Ana", "phone": None},
        "expires_at": EXPIRES_AT,
        "livemode": False,
        "metadata": {"reference": REFERENCE},
        "mode": "payment",
        "payment_intent": intent(),
        "payment_status": "paid",
        "status": "complete",
        "presentment_details": {"presentment_amount": 9_000, "presentment_currency": "usd"},
        "url": None,
        **changes,
    }


def opened(**changes: Any) -> dict[str, Any]:
    """As it is when it was made."""
    fresh = {
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "url": f"http://127.0.0.1:9/c/pay/{SESSION_ID}",
    }
    return session(**{**fresh, **changes})


def charge(**changes: Any) -> dict[str, Any]:
    return {
        "id": CHARGE_ID,
        "object": "charge",
        "amount": 500_000,
        "amount_captured": 500_000,
        "amount_refunded": 0,
        "captured": True,
        "created": 1_795_240_100,
        "currency": "php",
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "outcome": {"network_status": "approved_by_network", "reason": None, "type": "authorized"},
        "paid": True,
        "payment_intent": INTENT_ID,
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        "refunded": False,
        "status": "succeeded",
        **changes,
    }


def failed(reason: str | None, code: str = "card_declined", message: str = "Your card was declined.") -> dict[str, Any]:
    outcome = {"network_status": "declined_by_network", "reason": reason, "type": "issuer_declined"}
    return charge(
        id="ch_3Failed",
        status="failed",
        paid=False,
        captured=False,
        amount_captured=0,
        failure_code=code,
        failure_message=message,
        outcome=outcome if reason else None,
    )


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": REFUND_ID,
        "object": "refund",
        "amount": 50_000,
        "charge": CHARGE_ID,
        "created": 1_795_240_200,
        "currency": "php",
        "metadata": {"refund_key": REFUND_KEY},
        "payment_intent": INTENT_ID,
        "status": "succeeded",
        **changes,
    }


def listed(*items: Any, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(items), "has_more": more, "url": "/v1/things"}


def error(message: str, code: str | None = None, kind: str = "invalid_request_error", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, **({"code": code} if code else {}), **more}}
