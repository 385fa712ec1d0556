"""Mails and invoices that follow a payment: what each is called, and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tillgate.i18n import mark, tr
from tillgate.services.notices import UNSENT
from tillgate.services.outbox import OutboxRecord, WorkState
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import Status

_MAILS: Final = {
    "payment_link": mark("Payment link to the customer"),
    "payment_success": mark("Receipt to the customer"),
    "order_confirmation": mark("Order confirmation to the customer"),
    "new_order": mark("New order to the vendor"),
    "order_cancelled": mark("“The order is cancelled” to the vendor"),
    "admin_new_orders": mark("New orders to the office"),
    "refund_started": mark("“Your refund has started” to the customer"),
    "admin_refund_started": mark("“A refund has started” to the office"),
    "refund_done": mark("“Your refund is done” to the customer"),
    "fee_paid": mark("Invoice of the consultation to the patient"),
    "fee_refund_started": mark("“Your refund has started” to the patient"),
    "admin_fee_refund_started": mark("“A refund has started” to the office"),
    "device_paid": mark("Confirmation of the invoice to the customer"),
    "device_refund_started": mark("“Your refund has started” to the customer"),
    "admin_device_refund_started": mark("“A refund has started” to the office"),
    "device_refunded": mark("“Your refund is done” to the customer"),
    "instalments_due": mark("Reminder of instalments to the customer"),
    "wallet_credited": mark("“Money is in your wallet” to the customer"),
    "instalment_orders": mark("Confirmation of the bulk order to the customer"),
    "instalments_paid": mark("Confirmation of the instalments to the customer"),
    "admin_instalment_orders": mark("New instalment orders to the office"),
    "instalments_refund_started": mark("“Your refund has started” to the customer"),
    "admin_instalments_refund_started": mark("“A refund has started” to the office"),
    "instalments_refunded": mark("“Your refund is done” to the customer"),
    "fee_refunded": mark("“Your refund is done” to the patient"),
}
_STATUS: Final[dict[WorkState, Status]] = {
    WorkState.WAITING: Status(Tone.WAITING, "clock", mark("Waits")),
    WorkState.WORKING: Status(Tone.WAITING, "loader-circle", mark("Under way")),
    WorkState.DONE: Status(Tone.SETTLED, "circle-check", mark("Done")),
    WorkState.PARKED: Status(Tone.FAILED, "circle-alert", mark("Stopped")),
}
_NOT_SENT: Final = Status(Tone.DRAFT, "ban", mark("Not sent"))


def work_status(work: OutboxRecord, now: datetime) -> Status:
    """How far a piece of work is; a mail that went to nobody is not done."""
    state = work.state(now)
    return _NOT_SENT if state is WorkState.DONE and work.message in UNSENT else _STATUS[state]


def work_title(dedupe_key: str) -> str:
    """What a piece of work is, from the key that the outbox keeps it under."""
    kind, _, rest = dedupe_key.partition(":")
    template = rest.partition(":")[0]
    if kind == "invoice":
        return tr("The invoices")
    if kind == "text":
        return tr("Text message with the payment link to the customer")
    if kind == "mail" and template in _MAILS:
        return tr(_MAILS[template])
    return shown(dedupe_key, 60)
