"""Every fault of IntaSend x every verb of a prompt, through the services: a phone is asked once at most, and what was
paid makes one order or waits on Exceptions. CI tries a few of them, the campaign each."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.contract.test_faults import SPOILS, Spoil
from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.secret import Secret
from tillgate.providers.intasend import IntaSend
from tillgate.sandbox import FaultKind, SandboxServer, Verb, When
from tillgate.services import carts
from tillgate.services.book_checks import inspect_books
from tillgate.services.invoice_figures import differences
from tillgate.services.invoice_lists import find_prompt
from tillgate.services.invoice_rows import PaymentInvoiceRecord, find_open_of
from tillgate.services.settle import check_now
from tillgate.store.ledger import unbalanced
from tillgate.store.models import capture, money_exception, payment_invoice, sales_order
from tillgate.store.unit_of_work import refuse_inside_transaction

CAMPAIGN: Final = bool(os.environ.get("TILLGATE_CAMPAIGN"))
# A push, its state, the list that an unknown one is looked for in, and the customer's press.
SPOILT: Final = [
    (spoil, verb) for spoil in SPOILS.values() if not spoil.hasty for verb in (Verb.CREATE, Verb.FETCH, Verb.LOOKUP)
]
PRESSED: Final = [
    (Spoil(FaultKind.LATE_SUCCESS, {"seconds": 30}), Verb.PAY),
    (Spoil(FaultKind.WRONG_AMOUNT, {"amount_minor": -200}), Verb.PAY),
    (Spoil(FaultKind.WRONG_AMOUNT, {"amount_minor": 200}), Verb.PAY),
    (Spoil(FaultKind.WRONG_CURRENCY), Verb.PAY),
]
CASES: Final = SPOILT + PRESSED
IN_CI: Final = 4
SETTLED: Final = (InvoiceStatus.COMPLETE, InvoiceStatus.FAILED, InvoiceStatus.EXPIRED)


@dataclass
class Corner:
    """A shop and the bank behind the wire."""

    kiosk: Kiosk
    sandbox: SandboxServer

    def arm(self, spoil: Spoil, verb: Verb) -> None:
        self.sandbox.faults.arm(spoil.kind, verb, provider="intasend", **spoil.options)

    def ask(self, phone: str) -> PaymentInvoiceRecord:
        """The press, whatever comes of it: the invoice is written down before anything is sent."""
        try:
            return self.kiosk.ask(phone=phone).invoice
        except TillgateError:
            rows = self.kiosk.rows(payment_invoice)
            return self.kiosk.invoice(rows[-1].id)

    def answer(self, phone: str) -> None:
        """The customer types the PIN wherever the phone shows a prompt."""
        for prompt in self.sandbox.mpesa_payer.list_prompts(phone):
            self.sandbox.mpesa_payer.answer(prompt)

    def settle(self, invoice_id: int) -> PaymentInvoiceRecord:
        """The timer's runs, until nothing changes any more."""
        for _ in range(60):
            self.kiosk.clock.advance(10)
            self.kiosk.settle()
            # One that IntaSend had no time for was not sent: it goes out when it was told to come back.
            self.answer(self.kiosk.invoice(invoice_id).phone)
            found = self.kiosk.invoice(invoice_id)
            if found.state in SETTLED or self.referred(found):
                return found
        raise AssertionError(f"{found.number} stayed {found.state}")

    def referred(self, found: PaymentInvoiceRecord) -> bool:
        return any(row.payment_id == found.payment_id for row in self.kiosk.rows(money_exception))


@pytest.fixture
def corner(tmp_path: Path) -> Iterator[Corner]:
    clock = FakeClock(wall=datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    kiosk = open_kiosk(make_till(quick_sqlite(new_sqlite(tmp_path)), clock))
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        bank = IntaSend(
            sandbox.intasend.key_id,
            Secret(sandbox.intasend.key_secret),
            mode=Mode.TRAINING,
            base_url=sandbox.intasend.base_url,
            before_send=refuse_inside_transaction,
            now=clock.now,
        )
        kiosk.till = replace(kiosk.till, providers={bank.name: bank})
        yield Corner(kiosk, sandbox)
        bank.close()
        kiosk.till.db.close()


def test_no_fault_asks_twice_or_makes_an_order_of_what_was_not_paid(corner: Corner) -> None:
    for number, (spoil, verb) in enumerate(CASES if CAMPAIGN else random.sample(CASES, IN_CI)):
        run(corner, spoil, verb, f"07{number:08d}")
    kiosk = corner.kiosk
    used = [row for row in kiosk.rows(payment_invoice) if row.state is InvoiceStatus.USED]
    assert sorted(row.order_id for row in used) == [row.id for row in kiosk.rows(sales_order)]
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)
        assert differences(connection) == []
    assert inspect_books(kiosk.till).ok


def run(corner: Corner, spoil: Spoil, verb: Verb, phone: str) -> None:
    """One prompt that meets one fault, to its end."""
    kiosk, case = corner.kiosk, f"{spoil.kind} of {verb} {spoil.options}"
    before = len(corner.sandbox.money_facts().payments)
    if verb is Verb.LOOKUP:
        corner.sandbox.faults.arm(FaultKind.RESET_BEFORE_ANSWER, Verb.CREATE, provider="intasend", when=When.AFTER)
    early = verb in (Verb.CREATE, Verb.LOOKUP)
    if early:
        corner.arm(spoil, verb)
    asked = corner.ask(phone)
    if not early:
        corner.arm(spoil, verb)
    corner.answer(asked.phone)
    if verb is Verb.FETCH and asked.payment_id is not None:
        check_now(kiosk.till, kiosk.cashier, asked.payment_id)
    kiosk.clock.advance(5)
    kiosk.settle()
    corner.sandbox.faults.clear()
    found = corner.settle(asked.id)
    prompts = len(corner.sandbox.money_facts().payments) - before
    assert prompts <= 1, f"{case}: asked again"
    with kiosk.till.db.read() as connection:
        assert find_open_of(connection, found.phone) is None or corner.referred(found), case
    good = kiosk.verify(found.number)
    try:
        sold = kiosk.sell(rung_up(kiosk), found.number).invoice.state is InvoiceStatus.USED
    except TillgateError:
        sold = False
    assert sold is (good.success and not corner.referred(found)), case
    came = [row for row in kiosk.rows(capture) if row.payment_id == found.payment_id]
    assert len(came) == prompts, f"{case}: the money is not in the books"
    assert sold or not prompts or corner.referred(found), f"{case}: paid, and neither sold nor on Exceptions"
    assert find_prompt(kiosk.till, kiosk.cashier, found.number).settled or corner.referred(found), case


def rung_up(kiosk: Kiosk) -> int:
    """The open cart with its one radio; one that was not sold still has it."""
    cart = carts.open_cart(kiosk.till, kiosk.cashier)
    return cart.id if cart.lines else kiosk.cart()
