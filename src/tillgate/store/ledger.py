"""Double entry: every transaction sums to zero in each currency, checked before it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from tillgate.domain.errors import Bug
from tillgate.domain.ledger import Entry
from tillgate.domain.money import Money
from tillgate.store.models.books import ledger_entry, ledger_tx
from tillgate.store.statements import insert_row, insert_rows


def post(
    connection: Connection,
    kind: str,
    dedupe_key: str,
    *,
    payment_id: int | None,
    now: datetime,
    entries: Sequence[Entry],
) -> int:
    """Write one balanced transaction; `dedupe_key` is unique. Raises Bug if it does not balance."""
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.amount.currency] += entry.amount.minor
    if any(sums.values()):
        raise Bug("ledger_unbalanced", kind=kind)
    row = {"kind": kind, "dedupe_key": dedupe_key, "payment_id": payment_id, "created_at": now}
    tx_id = insert_row(connection, ledger_tx, row)
    lines = [
        {"tx_id": tx_id, "account": e.account, "amount_minor": e.amount.minor, "currency": e.amount.currency}
        for e in entries
        if e.amount
    ]
    insert_rows(connection, ledger_entry, lines)
    return tx_id


def balance(connection: Connection, account: str, currency: str) -> Money:
    """The sum of an account's entries; debits are positive."""
    found = connection.execute(
        select(func.coalesce(func.sum(ledger_entry.c.amount_minor), 0)).where(
            ledger_entry.c.account == account, ledger_entry.c.currency == currency
        )
    ).scalar_one()
    return Money(int(found), currency)


def unbalanced(connection: Connection, *, since: datetime | None = None) -> list[int]:
    """Transactions that do not sum to zero: always none, checked at start-up."""
    query = (
        select(ledger_entry.c.tx_id)
        .group_by(ledger_entry.c.tx_id, ledger_entry.c.currency)
        .having(func.sum(ledger_entry.c.amount_minor) != 0)
    )
    if since is not None:
        query = query.join(ledger_tx, ledger_tx.c.id == ledger_entry.c.tx_id).where(ledger_tx.c.created_at >= since)
    return sorted({int(row.tx_id) for row in connection.execute(query)})
