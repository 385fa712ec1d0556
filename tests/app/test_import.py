"""`tillgate import`: a catalogue comes in whole or not at all, and twice is once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tillgate.app.books import open_books
from tillgate.app.integrity import run_import
from tillgate.app.profile import Profile
from tillgate.domain.payment import Mode
from tillgate.paths import resource
from tillgate.store.models import product

SHOP = resource("sample", "shop.json")


def products(folder: Path) -> int:
    till = open_books(Profile(Mode.TRAINING, folder)).till
    with till.db.read() as connection:
        found = len(connection.execute(product.select()).all())
    till.db.close()
    return found


def test_a_shop_comes_in_once(tmp_path: Path) -> None:
    assert run_import(Profile(Mode.TRAINING, tmp_path), SHOP)[0] == 0
    assert run_import(Profile(Mode.TRAINING, tmp_path), SHOP) == (
        0,
        ["Added 0 vendors, 0 variants of products, 0 customers."],
    )
    assert products(tmp_path) == 200


@pytest.mark.parametrize("spoil", ["vendors", "products", "customers", "currency"])
def test_half_a_shop_adds_nothing(tmp_path: Path, spoil: str) -> None:
    shop = json.loads(SHOP.read_text())
    shop[spoil] = [{"code": "X"}] if spoil != "currency" else None
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(shop))
    status, lines = run_import(Profile(Mode.TRAINING, tmp_path / "till"), file)
    assert (status, lines[-1]) == (1, "Nothing was added.")
    assert products(tmp_path / "till") == 0


WRONG: dict[str, tuple[str, object]] = {
    "amount_malformed": ("price_minor", -100),
    "amount_too_large": ("price_minor", 10**17),
    "number_out_of_range": ("stock", -1),
    "field_malformed": ("active", 10**19),
    "code_malformed": ("code", "A B"),
}


@pytest.mark.parametrize("why", WRONG)
def test_the_terminal_takes_no_more_than_the_screen(tmp_path: Path, why: str) -> None:
    shop = json.loads(SHOP.read_text())
    field, value = WRONG[why]
    shop["products"][0]["variants"][0][field] = value
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(shop))
    status, lines = run_import(Profile(Mode.TRAINING, tmp_path / "till"), file)
    assert (status, lines[-1]) == (1, "Nothing was added.")
    assert why in lines[1]
    assert products(tmp_path / "till") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
def test_a_file_without_an_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "shop.json")
    assert run_import(Profile(Mode.TRAINING, tmp_path), tmp_path / "shop.json")[1][-1] == "Nothing was added."


def test_what_is_no_shop_is_said(tmp_path: Path) -> None:
    status, lines = run_import(Profile(Mode.TRAINING, tmp_path), tmp_path / "nowhere.json")
    assert status == 1
    assert "can’t be read" in lines[0]
