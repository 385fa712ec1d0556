"""Everybody presses Pay for one consultation at once: threads of one till, or tills that are processes of their own.

    python -m tests.factories.pay_race URL --rounds 1000 [--threads 8 | --processes 4]

In every other round all press with one key, as a double click or a retry does; in the others each has its own, as
cashiers at their tills have. Ends with 1 and says why where anything but one payment came of a consultation.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from tests.factories.clinic import Clinic, new_bank, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.forked import PATIENCE_S, in_processes
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.consultation import new_key
from tillgate.domain.staff import Role
from tillgate.services.consultations import PayConsultation
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.models import consultation_invoice, payment, payment_attempt, provider_call, tax_record


@dataclass(frozen=True)
class Told:
    """What one press was told: "new", "existing", or the error; and what had been sent to the bank by then."""

    round: int
    kind: str
    why: str
    payment: int
    # When it was pressed, in seconds of a clock that all of a machine's processes share.
    at: float


def presses_of(clinic: Clinic, consultations: Sequence[int], how_many: int) -> list[list[PayConsultation]]:
    """For each consultation what each presses."""
    found = []
    for number, consultation_id in enumerate(consultations):
        one = clinic.press(consultation_id)
        keys = [new_key(clinic.till.clock.now()) for _ in range(how_many)]
        found.append([one if number % 2 else replace(one, key=key) for key in keys])
    return found


def race_threads(clinic: Clinic, rounds: int, threads: int, within_s: float | None = None) -> list[str]:
    """Rounds of threads at one till; what was wrong. Of `within_s` says `faults`."""
    presses = presses_of(clinic, [clinic.consultation() for _ in range(rounds)], threads)
    told: list[Told] = []
    together = threading.Barrier(threads)

    def run(mine: int) -> None:
        with suppress(threading.BrokenBarrierError):
            for number in range(rounds):
                together.wait(PATIENCE_S)
                told.append(_press(clinic, number, presses[number][mine]))

    runners = [threading.Thread(target=run, args=(mine,), name=f"press-{mine}") for mine in range(threads)]
    for each in runners:
        each.start()
    for each in runners:
        each.join()
    return [
        *faults(clinic, told, rounds, threads, clinic.provider.sends("create")),
        *apart(told, rounds, within_s),
    ]


def race_processes(url: str, rounds: int, processes: int, within_s: float | None = None) -> list[str]:
    """Rounds of tills, each a process with a bank of its own that counts; what was wrong."""
    engine = engine_of(url)
    clinic = open_clinic(make_till(engine, FakeClock(), till_id="T0"))
    presses = presses_of(clinic, [clinic.consultation() for _ in range(rounds)], processes)
    # A connection does not outlive a fork.
    engine.dispose()

    def run(mine: int, together: Callable[[], object]) -> list[Any]:
        own_engine, bank = engine_of(url), new_bank()
        # No two banks give a checkout the same name.
        bank.count = mine * 1_000_000
        till_id = f"T{mine + 1}"
        own = make_till(own_engine, FakeClock(), till_id=till_id, fulfilling=clinic.till.fulfilling)
        own = replace(own, providers={bank.name: bank})
        here = replace(clinic, till=own, provider=bank, cashier=signed_in(own, Role.CASHIER, f"Cashier of {till_id}"))
        told = []
        for number in range(rounds):
            together()
            told.append(asdict(_press(here, number, presses[number][mine])))
        own_engine.dispose()
        return [told, here.provider.sends("create")]

    answers = in_processes(processes, run)
    told = [Told(**row) for rows, _ in answers for row in rows]
    found = faults(clinic, told, rounds, processes, sum(sent for _, sent in answers))
    engine.dispose()
    return [*found, *apart(told, rounds, within_s)]


def faults(clinic: Clinic, told: Sequence[Told], rounds: int, pressed: int, sent: int) -> list[str]:
    """What is wrong with what everybody was told, and with the books."""
    wrong = []
    for number in range(rounds):
        here = [each for each in told if each.round == number]
        kinds = Counter(each.kind for each in here)
        if kinds != {"new": 1, "existing": pressed - 1} or len({each.payment for each in here}) != 1:
            wrong.append(f"round {number}: {dict(kinds)}, {sorted(each.payment for each in here)}")
        wanted = {"replay"} if number % 2 else {"active"}
        if {each.why for each in here if each.kind == "existing"} != wanted:
            wrong.append(f"round {number}: told {Counter(each.why for each in here)}")
    tables = {payment: 1, consultation_invoice: 1, tax_record: 2, payment_attempt: 1, provider_call: 1}
    for table, each_round in tables.items():
        count = len(clinic.rows(table))
        if count != each_round * rounds:
            wrong.append(f"{count} rows of {table.name} after {rounds} rounds")
    if sent != rounds:
        wrong.append(f"{sent} checkouts were opened in {rounds} rounds")
    return wrong


def apart(told: Sequence[Told], rounds: int, within_s: float | None) -> list[str]:
    """What is wrong where fewer than half of the rounds were pressed within so many seconds; None asks nothing, since
    a busy machine is as slow as it likes."""
    if within_s is None:
        return []
    pressed: dict[int, list[float]] = {}
    for each in told:
        pressed.setdefault(each.round, []).append(each.at)
    close = sum(max(at) - min(at) <= within_s for at in pressed.values())
    return [] if 2 * close >= rounds else [f"only {close} of {rounds} rounds were pressed within {within_s} s"]


def engine_of(url: str) -> Engine:
    """SQLite by a file's path, PostgreSQL by its URL."""
    return postgres_engine(url) if "://" in url else sqlite_engine(Path(url))


def _press(clinic: Clinic, number: int, press: PayConsultation) -> Told:
    at = time.monotonic()
    try:
        answer = clinic.pay(press)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return Told(number, repr(error), "", 0, at)
    return Told(number, answer.kind.value, answer.why.value if answer.why else "", answer.payment.id, at)


def main() -> int:
    """The command; its status is 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description="Everybody presses Pay for one consultation at once.")
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--within", type=float, help="half of the rounds at least are pressed within these seconds")
    chosen = parser.parse_args()
    if chosen.threads:
        engine = engine_of(chosen.url)
        clinic = open_clinic(make_till(engine, FakeClock()))
        wrong = race_threads(clinic, chosen.rounds, chosen.threads, chosen.within)
        engine.dispose()
    else:
        wrong = race_processes(chosen.url, chosen.rounds, chosen.processes, chosen.within)
    sys.stdout.write("".join(f"{each}\n" for each in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
