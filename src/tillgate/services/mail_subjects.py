"""The subject of each mail: one plain line, with the mark of the mode in front."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tillgate.domain.documents import OrderSummary
from tillgate.domain.money import Money
from tillgate.i18n import Words, mark
from tillgate.services.mail_pages import plain

_LONGEST: Final = 150
# What of a letter's values are amounts that a subject may name.
_AMOUNTS: Final = ("amount", "refunded", "credited", "due")
_SUBJECTS: Final = {
    "payment_link": mark("Pay {amount} online"),
    "payment_success": mark("Payment received: {amount}"),
    "order_confirmation": mark("Your order {number} at {vendor}"),
    "new_order": mark("New order {number}: {total}"),
    "order_cancelled": mark("Order {number} is cancelled"),
    "admin_new_orders": mark("New orders: {amount}"),
    "refund_started": mark("Your refund of {refunded} has started"),
    "refund_done": mark("Your refund of {refunded} is done"),
    "admin_refund_started": mark("Orders could not be made, {refunded} goes back"),
    "fee_paid": mark("Consultation paid: {amount}"),
    "fee_refund_started": mark("Your refund of {refunded} has started"),
    "fee_refunded": mark("Your refund of {refunded} is done"),
    "wallet_credited": mark("{credited} is in your wallet"),
    "instalment_orders": mark("Your instalment order is placed: {amount} paid"),
    "instalments_paid": mark("Instalments paid: {amount}"),
    "instalments_due": mark("Instalments due: {due}"),
    "instalments_refund_started": mark("Your refund of {refunded} has started"),
    "instalments_refunded": mark("Your refund of {refunded} is done"),
    "admin_instalment_orders": mark("New instalment orders: {amount}"),
    "admin_instalments_refund_started": mark("Instalments could not be paid, {refunded} goes back"),
    "device_paid": mark("Invoice {invoice} is paid: {amount}"),
    "device_refund_started": mark("Your refund of {refunded} has started"),
    "device_refunded": mark("Your refund of {refunded} is done"),
    "admin_device_refund_started": mark("Invoice {invoice} could not be paid, {refunded} goes back"),
    "admin_fee_refund_started": mark("A consultation could not be paid, {refunded} goes back"),
}


def subject_of(template: str, context: Mapping[str, Any], words: Words) -> str:
    """A template's subject with the values of its letter."""
    money: Callable[[Money], str] = context["money"]
    values = {name: money(context[name]) for name in _AMOUNTS if name in context}
    if "invoice" in context:
        values["invoice"] = context["invoice"].number
    if "order" in context:
        order: OrderSummary = context["order"]
        values |= {"number": order.number, "vendor": order.vendor.name, "total": money(order.total)}
    subject = words.tr(_SUBJECTS[template], **values)
    if context["mark"]:
        subject = words.tr("[{mark}] {subject}", mark=context["mark"], subject=subject)
    return plain(subject).replace("\u00a0", " ")[:_LONGEST]
