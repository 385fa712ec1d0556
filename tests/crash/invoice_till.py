"""A till that asks phones to pay, in a process of its own, to be killed at a named place.

    python -m tests.crash.invoice_till PLAN PLACE ACT

PLAN is JSON (`Plan.write`). Ends by SIGKILL where it passes PLACE, and with status 0 where it never does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.prompting import SETTINGS, Kiosk
from tests.factories.tills import make_till, quick_sqlite
from tillgate import failpoints
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, Purpose
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Actor, Role
from tillgate.providers.intasend import IntaSend
from tillgate.services import carts, invoice_settling, orders
from tillgate.services.attempt_lease import release_left_behind
from tillgate.services.invoice_cleanup import run_cleanup
from tillgate.services.prompts import AskPhone, ask_phone
from tillgate.store.engine import postgres_engine
from tillgate.store.models import payment_attempt, payment_invoice, sales_order

KEY: Final = "prompt-of-the-kill-test"
PURPOSES: Final = {Purpose.CHECKOUT: orders.FULFILLING, Purpose.PAYMENT_INVOICE: invoice_settling.FULFILLING}


def engine_at(database: str) -> Engine:
    """SQLite by a file's path, PostgreSQL by its URL."""
    return postgres_engine(database) if "://" in database else quick_sqlite(Path(database))


@dataclass
class Plan:
    """What a till is told at its start."""

    database: str
    base_url: str
    key_id: str
    key_secret: str
    now: str
    cashier: dict[str, Any]
    manager: dict[str, Any]
    customer_id: int

    def write(self) -> str:
        return json.dumps(asdict(self))

    def open_till(self, clock: FakeClock) -> Kiosk:
        """As after a restart: a connection and a client of its own, and no lease of a till that is gone."""
        secret = Secret(self.key_secret)
        bank = IntaSend(self.key_id, secret, mode=Mode.TRAINING, base_url=self.base_url, now=clock.now)
        till = make_till(engine_at(self.database), clock, fulfilling=PURPOSES)
        till = replace(till, providers={bank.name: bank}, settings=lambda: SETTINGS)
        release_left_behind(till, payment_attempt)
        cashier, manager = (Actor(**{**each, "role": Role(each["role"])}) for each in (self.cashier, self.manager))
        return Kiosk(till, None, cashier, manager, self.customer_id)


def ask(kiosk: Kiosk, key: str = KEY) -> None:
    """The press, with the one key of its panel."""
    ask_phone(kiosk.till, kiosk.cashier, AskPhone(key, "0712345678", Money(100_000, "KES")))


def sell(kiosk: Kiosk) -> None:
    """Verify, and sell the cart that stands; the one that was sold with it before, if any was."""
    found = kiosk.rows(payment_invoice)[-1]
    kiosk.verify(found.number)
    made = kiosk.rows(sales_order)
    cart = carts.open_cart(kiosk.till, kiosk.cashier)
    kiosk.sell(made[0].cart_id if made else cart.id if cart.lines else kiosk.cart(), found.number)


def clean(kiosk: Kiosk) -> None:
    """The timer's run."""
    run_cleanup(kiosk.till)


ACTS: Final[dict[str, Callable[[Kiosk], None]]] = {"ask": ask, "sell": sell, "clean": clean}


def main(plan: str, place: str, act: str) -> None:
    told = Plan(**json.loads(plan))
    kiosk = told.open_till(FakeClock(wall=datetime.fromisoformat(told.now)))
    failpoints.arm(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == place else None)
    ACTS[act](kiosk)


if __name__ == "__main__":
    main(*sys.argv[1:])
