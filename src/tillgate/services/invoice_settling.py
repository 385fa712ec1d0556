"""What money makes of a payment invoice, and what giving it back takes: in the payment's own transaction.

That it is complete follows from its payment by itself (migration 0016); the books and the Exceptions are written here.
"""

from __future__ import annotations

from typing import Final

from tillgate.domain.errors import Bug
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.ledger import PREPAID, REFUNDS, UNAPPLIED, pair
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment
from tillgate.domain.payment_invoice import InvoiceStatus, is_past
from tillgate.domain.settings import INVOICE_TOLERANCE
from tillgate.failpoints import fp
from tillgate.services.exception_rows import open_exception
from tillgate.services.invoice_rows import (
    PaymentInvoiceRecord,
    change_invoice,
    find_money,
    invoice_of_payment,
    load_invoice,
)
from tillgate.services.order_ends import cancel_orders, credit_sale
from tillgate.services.payment_rows import find_main_capture
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.till import Fulfilling
from tillgate.store.ledger import post
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork


def settle_payment_invoice(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """Its money is kept for the order to come. What came late, or lay too long, counts only from here on: the one who
    applies it on Exceptions lets it in."""
    here = _lock(uow, payment)
    source = find_main_capture(uow.connection, payment.id)
    if source is None:
        raise Bug("capture_missing", payment=payment.id)
    if payment.fulfilment is not Fulfilment.DONE:
        entries = pair(UNAPPLIED, PREPAID, source.amount)
        post(uow.connection, "prepaid", f"prepaid:{payment.id}", payment_id=payment.id, now=uow.now, entries=entries)
        uow.record("payment_invoice.paid", here.subject, number=here.number, amount=source.amount_minor)
    fp("prompt.after_paid")
    if uow.actor.is_system:
        refer_if_over(uow, here)
    else:
        _let_in(uow, here, source.amount)


def _let_in(uow: UnitOfWork, here: PaymentInvoiceRecord, paid: Money) -> None:
    """A manager applies its money, whatever was unexpected about it: that it came late, lay too long or is too much."""
    values: dict[str, object] = {}
    over = here.late or here.referred_at is not None or is_past(here.expires_at, uow.now)
    if here.let_in_at is None and over:
        values |= {"let_in_at": uow.now, "let_in_by": uow.actor.staff_id}
    if paid > here.expected:
        values |= {"surplus_minor": (paid - here.expected).minor, "surplus_by": uow.actor.staff_id}
    if values:
        change_invoice(uow, here, **values)
        uow.record("payment_invoice.let_in", here.subject, number=here.number, surplus=values.get("surplus_minor", 0))


def refer_if_over(uow: UnitOfWork, here: PaymentInvoiceRecord) -> bool:
    """Complete but past its time, it is of no use until a manager decides: it goes to Exceptions once (ruling 18).

    The caller holds the invoice, and its payment before.
    """
    lying = here.state is InvoiceStatus.COMPLETE and here.referred_at is None and here.let_in_at is None
    if not lying or here.late or not is_past(here.expires_at, uow.now):
        return False
    money = find_money(uow.connection, here)
    if money is None or not money.left:
        return False
    change_invoice(uow, here, referred_at=uow.now)
    open_exception(
        uow,
        ExceptionKind.LATE,
        f"payment-invoice:{here.id}",
        payment_id=here.payment_id,
        capture_id=money.id,
        evidence={
            "invoice": here.number,
            "asked": str(here.expected),
            "came": str(money.amount),
            "provider_ref": money.provider_ref,
            "expired": here.expires_at,
        },
    )
    return True


def release_prepaid(uow: UnitOfWork, payment: PaymentRecord, amount: Money, key: str) -> None:
    """What went back of an invoice that made no order is kept for one no more."""
    here = _lock(uow, payment)
    if here.state is InvoiceStatus.COMPLETE:
        entries = pair(PREPAID, REFUNDS, amount)
        post(uow.connection, "prepaid_back", f"prepaid:{key}", payment_id=payment.id, now=uow.now, entries=entries)


def _refused(uow: UnitOfWork, payment: PaymentRecord, reason: str) -> None:
    notice = {"template": "admin_refund_started", "payment_id": payment.id, "reason": reason}
    enqueue(uow, "mail", f"mail:admin_refund_started:{payment.id}", notice, payment_id=payment.id)


def _reverse(uow: UnitOfWork, payment: PaymentRecord, refund: RefundRecord) -> None:
    if payment.fulfilment is Fulfilment.DONE:
        release_prepaid(uow, payment, refund.amount, f"refund:{refund.id}")
    credit_sale(uow, payment, refund)


FULFILLING: Final = Fulfilling(
    settle_payment_invoice,
    _refused,
    tolerance=INVOICE_TOLERANCE,
    keeps_surplus=True,
    released=release_prepaid,
    gone_back=_reverse,
    gone_whole=cancel_orders,
)


def _lock(uow: UnitOfWork, payment: PaymentRecord) -> PaymentInvoiceRecord:
    found = invoice_of_payment(uow.connection, payment.id)
    if found is None:
        raise Bug("payment_invoice_missing", payment=payment.id)
    return load_invoice(uow.connection, found, lock=True)
