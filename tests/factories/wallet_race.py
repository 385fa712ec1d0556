"""Tills that are processes of their own spend one wallet at once, in every way there is.

    python -m tests.factories.wallet_race URL --rounds 4 [--processes 2]

Each round puts in what is enough for some of them, and all of them want it: by a payment for an order, by a
withdrawal, by a refund of a top-up, and twice by one and the same press. Ends with 1 and says why where the balance is
not what those left that were told "done", or the books are not even.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.factories.clock import START, FakeClock
from tests.factories.forked import by_round, in_processes, race_by_command
from tests.factories.pay_race import engine_of
from tests.factories.purse import Purse, open_purse, rupees
from tests.factories.tills import make_till
from tillgate.domain.errors import Refused
from tillgate.domain.money import Money
from tillgate.services.payments import StartPayment
from tillgate.services.refunds import request_refund
from tillgate.services.wallet_payments import WalletPart, pay_from_wallet
from tillgate.services.wallets import Withdrawal, new_wallet_key, withdraw

# Enough for three of what everybody wants, and then some.
FILLED, WANTED = rupees(100), rupees(30)


class Round:
    """What a round has: a top-up that may go back, and the one press that two of them make."""

    def __init__(self, top_up: int, same: StartPayment) -> None:
        self.top_up = top_up
        self.same = same


def rounds_of(purse: Purse, rounds: int) -> list[Round]:
    """The presses; the money of each round comes when it begins."""
    return [Round(purse.begin(FILLED).id, purse.command(WANTED)) for _ in range(rounds)]


def attempt(purse: Purse, which: int, this: Round) -> str:
    """What is told to the till of a number; "again" where the same press made it already."""
    ways: tuple[Callable[[], str], ...] = (
        lambda: _pays(purse, this.same),
        lambda: _pays(purse, this.same),
        lambda: _pays(purse, purse.command(WANTED)),
        lambda: _pays_out(purse),
        lambda: _gives_back(purse, this.top_up),
    )
    try:
        return ways[which % len(ways)]()
    except Refused as refused:
        return refused.code


def _pays(purse: Purse, command: StartPayment) -> str:
    started = pay_from_wallet(purse.till, purse.cashier, command, (WalletPart(None, command.amount),))
    return "again" if started.existing else "done"


def _pays_out(purse: Purse) -> str:
    withdraw(purse.till, purse.manager, Withdrawal(new_wallet_key(), purse.customer, WANTED, "asked for it"))
    return "done"


def _gives_back(purse: Purse, top_up: int) -> str:
    request_refund(purse.till, purse.manager, top_up, WANTED, "asked for it")
    return "done"


def faults(purse: Purse, told: list[list[str]]) -> list[str]:
    """Three of each round got it, the others were told that it is not there; or what is wrong."""
    wrong, left = [], 0
    for number, answers in enumerate(told):
        done, losers = answers.count("done"), [each for each in answers if each not in ("done", "again")]
        left += FILLED.minor
        # What earlier rounds left over pays for another one now and then.
        most = left // WANTED.minor
        left -= done * WANTED.minor
        if done > most or left < 0 or (losers and left >= WANTED.minor) or set(losers) - {"insufficient_balance"}:
            wrong.append(f"round {number}: {answers}, {left} left")
    if purse.balance() != Money(left, "INR"):
        wrong.append(f"{purse.balance()} is in the wallet, {left} was left")
    return wrong + purse.faults()


def race(url: str, rounds: int, processes: int) -> list[str]:
    """Rounds of tills; what was wrong."""
    engine = engine_of(url)
    purse = open_purse(make_till(engine, FakeClock(), till_id="T0"))
    presses = rounds_of(purse, rounds)
    engine.dispose()

    def run(mine: int, together: Callable[[], object]) -> list[Any]:
        own_engine, till_id = engine_of(url), f"T{mine + 1}"
        own = make_till(own_engine, FakeClock(START), till_id=till_id)
        own = replace(own, providers={purse.bank.name: purse.bank}, fulfilling=purse.till.fulfilling)
        here = replace(purse, till=own).till_of(till_id)
        said = []
        for number, this in enumerate(presses):
            if mine == 0:
                here.paid(here.view(this.top_up).payment)
            together()
            said.append(attempt(here, mine + number, this))
            together()
        own_engine.dispose()
        return said

    found = faults(purse, by_round(in_processes(processes, run)))
    engine.dispose()
    return found


if __name__ == "__main__":
    raise SystemExit(race_by_command("Tills spend one wallet at once.", race, rounds=4, processes=5))
