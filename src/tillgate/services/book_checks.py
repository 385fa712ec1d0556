"""A manager's integrity check: the document's verification queries, and the books' own sums (seed 003).

What is compared stands in `book_looks` and `consultation_looks`. Everything is read at one moment of the database;
nothing is repaired.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from sqlalchemy import Connection, String, cast, func, literal, select

from tillgate.domain.errors import Unavailable
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.consultation_looks import looks_at_consultations
from tillgate.services.looks import Check, Fault, Look
from tillgate.services.till import Till
from tillgate.store.models import audit, payment, staff

log: Final = logging.getLogger("tillgate.books")
# What is shown of one check; how many there are more is told.
MOST_FAULTS: Final = 50
QUICK_LOOKS_BACK: Final = timedelta(days=1)
_SUBJECT: Final = "books"
_CHECKED: Final = "books.checked"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check. `compared` is how many things were looked at; `more` faults are not listed."""

    check: Check
    compared: int
    faults: tuple[Fault, ...]
    more: int
    ms: int

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not self.faults

    @property
    def wrong(self) -> int:
        """How many faults there are, listed or not."""
        return len(self.faults) + self.more


@dataclass(frozen=True, slots=True)
class BooksReport:
    """The checks at one moment: all of them, or those that were done when somebody stopped it."""

    at: datetime
    results: tuple[CheckResult, ...]
    stopped: bool = False

    @property
    def ok(self) -> bool:
        """Nothing was found anywhere."""
        return all(each.ok for each in self.results)

    @property
    def wrong(self) -> int:
        """How many faults there are in all."""
        return sum(each.wrong for each in self.results)


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The newest check that went to its end: when, by whom ("" for a person who is gone), and the faults by check."""

    at: datetime
    person: str
    faults: Mapping[str, int]

    @property
    def wrong(self) -> int:
        """How many faults it found."""
        return sum(self.faults.values())


class Walk:
    """One run on its way, to be read and stopped from any thread: the check that is looked at now, how many are done
    of how many, and how many audit entries were walked."""

    def __init__(self) -> None:
        self.now: Check | None = None
        self.done = 0
        self.whole = 0
        self.entries = 0
        self._stopped = Event()

    def stop(self) -> None:
        """Give it up; what was found until then stays found."""
        self._stopped.set()

    @property
    def stopping(self) -> bool:
        """Whether somebody stopped it."""
        return self._stopped.is_set()

    def step(self) -> None:
        """Go on, unless somebody stopped it."""
        if self.stopping:
            raise _StoppedError

    def walk_entry(self) -> None:
        """One audit entry more."""
        self.entries += 1
        self.step()


class _StoppedError(Exception):
    """Somebody stopped the run."""


def check_books(till: Till, actor: Actor, walk: Walk | None = None) -> BooksReport:
    """Compare everything, at one moment of the database; audited with how many faults there were."""
    authorize(till, actor, Action.VIEW_AUDIT)
    report = inspect_books(till, walk)
    faults = {each.check.value: each.wrong for each in report.results if each.faults}
    event = "books.check_stopped" if report.stopped else _CHECKED
    try:
        till.db.transact(actor, lambda uow: uow.record(event, _SUBJECT, ok=report.ok, faults=faults))
    except Unavailable:
        # Books that can't be written to are those that most need to be looked at.
        log.exception("the integrity check could not be written down")
    return report


def inspect_books(till: Till, walk: Walk | None = None) -> BooksReport:
    """The same for an owner at a terminal."""
    # A start compares the consultations alone, and does without the rest.
    from tillgate.services.book_looks import looks_at_everything  # noqa: PLC0415

    walk = walk or Walk()
    return _report(till, looks_at_everything(till.db.audit_key, walk.walk_entry), walk)


def check_lately(till: Till) -> BooksReport:
    """What is quick enough for a start: the consultations put up since yesterday. The ledger, the chain and the file
    have gates of their own (services/start_gates.py)."""
    since = till.clock.now() - QUICK_LOOKS_BACK
    return _report(till, looks_at_consultations(payment.c.created_at >= since), Walk())


def load_last_check(till: Till, actor: Actor) -> LastCheck | None:
    """The newest check of any till of the store; None where there never was one."""
    authorize(till, actor, Action.VIEW_AUDIT)
    return find_last_check(till)


def find_last_check(till: Till) -> LastCheck | None:
    """The same for the till itself, at its start."""
    who = audit.c.actor == literal("staff:") + cast(staff.c.id, String)
    query = (
        select(audit.c.at, audit.c.data, func.coalesce(staff.c.name, "").label("person"))
        .select_from(audit.join(staff, who, isouter=True))
        .where(audit.c.subject == _SUBJECT, audit.c.event == _CHECKED)
        .order_by(audit.c.at.desc(), audit.c.seq.desc())
        .limit(1)
    )
    with till.db.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else LastCheck(row.at, row.person, json.loads(row.data).get("faults", {}))


def _report(till: Till, looks: Mapping[Check, Look], walk: Walk) -> BooksReport:
    results: list[CheckResult] = []
    walk.whole = len(looks)
    try:
        with till.db.read() as connection:
            for check, look in looks.items():
                walk.now = check
                results.append(_result(till, connection, check, look, walk))
                walk.done = len(results)
    except _StoppedError:
        return BooksReport(till.clock.now(), tuple(results), stopped=True)
    return BooksReport(till.clock.now(), tuple(results))


def _result(till: Till, connection: Connection, check: Check, look: Look, walk: Walk) -> CheckResult:
    walk.step()
    begun = till.clock.monotonic()
    compared, found = look(connection)
    faults = []
    for fault in found:
        walk.step()
        faults.append(fault)
    ms = round((till.clock.monotonic() - begun) * 1000)
    return CheckResult(check, compared, tuple(faults[:MOST_FAULTS]), max(0, len(faults) - MOST_FAULTS), ms)
