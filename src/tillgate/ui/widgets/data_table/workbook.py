"""An export as a spreadsheet's workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from tillgate.ui.text import shown
from tillgate.ui.widgets.data_table.columns import Exported
from tillgate.ui.widgets.data_table.files import WriteRow

# Excel's own limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits
SHEET_ROWS: Final = 1_048_576
CELL_CHARACTERS: Final = 32_767
# Excel keeps 15 digits of a number; two of them are decimals.
EXACT_NUMBERS: Final = 10**13


@contextmanager
def open_workbook(path: Path) -> Iterator[WriteRow]:
    """Typed cells, so that no text is ever a formula or a link. Raises OSError when it can't be written."""
    try:
        with Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)}) as workbook:
            yield _Sheets(workbook).write
    except FileCreateError as error:
        raise OSError(*error.args[0].args) from error


class _Sheets:
    """Rows into sheets: what one can't hold goes on in the next, under the same head."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._bold = workbook.add_format({"bold": True})
        self._decimals = workbook.add_format({"num_format": "0.00"})
        self._head: list[str] = []
        self._next = SHEET_ROWS

    def write(self, row: Iterable[Exported]) -> None:
        if not self._head:
            self._head = [sheet_text(str(cell)) for cell in row]
            self._begin()
            return
        if self._next >= SHEET_ROWS:
            self._begin()
        for column, cell in enumerate(row):
            self._put(column, cell)
        self._next += 1

    def _begin(self) -> None:
        self._sheet = self._workbook.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for column, text in enumerate(self._head):
            self._sheet.write_string(0, column, text, self._bold)
        self._next = 1

    def _put(self, column: int, cell: Exported) -> None:
        if isinstance(cell, str):
            self._sheet.write_string(self._next, column, sheet_text(cell))
        elif not -EXACT_NUMBERS < cell < EXACT_NUMBERS:
            self._sheet.write_string(self._next, column, str(cell))
        else:
            self._sheet.write_number(self._next, column, cell, self._decimals if isinstance(cell, Decimal) else None)


def sheet_text(value: str) -> str:
    """Text of a workbook's cell: cleaned, and no longer than a cell may be."""
    return shown(value)[:CELL_CHARACTERS]
