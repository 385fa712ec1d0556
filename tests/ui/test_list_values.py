"""The values under the list: keyset windows, queries kept as text, cells of an export."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.ui.text import shown
from tillgate.ui.widgets.data_table import DayRange, KeysetSource, Preset, Query, Sort, Summary, preset_range, workbook
from tillgate.ui.widgets.data_table.files import csv_cell, open_for
from tillgate.ui.widgets.data_table.query import query_from_json, query_to_json

TODAY = date(2026, 3, 1)


class Table:
    """Numbers in order, read as a database would by key."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)
        self.skips: list[int] = []
        self.source: KeysetSource[int, int] = KeysetSource(self._fetch, lambda _: Summary(len(numbers)), lambda _, n: n)

    def _fetch(self, _query: Query, after: int | None, skip: int, limit: int) -> Sequence[int]:
        self.skips.append(skip)
        rest = [number for number in self.numbers if after is None or number > after]
        return rest[skip : skip + limit]


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=30), st.sets(st.integers(), max_size=300))
def test_windows_over_a_keyset_are_slices(windows: list[tuple[int, int]], numbers: set[int]) -> None:
    table = Table(sorted(numbers))
    for start, limit in windows:
        assert table.source.rows(Query(), start, limit) == table.numbers[start : start + limit]


def test_scrolling_never_skips_and_a_jump_skips_from_the_nearest_anchor() -> None:
    table = Table(range(10_000))
    for start in range(0, 1_000, 100):
        table.source.rows(Query(), start, 100)
    assert set(table.skips) == {0}
    table.source.rows(Query(), 5_000, 100)
    assert table.skips[-1] == 4_000
    table.source.rows(Query(), 5_100, 100)
    assert table.skips[-1] == 0
    table.source.forget()
    table.source.rows(Query(), 5_100, 100)
    assert table.skips[-1] == 5_100


def test_an_export_sees_every_row_once_while_rows_come_and_go() -> None:
    table = Table(range(0, 1_000, 2))
    seen: list[int] = []
    for batch in table.source.batches(Query(), 100):
        seen += batch
        table.numbers.insert(0, -len(seen))
        table.source.forget()
    assert seen == list(range(0, 1_000, 2))


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
ranges = st.builds(DayRange, st.none() | days, st.none() | days).filter(bool)
presets = st.sampled_from(Preset).map(lambda preset: preset_range(preset, TODAY))
queries = st.builds(
    lambda text, sort, choice, span: Query(text, sort).with_filter("state", choice).with_filter("created", span),
    st.text(max_size=20),
    st.none() | st.builds(Sort, st.text(min_size=1, max_size=8), st.booleans()),
    st.none() | st.text(min_size=1, max_size=8),
    st.none() | ranges | presets,
)


@given(queries)
def test_a_kept_query_comes_back_the_same_on_the_same_day(query: Query) -> None:
    assert query_from_json(query_to_json(query), lambda: TODAY) == query


def test_a_kept_preset_means_the_days_of_then() -> None:
    kept = query_to_json(Query().with_filter("created", preset_range(Preset.LAST_MONTH, TODAY)))
    assert Query().with_filter("created", preset_range(Preset.LAST_MONTH, TODAY)).days("created") == DayRange(
        date(2026, 2, 1), date(2026, 2, 28), Preset.LAST_MONTH
    )
    later = query_from_json(kept, lambda: date(2028, 3, 31)).days("created")
    assert later == DayRange(date(2028, 2, 1), date(2028, 2, 29), Preset.LAST_MONTH)


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"text": "", "sort": 3, "filters": {}}', '{"text": 1}'])
def test_what_is_not_a_kept_query_is_refused(kept: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        query_from_json(kept, lambda: TODAY)


@given(st.text(max_size=30))
def test_no_cell_of_an_export_starts_a_formula(text: str) -> None:
    cell = csv_cell(text)
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([cell])
    (read,) = next(csv.reader(io.StringIO(line.getvalue(), newline="")))
    assert read == cell
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
    assert cell.removeprefix("'") == shown(text) or cell == shown(text)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "  =1", "\u00a0=1", "\u200b=1", "\uff1d1", "\uff20A1"],
)
def test_formulas_are_made_harmless(text: str) -> None:
    assert csv_cell(text).startswith("'")


def test_numbers_stay_numbers() -> None:
    assert csv_cell(Decimal("-1.50")) == "-1.50"
    assert csv_cell(Decimal("0E-2")) == "0.00"
    assert csv_cell(-3) == "-3"


def test_a_workbook_holds_texts_as_texts_and_amounts_as_exact_numbers(tmp_path: Path) -> None:
    path = tmp_path / "payments.XLSX"
    with open_for(path)(path) as write:
        write(["Reference", "Amount", "Currency"])
        write(['=HYPERLINK("http://evil")', Decimal("90071992547.41"), "INR"])
        write(["http://evil", Decimal(10) ** 14 + Decimal("0.01"), "\0IN\u202eR" + "x" * 40_000])
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in book.namelist() if "rels" in name and "sheet1" in name]
    assert "<f>" not in sheet
    assert "=HYPERLINK(" in sheet
    assert "<v>90071992547.41</v>" in sheet
    assert "100000000000000.01" in sheet
    assert "\0" not in sheet
    assert "INRx" in sheet
    assert "x" * workbook.CELL_CHARACTERS not in sheet


def test_rows_that_one_sheet_cannot_hold_go_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 3)
    path = tmp_path / "payments.xlsx"
    with open_for(path)(path) as write:
        for row in ("Number", *range(5)):
            write([row])
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2, 3)]
    assert all("Number" in sheet for sheet in sheets)
    assert ["<v>4</v>" in sheet for sheet in sheets] == [False, False, True]


def test_a_workbook_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "payments.xlsx"
    with pytest.raises(OSError, match="No such file"), open_for(path)(path) as write:
        write(["Number"])
