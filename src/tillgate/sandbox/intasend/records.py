"""What this IntaSend keeps, and how each thing looks on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

from tillgate.sandbox.intasend.amounts import as_text, on_wire
from tillgate.sandbox.ledger import Record

_NAIROBI = timezone(timedelta(hours=3))
# What the shop pays of each payment, in percent; nobody should count on it.
_FEE = 3


def moment(at_ms: int) -> str:
    """A time as IntaSend writes it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(_NAIROBI).isoformat(timespec="milliseconds")


@dataclass(kw_only=True)
class Invoice(Record):
    """One try. `reference` is the api_ref, `parent_id` the hosted checkout, None for a prompt.

    Status PENDING, PROCESSING, COMPLETE, FAILED. `paid_minor` and `paid_currency` are what really came, where that is
    something else than was asked for. `unusable` is a prompt that a later one on the same phone took the place of.
    """

    KIND: ClassVar[str] = "invoice"

    push_id: str
    method: str
    account: str
    made_ms: int
    changed_ms: int
    narrative: str = ""
    email: str | None = None
    receipt: str | None = None
    failed_code: str | None = None
    failed_reason: str | None = None
    paid_minor: int | None = None
    paid_currency: str | None = None
    unusable: bool = False

    @property
    def really(self) -> tuple[int, str]:
        """What came, or is asked for."""
        return self.paid_minor or self.amount, self.paid_currency or self.currency

    def wire(self, *, texts: bool = False) -> dict[str, Any]:
        """The invoice."""
        value, currency = self.really
        charges = value * _FEE // 100 if self.status == "COMPLETE" else 0
        return {
            "id": self.id,
            "invoice_id": self.id,
            "state": self.status,
            "provider": self.method,
            "charges": as_text(charges) if texts or charges else 0,
            "net_amount": as_text(value - charges),
            "currency": currency,
            "value": as_text(value) if texts else on_wire(value),
            "account": self.account,
            "api_ref": self.reference,
            "mpesa_reference": self.receipt,
            "host": "127.0.0.1",
            "card_info": {"bin_country": None, "card_type": None},
            "retry_count": 0,
            "failed_reason": self.failed_reason,
            "failed_code": self.failed_code,
            "failed_code_link": None,
            "created_at": moment(self.made_ms),
            "updated_at": moment(self.changed_ms),
        }

    def customer(self) -> dict[str, Any]:
        """The payer, as answers have them."""
        return {
            "customer_id": self.push_id[:7].upper(),
            "phone_number": self.account,
            "email": self.email,
            "first_name": None,
            "last_name": None,
            "country": None,
            "zipcode": None,
            "provider": self.method,
            "created_at": moment(self.made_ms),
            "updated_at": moment(self.made_ms),
        }


@dataclass(kw_only=True)
class Checkout(Record):
    """A hosted checkout; `reference` is the api_ref. It has no end of its own."""

    KIND: ClassVar[str] = "checkout"

    signature: str
    made_ms: int
    email: str | None = None
    phone: str = ""
    comment: str = ""
    redirect_url: str | None = None

    def wire(self, url: str) -> dict[str, Any]:
        """The checkout, with what was sent."""
        return {
            "id": self.id,
            "url": url,
            "signature": self.signature,
            "first_name": None,
            "last_name": None,
            "phone_number": self.phone or None,
            "email": self.email,
            "country": None,
            "api_ref": self.reference,
            "redirect_url": self.redirect_url,
            "comment": self.comment,
            "amount": as_text(self.amount),
            "currency": self.currency,
            "method": None,
            "paid": self.status == "paid",
            "created_at": moment(self.made_ms),
            "updated_at": moment(self.made_ms),
        }


@dataclass(kw_only=True)
class Chargeback(Record):
    """A refund that was asked for; `parent_id` is the invoice. Status PENDING, COMPLETED, CANCELLED ..."""

    KIND: ClassVar[str] = "chargeback"

    reason: str
    details: str
    made_ms: int
    resolution: str = ""

    def wire(self) -> dict[str, Any]:
        """The chargeback, its amount a number as in the documents; its invoice is named as it was asked for [A]."""
        return {
            "id": int(self.id),
            "transaction": int(self.id),
            "invoice": self.parent_id,
            "amount": on_wire(self.amount),
            "reason": self.reason,
            "status": self.status,
            "resolution": self.resolution,
            "staff_created": "false",
            "created_at": moment(self.made_ms),
            "updated_at": moment(self.made_ms),
        }
