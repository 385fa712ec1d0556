"""Thousands of kills: `python -m tests.crash.campaign --cycles N [--on postgres] [--seed S] [--workers W]`.

Every place in turn, alone, twice over and in the middle of the recovery, and as many kills at random moments. On
PostgreSQL the server is killed too, and two tills get in each other's way while the bank fails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.crash.harness import PLACES, Cycle, House, Tally, job_at, job_at_statement, open_house, random_job, rivals
from tests.postgres import running_postgres

# A shop lives this many kills, so that each restart finds a past; then its books are long, and a new one opens.
KILLS_A_SHOP: Final = 12
# The campaign of all proofs reads the count from a file that it names here.
COUNT: Final = "TILLGATE_COUNT"
_STOPPING: Final = threading.Event()


def seeds(first: int) -> Iterator[int]:
    """One for each cycle; a failure's replays it."""
    return itertools.count(first, 10)


def run_cycles(house: House, count: int, first_seed: int) -> Tally:
    """Kill `count` times: places and random moments by turns."""
    tally = Tally()
    places = itertools.cycle(PLACES)
    source = seeds(first_seed)
    while tally.cycles < count and not _STOPPING.is_set():
        with house.shop() as folder:
            for _ in range(min(KILLS_A_SHOP, count - tally.cycles)):
                tally.take(one_cycle(house, folder, next(source), places))
                if tally.failures and tally.failures[-1].jobs[0].folder == str(folder):
                    break
            tally.passed.update(house.passed(folder))
    return tally


def one_cycle(house: House, folder: Path, seed: int, places: Iterator[str]) -> Cycle:
    """Of either kind, or of four where there is a server; one recovery of a till in three is killed as well."""
    chance = random.Random(seed)
    if house.server is not None:
        kind = chance.random()
        if kind < 0.25:
            return house.cycle_of_rivals(*rivals(folder, seed))
        if kind < 0.5:
            return _server_killed(house, folder, chance, places)
    again = (chance.choice(PLACES), chance.randint(1, 3)) if chance.random() < 0.33 else None
    if house.server is None and chance.random() < 0.25:
        return house.cycle(job_at_statement(folder, seed), again=again)
    if chance.random() < 0.5:
        return house.cycle(job_at(folder, next(places), chance.choice((1, 1, 2, 3)), seed), again=again)
    job, moment = random_job(folder, seed)
    return house.cycle(job, kill_after=moment, again=again)


def _server_killed(house: House, folder: Path, chance: random.Random, places: Iterator[str]) -> Cycle:
    seed = chance.randrange(10**9)
    if chance.random() < 0.6:
        return house.cycle_without_server(job_at(folder, next(places), chance.choice((1, 1, 2)), seed))
    job, moment = random_job(folder, seed)
    return house.cycle_without_server(job, kill_after=moment)


def campaign(cycles: int, seed: int, workers: int, *, on_server: bool = False) -> Tally:
    """The same with several fork servers at once, each with a database server of its own."""
    share = -(-cycles // workers)

    def work(worker: int) -> Tally:
        with running_postgres(mortal=True) if on_server else nullcontext() as server, open_house(server) as house:
            return run_cycles(house, share, seed + worker * 10_000_000)

    whole = Tally()
    with ThreadPoolExecutor(workers) as pool:
        for tally in pool.map(work, range(workers)):
            whole.add(tally)
    return whole


def summary(tally: Tally, seconds: float) -> str:
    """What a person reads."""
    kinds = ", ".join(f"{count} of {kind}" for kind, count in sorted(tally.kinds.items()))
    counts = f"{tally.cycles} cycles ({kinds}) in {seconds:.0f} s, {tally.kills.total()} kills"
    lines = [f"{counts}, {len(tally.failures)} failures"]
    lines += [f"  {name:28} {count}" for name, count in sorted(tally.kills.items())]
    missing = sorted(set(PLACES) - tally.kills.keys())
    lines += [f"  never killed at: {', '.join(missing)}"] if missing else []
    for each in tally.failures:
        jobs = json.dumps([asdict(job) for job in each.jobs])
        lines += [f"FAILED {each.kind}: {jobs} killed at {each.killed!r}, then at {each.killed_again!r}"]
        lines += [f"    {fault}" for fault in each.faults]
    return "\n".join(lines)


def main() -> int:
    """The command; its status is 1 where anything was found."""
    parser = argparse.ArgumentParser(description="Kill the till, start it again, compare its books with the bank's.")
    parser.add_argument("--cycles", type=int, default=2_000)
    parser.add_argument("--on", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6) * 10)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    # Ended from outside it finishes its cycle, clears up and says what it has.
    signal.signal(signal.SIGTERM, lambda *_: _STOPPING.set())
    began = time.monotonic()
    tally = campaign(chosen.cycles, chosen.seed, chosen.workers, on_server=chosen.on == "postgres")
    told = summary(tally, time.monotonic() - began)
    sys.stdout.write(f"seed {chosen.seed}\n{told}\n")
    if os.environ.get(COUNT):
        Path(os.environ[COUNT]).write_text(told.partition("\n")[0], encoding="utf-8")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
