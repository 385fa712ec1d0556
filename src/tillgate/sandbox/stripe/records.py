"""What this Stripe keeps, and how each thing looks on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from tillgate.sandbox.ledger import Record

BANK_DEBIT = "us_bank_account"


@dataclass(kw_only=True)
class Session(Record):
    """`reference` is the client_reference_id, `currency` in upper case. Status open, complete, expired."""

    KIND: ClassVar[str] = "session"

    name: str
    expires_at: int
    success_url: str
    url: str
    payment_status: str = "unpaid"
    cancel_url: str | None = None
    customer_email: str | None = None
    intent_id: str | None = None
    intent_description: str | None = None
    intent_metadata: dict[str, str] = field(default_factory=dict)
    manual_capture: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    locale: str | None = None
    submit_type: str | None = None

    def wire(self, intent: dict[str, Any] | None = None) -> dict[str, Any]:
        """The checkout.session object, its payment intent in whole if given."""
        paid_by = None if self.status == "open" else {"email": self.customer_email, "name": None, "phone": None}
        return {
            "id": self.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False},
            "after_expiration": None,
            "allow_promotion_codes": None,
            "amount_subtotal": self.amount,
            "amount_total": self.amount,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "billing_address_collection": None,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.reference,
            "client_secret": None,
            "created": self.created_at,
            "currency": self.currency.lower(),
            "customer": None,
            "customer_creation": "if_required",
            "customer_details": paid_by,
            "customer_email": self.customer_email,
            "discounts": [],
            "expires_at": self.expires_at,
            "invoice": None,
            "livemode": False,
            "locale": self.locale,
            "metadata": self.metadata,
            "mode": "payment",
            "payment_intent": intent or self.intent_id,
            "payment_link": None,
            "payment_method_collection": "if_required",
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "payment_status": self.payment_status,
            "recovered_from": None,
            "shipping_cost": None,
            "shipping_options": [],
            "status": self.status,
            "submit_type": self.submit_type,
            "subscription": None,
            "success_url": self.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": self.url if self.status == "open" else None,
        }


@dataclass(kw_only=True)
class Intent(Record):
    """`parent_id` is the session. Its status is Stripe's."""

    KIND: ClassVar[str] = "payment_intent"

    manual_capture: bool = False
    amount_received: int = 0
    amount_capturable: int = 0
    latest_charge: str | None = None
    last_payment_error: dict[str, Any] | None = None
    canceled_at: int | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """The payment_intent object."""
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": {"tip": {}},
            "amount_received": self.amount_received,
            "application": None,
            "automatic_payment_methods": None,
            "canceled_at": self.canceled_at,
            "cancellation_reason": "automatic" if self.canceled_at else None,
            "capture_method": "manual" if self.manual_capture else "automatic_async",
            "client_secret": f"{self.id}_secret_{self.id[3:20]}",
            "confirmation_method": "automatic",
            "created": self.created_at,
            "currency": self.currency.lower(),
            "customer": None,
            "description": self.description,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": False,
            "metadata": self.metadata,
            "next_action": None,
            "payment_method": None,
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "setup_future_usage": None,
            "statement_descriptor": None,
            "status": self.status,
        }


@dataclass(kw_only=True)
class Charge(Record):
    """One try. `parent_id` is the payment intent. Status pending, succeeded, failed."""

    KIND: ClassVar[str] = "charge"

    method: str
    last4: str
    captured: bool = False
    amount_captured: int = 0
    amount_refunded: int = 0
    failure_code: str | None = None
    failure_message: str | None = None
    decline_code: str | None = None
    captured_at: int = 0
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def refunded(self) -> bool:
        """All of it went back, or was let go."""
        return self.amount_refunded >= self.amount

    def wire(self) -> dict[str, Any]:
        """The charge object."""
        details: dict[str, Any] = {"last4": self.last4}
        if self.method == "card":
            details |= {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
        return {
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "balance_transaction": f"txn_{self.id[3:]}" if self.captured else None,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "captured": self.captured,
            "created": self.created_at,
            "currency": self.currency.lower(),
            "customer": None,
            "description": None,
            "disputed": False,
            "failure_code": self.failure_code,
            "failure_message": self.failure_message,
            "invoice": None,
            "livemode": False,
            "metadata": self.metadata,
            "outcome": self._outcome(),
            "paid": self.status == "succeeded",
            "payment_intent": self.parent_id,
            "payment_method": f"pm_{self.id[3:]}",
            "payment_method_details": {"type": self.method, self.method: details},
            "receipt_email": None,
            "refunded": self.refunded,
            "status": self.status,
        }

    def _outcome(self) -> dict[str, Any] | None:
        if self.status == "pending":
            return None
        declined = self.status == "failed"
        return {
            "network_status": "declined_by_network" if declined else "approved_by_network",
            "reason": self.decline_code,
            "risk_level": "normal",
            "seller_message": self.failure_message if declined else "Payment complete.",
            "type": "issuer_declined" if declined else "authorized",
        }


@dataclass(kw_only=True)
class Refund(Record):
    """`reference` is its idempotency key; `parent_id` the charge. Status pending, succeeded, failed."""

    KIND: ClassVar[str] = "refund"

    intent_id: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """The refund object."""
        answer = {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": f"txn_{self.id[3:]}",
            "charge": self.parent_id,
            "created": self.created_at,
            "currency": self.currency.lower(),
            "destination_details": {"type": "card"},
            "metadata": self.metadata,
            "payment_intent": self.intent_id,
            "reason": self.reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": self.status,
            "transfer_reversal": None,
        }
        if self.failure_reason is not None:
            answer["failure_reason"] = self.failure_reason
        return answer


@dataclass(kw_only=True)
class StoredAnswer(Record):
    """What a request under an idempotency key was answered, for 24 hours; its id is the key."""

    KIND: ClassVar[str] = "idempotency_key"

    fingerprint: str
    http_status: int
    answer: dict[str, Any]
