"""A consultation: its states, the key of a press of Pay, the numbers of its papers (product.md, rulings 20 to 22)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Invalid

# How a payment names what it is for.
CONSULTATION_THING: Final = "consultation"
DEFAULT_PROVIDER: Final = "stripe"
REPLAY_FOR: Final = timedelta(seconds=300)
LOCK_WAIT: Final = timedelta(seconds=5)
_STAMP: Final = "%Y%m%d%H%M%S"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEY: Final = re.compile(
    r"payment-(?P<ms>[1-9][0-9]{11,13})-"
    r"(?P<token>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
)


class ConsultationState(StrEnum):
    """Where a fee stands. A fee that went back whole is owed no more, so it is in nobody's open fees; but it may be
    asked for again, with a new payment and a new invoice, since a REFUNDED payment holds nothing (product.md, Payment)
    and the document's look for an active one (seed 003, step 4) passes it over. It then goes from refunded to paid."""

    OPEN = "open"
    PAID = "paid"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


# A payment can be begun for it, and money that comes for it settles it.
PAYABLE: Final = frozenset({ConsultationState.OPEN, ConsultationState.REFUNDED})


class ConsultationInvoiceState(StrEnum):
    """Pending while its payment waits, final once it is paid, void when its payment ended without money."""

    PENDING = "pending"
    FINAL = "final"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class PressKey:
    """The key of one press of Pay: when the panel opened, in whole milliseconds, and a random UUID."""

    made_at: datetime
    token: uuid.UUID

    def __str__(self) -> str:
        return f"payment-{(self.made_at - _EPOCH) // timedelta(milliseconds=1)}-{self.token}"


def new_key(now: datetime) -> str:
    """A key made when the Pay panel opens and kept until that attempt ends: every press within is one attempt."""
    return str(PressKey(now, uuid.uuid4()))


def check_key(text: str) -> re.Match[str]:
    """Whether a text is `payment-<ms>-<uuid4>`, the UUID in lower case. Raises Invalid("pay_key_malformed")."""
    found = _KEY.fullmatch(text)
    if found is None:
        raise Invalid("pay_key_malformed", field="key")
    return found


def parse_key(text: str) -> PressKey:
    """Read a key. Raises as `check_key`."""
    found = check_key(text)
    return PressKey(_EPOCH + timedelta(milliseconds=int(found["ms"])), uuid.UUID(found["token"]))


def invoice_number(issued_at: datetime, payment_id: int) -> str:
    """`INV-<yyyymmddhhmmss>-<payment id, six digits>`, UTC (ruling 21)."""
    return f"INV-{issued_at.astimezone(UTC).strftime(_STAMP)}-{payment_id:06d}"


def credit_note_number(issued_at: datetime, refund_id: int) -> str:
    """`CRN-<yyyymmddhhmmss>-<refund id, six digits>`, UTC."""
    return f"CRN-{issued_at.astimezone(UTC).strftime(_STAMP)}-{refund_id:06d}"
