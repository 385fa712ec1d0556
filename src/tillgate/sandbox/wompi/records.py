"""What this Wompi keeps, and how each thing looks on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from tillgate.sandbox.ledger import Record


def moment(at_ms: int) -> str:
    """A time as Wompi writes it."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


@dataclass(kw_only=True)
class Link(Record):
    """A payment link. `reference` is the sku; an amount of 0 is open: the payer chooses. Status active, inactive."""

    KIND: ClassVar[str] = "payment_link"

    name: str
    description: str
    single_use: bool
    collect_shipping: bool
    made_ms: int
    changed_ms: int
    merchant_key: str
    expires_at: str | None = None
    expires_ms: int | None = None
    redirect_url: str | None = None
    image_url: str | None = None
    customer_data: dict[str, Any] | None = None
    collect_customer_legal_id: bool | None = None
    taxes: list[dict[str, Any]] = field(default_factory=list)

    def wire(self) -> dict[str, Any]:
        """The link; what was not sent is null, and there is no address."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "single_use": self.single_use,
            "collect_shipping": self.collect_shipping,
            "collect_customer_legal_id": self.collect_customer_legal_id,
            "currency": self.currency,
            "amount_in_cents": self.amount or None,
            "sku": self.reference,
            "expires_at": self.expires_at,
            "redirect_url": self.redirect_url,
            "image_url": self.image_url,
            "customer_data": self.customer_data,
            "taxes": self.taxes,
            "active": self.status == "active",
            "created_at": moment(self.made_ms),
            "updated_at": moment(self.changed_ms),
            "merchant_public_key": self.merchant_key,
        }


@dataclass(kw_only=True)
class Transaction(Record):
    """One try. `parent_id` is the link, or for a Web Checkout its reference; `web` tells which.

    Status PENDING, APPROVED, DECLINED, ERROR, VOIDED.
    """

    KIND: ClassVar[str] = "transaction"

    web: bool
    method: str
    made_ms: int
    finalized_ms: int | None = None
    status_message: str | None = None
    redirect_url: str | None = None
    email: str | None = None
    payer: str | None = None
    was_approved: bool = False

    def wire(self) -> dict[str, Any]:
        """The transaction."""
        return {
            "id": self.id,
            "created_at": moment(self.made_ms),
            "finalized_at": None if self.finalized_ms is None else moment(self.finalized_ms),
            "amount_in_cents": self.amount,
            "reference": self.reference,
            "customer_email": self.email,
            "currency": self.currency,
            "payment_method_type": self.method,
            "payment_method": self._payment_method(),
            "status": self.status,
            "status_message": self.status_message,
            "billing_data": None,
            "shipping_address": None,
            "redirect_url": self.redirect_url,
            "payment_source_id": None,
            "payment_link_id": None if self.web else self.parent_id,
            "customer_data": {"full_name": self.payer, "phone_number": None},
            "bill_id": None,
            "taxes": [],
        }

    def _payment_method(self) -> dict[str, Any]:
        if self.method != "CARD":
            return {"type": self.method, "extra": {}}
        extra = {"bin": "424242", "name": "VISA-4242", "brand": "VISA", "last_four": "4242"}
        return {"type": "CARD", "extra": extra, "installments": 1}


@dataclass(kw_only=True)
class Void(Record):
    """What went back: `parent_id` is the transaction. Wompi knows it as that transaction's status alone."""

    KIND: ClassVar[str] = "void"
