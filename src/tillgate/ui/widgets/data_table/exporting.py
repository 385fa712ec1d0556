"""The run of an export as the user sees it: permission, file, progress, the word at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.formats import format_count
from tillgate.i18n import active_language, ntr, tr
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

_PROGRESS_MS: Final = 300

AskPath = Callable[[QWidget, str, Callable[[Path], None]], None]
BeforeExport = Callable[[Callable[[], object]], object]


class Exporting(QObject):
    """One export at a time for a list; `make(path)` builds it from what the list shows."""

    def __init__(
        self,
        owner: QWidget,
        notice: InlineNotice,
        tasks: Tasks,
        make: Callable[[Path], Export],
        *,
        file_name: str,
        before: BeforeExport | None,
        ask_path: AskPath | None,
    ) -> None:
        super().__init__(owner)
        self._owner, self._notice, self._tasks, self._make = owner, notice, tasks, make
        self._file_name, self._before, self._ask_path = file_name, before, ask_path or ask_with_dialog
        self._export: Export | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_PROGRESS_MS)
        self._timer.timeout.connect(self._show_progress)

    @Slot()
    def start(self) -> None:
        """Ask for permission where that is needed, then for a file, and write all rows on the lane."""
        if self._export is not None:
            return
        if self._before is not None:
            self._before(self._ask_file)
        else:
            self._ask_file()

    def _ask_file(self) -> None:
        self._ask_path(self._owner, self._file_name, self._write)

    def _write(self, path: Path) -> None:
        self._export = self._make(path)
        self._timer.start()
        self._tasks.run(self._owner, self._export.write, self._written, self._failed, label="export")

    @Slot()
    def _show_progress(self) -> None:
        if (export := self._export) is not None:
            rows = export.written
            text = ntr("Exporting: {number} row written", "Exporting: {number} rows written", rows, number=number(rows))
            self._notice.say(Tone.ACCENT, text, actions=[NoticeAction(tr("Stop the export"), export.stop, "x")])

    def _written(self, finished: bool) -> None:
        export, self._export = self._export, None
        self._timer.stop()
        if export is None or not finished:
            self._notice.say(Tone.ACCENT, tr("The export was stopped. No file was written."))
            return
        rows, file = export.written, export.path
        text = ntr(
            "{number} row written to {file}.", "{number} rows written to {file}.", rows, number=number(rows), file=file
        )
        self._notice.say(Tone.SETTLED, text)

    def _failed(self, error: TillgateError) -> None:
        self._export = None
        self._timer.stop()
        self._notice.show_error(error)


def number(count: int) -> str:
    """A count as it is written in the language in use."""
    return format_count(count, active_language())


def ask_with_dialog(parent: QWidget, name: str, then: Callable[[Path], None]) -> None:
    """Ask for a file with the system's dialog: CSV, or a workbook."""
    _ask(parent, tr("Export the list"), name, [_csv_kind(), tr("Excel workbook (*.xlsx)")], then)


def ask_for_csv(parent: QWidget, name: str, then: Callable[[Path], None]) -> None:
    """Ask for a file that is read in again: CSV only."""
    _ask(parent, tr("Export as CSV"), name, [_csv_kind()], then)


def _csv_kind() -> str:
    return tr("Comma-separated values (*.csv)")


def _ask(parent: QWidget, title: str, name: str, kinds: list[str], then: Callable[[Path], None]) -> None:
    dialog = QFileDialog(parent, title, name)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(kinds)
    dialog.setDefaultSuffix("csv")
    dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix("csv" if kind == kinds[0] else "xlsx"))
    dialog.selectFile(Path(name).stem)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()
