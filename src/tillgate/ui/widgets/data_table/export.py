"""Lists as CSV: RFC 4180, cells that a spreadsheet would take for formulas made harmless, numbers as numbers."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any, Final

from tillgate.domain.errors import Unavailable
from tillgate.ui.text import shown
from tillgate.ui.widgets.data_table.columns import Column, Exported, Place
from tillgate.ui.widgets.data_table.query import Query
from tillgate.ui.widgets.data_table.source import TableSource

_BATCH: Final = 500
# The wide forms are formulas to spreadsheets of East Asian systems.
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Export:
    """One export on its way: `written` rows so far, read from any thread, and `stop` to give it up."""

    def __init__(
        self, path: Path, columns: Sequence[Column[Any]], source: TableSource[Any], query: Query, place: Place
    ) -> None:
        self.path = path
        self.written = 0
        self._columns, self._source, self._query, self._place = columns, source, query, place
        self._stopped = Event()

    def stop(self) -> None:
        """Give it up; no file is left."""
        self._stopped.set()

    def write(self) -> bool:
        """Write the whole file, or none: False when stopped. Raises Unavailable("export_unwritable")."""
        try:
            return self._write()
        except OSError as error:
            raise Unavailable("export_unwritable", name=self.path.name, reason=error.strerror or "") from error

    def _write(self) -> bool:
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        part = Path(name)
        try:
            # The mark lets spreadsheets read UTF-8 as what it is.
            with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
                finished = self._write_rows(csv.writer(file, lineterminator="\r\n"))
            if finished:
                part.replace(self.path)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        return finished

    def _write_rows(self, out: Any) -> bool:
        out.writerow([csv_cell(head) for column in self._columns for head in column.heads])
        for rows in self._source.batches(self._query, _BATCH):
            if self._stopped.is_set():
                return False
            for row in rows:
                out.writerow([csv_cell(cell) for column in self._columns for cell in column.export(row, self._place)])
            self.written += len(rows)
        return True


def csv_cell(value: Exported) -> str:
    """One cell: numbers plain, text cleaned and with a leading apostrophe where it could start a formula."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    risky = value.lstrip(" \u00a0\n").startswith(_DANGEROUS) or value.startswith(_DANGEROUS)
    text = shown(value)
    return f"'{text}" if risky or text.lstrip().startswith(_DANGEROUS) else text
