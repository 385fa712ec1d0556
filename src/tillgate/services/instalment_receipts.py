"""What the receipt of instalments, and of a wallet's top-up, says: which days were paid, and what was left then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, select

from tillgate.domain.documents import InstalmentsPaid, PaidDays
from tillgate.domain.errors import Refused
from tillgate.domain.instalments import InstalmentState
from tillgate.domain.money import Money, total
from tillgate.domain.payment import Purpose
from tillgate.domain.wallet import WalletKind
from tillgate.services.instalment_rows import (
    InstalmentOrderRecord,
    InstalmentRecord,
    instalments_of_payment,
    list_instalments,
    load_bulk,
    load_order,
)
from tillgate.services.records import PaymentRecord
from tillgate.store.models import coupon, wallet_transaction

_T = wallet_transaction.c


def instalments_paid(reading: Connection, owner: PaymentRecord) -> tuple[InstalmentsPaid, ...]:
    """Each order with what the payment paid of it; empty for a payment of anything else.

    Raises Refused("receipt_nothing_paid") where its money pays for no day: it did not come, or all of it went back.
    """
    if owner.purpose is not Purpose.INSTALMENTS:
        return ()
    mine = [each for each in instalments_of_payment(reading, owner.id) if each.payment_id == owner.id]
    if not mine:
        raise Refused("receipt_nothing_paid", payment=owner.id)
    return tuple(
        _paid(reading, owner, load_order(reading, order_id), list(days))
        for order_id, days in groupby(mine, attrgetter("order_id"))
    )


def left_in_wallet(reading: Connection, owner: PaymentRecord) -> Money | None:
    """What was in the wallet once the payment had filled it, or had been paid from it; None where it did neither.

    Raises Refused("receipt_nothing_paid") for a top-up whose money is not there.
    """
    kinds = {Purpose.WALLET_TOP_UP: WalletKind.TOP_UP, Purpose.INSTALMENTS: WalletKind.PAYMENT}
    if owner.purpose not in kinds:
        return None
    query = select(_T.balance_after_minor).where(_T.payment_id == owner.id, _T.kind == kinds[owner.purpose])
    minor = reading.execute(query.order_by(_T.id.desc()).limit(1)).scalar_one_or_none()
    if minor is None and owner.purpose is Purpose.WALLET_TOP_UP:
        raise Refused("receipt_nothing_paid", payment=owner.id)
    return Money(minor, owner.currency) if minor is not None else None


def _paid(
    reading: Connection, owner: PaymentRecord, order: InstalmentOrderRecord, mine: Sequence[InstalmentRecord]
) -> InstalmentsPaid:
    at = max(each.paid_at for each in mine if each.paid_at is not None)
    unpaid = [each for each in list_instalments(reading, order.id) if not _was_paid(each, at, owner.id)]
    code = select(coupon.c.code).where(coupon.c.id == order.coupon_id)
    return InstalmentsPaid(
        number=order.number,
        bulk_number=load_bulk(reading, order.bulk_order_id).number,
        product=order.product_name,
        quantity=order.quantity,
        of=order.total_days,
        days=tuple(_runs(mine, order.currency)),
        left=_sum(unpaid, order.currency),
        next_on=unpaid[0].due_on if unpaid else None,
        coupon=reading.execute(code).scalar_one() if order.coupon_id is not None else "",
        discount=order.discount,
        returned=Money(sum(each.returned_minor for each in mine), order.currency),
    )


def _was_paid(each: InstalmentRecord, at: datetime, payment_id: int) -> bool:
    """At that moment, with this payment or before it: what was paid later is still left on its receipt."""
    if each.state is not InstalmentState.PAID or each.paid_at is None or each.payment_id is None:
        return False
    return (each.paid_at, each.payment_id) <= (at, payment_id)


def _runs(days: Sequence[InstalmentRecord], currency: str) -> Iterator[PaidDays]:
    """The days without their gaps: those between may have been paid by another payment."""
    for _gap, run in groupby(enumerate(days), lambda each: each[1].number - each[0]):
        found = [day for _at, day in run]
        first, last = found[0], found[-1]
        yield PaidDays(first.number, last.number, first.due_on, last.due_on, _sum(found, currency))


def _sum(days: Sequence[InstalmentRecord], currency: str) -> Money:
    return total((Money(each.amount_minor, currency) for each in days), currency)
