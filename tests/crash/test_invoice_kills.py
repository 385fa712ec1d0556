"""A till is killed at every place of a payment invoice's life, and comes back: one prompt, one order, even books.

The bank sends prompts and outlives the till, as a bank does.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.crash.invoice_till import Plan, ask, clean, sell
from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.sandbox import PhoneChoice, PhoneOutcome, SandboxServer
from tillgate.services.book_checks import inspect_books
from tillgate.services.invoice_figures import differences
from tillgate.services.owners import list_forgotten
from tillgate.store.ledger import unbalanced
from tillgate.store.models import payment_invoice, sales_order

ROOT: Final = Path(__file__).resolve().parents[2]
# Where a till is killed, and what it does then.
PLACES: Final = {
    "prompt.after_invoice": "ask",
    "prompt.inside_intent": "ask",
    "prompt.after_paid": "sell",
    "prompt.before_use": "sell",
    "prompt.inside_use": "sell",
    "prompt.after_asking": "clean",
}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed by a signal there")


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
        command = [sys.executable, "-W", "error", "-m", "tests.crash.invoice_till", told, place, PLACES[place]]
        killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, f"the till did not pass {place}: {killed.stderr}"

    def customer_pays(self) -> None:
        (prompt,) = self.sandbox.mpesa_payer.list_prompts()
        self.sandbox.mpesa_payer.answer(prompt, PhoneChoice(PhoneOutcome.PAY))


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    clock = FakeClock(wall=datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    path = new_sqlite(tmp_path)
    engine = quick_sqlite(path)
    shop = open_kiosk(make_till(engine, clock))
    engine.dispose()
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        bank, people = sandbox.intasend, (asdict(shop.cashier), asdict(shop.manager))
        plan = Plan(str(path), bank.base_url, bank.key_id, bank.key_secret, "", *people, shop.customer_id)
        yield Street(sandbox, clock, plan)


@pytest.mark.parametrize("place", PLACES)
def test_a_till_that_is_killed_finishes_what_it_began(street: Street, place: str) -> None:
    if PLACES[place] == "ask":
        street.kill_at(place)
    back = street.open_till()
    ask(back)
    if PLACES[place] == "clean":
        street.clock.advance(31 * 60)
        street.kill_at(place)
        # Whatever the killed one held is let go by the time of the next run.
        street.clock.advance(120)
        clean(back)
        (found,) = back.rows(payment_invoice)
        assert found.state in (InvoiceStatus.EXPIRED, InvoiceStatus.FAILED)
    else:
        street.customer_pays()
        if PLACES[place] == "sell":
            street.kill_at(place)
            street.clock.advance(61)
            back.settle()
        # Pressed for twice: the cart that the killed till rang up is still there, and is sold once.
        sell(back)
        sell(back)
        (found,) = back.rows(payment_invoice)
        (order,) = back.rows(sales_order)
        assert found.state is InvoiceStatus.USED
        assert (order.id, order.total_minor) == (found.order_id, 100_000)
    assert len(street.sandbox.money_facts().payments) == 1, "the phone was asked more than once"
    with back.till.db.read() as connection:
        assert not unbalanced(connection)
        assert differences(connection) == []
        assert list_forgotten(connection) == []
    assert inspect_books(back.till).ok
    for each in back.till.providers.values():
        each.close()
    back.till.db.close()
