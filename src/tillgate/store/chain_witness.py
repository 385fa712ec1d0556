"""What the other books know of the audit chains: a chain that was taken away whole, or put back to an earlier end,
still fits in itself, and does not fit them.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from tillgate.store.audit import ChainFault
from tillgate.store.models import audit_head, ledger_tx, payment, staff


def contradicted(connection: Connection) -> ChainFault | None:
    """The first chain that lacks what is in the books, or None.

    A payment is audited by its till, and every transaction of the ledger and every person by some till, in the
    transaction that writes them; and no entry is dated before the moment of its transaction. Some short reads.
    """
    every = select(audit_head.c.till_id, audit_head.c.seq, audit_head.c.at)
    heads = {row.till_id: row for row in connection.execute(every)}
    newest = select(payment.c.till_id, payment.c.created_at).order_by(payment.c.id.desc()).limit(1)
    sold = connection.execute(newest).one_or_none()
    if sold is not None:
        head = heads.get(sold.till_id)
        if head is None:
            return ChainFault(sold.till_id, 0, "head_missing")
        if head.at < sold.created_at:
            return ChainFault(head.till_id, head.seq, "end_cut")
    booked = connection.execute(select(ledger_tx.c.created_at).order_by(ledger_tx.c.id.desc()).limit(1)).scalar()
    last = max(heads.values(), key=lambda row: row.at, default=None)
    if last is None:
        missing = booked is not None or connection.execute(select(func.count()).select_from(staff)).scalar_one()
        return ChainFault("", 0, "head_missing") if missing else None
    return ChainFault(last.till_id, last.seq, "end_cut") if booked is not None and booked > last.at else None
