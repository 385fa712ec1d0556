"""Batches and their items as frozen records: how they are read, locked and moved, one step at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, literal, select

from tillgate.domain.batch import BATCH_MOVES, ITEM_MOVES, BatchState, ItemState
from tillgate.domain.errors import Bug, NotFound, Refused, TillgateError
from tillgate.domain.money import Money
from tillgate.services.attempt_lease import CLOCKS_DIFFER, LEASE
from tillgate.services.records import columns, with_values
from tillgate.services.till import Till
from tillgate.store.models import payment_batch, payment_batch_item
from tillgate.store.statements import Statement, update_rows
from tillgate.store.unit_of_work import UnitOfWork

_MONEY: Final = "money"


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One press of Start: which device, how many invoices, and whose e-mail."""

    id: int
    key: str
    device_id: int
    wanted: int
    email: str
    provider: str
    method: str
    state: BatchState
    stop_asked: int
    reason: str
    till_id: str
    created_by: int | None
    created_at: datetime
    ended_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    version: int

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"batch:{self.id}"

    def at_work(self, now: datetime) -> bool:
        """Whether a process holds it: as `attempt_lease.is_free` has it, of a row that was read."""
        until = self.lease_until
        held = until is not None and now < until <= now + LEASE + CLOCKS_DIFFER
        return held and self.state is BatchState.RUNNING


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One invoice of a batch, in its turn."""

    id: int
    batch_id: int
    position: int
    invoice_id: int
    state: ItemState
    payment_id: int | None
    reused: int
    reason: str | None
    error_values: str | None
    tries: int
    page_opened_at: datetime | None
    tried_at: datetime | None
    version: int

    @property
    def payment_key(self) -> str:
        """The key of this try's payment: after a kill the same try finds what it made."""
        return f"batch:{self.batch_id}:{self.position}:{self.tries}"


_BATCH: Final = columns(BatchRecord, payment_batch)
_ITEM: Final = columns(ItemRecord, payment_batch_item)
_LOAD: Final = Statement(select(*_BATCH).where(payment_batch.c.id == bindparam("id")))
_LOCK: Final = Statement(select(*_BATCH).where(payment_batch.c.id == bindparam("id")).with_for_update())
_BY_KEY: Final = Statement(select(*_BATCH).where(payment_batch.c.key == bindparam("key")))
_LOAD_ITEM: Final = Statement(select(*_ITEM).where(payment_batch_item.c.id == bindparam("id")))
_ITEMS: Final = Statement(
    select(*_ITEM).where(payment_batch_item.c.batch_id == bindparam("id")).order_by(payment_batch_item.c.position)
)
# Read in the order of their index: sorting costs SQLite more than the few rows do.
_TO_DO: Final = Statement(
    select(*_ITEM)
    .where(
        payment_batch_item.c.batch_id == bindparam("id"),
        payment_batch_item.c.state.in_([literal(ItemState.WORKING.value), literal(ItemState.WAITING.value)]),
    )
    .order_by(payment_batch_item.c.position)
)


def load_batch(connection: Connection, batch_id: int, *, lock: bool = False) -> BatchRecord:
    """Raises NotFound("batch_unknown")."""
    row = (_LOCK if lock else _LOAD).first(connection, id=batch_id)
    if row is None:
        raise NotFound("batch_unknown", batch=batch_id)
    return BatchRecord(*row)


def find_batch_by_key(connection: Connection, key: str) -> BatchRecord | None:
    """The batch that a press made."""
    row = _BY_KEY.first(connection, key=key)
    return BatchRecord(*row) if row else None


def load_item(connection: Connection, item_id: int) -> ItemRecord:
    """An item; its batch is what is locked. Raises NotFound("batch_item_unknown")."""
    row = _LOAD_ITEM.first(connection, id=item_id)
    if row is None:
        raise NotFound("batch_item_unknown", item=item_id)
    return ItemRecord(*row)


def list_items(connection: Connection, batch_id: int) -> list[ItemRecord]:
    """A batch's items in the order of paying."""
    return [ItemRecord(*row) for row in _ITEMS.rows(connection, id=batch_id)]


def find_next(connection: Connection, batch_id: int) -> ItemRecord | None:
    """The item whose turn it is: one that is begun, or the first that waits."""
    found = [ItemRecord(*row) for row in _TO_DO.rows(connection, id=batch_id)]
    # One that a dead process was at comes first.
    return next((each for each in found if each.state is ItemState.WORKING), found[0] if found else None)


def change_batch(uow: UnitOfWork, found: BatchRecord, **values: Any) -> BatchRecord:
    """Change columns of a batch that is locked; it as it is then. Raises Bug for a move not in the table."""
    target = values.get("state", found.state)
    if isinstance(target, BatchState) and target is not found.state and target not in BATCH_MOVES[found.state]:
        raise Bug("batch_move", source=found.state.value, target=target.value)
    where = {"id": found.id, "version": found.version}
    new = {**values, "version": found.version + 1}
    if update_rows(uow.connection, payment_batch, where, new) != 1:
        raise Bug("batch_changed", batch=found.id)
    return with_values(found, new)


def change_item(uow: UnitOfWork, found: ItemRecord, **values: Any) -> ItemRecord:
    """Change columns of an item whose batch is locked; it as it is then. Raises Bug for a move not in the table."""
    target = values.get("state", found.state)
    if isinstance(target, ItemState) and target is not found.state and target not in ITEM_MOVES[found.state]:
        raise Bug("batch_item_move", source=found.state.value, target=target.value)
    where = {"id": found.id, "version": found.version}
    new = {**values, "version": found.version + 1}
    if update_rows(uow.connection, payment_batch_item, where, new) != 1:
        raise Bug("batch_item_changed", item=found.id)
    return with_values(found, new)


def stop_own(till: Till) -> None:
    """The till closes: a batch that this process runs stops after the invoice that it is at, and can be resumed."""
    own = payment_batch.c.lease_owner.startswith(f"{till.worker}:", autoescape=True)
    running = (payment_batch.c.state == BatchState.RUNNING) & (payment_batch.c.stop_asked == 0)

    def work(uow: UnitOfWork) -> None:
        for number in uow.connection.execute(select(payment_batch.c.id).where(own & running)).scalars().all():
            found = load_batch(uow.connection, number, lock=True)
            if found.state is BatchState.RUNNING and not found.stop_asked:
                change_batch(uow, found, stop_asked=1)
                uow.record("batch.stop_asked", found.subject, closing=True)

    till.db.transact(till.system, work)


def write_error(error: TillgateError) -> dict[str, object]:
    """The columns that keep what went wrong with an item."""
    return {"reason": error.code, "error_values": json.dumps({name: _kept(v) for name, v in error.values.items()})}


def read_error(code: str, values: str | None) -> TillgateError:
    """The same again, for its words. Whatever kind it was, a row of a batch is something that the user can act on."""
    found: Mapping[str, Any] = json.loads(values or "{}")
    filled: dict[str, Any] = {name: _told(value) for name, value in found.items()}
    return Refused(code, **filled)


def _kept(value: object) -> object:
    if isinstance(value, Money):
        return {_MONEY: [value.minor, value.currency]}
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


def _told(value: object) -> object:
    if isinstance(value, dict):
        minor, currency = value[_MONEY]
        return Money(minor, currency)
    return value
