"""Shops, kills and restarts from the parent's side."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tests.crash.driver import KILLED, PASSED, REPORT, SCENES, Job
from tests.crash.shop import BANK
from tests.crash.zygote import ERROR

ROOT: Final = Path(__file__).resolve().parents[2]
# A kill is no power cut: where there is a file system in memory, it is used.
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
SIGKILL: Final = 9
_BANK_OPENS_S: Final = 10.0
# What a play takes from its fork on; a random kill falls anywhere in it.
LONGEST_PLAY_S: Final = 0.3
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

    job: Job
    killed: str
    killed_again: str
    faults: list[str]
    seconds: float


@dataclass
class Tally:
    """What many cycles came to."""

    cycles: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    failures: list[Cycle] = field(default_factory=list)

    def take(self, cycle: Cycle) -> None:
        """Count one."""
        self.cycles += 1
        self.kills.update(each for each in (cycle.killed, cycle.killed_again) if each)
        if cycle.faults:
            self.failures.append(cycle)

    def add(self, other: Tally) -> None:
        """Count what another counted."""
        self.cycles += other.cycles
        self.kills.update(other.kills)
        self.passed.update(other.passed)
        self.failures += other.failures


class House:
    """Where shops are made: a fork server and a shop to copy."""

    def __init__(self, folder: Path, zygote: Zygote) -> None:
        self.folder = folder
        self.zygote = zygote
        self.template = folder / "template"
        self.template.mkdir()
        answer = zygote.ask("template", self.template)
        assert answer["status"] == 0, _error(self.template)
        self._shops = 0
        with self.shop() as unkilled:
            zygote.ask("warm", unkilled)

    @contextmanager
    def shop(self) -> Iterator[Path]:
        """A new shop with its bank, alive until the block ends."""
        self._shops += 1
        folder = self.folder / f"shop{self._shops}"
        shutil.copytree(self.template, folder)
        bank = self.zygote.ask("bank", folder)["pid"]
        give_up = time.monotonic() + _BANK_OPENS_S
        while not (folder / BANK).exists():
            assert time.monotonic() < give_up, f"the bank did not open: {_error(folder)}"
            time.sleep(0.002)
        try:
            yield folder
        finally:
            self.zygote.ask("end", folder, pid=bank)
            shutil.rmtree(folder)

    def cycle(self, job: Job, *, kill_after: float | None = None, again: tuple[str, int] | None = None) -> Cycle:
        """Kill a play, perhaps the recovery too, then settle and compare."""
        began = time.monotonic()
        killed, faults = self._run(job, kill_after)
        killed_again = ""
        if again is not None and not faults:
            place, nth = again
            killed_again, faults = self._run(Job(job.folder, job.seed + 1, [], place, nth, job.plant), None)
        if not faults:
            _, faults = self._run(Job(job.folder, job.seed + 2, [], plant=job.plant), None)
        return Cycle(job, killed, killed_again, faults, time.monotonic() - began)

    def passed(self, folder: Path) -> Counter[str]:
        """How often each place was passed in a shop."""
        path = folder / PASSED
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def _run(self, job: Job, kill_after: float | None) -> tuple[str, list[str]]:
        folder = Path(job.folder)
        for name in (KILLED, REPORT, ERROR):
            (folder / name).unlink(missing_ok=True)
        ended = self.zygote.ask("run", folder, job=asdict(job), kill_after=kill_after)
        if ended["signal"] == SIGKILL:
            place = folder / KILLED
            if not place.exists() and kill_after is None:
                return "", [f"stuck for {ended['seconds']} s"]
            return (place.read_text() if place.exists() else "random"), []
        if ended["status"] != 0:
            return "", [f"ended with {ended['status']}: {_error(folder)}"]
        report = json.loads((folder / REPORT).read_text())
        return "", [*report["faults"], *report["errors"]]


@contextmanager
def open_house() -> Iterator[House]:
    """A house in a folder of its own; everything in it is gone in the end."""
    where = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="tillgate-crash-", dir=where) as folder, Zygote() as zygote:
        yield House(Path(folder), zygote)


def job_at(folder: Path, place: str, nth: int, seed: int, plant: str | None = None) -> Job:
    """A play that is killed at the nth pass of a place."""
    chance = random.Random(seed)
    scenes = [chance.choice(PASSING[place.partition(".")[0]])] * nth
    return Job(str(folder), seed, scenes, place, nth, plant)


def random_job(folder: Path, seed: int) -> tuple[Job, float]:
    """A play of a few scenes, and the moment of its death."""
    chance = random.Random(seed)
    scenes = chance.sample(sorted(SCENES), 3)
    return Job(str(folder), seed, scenes, lanes=chance.random() < 0.4), chance.uniform(0.005, LONGEST_PLAY_S)


def _error(folder: Path) -> str:
    path = folder / ERROR
    return path.read_text() if path.exists() else "no word why"
