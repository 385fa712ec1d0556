"""What a captured payment makes of a device's invoice, and what a refund takes back: in the payment's transaction."""

from __future__ import annotations

from typing import Final

from tillgate.domain.devices import DeviceInvoiceState
from tillgate.domain.errors import Bug
from tillgate.domain.ledger import DEVICES, UNAPPLIED, pair
from tillgate.domain.payment import PaymentState
from tillgate.failpoints import fp
from tillgate.services.device_invoices import check_open
from tillgate.services.device_rows import (
    DeviceInvoiceRecord,
    change_invoice,
    invoice_paid_by,
    load_device_invoice,
)
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.till import Fulfilling
from tillgate.store.ledger import post
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork


def settle_device_invoice(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """The invoice is paid, its amount in the books, its payer told; nothing if that is done already.

    Raises Refused("device_invoice_paid" | "device_invoice_closed") where it is not owed any more: the money goes back.
    """
    here = _lock(uow, payment)
    if here.payment_id == payment.id:
        return
    check_open(here)
    change_invoice(uow, here, state=DeviceInvoiceState.PAID, payment_id=payment.id, ended_at=uow.now)
    fp("batch.after_paid")
    post(
        uow.connection,
        "device_invoice",
        f"device_invoice:{payment.id}",
        payment_id=payment.id,
        now=uow.now,
        entries=pair(UNAPPLIED, DEVICES, payment.amount),
    )
    uow.record("device_invoice.paid", payment.subject, invoice=here.number)
    if payment.payer_email:
        _tell(uow, payment, {"template": "device_paid", "payment_id": payment.id})


def settling_refused(uow: UnitOfWork, payment: PaymentRecord, reason: str) -> None:
    """The money goes back: whoever paid and the administrator are told."""
    notices = {"device_refund_started": bool(payment.payer_email), "admin_device_refund_started": True}
    for template, wanted in notices.items():
        if wanted:
            _tell(uow, payment, {"template": template, "payment_id": payment.id, "reason": reason})


def reverse_device_invoice(uow: UnitOfWork, payment: PaymentRecord, _refund: RefundRecord) -> None:
    """All of an invoice's money went back: it is refunded, and no batch takes it unless a manager reopens it.

    Nothing where the payment never paid it, as late money that is given back, or where only a part went back.
    """
    here = _lock(uow, payment)
    if payment.state is not PaymentState.REFUNDED or here.payment_id != payment.id:
        return
    if here.state is DeviceInvoiceState.PAID:
        change_invoice(uow, here, state=DeviceInvoiceState.REFUNDED)
        uow.record("device_invoice.refunded", payment.subject, invoice=here.number)


def _tell(uow: UnitOfWork, payment: PaymentRecord, payload: dict[str, object]) -> None:
    enqueue(uow, "mail", f"mail:{payload['template']}:{payment.id}", payload, payment_id=payment.id)


FULFILLING: Final = Fulfilling(
    settle_device_invoice, settling_refused, gone_back=reverse_device_invoice, refund_mail="device_refunded"
)


def _lock(uow: UnitOfWork, payment: PaymentRecord) -> DeviceInvoiceRecord:
    number = invoice_paid_by(uow.connection, payment.id)
    if number is None:
        raise Bug("device_invoice_missing", payment=payment.id)
    return load_device_invoice(uow.connection, number, lock=True)
