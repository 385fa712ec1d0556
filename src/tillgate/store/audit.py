"""The audit: an append-only HMAC chain per till; a changed, removed or inserted row breaks it (reliability.md 1.2)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, text

from tillgate.store.columns import Instant
from tillgate.store.models.books import audit, audit_head
from tillgate.store.statements import Statement, insert_rows, update_rows

GENESIS: Final = "0" * 64
_SECONDS_AND_MICROSECONDS: Final = len("2026-01-01T00:00:00.000000")
_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False).encode

# As JSON writes a text, without making an encoder for it.
_TEXT: Final = encode_basestring

_HEAD: Final = Statement(
    select(audit_head.c.seq, audit_head.c.at, audit_head.c.mac)
    .where(audit_head.c.till_id == bindparam("till_id"))
    .with_for_update()
)
_FIRST: Final = text(
    "INSERT INTO audit_head (till_id, seq, at, mac, seal) VALUES (:till_id, 0, :at, :mac, '') "
    "ON CONFLICT (till_id) DO NOTHING"
).bindparams(bindparam("at", type_=Instant))


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The store's secret that keys the chain; never shown."""

    secret: bytes

    def __repr__(self) -> str:
        return "AuditKey(***)"

    def mac(self, text: str) -> str:
        """HMAC-SHA256, hex."""
        return hmac.digest(self.secret, text.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One event: what, about what, by whom, with plain values. Never a secret, never card data."""

    event: str
    subject: str
    actor: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first place where a till's chain does not hold."""

    till_id: str
    seq: int
    reason: str


def append_entries(
    connection: Connection, key: AuditKey, till_id: str, now: datetime, entries: Sequence[AuditEntry]
) -> None:
    """Add entries to the till's chain, in this transaction. A clock that went back never dates one before the last."""
    head = _HEAD.first(connection, till_id=till_id)
    if head is None:
        # A till's first entries: of two that come at once, one waits here for the other's commit.
        connection.execute(_FIRST, {"till_id": till_id, "at": now, "mac": GENESIS})
        head = _HEAD.first(connection, till_id=till_id) or (0, now, GENESIS)
    seq, prev, at = head[0], head[2], max(head[1], now)
    rows: list[dict[str, object]] = []
    for entry in entries:
        seq += 1
        data = _ENCODE(entry.data)
        row: dict[str, object] = {"till_id": till_id, "seq": seq, "at": at, "actor": entry.actor, "event": entry.event}
        row |= {"subject": entry.subject, "data": data, "prev": prev}
        row["mac"] = prev = key.mac(_canonical(row))
        rows.append(row)
    insert_rows(connection, audit, rows)
    end = {"seq": seq, "at": at, "mac": prev, "seal": _seal(key, till_id, seq, at, prev)}
    update_rows(connection, audit_head, {"till_id": till_id}, end)


def verify_chain(
    connection: Connection, key: AuditKey, *, last: int | None = None, step: Callable[[], object] = lambda: None
) -> ChainFault | None:
    """Walk every till's chain, or only its `last` entries; the first fault, or None. `step` is called for each entry,
    and may raise to give it up."""
    for head in connection.execute(select(audit_head).order_by(audit_head.c.till_id)):
        start = 0 if last is None else max(0, head.seq - last)
        fault = _verify_till(connection, key, head, start, step)
        if fault:
            return fault
    orphan = connection.execute(
        select(audit.c.till_id, audit.c.seq)
        .join(audit_head, audit_head.c.till_id == audit.c.till_id, isouter=True)
        .where(audit_head.c.till_id.is_(None))
        .limit(1)
    ).one_or_none()
    return ChainFault(orphan.till_id, orphan.seq, "head_missing") if orphan else None


def _verify_till(
    connection: Connection, key: AuditKey, head: Row[Any], start: int, step: Callable[[], object]
) -> ChainFault | None:
    till_id: str = head.till_id
    prev, seq = GENESIS if start == 0 else None, start
    with closing(_rows(connection, till_id, start)) as rows:
        for row in rows:
            step()
            seq += 1
            if row["seq"] != seq:
                return ChainFault(till_id, seq, "row_missing")
            if prev is not None and row["prev"] != prev:
                return ChainFault(till_id, seq, "link_broken")
            prev = str(row["mac"])
            if not hmac.compare_digest(key.mac(_canonical(row)), prev):
                return ChainFault(till_id, seq, "row_changed")
    if seq != head.seq or (seq > start and prev != head.mac):
        return ChainFault(till_id, seq, "end_cut")
    if not hmac.compare_digest(_seal(key, till_id, head.seq, head.at, head.mac), head.seal):
        return ChainFault(till_id, seq, "end_cut")
    return None


def _rows(connection: Connection, till_id: str, start: int) -> Generator[dict[str, object], None, None]:
    query = select(audit).where(audit.c.till_id == till_id, audit.c.seq > start).order_by(audit.c.seq)
    # A server keeps the cursor open until it is closed, also where a fault ends the walk early.
    with connection.execute(query, execution_options={"stream_results": True, "yield_per": 1000}) as found:
        for row in found:
            yield dict(row._mapping)


def _seal(key: AuditKey, till_id: str, seq: int, at: datetime, mac: str) -> str:
    return key.mac(f'["head",{_TEXT(till_id)},{seq},{_TEXT(_stamp(at))},{_TEXT(mac)}]')


def _canonical(row: dict[str, object]) -> str:
    at = row["at"]
    stamp = _stamp(at) if isinstance(at, datetime) else ""
    parts = (row["till_id"], row["seq"], stamp, row["actor"], row["event"], row["subject"], row["data"], row["prev"])
    return f"[{','.join([_TEXT(str(part)) for part in parts])}]"


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")[:_SECONDS_AND_MICROSECONDS] + "Z"
