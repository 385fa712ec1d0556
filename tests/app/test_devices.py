"""Devices and batches as the application puts them together: in training, at the terminal, by the timer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, func, select

from tillgate.app import bootstrap
from tillgate.app.bootstrap import Shop, open_shop
from tillgate.app.cli import main
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.app.papers import save_batch_slip
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.batch import Shown
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.devices import DeviceInvoiceState
from tillgate.domain.errors import Invalid
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import ProviderKeys
from tillgate.domain.secret import Secret
from tillgate.services.batch_payment import StartBatch, new_batch_key, pay_batch
from tillgate.services.batch_views import view_batch
from tillgate.services.book_checks import inspect_books
from tillgate.services.device_lists import find_device
from tillgate.services.settle import check_now
from tillgate.services.sign_in import sign_in
from tillgate.store.models import device, device_invoice

PATIENCE_S = 30.0


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(Profile(Mode.TRAINING, tmp_path))
    prepare_training(opened)
    yield opened
    opened.close()


def press(device_code: str = "BIKE001", count: int = 3) -> StartBatch:
    return StartBatch(new_batch_key(), device_code, count, "customer@example.com")


def invoices(shop: Shop, *conditions: ColumnElement[bool]) -> int:
    with shop.till.db.read() as connection:
        counted = select(func.count()).select_from(device_invoice).where(*conditions)
        return int(connection.execute(counted).scalar_one())


def test_the_documents_batch_in_training(shop: Shop) -> None:
    till, cashier = shop.till, sign_in(shop.till, shop.pins, CASHIER.name, CASHIER.pin).actor
    heard: list[Changes] = []
    shop.on_changes(heard.append)
    view = pay_batch(till, cashier, press())
    assert [each.invoice_number[:20] for each in view.items] == [f"INV-BIKE001-2026010{day}" for day in (2, 3, 4)]
    assert [each.amount.minor for each in view.items] == [6_000_000, 4_500_000, 5_000_000]
    assert any(each.touches(Kind.BATCH) for each in heard)
    assert shop.sandbox is not None
    item = view.items[0]
    assert item.url is not None and item.payment_id is not None
    shop.sandbox.wompi_payer.pay(item.url)
    check_now(till, cashier, item.payment_id)
    assert view_batch(till, cashier, view.batch.id).items[0].shown is Shown.PAID
    assert any(each.touches(Kind.DEVICE) for each in heard)
    assert [each.being_paid for each in find_device(till, cashier, "bike001").open] == [True, True]
    assert save_batch_slip(shop, cashier, view.batch.id).read_bytes().startswith(b"%PDF")
    assert inspect_books(till).ok


def test_keys_of_two_modes_turn_the_provider_off_and_a_batch_says_why(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As somebody left them in the keyring with a tool of their own."""
    mixed = ProviderKeys("pub_test_0123456789", Secret("prv_prod_0123456789"))
    monkeypatch.setattr(bootstrap, "_keys", lambda _mode, name, *_: mixed if name == "wompi" else None)
    shop.reload_providers()
    assert shop.providers == {}
    manager = sign_in(shop.till, shop.pins, MANAGER.name, MANAGER.pin).actor
    with pytest.raises(Invalid, match="provider_keys_mixed"):
        pay_batch(shop.till, manager, press())


def test_the_timer_catches_up_the_days_at_the_start(shop: Shop) -> None:
    before, due = invoices(shop), 5
    with shop.till.db.read() as connection:
        last = connection.execute(select(device.c.invoiced_until).where(device.c.code == "BIKE001")).scalar_one()
    # BIKE001 owes for January and nothing since: as if the till had been off for some days.
    off = device.update().where(device.c.code == "BIKE001").values(invoiced_until=last - timedelta(days=due))
    shop.till.db.transact(shop.till.system, lambda uow: uow.execute(off))
    shop.start()
    give_up = time.monotonic() + PATIENCE_S
    while invoices(shop) < before + due and time.monotonic() < give_up:
        time.sleep(0.05)
    assert invoices(shop) == before + due


def test_at_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = open_shop(Profile(Mode.TRAINING, tmp_path / "till"))
    prepare_training(opened)
    opened.close()
    where = ["--mode", "training", "--data", str(tmp_path / "till")]
    assert main(["daily-invoices", *where]) == 0
    assert capsys.readouterr().out == "Made 0 invoices for 0 devices.\n"
    file = tmp_path / "invoices.csv"
    head, good = "device,number,date,amount\n", "BIKE001,INV-BIKE001-20260110-imp001,2026-01-10,50000\n"
    file.write_text(head + good + "BIKE999,INV-BIKE999-20260110-imp001,2026-01-10,50000\n")
    assert main(["import", str(file), *where]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "1 rows can't be added:",
        "line 3, INV-BIKE999-20260110-imp001: There is no device BIKE999.",
        "Nothing was added.",
    ]
    file.write_text(head + good)
    assert main(["import", str(file), *where]) == 0
    assert main(["import", str(file), *where]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Added 1 invoices; 0 were there.",
        "Added 0 invoices; 1 were there.",
    ]
    again = open_shop(Profile(Mode.TRAINING, tmp_path / "till"))
    assert invoices(again, device_invoice.c.state == DeviceInvoiceState.OPEN) == 33
    again.close()
