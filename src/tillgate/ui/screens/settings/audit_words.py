"""What each audited event is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tillgate.i18n import mark, tr

_PEOPLE: Final[Mapping[str, str]] = {
    "signed_in": mark("Signed in"),
    "signed_out": mark("Signed out"),
    "pin_refused": mark("Wrong PIN"),
    "staff_locked": mark("Locked after wrong PINs"),
    "staff_unlocked": mark("Unlocked"),
    "confirmed": mark("Proved who they are"),
    "pin_changed": mark("Changed their PIN"),
    "staff_created": mark("Taken on"),
    "staff_changed": mark("Person changed"),
    "approved": mark("Manager approved"),
    "approval_used": mark("Approval used"),
}
_INSTALLATION: Final[Mapping[str, str]] = {
    "setting_changed": mark("Setting changed"),
    "keys_changing": mark("Keys about to change"),
    "keys_changed": mark("Keys changed"),
    "keys_not_changed": mark("Keys not changed"),
    "keys_forgotten": mark("Keys forgotten"),
    "keys_tested": mark("Keys tested"),
    "secret.offered": mark("Code for a new till shown"),
    "secret.revoked": mark("Code for a new till taken back"),
    "secret.taken": mark("Till joined the store"),
    "till.taken": mark("Till opened on a computer"),
    "exported": mark("List exported"),
    "clock_jump": mark("Clock set back"),
    "sample.loaded": mark("Sample data loaded"),
    "books.checked": mark("Integrity checked"),
    "books.check_stopped": mark("Integrity check stopped"),
}
_PAYMENTS: Final[Mapping[str, str]] = {
    "payment.created": mark("Payment started"),
    "payment.attempt": mark("Checkout prepared"),
    "payment.call": mark("Checkout opened at the provider"),
    "payment.moved": mark("Payment changed state"),
    "payment.cancel_asked": mark("Cancelling asked for"),
    "payment.cancelled": mark("Checkout ended at the till"),
    "payment.switched": mark("Moved to another checkout"),
    "payment.declined": mark("Try declined"),
    "payment.seen": mark("Outcome seen at the till"),
    "payment.money": mark("Money arrived"),
    "payment.money_agreed": mark("Answer about money agrees"),
    "payment.return": mark("Browser came back"),
    "payment.things_taken": mark("Paid for by another payment"),
    "payment.credited": mark("Money put into a wallet"),
    "payment.link_sent": mark("Payment link to be sent"),
    "verification.accepted": mark("Payment verified"),
    "verification.rejected": mark("Answer does not match"),
    "refund.requested": mark("Refund asked for"),
    "refund.done": mark("Refund done"),
    "refund.failed": mark("Refund refused"),
    "refund.outside": mark("Refund made at the provider"),
    "refund.accepted": mark("Refund taken in"),
    "exception.opened": mark("Put on Exceptions"),
    "exception.closed": mark("Exception settled"),
}
_SALES: Final[Mapping[str, str]] = {
    "cart.held": mark("Cart held"),
    "cart.recalled": mark("Cart recalled"),
    "cart.remove": mark("Cart line removed"),
    "cart.clear": mark("Cart cleared"),
    "cart.reprice": mark("Cart priced anew"),
    "orders.failed": mark("Orders not written yet"),
    "orders.refused": mark("Orders refused"),
    "order.created": mark("Order made"),
    "order.cancelled": mark("Order cancelled"),
    "invoice.created": mark("Invoice made"),
    "invoice.credited": mark("Credit note made"),
    "outbox.done": mark("Task done"),
    "outbox.failed": mark("Task failed"),
    "outbox.parked": mark("Task given up"),
    "outbox.retried": mark("Task tried again"),
    "outbox.repeated": mark("Task repeated"),
    "outbox.withdrawn": mark("Task withdrawn"),
    "outbox.cancelled": mark("Task called off"),
    "outbox.lease_lost": mark("Task taken over"),
    "catalogue.imported": mark("Catalogue imported"),
    "catalogue.vendor": mark("Vendor saved"),
    "catalogue.product": mark("Product saved"),
    "catalogue.variant": mark("Variant saved"),
    "catalogue.period": mark("Rental period saved"),
    "catalogue.picture": mark("Picture changed"),
    "catalogue.stock": mark("Stock changed"),
    "customer.created": mark("Customer written down"),
    "customer.changed": mark("Customer changed"),
}
_FEES: Final[Mapping[str, str]] = {
    "consultation.recorded": mark("Consultation written down"),
    "consultation.corrected": mark("Consultation corrected"),
    "consultation.cancelled": mark("Consultation withdrawn"),
    "consultation.noted": mark("Pay pressed again"),
    "consultation.invoiced": mark("Consultation invoiced"),
    "consultation.paid": mark("Consultation was paid"),
    "consultation.credited": mark("Consultation credited"),
    "consultation.refunded": mark("Consultation refunded"),
    "clinic.saved": mark("Clinic saved"),
    "practitioner.saved": mark("Practitioner saved"),
    "tax.added": mark("Tax rule added"),
    "tax.ended": mark("Tax rule ended"),
    "tax.withdrawn": mark("Tax rule withdrawn"),
}
_DEVICES: Final[Mapping[str, str]] = {
    "device.saved": mark("Device saved"),
    "device.days_left_out": mark("Days not invoiced"),
    "device.clock_was_ahead": mark("Invoiced ahead of the day"),
    "device.invoices_imported": mark("Device invoices imported"),
    "device_invoice.made": mark("Device invoice made"),
    "device_invoice.put_up": mark("Device invoice put up for payment"),
    "device_invoice.paid": mark("Device invoice paid"),
    "device_invoice.cancelled": mark("Device invoice cancelled"),
    "device_invoice.refunded": mark("Device invoice refunded"),
    "device_invoice.reopened": mark("Device invoice open again"),
    "batch.started": mark("Batch started"),
    "batch.page_opened": mark("Batch link opened"),
    "batch.stop_asked": mark("Batch to be stopped"),
    "batch.stopped": mark("Batch stopped"),
    "batch.resumed": mark("Batch resumed"),
    "batch.retried": mark("Batch invoice to be tried again"),
    "batch.skipped": mark("Batch invoice skipped by hand"),
    "batch.done": mark("Batch gone through"),
    "batch.item_taken": mark("Batch invoice has its link"),
    "batch.item_skipped": mark("Batch invoice skipped"),
    "batch.item_failed": mark("Batch invoice failed"),
}
EVENT_WORDS: Final[Mapping[str, str]] = {**_PEOPLE, **_INSTALLATION, **_PAYMENTS, **_SALES, **_FEES, **_DEVICES}


def event_text(event: str) -> str:
    """What happened, in words; an event of a later version is shown by its name."""
    words = EVENT_WORDS.get(event)
    return tr(words) if words else event.replace(".", " ").replace("_", " ").capitalize()
