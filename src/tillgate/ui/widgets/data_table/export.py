"""A list as a file: all that its filters let through, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, Final

from tillgate.domain.errors import Unavailable
from tillgate.ui.widgets.data_table.columns import Column, Place
from tillgate.ui.widgets.data_table.files import WriteRow, open_for
from tillgate.ui.widgets.data_table.query import Query
from tillgate.ui.widgets.data_table.source import TableSource

_BATCH: Final = 500


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
            os.close(handle)
            with open_for(self.path)(part) as write:
                finished = self._write_rows(write)
            if finished:
                part.replace(self.path)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        return finished

    def _write_rows(self, write: WriteRow) -> bool:
        write([head for column in self._columns for head in column.heads])
        for rows in self._source.batches(self._query, _BATCH):
            if self._stopped.is_set():
                return False
            for row in rows:
                write([cell for column in self._columns for cell in column.export(row, self._place)])
            self.written += len(rows)
        return True
