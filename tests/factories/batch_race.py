"""Tills that are processes of their own start a batch for one device at once.

    python -m tests.factories.batch_race URL --rounds 5 [--processes 2]

Each has a bank of its own that counts. Ends with 1 and says why where an invoice was put up more than once, or somebody
was not told whose link it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.factories.clock import START, FakeClock
from tests.factories.depot import Depot, new_bank, open_depot
from tests.factories.fake_provider import FakeProvider
from tests.factories.forked import in_processes, race_by_command
from tests.factories.pay_race import engine_of
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.batch import ItemState
from tillgate.domain.staff import Role
from tillgate.ports import Answer, AttemptRef, Outcome
from tillgate.store.models import payment, payment_attempt

INVOICES = 3


class Impatient(FakeClock):
    """Nobody waits for another process's call to end: every look at this clock is a second later."""

    def monotonic(self) -> float:
        self.ticks += 1
        return self.ticks


class FarBank(FakeProvider):
    """What another process's bank opened is not heard of here."""

    def fetch(self, attempt: AttemptRef) -> Answer:
        if attempt.provider_id not in self.checkouts:
            return Answer(Outcome.UNKNOWN)
        return super().fetch(attempt)


def race(url: str, rounds: int, processes: int) -> list[str]:
    """Rounds of tills; what was wrong."""
    engine = engine_of(url)
    depot = open_depot(make_till(engine, FakeClock(), till_id="T0"))
    for number in range(rounds):
        depot.device(f"RACE{number}")
        depot.owe(*(5_000_000 + n for n in range(INVOICES)), code=f"RACE{number}")
    # A connection does not outlive a fork.
    engine.dispose()

    def run(mine: int, together: Callable[[], object]) -> list[Any]:
        own_engine, bank = engine_of(url), FarBank("wompi", capabilities=new_bank().capabilities)
        # No two banks give a checkout the same name.
        bank.count = mine * 1_000_000
        till_id = f"T{mine + 1}"
        own = make_till(own_engine, Impatient(START), till_id=till_id, fulfilling=depot.till.fulfilling)
        own = replace(own, providers={bank.name: bank})
        here = replace(depot, till=own, provider=bank, cashier=signed_in(own, Role.CASHIER, f"Cashier of {till_id}"))
        told = []
        for number in range(rounds):
            together()
            told.append(_batch(here, number))
        own_engine.dispose()
        return [told, bank.sends("create")]

    answers = in_processes(processes, run)
    found = faults(depot, [told for told, _ in answers], rounds, sum(sent for _, sent in answers))
    engine.dispose()
    return found


def faults(depot: Depot, told: list[list[Any]], rounds: int, sent: int) -> list[str]:
    """What is wrong with what everybody was told, and with the books."""
    wrong = []
    for number in range(rounds):
        rows = [each[number] for each in told]
        if any(isinstance(each, str) for each in rows):
            wrong.append(f"round {number}: {rows}")
            continue
        for position in range(INVOICES):
            here = [each[position] for each in rows]
            owners = Counter(reused for _, reused, _ in here)
            if owners[0] != 1 or len({payment_id for _, _, payment_id in here}) != 1:
                wrong.append(f"round {number}, invoice {position + 1}: {here}")
            if {state for state, _, _ in here} != {ItemState.TAKEN.value}:
                wrong.append(f"round {number}, invoice {position + 1}: {here}")
    for table in (payment, payment_attempt):
        count = len(depot.rows(table))
        if count != rounds * INVOICES:
            wrong.append(f"{count} rows of {table.name} for {rounds * INVOICES} invoices")
    if sent != rounds * INVOICES:
        wrong.append(f"{sent} checkouts were opened for {rounds * INVOICES} invoices")
    return wrong


def _batch(here: Depot, number: int) -> Any:
    try:
        view = here.pay(device=f"RACE{number}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return repr(error)
    return [(each.state.value, int(each.reused), each.payment_id) for each in view.items]


if __name__ == "__main__":
    raise SystemExit(race_by_command("Tills start a batch for one device at once.", race, rounds=5))
