"""`tillgate import` of a clinic: whole or not at all, twice is once, and no less checked than at the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tillgate.app.books import open_books
from tillgate.app.integrity import run_import
from tillgate.app.profile import Profile
from tillgate.domain.payment import Mode
from tillgate.paths import resource
from tillgate.store.models import clinic, consultation, customer, practitioner, tax_rule


def given(*, fees: bool = False) -> dict[str, Any]:
    """The sample without its fees, which are recorded at the desk."""
    content: dict[str, Any] = json.loads(resource("sample", "clinic.json").read_text(encoding="utf-8"))
    if not fees:
        del content["consultations"]
    return content


def bring_in(folder: Path, content: object) -> tuple[int, list[str]]:
    file = folder / "clinic.json"
    file.write_text(json.dumps(content))
    return run_import(Profile(Mode.TRAINING, folder / "till"), file)


def counts(folder: Path) -> list[int]:
    till = open_books(Profile(Mode.TRAINING, folder / "till")).till
    with till.db.read() as connection:
        tables = (clinic, practitioner, customer, tax_rule, consultation)
        found = [len(connection.execute(table.select()).all()) for table in tables]
    till.db.close()
    return found


def test_a_clinic_comes_in_once(tmp_path: Path) -> None:
    content = given()
    said = ["Added 1 clinics, 3 practitioners, 4 patients, 2 tax rules."]
    assert bring_in(tmp_path, content) == (0, said)
    assert bring_in(tmp_path, content) == (0, ["Added 0 clinics, 0 practitioners, 0 patients, 0 tax rules."])
    content["practitioners"].append({"code": "dr-new", "name": "Dr. New"})
    assert bring_in(tmp_path, content) == (0, ["Added 0 clinics, 1 practitioners, 0 patients, 0 tax rules."])
    assert counts(tmp_path) == [1, 4, 4, 2, 0]


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("practitioners", "code", "no spaces"),
        ("practitioners", "name", "half \ud800"),
        ("practitioners", "fee", 5),
        ("patients", "phone", "12"),
        ("patients", "email", "nobody"),
        ("tax_rules", "rate_ppm", 1_000_001),
        ("tax_rules", "rate_ppm", True),
        ("tax_rules", "effect", "doubled"),
        ("tax_rules", "valid_from", "soon"),
        ("tax_rules", "valid_until", "2020-01-01"),
    ],
)
def test_one_bad_row_and_nothing_is_added(tmp_path: Path, part: str, field: str, value: object) -> None:
    content = given()
    content[part][-1][field] = value
    status, lines = bring_in(tmp_path, content)
    assert (status, lines[-1]) == (1, "Nothing was added.")
    assert counts(tmp_path) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("spoil", ["clinic", "practitioners"])
def test_a_part_that_is_no_part_is_said(tmp_path: Path, spoil: str) -> None:
    content = given()
    content[spoil] = "?"
    assert bring_in(tmp_path, content)[0] == 1
    content = given()
    content["practitioners"] += content["practitioners"][:1]
    assert bring_in(tmp_path, content)[0] == 1
    assert counts(tmp_path) == [0, 0, 0, 0, 0]


def test_fees_in_a_file_are_refused_and_not_left_out_in_silence(tmp_path: Path) -> None:
    status, lines = bring_in(tmp_path, given(fees=True))
    assert (status, lines[-1]) == (1, "Nothing was added.")
