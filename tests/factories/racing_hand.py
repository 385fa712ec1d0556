"""A hand at a till in a process of its own, which does the same as another one at the same moment.

    python -m tests.factories.racing_hand PLAN

PLAN is JSON: the database's URL, the sandbox's address and keys, and who is signed in. Each line of the input is an
order, as JSON, with the clock's time in "at"; the hand says "ready", waits for another line, acts, and says what came
of it. Ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.factories.clock import FakeClock
from tests.factories.racing_till import engine_of, say
from tests.factories.tills import make_till
from tillgate.domain.errors import Refused, Stale, Unavailable
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, Purpose
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Actor, Role
from tillgate.providers.razorpay import Razorpay
from tillgate.services.checkout import put_up_for_payment
from tillgate.services.exceptions import settle_exception
from tillgate.services.invoices import make_due
from tillgate.services.orders import FULFILLING
from tillgate.services.outbox import run_due
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.returns import settle_returns, store_return
from tillgate.services.settle import check_now, settle_attempts
from tillgate.services.till import Till
from tillgate.store.series import take_number
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction

TILL_ID: Final = "T1"


class _RolledBack(Exception):
    """What was begun is not to be."""


@dataclass
class Plan:
    """What a hand is told at its start."""

    url: str
    base_url: str
    key_id: str
    key_secret: str
    cashier: dict[str, Any]
    manager: dict[str, Any]

    def write(self) -> str:
        return json.dumps(asdict(self))


@dataclass
class Hand:
    """One process's till, and the people whose hands it has."""

    till: Till
    cashier: Actor
    manager: Actor

    def put_up(self, cart: int, key: str, method: str = "link") -> object:
        """Press Pay."""
        made = put_up_for_payment(self.till, self.cashier, cart, key=key, provider="razorpay", method=method)
        return [made.payment.id, made.existing]

    def check(self, payment: int) -> object:
        """Press Check now."""
        return check_now(self.till, self.cashier, payment).state

    def settle(self) -> object:
        """The timer's look at what is due."""
        return settle_attempts(self.till)

    def invoices(self) -> object:
        """The timer's work after the orders, until nothing is left."""
        done = 0
        while tried := run_due(self.till, {"invoice": make_due, "mail": lambda _till, _row: "sent"}):
            done += tried
        return done

    def give_back(self, payment: int, minor: int) -> object:
        """Ask for a refund."""
        return request_refund(self.till, self.manager, payment, Money(minor, "INR"), "came back").amount_minor

    def refund(self) -> object:
        """The timer's refunds."""
        return settle_refunds(self.till)

    def decide(self, number: int, action: str) -> object:
        """Settle an exception."""
        return settle_exception(self.till, self.manager, number, ExceptionAction(action), "decided").action

    def come_back(self, token: str, fields: dict[str, str]) -> object:
        """The browser's return, kept and looked at."""
        return [store_return(self.till, token, fields), settle_returns(self.till)]

    def number(self, series: str, count: int) -> object:
        """Take numbers one by one; every third is given back."""
        taken: list[int] = []

        def keep(uow: UnitOfWork) -> int:
            return take_number(uow.connection, series)

        def give_back(uow: UnitOfWork) -> int:
            raise _RolledBack(keep(uow))

        for nth in range(count):
            with suppress(_RolledBack):
                taken.append(self.till.db.transact(self.till.system, give_back if nth % 3 == 2 else keep))
        return taken


def open_hand(plan: Plan, clock: FakeClock) -> Hand:
    """A till of this process on the plan's database, with the real adapter."""
    provider = Razorpay(
        plan.key_id,
        Secret(plan.key_secret),
        mode=Mode.TRAINING,
        base_url=plan.base_url,
        before_send=refuse_inside_transaction,
        now=clock.now,
    )
    till = make_till(
        engine_of(plan.url),
        clock,
        till_id=TILL_ID,
        worker=f"{TILL_ID}:{os.getpid()}",
        providers={provider.name: provider},
        fulfilling={Purpose.CHECKOUT: FULFILLING},
    )
    return Hand(till, *(Actor(**{**each, "role": Role(each["role"])}) for each in (plan.cashier, plan.manager)))


def main(plan: str) -> None:
    clock = FakeClock()
    hand = open_hand(Plan(**json.loads(plan)), clock)
    say("open")
    for line in sys.stdin:
        order = json.loads(line)
        act: Callable[..., object] = getattr(hand, order.pop("do"))
        say("ready")
        clock.advance(order.pop("at") - clock.ticks)
        sys.stdin.readline()
        try:
            said = {"did": act(**order)}
        except (Refused, Stale, Unavailable) as refused:
            said = {"refused": refused.code}
        say(json.dumps(said))
    for provider in hand.till.providers.values():
        provider.close()
    hand.till.db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
