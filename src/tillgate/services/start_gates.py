"""What is checked before the first sale, and what makes the till show its books without selling.

Nothing is repaired by itself: a finding that blocks says what it saw, and the file stays as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.payment import Mode
from tillgate.services.book_checks import BooksReport, check_lately, find_last_check
from tillgate.services.clock_watch import CLOCK_SLACK, go_by_the_new_time
from tillgate.services.till import Till
from tillgate.store import gates
from tillgate.store.audit import verify_chain
from tillgate.store.chain_witness import contradicted

LEAST_FREE_BYTES: Final = 200_000_000
LAST_AUDIT_ENTRIES: Final = 1_000
CLOCK_BLOCKS: Final = timedelta(hours=1)
_MEGABYTE: Final = 1_000_000


class Severity(StrEnum):
    """What a finding does."""

    OK = "ok"
    WARN = "warn"
    BLOCK = "block"


class Gate(StrEnum):
    """What is checked."""

    DATABASE = "database"
    SQLITE = "sqlite"
    SETTINGS = "settings"
    SPACE = "space"
    LEDGER = "ledger"
    CHAIN = "chain"
    CLOCK = "clock"
    FILE = "file"
    CONSULTATIONS = "consultations"
    BOOKS = "books"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one gate saw. `code` is the key of its message, and empty where all is well."""

    gate: Gate
    severity: Severity = Severity.OK
    code: str = ""
    values: dict[str, object] = field(default_factory=dict)


def finding_error(finding: Finding) -> Unavailable:
    """A finding as an error that a screen can say."""
    error = Unavailable(finding.code or "till_blocked")
    error.values = dict(finding.values)
    return error


@dataclass(slots=True)
class Findings:
    """The till's health as last seen. `blocked_by` is what `Till.blocked` asks before every use case that writes."""

    by_gate: dict[Gate, Finding] = field(default_factory=dict)

    def take(self, found: Iterable[Finding]) -> None:
        """Replace what was known of these gates."""
        self.by_gate |= {finding.gate: finding for finding in found}

    @property
    def blocked(self) -> bool:
        """Whether anything stops selling."""
        return bool(self.blocked_by())

    def blocked_by(self) -> str:
        """The code of what stops selling, or "" where nothing does."""
        return next((f.code for f in list(self.by_gate.values()) if f.severity is Severity.BLOCK), "")

    @property
    def shown(self) -> list[Finding]:
        """What a person should know, the worst first."""
        worth = [f for f in self.by_gate.values() if f.severity is not Severity.OK]
        return sorted(worth, key=lambda finding: finding.severity is not Severity.BLOCK)


def check_mode(engine: Engine, mode: Mode) -> None:
    """Raises Refused("database_other_mode") for a database that holds the payments of another mode."""
    found = gates.mode_of(engine)
    if found is not None and found is not mode:
        raise Refused("database_other_mode", found=found.value, mode=mode.value)


FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """What the disk of a folder has left."""
    return shutil.disk_usage(folder).free


def check_database(engine: Engine) -> Finding:
    """Whether the database can be opened and written at all; before it is migrated."""
    return _seen(Gate.DATABASE, lambda: gates.try_writing(engine))


def check_before_selling(till: Till, folder: Path | None, *, free: FreeBytes = free_bytes) -> list[Finding]:
    """The cheap gates, some milliseconds together. `folder` holds the database file; None for a server."""
    findings = [
        check_database(till.db.engine),
        check_sqlite(till),
        check_settings(till),
        check_ledger(till),
        check_chain(till),
    ]
    if folder is not None:
        findings.append(check_space(folder, free=free))
    if all(finding.severity is not Severity.BLOCK for finding in findings[:1]):
        findings.append(check_clock(till))
    return findings


def check_sqlite(till: Till) -> Finding:
    """An old SQLite runs without WAL, which is slower and safe."""
    version = gates.sqlite_version(till.db.engine)
    if version is None or version[1]:
        return Finding(Gate.SQLITE)
    return Finding(Gate.SQLITE, Severity.WARN, "sqlite_old", {"version": version[0]})


def check_settings(till: Till) -> Finding:
    """The settings that keep an acknowledged sale through a power cut."""

    def look() -> Finding | None:
        with till.db.read() as connection:
            for name, (wanted, found) in gates.differing_pragmas(connection).items():
                return Finding(
                    Gate.SETTINGS, Severity.BLOCK, "pragma_differs", {"name": name, "wanted": wanted, "found": found}
                )
        return None

    return _seen(Gate.SETTINGS, look)


def check_ledger(till: Till) -> Finding:
    """The last day's double entries."""

    def look() -> Finding | None:
        with till.db.read() as connection:
            wrong = gates.unbalanced_lately(connection, till.clock.now())
        values: dict[str, object] = {"count": len(wrong), "first": wrong[0] if wrong else 0}
        return Finding(Gate.LEDGER, Severity.BLOCK, "ledger_unbalanced", values) if wrong else None

    return _seen(Gate.LEDGER, look)


def check_chain(till: Till, *, last: int | None = LAST_AUDIT_ENTRIES) -> Finding:
    """The newest entries of the audit chain, or with None all of them."""

    def look() -> Finding | None:
        with till.db.read() as connection:
            fault = verify_chain(connection, till.db.audit_key, last=last) or contradicted(connection)
        if fault is None:
            return None
        values: dict[str, object] = {"till": fault.till_id, "seq": fault.seq, "reason": fault.reason}
        return Finding(Gate.CHAIN, Severity.BLOCK, "audit_broken", values)

    return _seen(Gate.CHAIN, look)


def check_space(folder: Path, *, free: FreeBytes = free_bytes) -> Finding:
    """Room for the next sales; asked again on a timer, so that selling resumes when there is room."""
    left = free(folder)
    if left >= LEAST_FREE_BYTES:
        return Finding(Gate.SPACE)
    values: dict[str, object] = {"free_mb": left // _MEGABYTE, "needed_mb": LEAST_FREE_BYTES // _MEGABYTE}
    return Finding(Gate.SPACE, Severity.BLOCK, "disk_low", values)


def check_clock(till: Till) -> Finding:
    """A clock behind the last audit entry warns and is audited; from an hour on it blocks."""

    def look() -> Finding | None:
        with till.db.read() as connection:
            last = gates.last_audit_at(connection, till.id)
        behind = last - till.clock.now() if last else timedelta()
        if behind <= CLOCK_SLACK:
            return None
        seconds = int(behind.total_seconds())
        go_by_the_new_time(till, behind)
        severity = Severity.BLOCK if behind >= CLOCK_BLOCKS else Severity.WARN
        code = "clock_far_behind" if severity is Severity.BLOCK else "clock_behind"
        return Finding(Gate.CLOCK, severity, code, {"minutes": -(-seconds // 60)})

    return _seen(Gate.CLOCK, look)


def check_file(till: Till, *, thorough: bool = False) -> Finding:
    """SQLite's own look at every page, after the first paint; thorough once a day and after an unclean stop."""

    def look() -> Finding | None:
        with till.db.read() as connection:
            found = gates.problems(connection, thorough=thorough)
        values: dict[str, object] = {"count": len(found), "first": found[0] if found else ""}
        return Finding(Gate.FILE, Severity.BLOCK, "database_damaged", values) if found else None

    return _seen(Gate.FILE, look)


def check_consultations(till: Till) -> Finding:
    """The consultations put up since yesterday, after the first paint; what doesn't fit together warns."""

    def look() -> Finding | None:
        wrong = [each for each in check_lately(till).results if not each.ok]
        if not wrong:
            return None
        count = sum(len(each.faults) + each.more for each in wrong)
        values: dict[str, object] = {"count": count, "first": wrong[0].faults[0].subject}
        return Finding(Gate.CONSULTATIONS, Severity.WARN, "consultations_wrong", values)

    return _seen(Gate.CONSULTATIONS, look)


def check_last_run(till: Till) -> Finding:
    """What the last integrity check found and nobody has proved gone: told again at every start."""

    def look() -> Finding | None:
        last = find_last_check(till)
        return _books(last.wrong) if last is not None and last.wrong else None

    return _seen(Gate.BOOKS, look)


def of_report(report: BooksReport) -> list[Finding]:
    """What a whole integrity check says of the books, instead of what was known before; nothing where it was stopped
    before it found anything."""
    if report.stopped and report.ok:
        return []
    # It looks at every consultation, and so at the newest too.
    return [_books(report.wrong), Finding(Gate.CONSULTATIONS)]


def _books(wrong: int) -> Finding:
    return Finding(Gate.BOOKS, Severity.WARN, "books_wrong", {"count": wrong}) if wrong else Finding(Gate.BOOKS)


def _seen(gate: Gate, look: Callable[[], Finding | None]) -> Finding:
    """A look that the database itself ends is a finding too."""
    try:
        return look() or Finding(gate)
    except Unavailable as error:
        return Finding(gate, Severity.BLOCK, error.code, {})
    except DBAPIError as error:
        return Finding(gate, Severity.BLOCK, _code_of(str(error.orig)), {"reason": str(error.orig)[:200]})


def _code_of(reason: str) -> str:
    if "readonly" in reason or "unable to open" in reason:
        return "database_read_only"
    if "full" in reason:
        return "disk_full"
    if "malformed" in reason or "not a database" in reason:
        return "database_damaged"
    return "database_unreadable"
