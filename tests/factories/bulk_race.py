"""Tills that are processes of their own want the last piece, the last use of a coupon and the same press at once.

    python -m tests.factories.bulk_race URL --rounds 3 [--processes 2]

Ends with 1 and says why where more was sold than there was, less, or one press made two bulk orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import update

from tests.factories.clock import START, FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.forked import by_round, in_processes, race_by_command
from tests.factories.instalments import AIRPODS, IPHONE, Bazaar, open_bazaar
from tests.factories.pay_race import engine_of
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.errors import Refused
from tillgate.domain.instalments import ItemAsk
from tillgate.domain.staff import Role
from tillgate.services.instalment_looks import compare_instalments
from tillgate.store.ledger import unbalanced
from tillgate.store.models import bulk_order, coupon, instalment_order

# The last renewed iPhone with the last use of the coupon; in the other order of their rows beside them.
WANTED = (
    (ItemAsk(IPHONE, 100, 1, "VAR-001", "SAVE10"), ItemAsk(AIRPODS, 50)),
    (ItemAsk(AIRPODS, 50), ItemAsk(IPHONE, 100, 1, "VAR-001", "SAVE10")),
)


def open_round(shop: Bazaar) -> None:
    """One piece and one use are left."""
    shop.restock(1)
    with shop.till.db.write(shop.till.system) as uow:
        uow.execute(update(coupon).values(total_limit=coupon.c.used_count + 1))


def attempt(shop: Bazaar, mine: int, number: int) -> list[str]:
    """What a till's two presses came to: one of its own, and one that every till makes with the same key."""
    said = []
    for key, items in ((f"own-press-{number}-{mine}", WANTED[mine % 2]), (f"the-same-press-{number}", WANTED[0][1:])):
        try:
            placed = shop.place(*items, key=key, method="link")
            said.append(f"{placed.bulk.number} {len(placed.orders)}")
        except Refused as refused:
            said.append(refused.code)
    return said


def faults(shop: Bazaar, told: list[list[list[str]]]) -> list[str]:
    """One of each round got the last piece, all got the rest, and one press is one bulk order: or what is wrong."""
    wrong = []
    for number, answers in enumerate(told):
        own, same = zip(*answers, strict=True)
        if sorted(each.split()[-1] for each in own) != ["1"] * (len(own) - 1) + ["2"]:
            wrong.append(f"round {number}: {own}")
        if len(set(same)) != 1 or not same[0].endswith(" 1"):
            wrong.append(f"round {number}: one press made {same}")
    processes = len(told[0])
    if shop.count(bulk_order) != len(told) * (processes + 1):
        wrong.append(f"{shop.count(bulk_order)} bulk orders")
    if shop.count(instalment_order) != len(told) * (processes + 2):
        wrong.append(f"{shop.count(instalment_order)} orders")
    with shop.till.db.read() as connection:
        wrong += [f"books {each}" for each in compare_instalments(connection)[1]]
        wrong += [f"ledger {each}" for each in unbalanced(connection)]
    return wrong


def race(url: str, rounds: int, processes: int) -> list[str]:
    """Rounds of tills; what was wrong."""
    engine = engine_of(url)
    shop = open_bazaar(make_till(engine, FakeClock(), till_id="T0"))
    shop.restock(rounds * processes * 4, "AIRPODS-PRO")
    # A connection does not outlive a fork.
    engine.dispose()

    def run(mine: int, together: Callable[[], object]) -> list[Any]:
        own_engine, till_id, clock = engine_of(url), f"T{mine + 1}", FakeClock(START)
        own = make_till(own_engine, clock, till_id=till_id, fulfilling=shop.till.fulfilling)
        # Two banks that each begin to count would give the same names.
        own = replace(own, providers={"razorpay": FakeProvider(count=10_000 * (mine + 1))}, settings=shop.till.settings)
        here = replace(shop, till=own, cashier=signed_in(own, Role.CASHIER, f"Cashier of {till_id}"))
        said = []
        for number in range(rounds):
            together()
            if mine == 0:
                open_round(here)
            together()
            said.append(attempt(here, mine, number))
        own_engine.dispose()
        return said

    found = faults(shop, by_round(in_processes(processes, run)))
    engine.dispose()
    return found


if __name__ == "__main__":
    raise SystemExit(race_by_command("Tills want the last piece at once.", race, rounds=3))
