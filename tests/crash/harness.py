"""Shops, kills and restarts from the parent's side."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy.engine import make_url

from tests.crash.counter import SCENES
from tests.crash.driver import ERROR, KILLED, OPEN, PASSED, REPORT, STATEMENT, Job
from tests.crash.shop import BANK, RIVAL_ID, STORE, TILL_ID
from tests.factories.tills import new_postgres
from tests.postgres import PostgresServer
from tillgate import failpoints

ROOT: Final = Path(__file__).resolve().parents[2]
# A kill is no power cut: where there is a file system in memory, it is used.
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
SIGKILL: Final = 9
_BANK_OPENS_S: Final = 10.0
# What a play takes from its fork on; a random kill falls anywhere in it.
LONGEST_PLAY_S: Final = 0.3
LONGEST_RIVALRY_S: Final = 1.5
MOST_STATEMENTS: Final = 320
_LOOK_EVERY_S: Final = 0.001
# Places of payment invoices have tests of their own, with a bank that sends prompts (test_invoice_kills).
PLACES: Final = sorted(name for name in failpoints.NAMES if not name.startswith("prompt."))
# Scenes that pass a place, by the first word of its name.
PASSING: Final[dict[str, tuple[str, ...]]] = {
    "start": ("sale", "come_back", "give_up", "change_over"),
    "settle": ("sale", "come_back", "change_over"),
    "apply": ("sale", "come_back"),
    "orders": ("sale", "come_back"),
    "capture": ("captured_by_till",),
    "cancel": ("give_up", "change_over"),
    "refund": ("refund", "sold_out"),
    "invoice": ("sale", "come_back"),
    "outbox": ("sale", "come_back"),
    "return": ("come_back",),
    "consultation": ("consultation",),
    "batch": ("batch",),
    "daily": ("batch",),
    "bulk": ("bulk",),
    "instalments": ("bulk",),
}


class Zygote:
    """The fork server, from outside. A context manager."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.crash.zygote"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def ask(self, do: str, folder: Path, **values: object) -> dict[str, Any]:
        """One request and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "folder": str(folder), **values}) + "\n")
        line = self._process.stdout.readline()
        assert line, "the fork server is gone"
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass
class Cycle:
    """One kill and what came of it. `killed` is a place, "random", or "" where the play ended first."""

    kind: str
    jobs: list[Job]
    killed: str
    faults: list[str]
    killed_again: str = ""


@dataclass
class Tally:
    """What many cycles came to."""

    cycles: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    failures: list[Cycle] = field(default_factory=list)

    def take(self, cycle: Cycle) -> None:
        """Count one."""
        self.cycles += 1
        self.kinds[cycle.kind] += 1
        self.kills.update(each for each in (cycle.killed, cycle.killed_again) if each)
        if cycle.faults:
            self.failures.append(cycle)

    def add(self, other: Tally) -> None:
        """Count what another counted."""
        self.cycles += other.cycles
        self.kinds.update(other.kinds)
        self.kills.update(other.kills)
        self.passed.update(other.passed)
        self.failures += other.failures


class House:
    """Where shops are made: a fork server and a shop to copy, with a file each or a database each of a server."""

    def __init__(self, folder: Path, zygote: Zygote, server: PostgresServer | None = None) -> None:
        self.folder = folder
        self.zygote = zygote
        self.server = server
        self.template = folder / "template"
        self.template.mkdir()
        if server is not None:
            (self.template / STORE).write_text(new_postgres(server))
        answer = zygote.ask("template", self.template)
        assert answer["status"] == 0, _error(self.template / ERROR)
        self._shops = 0
        with self.shop() as unkilled:
            zygote.ask("warm", unkilled)

    @contextmanager
    def shop(self) -> Iterator[Path]:
        """A new shop with its bank, alive until the block ends."""
        self._shops += 1
        folder = self.folder / f"shop{self._shops}"
        shutil.copytree(self.template, folder)
        with self._database(folder):
            bank = self.zygote.ask("bank", folder)["pid"]
            give_up = time.monotonic() + _BANK_OPENS_S
            while not (folder / BANK).exists():
                assert time.monotonic() < give_up, f"the bank did not open: {_error(folder / ERROR)}"
                time.sleep(0.002)
            try:
                yield folder
            finally:
                self.zygote.ask("end", folder, pid=bank)
                shutil.rmtree(folder)

    @contextmanager
    def _database(self, folder: Path) -> Iterator[None]:
        """A shop of a server has its own copy of the template there."""
        if self.server is None:
            yield
            return
        template = make_url((self.template / STORE).read_text()).database
        url = self.server.create_database(template)
        # A copy's sequences count on the template's log, and would count again from its numbers after a kill.
        self.server.checkpoint()
        (folder / STORE).write_text(url)
        try:
            yield
        finally:
            self.server.drop_database(url)

    def cycle(self, job: Job, *, kill_after: float | None = None, again: tuple[str, int] | None = None) -> Cycle:
        """Kill a play, perhaps the recovery too, then settle and compare."""
        return self._recover(Cycle("a till killed", [job], *self._run([job], [kill_after])), again)

    def cycle_of_rivals(self, jobs: list[Job], kill_after: list[float | None]) -> Cycle:
        """Two tills play at once, on the same payments; one may be killed. The first settles for both."""
        return self._recover(Cycle("two tills at odds", jobs, *self._run(jobs, kill_after)))

    def cycle_without_server(self, job: Job, *, kill_after: float | None = None) -> Cycle:
        """The server dies at the job's place, or at a moment, and comes back; the till lives through it."""
        assert self.server is not None
        job = replace(job, rough=True, victim=0 if kill_after is not None else self.server.pid)
        _clear(job)
        with ThreadPoolExecutor(1) as undertaker:
            over = threading.Event()
            dead = undertaker.submit(self._bury, job, kill_after, over)
            _, faults = self._run([job], [None])
            over.set()
            killed = dead.result()
        return self._recover(Cycle("the server killed", [job], killed, faults))

    def _bury(self, job: Job, kill_after: float | None, over: threading.Event) -> str:
        """Kill the server at its moment, or see it killed; start it again. Where it died, or "" if it did not."""
        assert self.server is not None
        sign = job.mark(OPEN if kill_after is not None else KILLED)
        while not sign.exists():
            if over.wait(_LOOK_EVERY_S):
                break
        if not sign.exists():
            return ""
        over.wait(kill_after or 0)
        self.server.kill()
        self.server.start_again()
        return job.place or "random"

    def _recover(self, cycle: Cycle, again: tuple[str, int] | None = None) -> Cycle:
        job = cycle.jobs[0]
        if again is not None and not cycle.faults:
            place, nth = again
            second = Job(job.folder, job.seed + 1, [], place, nth, job.plant)
            cycle.killed_again, cycle.faults = self._run([second], [None])
        if not cycle.faults:
            _, cycle.faults = self._run([Job(job.folder, job.seed + 2, [], plant=job.plant)], [None])
        return cycle

    def passed(self, folder: Path) -> Counter[str]:
        """How often each place was passed in a shop."""
        path = folder / PASSED
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def _run(self, jobs: list[Job], kill_after: list[float | None]) -> tuple[str, list[str]]:
        for job in jobs:
            _clear(job)
        given = [asdict(job) for job in jobs]
        ends = self.zygote.ask("run", Path(jobs[0].folder), jobs=given, kill_after=kill_after)["ends"]
        heard = [_heard(*each) for each in zip(jobs, kill_after, ends, strict=True)]
        killed = next((place for place, _ in heard if place), "")
        return killed, [fault for _, faults in heard for fault in faults]


def _clear(job: Job) -> None:
    """Nothing is left of what a process before said."""
    for name in (KILLED, OPEN, REPORT, ERROR):
        job.mark(name).unlink(missing_ok=True)


def _heard(job: Job, kill_after: float | None, ended: dict[str, Any]) -> tuple[str, list[str]]:
    """Where a process was killed, and what it says was wrong."""
    if ended["signal"] == SIGKILL:
        place = job.mark(KILLED)
        if not place.exists() and kill_after is None:
            return "", [f"stuck for {ended['seconds']} s"]
        return (place.read_text() if place.exists() else "random"), []
    if ended["status"] != 0:
        return "", [f"ended with {ended['status']}: {_error(job.mark(ERROR))}"]
    report = json.loads(job.mark(REPORT).read_text())
    return "", [*report["faults"], *report["errors"]]


@contextmanager
def open_house(server: PostgresServer | None = None) -> Iterator[House]:
    """A house in a folder of its own; everything in it is gone in the end."""
    where = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="tillgate-crash-", dir=where) as folder, Zygote() as zygote:
        yield House(Path(folder), zygote, server)


def job_at(folder: Path, place: str, nth: int, seed: int, plant: str | None = None) -> Job:
    """A play that is killed at the nth pass of a place."""
    chance = random.Random(seed)
    scenes = [chance.choice(PASSING[place.partition(".")[0]])] * nth
    return Job(str(folder), seed, scenes, place, nth, plant)


def job_at_statement(folder: Path, seed: int) -> Job:
    """A scene that is killed before some statement: from the first of an import or a refund to the last of a sale."""
    chance = random.Random(seed)
    scene = chance.choice(("import", "import", "refund", chance.choice(sorted(SCENES))))
    return Job(str(folder), seed, [scene], STATEMENT, chance.randint(20, MOST_STATEMENTS))


def random_job(folder: Path, seed: int) -> tuple[Job, float]:
    """A play of a few scenes, and the moment of its death."""
    chance = random.Random(seed)
    scenes = chance.sample(sorted(SCENES), 3)
    return Job(str(folder), seed, scenes, lanes=chance.random() < 0.4), chance.uniform(0.005, LONGEST_PLAY_S)


def rivals(folder: Path, seed: int) -> tuple[list[Job], list[float | None]]:
    """Two tills that ring up and meddle; one of them may be killed."""
    chance = random.Random(seed)
    jobs = []
    for till in (TILL_ID, RIVAL_ID):
        scenes = [chance.choice(("sale", "come_back", "meddle", "meddle", "meddle")) for _ in range(6)]
        jobs.append(
            Job(str(folder), chance.randrange(10**9), scenes, lanes=chance.random() < 0.3, till=till, rough=True)
        )
    moments: list[float | None] = [None, None]
    if chance.random() < 0.4:
        moments[chance.randrange(2)] = chance.uniform(0.05, LONGEST_RIVALRY_S)
    return jobs, moments


def _error(path: Path) -> str:
    return path.read_text() if path.exists() else "no word why"
