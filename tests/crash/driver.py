"""One process of the crash tests: it plays, or settles, and dies where it was told to. Runs in a forked child."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event

from tests.crash import oracles, plants
from tests.crash.counter import SCENES, Counter
from tests.crash.rivals import MEDDLING, survive
from tests.crash.shop import TILL_ID, open_shop
from tillgate import failpoints
from tillgate.app.lanes import Lanes
from tillgate.domain.errors import Unavailable

PASSED: Final = "passed"
KILLED: Final = "killed"
OPEN: Final = "open"
# The place before any statement of SQLite's; not one of the product's own.
STATEMENT: Final = "statement"
REPORT: Final = "report.json"
ERROR: Final = "error.txt"
ALL_SCENES: Final[dict[str, Callable[[Counter], None]]] = {**SCENES, **MEDDLING}


@dataclass(frozen=True)
class Job:
    """One process: what it plays (nothing: it settles), and the place at whose `nth` pass it dies."""

    folder: str
    seed: int
    scenes: list[str] = field(default_factory=list)
    place: str | None = None
    nth: int = 1
    plant: str | None = None
    # With the timer and its threads at work beside the people, as in the application.
    lanes: bool = False
    till: str = TILL_ID
    # The bank or the database fails around it: people are told, and the day goes on.
    rough: bool = False
    # The process that dies at the place: the database server's first one, or 0 for this one.
    victim: int = 0

    def mark(self, name: str) -> Path:
        """A file of this till in the shop's folder."""
        return Path(self.folder, f"{self.till}-{name}")


class _Errors(logging.Handler):
    """Keeps what the services catch and log: a fault of ours all the same."""

    def __init__(self, *, rough: bool) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []
        self._rough = rough

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not (self._rough and isinstance(error, Unavailable)):
            self.seen.append(f"{record.getMessage()}: {error or ''!r}")


def count_statements(stop: Callable[[str], None]) -> None:
    """Every statement that SQLite begins is a place too, in this process: also those past SQLAlchemy."""

    @event.listens_for(Engine, "connect")
    def _trace(driver: Any, _entry: object) -> None:
        if hasattr(driver, "set_trace_callback"):
            driver.set_trace_callback(lambda _text: stop(STATEMENT))


def run(job: Job) -> None:
    """Play or settle; a killed process leaves the place in a file, a settled one its report."""
    errors = _Errors(rough=job.rough)
    logging.getLogger("tillgate").addHandler(errors)
    reaper = _reaper(job)
    failpoints.arm(reaper)
    if job.place == STATEMENT:
        count_statements(reaper)
    plants.apply(job.plant)
    counter = Counter(open_shop(Path(job.folder), job.till, hasty=job.rough), random.Random(job.seed))
    job.mark(OPEN).touch()
    faults: list[str] = []
    if job.scenes:
        _play(job, counter)
    else:
        faults = [*counter.settle(), *oracles.faults(counter.shop)]
    report: dict[str, Any] = {"faults": faults, "errors": errors.seen}
    draft = job.mark(f"{REPORT}.new")
    draft.write_text(json.dumps(report))
    draft.replace(job.mark(REPORT))


def _play(job: Job, counter: Counter) -> None:
    if job.lanes:
        counter.lanes = Lanes()
        counter.lanes.start(counter.till, counter.shop.works)
    for scene in (Counter.offer_again, *(ALL_SCENES[name] for name in job.scenes)):
        if job.rough:
            survive(counter, scene)
        else:
            scene(counter)
    if counter.lanes is not None:
        counter.lanes.stop()


def _reaper(job: Job) -> Callable[[str], None]:
    """Writes every pass down, and kills at the one that was asked for."""
    passes = os.open(Path(job.folder, PASSED), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    left = job.nth

    def stop(name: str) -> None:
        nonlocal left
        if name != STATEMENT:
            os.write(passes, f"{name}\n".encode())
        if name != job.place:
            return
        left -= 1
        if left == 0:
            job.mark(KILLED).write_text(name)
            os.kill(job.victim or os.getpid(), signal.SIGKILL)

    return stop
