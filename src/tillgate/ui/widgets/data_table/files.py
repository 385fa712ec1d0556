"""What an export is written as: CSV (RFC 4180) or a spreadsheet's workbook; text stays text in both."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

from tillgate.ui.text import shown
from tillgate.ui.widgets.data_table.columns import Exported

CSV: Final = ".csv"
XLSX: Final = ".xlsx"
# The wide forms are formulas to spreadsheets of East Asian systems.
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")

WriteRow: TypeAlias = Callable[[Iterable[Exported]], object]
OpenFile: TypeAlias = Callable[[Path], AbstractContextManager[WriteRow]]


def open_for(name: Path) -> OpenFile:
    """How a file of that name is written: a workbook for .xlsx, CSV for every other ending."""
    if name.suffix.casefold() != XLSX:
        return open_csv
    # Loaded when somebody wants one: few do.
    from tillgate.ui.widgets.data_table.workbook import open_workbook  # noqa: PLC0415

    return open_workbook


@contextmanager
def open_csv(path: Path) -> Iterator[WriteRow]:
    """Cells that a spreadsheet would take for formulas are made harmless; numbers are numbers."""
    # The mark lets spreadsheets read UTF-8 as what it is.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")
        yield lambda row: out.writerow([csv_cell(cell) for cell in row])


def csv_cell(value: Exported) -> str:
    """One cell: numbers plain, text cleaned and with a leading apostrophe where it could start a formula."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    risky = value.lstrip(" \u00a0\n").startswith(_DANGEROUS) or value.startswith(_DANGEROUS)
    text = shown(value)
    return f"'{text}" if risky or text.lstrip().startswith(_DANGEROUS) else text
