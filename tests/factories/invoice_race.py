"""Tills that are processes of their own want one payment invoice at once.

    python -m tests.factories.invoice_race URL --rounds 4 [--processes 2]

Ends with 1 and says why where an invoice made two orders or none, or a till was not told which order has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.factories.clock import START, FakeClock
from tests.factories.forked import by_round, in_processes, race_by_command
from tests.factories.pay_race import engine_of
from tests.factories.people import signed_in
from tests.factories.prompting import Kiosk, new_bank, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.errors import Refused
from tillgate.domain.orders import CartState
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.invoice_figures import differences
from tillgate.store.ledger import unbalanced
from tillgate.store.models import payment_invoice, sales_order


def attempt(kiosk: Kiosk, cart: int, number: str) -> str:
    """What a till is told that wants an invoice for its cart: "sold", or by which order it was taken."""
    try:
        return "existing" if kiosk.sell(cart, number).existing else "sold"
    except Refused as refused:
        return f"{refused.code} {refused.values.get('reason', '')} {refused.values.get('orders', '')}"


def rung_up(kiosk: Kiosk, cart_id: int) -> int:
    """A cart with one radio: the loser's still stands as it was, the winner takes another."""
    still = carts.view_cart(kiosk.till, kiosk.cashier, cart_id).state is CartState.OPEN
    return cart_id if still else kiosk.cart()


def faults(kiosk: Kiosk, told: list[list[str]]) -> list[str]:
    """One of each round sold, the others were told which order has it, and the books are even: or what is wrong."""
    orders = [row.number for row in kiosk.rows(sales_order)]
    wrong = []
    for number, answers in enumerate(told):
        losers = [each for each in answers if each != "sold"]
        rightly = all(each.startswith("invoice_not_good already_used ORD-") for each in losers)
        if len(answers) - len(losers) != 1 or not rightly or any(each.split()[-1] not in orders for each in losers):
            wrong.append(f"round {number}: {answers}")
    if len(orders) != len(told):
        wrong.append(f"{len(orders)} orders of {len(told)} invoices")
    wrong += [
        f"{row.number} is {row.state}" for row in kiosk.rows(payment_invoice) if row.state is not InvoiceStatus.USED
    ]
    with kiosk.till.db.read() as connection:
        wrong += [f"ledger {each}" for each in unbalanced(connection)]
        wrong += [f"figures {each}" for each in differences(connection)]
    return wrong


def race(url: str, rounds: int, processes: int) -> list[str]:
    """Rounds of tills; what was wrong."""
    engine = engine_of(url)
    kiosk = open_kiosk(make_till(engine, FakeClock(), till_id="T0"))
    numbers = [kiosk.paid(phone=f"07{number:08d}").number for number in range(rounds)]
    # A connection does not outlive a fork.
    engine.dispose()

    def run(mine: int, together: Callable[[], object]) -> list[Any]:
        own_engine, till_id = engine_of(url), f"T{mine + 1}"
        own = make_till(own_engine, FakeClock(START), till_id=till_id, fulfilling=kiosk.till.fulfilling)
        own = replace(own, providers={"intasend": new_bank()}, settings=kiosk.till.settings)
        here = replace(kiosk, till=own, cashier=signed_in(own, Role.CASHIER, f"Cashier of {till_id}"))
        said, cart = [], here.cart()
        for number in numbers:
            cart = rung_up(here, cart)
            together()
            said.append(attempt(here, cart, number))
        own_engine.dispose()
        return said

    found = faults(kiosk, by_round(in_processes(processes, run)))
    engine.dispose()
    return found


if __name__ == "__main__":
    raise SystemExit(race_by_command("Tills want one payment invoice at once.", race, rounds=4))
