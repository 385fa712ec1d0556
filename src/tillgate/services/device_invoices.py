"""What a manager decides about a device's invoice: that it is not owed, or is owed again after its money went back."""

from __future__ import annotations

from tillgate.domain.devices import DEVICE_INVOICE_THING, DeviceInvoiceState
from tillgate.domain.errors import MoneyMoved, Refused
from tillgate.domain.notes import check_note
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.device_rows import DeviceInvoiceRecord, change_invoice, load_device_invoice
from tillgate.services.payment_rows import find_live_payment
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork


def cancel_invoice(till: Till, actor: Actor, invoice_id: int, reason: str) -> DeviceInvoiceRecord:
    """An invoice that is not owed after all. Its day gets no other one from the daily run. Needs a manager.

    Raises NotFound("device_invoice_unknown"), Refused("device_invoice_paid" | "device_invoice_closed" |
    "already_being_paid") and those of `check_note`.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    words = check_note(reason, field="reason")

    def work(uow: UnitOfWork) -> DeviceInvoiceRecord:
        here = load_device_invoice(uow.connection, invoice_id, lock=True)
        check_open(here)
        live = find_live_payment(uow.connection, DEVICE_INVOICE_THING, here.id)
        if live is not None:
            raise Refused("already_being_paid", payment=live.id, since=live.created_at, amount=live.amount)
        change_invoice(uow, here, state=DeviceInvoiceState.CANCELLED, ended_at=uow.now, reason=words)
        uow.record("device_invoice.cancelled", here.subject, number=here.number, reason=words)
        return load_device_invoice(uow.connection, invoice_id)

    return till.db.transact(actor, work)


def reopen_invoice(till: Till, actor: Actor, invoice_id: int, reason: str) -> DeviceInvoiceRecord:
    """Ask again for an invoice whose money went back in full (domain/devices.py says why that is a person's decision).

    Needs a manager. Raises NotFound("device_invoice_unknown"), Refused("device_invoice_not_refunded") and those of
    `check_note`.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    words = check_note(reason, field="reason")

    def work(uow: UnitOfWork) -> DeviceInvoiceRecord:
        here = load_device_invoice(uow.connection, invoice_id, lock=True)
        if here.state is not DeviceInvoiceState.REFUNDED:
            raise Refused("device_invoice_not_refunded", number=here.number)
        change_invoice(uow, here, state=DeviceInvoiceState.OPEN, payment_id=None, ended_at=None, reason=words)
        uow.record("device_invoice.reopened", here.subject, number=here.number, reason=words)
        return load_device_invoice(uow.connection, invoice_id)

    return till.db.transact(actor, work)


def check_open(here: DeviceInvoiceRecord) -> None:
    """Raises Refused("device_invoice_paid" | "device_invoice_closed") for one that nothing is owed on any more."""
    if here.state is DeviceInvoiceState.PAID:
        raise Refused("device_invoice_paid", number=here.number, payment=here.payment_id, money_moved=MoneyMoved.YES)
    if here.state is not DeviceInvoiceState.OPEN:
        raise Refused("device_invoice_closed", number=here.number)
