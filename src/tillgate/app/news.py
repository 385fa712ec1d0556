"""From what was audited to what screens show: one broadcast for each commit (house.md, one payment)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tillgate.domain.changes import Changes, Kind
from tillgate.store.audit import AuditEntry

_KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "payment": (Kind.PAYMENT,),
    "verification": (Kind.PAYMENT,),
    "consultation": (Kind.PAYMENT, Kind.INVOICE),
    "device": (Kind.DEVICE,),
    "device_invoice": (Kind.DEVICE, Kind.INVOICE),
    "payment_invoice": (Kind.PAYMENT, Kind.INVOICE),
    "batch": (Kind.BATCH, Kind.PAYMENT),
    "clinic": (Kind.CATALOGUE,),
    "practitioner": (Kind.CATALOGUE,),
    # What is added or withheld changes what is due.
    "tax": (Kind.CATALOGUE, Kind.INVOICE),
    "refund": (Kind.REFUND, Kind.PAYMENT),
    "order": (Kind.ORDER, Kind.PAYMENT, Kind.CATALOGUE),
    "orders": (Kind.ORDER, Kind.PAYMENT),
    "invoice": (Kind.INVOICE, Kind.ORDER),
    "exception": (Kind.EXCEPTION, Kind.PAYMENT),
    "cart": (Kind.CART,),
    "catalogue": (Kind.CATALOGUE,),
    "sample": (Kind.CATALOGUE, Kind.CUSTOMER),
    "customer": (Kind.CUSTOMER,),
    "wallet": (Kind.WALLET,),
    "commission": (Kind.WALLET,),
    "referrer": (Kind.CUSTOMER, Kind.WALLET),
    "coupon": (Kind.COUPON,),
    "bulk": (Kind.INSTALMENT, Kind.PAYMENT, Kind.CATALOGUE),
    "instalment_order": (Kind.INSTALMENT, Kind.PAYMENT),
    "instalments": (Kind.INSTALMENT, Kind.PAYMENT),
    "staff": (Kind.STAFF,),
    "setting": (Kind.SETTING,),
    "settings": (Kind.SETTING,),
    "outbox": (Kind.OUTBOX,),
    "mail": (Kind.OUTBOX,),
}


def changes_of(entries: Sequence[AuditEntry]) -> Changes | None:
    """What the entries of one commit changed; None where no screen cares."""
    kinds = {kind for entry in entries for kind in _KINDS.get(entry.event.partition(".")[0], ())}
    return Changes.of(*kinds) if kinds else None
