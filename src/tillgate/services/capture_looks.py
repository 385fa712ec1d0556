"""What the integrity check asks of captured payments: that money came for each of them (product.md, Payment)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, exists, select

from tillgate.domain.payment import LIVE, WAITING, PaymentState
from tillgate.store.models import capture, payment

_PAID: Final = sorted(LIVE - WAITING | {PaymentState.REFUNDED})


def list_moneyless(connection: Connection) -> list[int]:
    """Payments that say that they were paid, and that no money was accepted for. A sound till has none."""
    money = exists().where(capture.c.payment_id == payment.c.id, capture.c.main == 1)
    query = select(payment.c.id).where(payment.c.state.in_(_PAID), ~money).order_by(payment.c.id)
    return [int(number) for number in connection.execute(query).scalars()]
