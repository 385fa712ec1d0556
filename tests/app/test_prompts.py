"""Payment invoices as the application puts them together: in training with its sandbox, and at the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tillgate.app.bootstrap import open_shop
from tillgate.app.cli import main
from tillgate.app.demo_people import CASHIER
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.sandbox import PhoneChoice, PhoneOutcome
from tillgate.services.invoice_lists import view_prompt
from tillgate.services.invoice_verification import verify_invoice
from tillgate.services.prompts import AskPhone, ask_phone, new_prompt_key
from tillgate.services.sign_in import sign_in


def test_a_phone_of_the_sandbox_pays_an_invoice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = open_shop(Profile(Mode.TRAINING, tmp_path))
    prepare_training(shop)
    till, cashier = shop.till, sign_in(shop.till, shop.pins, CASHIER.name, CASHIER.pin).actor
    heard: list[Changes] = []
    shop.on_changes(heard.append)
    amount = Money(100_000, "KES")
    wrong, right = (ask_phone(till, cashier, AskPhone(new_prompt_key(), f"071234567{n}", amount)) for n in range(2))
    assert shop.sandbox is not None
    for asked, outcome in ((wrong, PhoneOutcome.WRONG_PIN), (right, PhoneOutcome.PAY)):
        assert asked.invoice.provider_id is not None
        shop.sandbox.mpesa_payer.answer(asked.invoice.provider_id, PhoneChoice(outcome))
        assert verify_invoice(till, cashier, asked.invoice.number, amount).success is (asked is right)
    ended = view_prompt(till, cashier, wrong.invoice.id)
    assert (ended.invoice.state, ended.ended_reason) == (InvoiceStatus.FAILED, "wrong_pin")
    assert {kind for each in heard for kind in each.kinds} >= {Kind.PAYMENT, Kind.INVOICE}
    shop.close()
    assert main(["cleanup-invoices", "--mode", "training", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "0 invoices expired, 0 turned out paid, 0 went to Exceptions.\n"
