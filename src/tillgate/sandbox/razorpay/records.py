"""What this Razorpay keeps, and how each thing looks on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from tillgate.sandbox.ledger import Record

LINK_OPEN = frozenset({"created", "partially_paid"})


@dataclass(kw_only=True)
class Order(Record):
    """`reference` is the receipt; `parent_id` the payment link it belongs to. Status created, attempted, paid."""

    KIND: ClassVar[str] = "order"

    amount_paid: int = 0
    attempts: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    partial_payment: bool = False
    first_payment_min_amount: int | None = None
    auto_capture: bool | None = None  # None: the account's setting

    @property
    def amount_due(self) -> int:
        """What is still to be paid; nothing, when too much was."""
        return max(self.amount - self.amount_paid, 0)

    def wire(self) -> dict[str, Any]:
        """The order entity."""
        return {
            "id": self.id,
            "entity": "order",
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "amount_due": self.amount_due,
            "currency": self.currency,
            "receipt": self.reference,
            "offer_id": None,
            "status": self.status,
            "attempts": self.attempts,
            "notes": self.notes or [],
            "created_at": self.created_at,
        }


@dataclass(kw_only=True)
class Payment(Record):
    """`parent_id` is the order. Status created, authorized, captured, refunded, failed."""

    KIND: ClassVar[str] = "payment"

    method: str
    link_id: str | None = None
    captured: bool = False
    captured_at: int | None = None
    updated_at: int = 0
    amount_refunded: int = 0
    description: str | None = None
    email: str = "void@razorpay.com"
    contact: str = "+919999999999"
    notes: dict[str, str] = field(default_factory=dict)
    fee: int | None = None
    tax: int | None = None
    error: dict[str, str] = field(default_factory=dict)
    network_reference: str | None = None  # rrn, auth code or bank transaction, by method

    @property
    def refund_status(self) -> str | None:
        """null, partial or full."""
        if not self.amount_refunded:
            return None
        return "full" if self.amount_refunded >= self.amount else "partial"

    def wire(self) -> dict[str, Any]:
        """The payment entity."""
        return {
            "id": self.id,
            "entity": "payment",
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status,
            "order_id": self.parent_id,
            "invoice_id": None,
            "international": False,
            "method": self.method,
            "amount_refunded": self.amount_refunded,
            "refund_status": self.refund_status,
            "captured": self.captured,
            "description": self.description,
            "card_id": None,
            "bank": None,
            "wallet": None,
            "vpa": None,
            "email": self.email,
            "contact": self.contact,
            "notes": self.notes or [],
            "fee": self.fee,
            "tax": self.tax,
            "error_code": self.error.get("code"),
            "error_description": self.error.get("description"),
            "error_source": self.error.get("source"),
            "error_step": self.error.get("step"),
            "error_reason": self.error.get("reason"),
            "acquirer_data": {},
            "created_at": self.created_at,
            **self._method_wire(),
        }

    def _method_wire(self) -> dict[str, Any]:
        if self.method == "card":
            card_id = "card_" + self.id.removeprefix("pay_")
            card = {
                "id": card_id,
                "entity": "card",
                "name": "",
                "last4": "1111",
                "network": "Visa",
                "type": "credit",
                "issuer": None,
                "international": False,
                "emi": False,
                "sub_type": "consumer",
                "token_iin": None,
            }
            return {"card_id": card_id, "card": card, "acquirer_data": {"auth_code": self.network_reference}}
        if self.method == "netbanking":
            return {"bank": "HDFC", "acquirer_data": {"bank_transaction_id": self.network_reference}}
        vpa = "failure@razorpay" if self.status == "failed" else "success@razorpay"
        return {
            "vpa": vpa,
            "acquirer_data": {"rrn": self.network_reference},
            "upi": {"vpa": vpa, "payer_account_type": "bank_account", "flow": "collect"},
        }


@dataclass(kw_only=True)
class Link(Record):
    """`reference` is the reference_id. Status created, partially_paid, expired, cancelled, paid."""

    KIND: ClassVar[str] = "payment_link"

    code: str  # of the short URL
    amount_paid: int = 0
    accept_partial: bool = False
    first_min_partial_amount: int = 0
    description: str = ""
    customer: dict[str, str] = field(default_factory=dict)
    notify: dict[str, bool] = field(default_factory=dict)
    reminder_enable: bool = False
    expire_by: int = 0  # 0: six months
    expired_at: int = 0
    cancelled_at: int = 0
    updated_at: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    callback_url: str = ""
    callback_method: str = ""
    order_id: str | None = None
    # The messages that went to the customer on request, by medium.
    notified: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the customer can still pay it."""
        return self.status in LINK_OPEN

    @property
    def amount_due(self) -> int:
        """What is still to be paid."""
        return max(self.amount - self.amount_paid, 0)

    def wire(self, short_url: str, payments: list[dict[str, Any]] | None) -> dict[str, Any]:
        """The payment link, which names no entity; `payments` are the captured ones."""
        answer: dict[str, Any] = {
            "accept_partial": self.accept_partial,
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "callback_method": self.callback_method,
            "callback_url": self.callback_url,
            "cancelled_at": self.cancelled_at,
            "created_at": self.created_at,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "expire_by": self.expire_by,
            "expired_at": self.expired_at,
            "first_min_partial_amount": self.first_min_partial_amount,
            "id": self.id,
            "notes": self.notes or None,
            "notify": self.notify,
            "payments": payments,
            "reference_id": self.reference or "",
            "reminder_enable": self.reminder_enable,
            "reminders": [],
            "short_url": short_url,
            "status": self.status,
            "updated_at": self.updated_at,
            "upi_link": False,
            "user_id": "",
            "whatsapp_link": False,
        }
        if self.order_id is not None:
            answer["order_id"] = self.order_id
        return answer


@dataclass(kw_only=True)
class Refund(Record):
    """`reference` is the receipt; `parent_id` the payment. Status pending, processed, failed."""

    KIND: ClassVar[str] = "refund"

    notes: dict[str, str] = field(default_factory=dict)
    speed: str = "normal"
    arn: str | None = None

    def wire(self) -> dict[str, Any]:
        """The refund entity."""
        return {
            "id": self.id,
            "entity": "refund",
            "amount": self.amount,
            "currency": self.currency,
            "payment_id": self.parent_id,
            "notes": self.notes or [],
            "receipt": self.reference,
            "acquirer_data": {"arn": self.arn},
            "created_at": self.created_at,
            "batch_id": None,
            "status": self.status,
            "speed_processed": "normal",
            "speed_requested": self.speed,
        }


def collection(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The envelope of a list; payment links have one of their own."""
    return {"entity": "collection", "count": len(items), "items": items}
