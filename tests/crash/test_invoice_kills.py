"""A till is killed at every place of a payment invoice's life, and comes back: one prompt, one order, even books.

The bank sends prompts and outlives the till, as a bank does.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.crash.invoice_till import Plan, ask, clean, engine_at, sell
from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till, new_postgres, new_sqlite
from tests.postgres import PostgresServer
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.sandbox import PhoneChoice, PhoneOutcome, SandboxServer
from tillgate.services.book_checks import inspect_books
from tillgate.services.invoice_figures import differences
from tillgate.services.owners import list_forgotten
from tillgate.store.ledger import unbalanced
from tillgate.store.models import payment_invoice, sales_order

ROOT: Final = Path(__file__).resolve().parents[2]
CAMPAIGN: Final = bool(os.environ.get("TILLGATE_CAMPAIGN"))
# Where a till is killed, and what it does then.
PLACES: Final = {
    "prompt.after_invoice": "ask",
    "prompt.inside_intent": "ask",
    "prompt.after_paid": "sell",
    "prompt.before_use": "sell",
    "prompt.inside_use": "sell",
    "prompt.after_asking": "clean",
}
# The places of the core that a prompt passes too.
CORE: Final = {
    **dict.fromkeys(
        (
            *("start.before_intent", "start.after_intent", "start.before_sent_mark", "start.after_sent_mark"),
            *("start.after_answer", "start.after_outcome"),
        ),
        "ask",
    ),
    **dict.fromkeys(
        (
            *("settle.after_claim", "settle.after_answer", "settle.after_outcome", "apply.inside"),
            *("apply.after_commit", "orders.after_order", "orders.after_items", "orders.after_stock"),
            "orders.after_cart",
        ),
        "sell",
    ),
}
EVERY: Final = PLACES | CORE
# On a server, and at the core's places, each run of CI tries one of them.
IN_CI: Final = 1
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed by a signal there"),
    pytest.mark.timeout(1_800 if CAMPAIGN else 120),
]


@dataclass
class Street:
    """A shop's database and its bank."""

    sandbox: SandboxServer
    clock: FakeClock
    plan: Plan

    def open_till(self) -> Kiosk:
        return self.plan.open_till(self.clock)

    def kill_at(self, place: str) -> None:
        """A till of its own process does what passes a place, and is killed there."""
        told = replace(self.plan, now=self.clock.now().isoformat()).write()
        command = [sys.executable, "-W", "error", "-m", "tests.crash.invoice_till", told, place, EVERY[place]]
        killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, f"the till did not pass {place}: {killed.stderr}"

    def ask_again(self, back: Kiosk) -> None:
        """The press once more, with its own key. Where it may have been sent it is looked for, and never sent again:
        once nobody can know of it any more it is over, and another press asks."""
        ask(back)
        while not self.sandbox.mpesa_payer.list_prompts():
            self.clock.advance(20)
            back.settle()
            if back.rows(payment_invoice)[-1].state is InvoiceStatus.FAILED:
                assert self.sandbox.money_facts().payments == ()
                ask(back, "prompt-of-another-panel")

    def customer_pays(self) -> None:
        (prompt,) = self.sandbox.mpesa_payer.list_prompts()
        self.sandbox.mpesa_payer.answer(prompt, PhoneChoice(PhoneOutcome.PAY))


@contextmanager
def open_street(database: str) -> Iterator[Street]:
    """A new shop in an empty database."""
    clock = FakeClock(wall=datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    engine = engine_at(database)
    shop = open_kiosk(make_till(engine, clock))
    engine.dispose()
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        bank, people = sandbox.intasend, (asdict(shop.cashier), asdict(shop.manager))
        plan = Plan(database, bank.base_url, bank.key_id, bank.key_secret, "", *people, shop.customer_id)
        yield Street(sandbox, clock, plan)


@pytest.mark.parametrize("place", PLACES)
def test_a_till_that_is_killed_finishes_what_it_began(tmp_path: Path, place: str) -> None:
    with open_street(str(new_sqlite(tmp_path))) as street:
        finish_after(street, place)


def test_killed_at_any_place_of_the_core(tmp_path: Path) -> None:
    for place in CORE if CAMPAIGN else random.sample(sorted(CORE), IN_CI):
        with open_street(str(new_sqlite(tmp_path, f"{place}.db"))) as street:
            finish_after(street, place)


@pytest.mark.postgres
def test_killed_at_any_place_on_a_server(postgres_server: PostgresServer) -> None:
    for place in EVERY if CAMPAIGN else random.sample(sorted(EVERY), IN_CI):
        database = new_postgres(postgres_server)
        with open_street(database) as street:
            finish_after(street, place)
        postgres_server.drop_database(database)


def finish_after(street: Street, place: str) -> None:
    """Kill a till at a place, and have another one finish what it began."""
    act = EVERY[place]
    if act == "ask":
        street.kill_at(place)
    back = street.open_till()
    street.ask_again(back)
    if act == "clean":
        street.clock.advance(31 * 60)
        street.kill_at(place)
        # Whatever the killed one held is let go by the time of the next run.
        street.clock.advance(120)
        clean(back)
        (found,) = back.rows(payment_invoice)
        assert found.state in (InvoiceStatus.EXPIRED, InvoiceStatus.FAILED)
    else:
        street.customer_pays()
        if act == "sell":
            street.kill_at(place)
            street.clock.advance(61)
            back.settle()
        # Pressed for twice: the cart that the killed till rang up is still there, and is sold once.
        sell(back)
        sell(back)
        *before, found = back.rows(payment_invoice)
        (order,) = back.rows(sales_order)
        assert found.state is InvoiceStatus.USED
        assert (order.id, order.total_minor) == (found.order_id, 100_000)
        assert [each.state for each in before] in ([], [InvoiceStatus.FAILED])
    assert len(street.sandbox.money_facts().payments) == 1, f"{place}: the phone was asked more than once"
    with back.till.db.read() as connection:
        assert not unbalanced(connection)
        assert differences(connection) == []
        assert list_forgotten(connection) == []
    assert inspect_books(back.till).ok
    for each in back.till.providers.values():
        each.close()
    back.till.db.close()
