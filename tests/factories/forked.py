"""Tills that are processes of their own: they begin together, and say what they were told."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

PATIENCE_S = 60.0
forked_tills = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="tills are forked from one process"
)
_ROOT = Path(__file__).resolve().parents[2]


def run_race(engine: Engine, name: str, *options: object) -> None:
    """A race of `tests.factories` on a database, by its command: a fork wants a process with nothing else in it."""
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else str(engine.url.database)
    command = [sys.executable, "-W", "error", "-m", f"tests.factories.{name}", url, *map(str, options)]
    raced = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert (raced.returncode, raced.stdout, raced.stderr) == (0, "", "")


def in_processes(processes: int, run: Callable[[int, Callable[[], object]], Any]) -> list[Any]:
    """What `run` comes to in each process, as JSON keeps it. It is told its number, from 0 on, and what to call where
    all wait for each other. No connection outlives a fork: engines are disposed of before."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(processes), context.SimpleQueue()

    def report(mine: int) -> None:
        results.put(json.dumps(run(mine, lambda: barrier.wait(PATIENCE_S))))

    runners = [context.Process(target=report, args=(mine,)) for mine in range(processes)]
    for each in runners:
        each.start()
    answers = [json.loads(results.get()) for _ in runners]
    for each in runners:
        each.join()
    return answers


def by_round(told: list[list[Any]]) -> list[list[Any]]:
    """What each round's tills were told, of what each till was told in every round."""
    return [list(each) for each in zip(*told, strict=True)]


def race_by_command(about: str, race: Callable[[str, int, int], list[str]], *, rounds: int, processes: int = 2) -> int:
    """The command of a race, with what it does unless told; its status is 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--processes", type=int, default=processes)
    chosen = parser.parse_args()
    wrong = race(chosen.url, chosen.rounds, chosen.processes)
    sys.stdout.write("".join(f"{each}\n" for each in wrong))
    return 1 if wrong else 0
