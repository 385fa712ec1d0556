"""A file before it is imported: what would become of every row, and nothing is written until that is agreed to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import Actor
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue_files import load_content
from tillgate.services.catalogue_import import CheckedRow, Fate, FileCheck, check_file, import_file
from tillgate.services.till import Till
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.words import FATES, FIELD_WORDS, PART_WORDS
from tillgate.ui.theme import Density, Tone
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    EmptyText,
    ListSource,
    Query,
    count_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import NoticeAction

AskFile = Callable[[QWidget, Callable[[Path], None]], None]
_FATE: Final = "fate"
# What can't be imported comes first.
_ORDER: Final = (Fate.BAD, Fate.CHANGED, Fate.NEW, Fate.KEPT)


def ask_file(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Ask for a file with the system's dialog."""
    dialog = QFileDialog(parent, tr("Import a catalogue"), "", tr("Catalogues (*.csv *.json)"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()


def read_and_check(till: Till, actor: Actor, path: Path) -> FileCheck:
    """On the lane: the file, checked row by row. Raises Invalid where it can't be read or is no catalogue."""
    return check_file(till, actor, load_content(path))


def told(row: CheckedRow) -> str:
    """Why a row can't be imported, or what it changes."""
    if row.problem is not None:
        words = message_for(row.problem)
        field = str(row.problem.values.get("field", ""))
        named = field if field and f"“{field}”" not in words.what else ""
        text = " ".join(part for part in (words.what, words.next) if part)
        return tr("{field}: {why}", field=named, why=text) if named else text
    return ", ".join(tr(FIELD_WORDS.get(name, name)) for name in row.changes)


def outcome(check: FileCheck) -> str:
    """What an import of the file does, or did."""
    parts = (
        ntr("{count} new", "{count} new", check.count(Fate.NEW)),
        ntr("{count} changed", "{count} changed", check.count(Fate.CHANGED)),
        ntr("{count} stays as it is", "{count} stay as they are", check.count(Fate.KEPT)),
    )
    return tr("{new}, {changed}, {kept}.", new=parts[0], changed=parts[1], kept=parts[2])


class ImportDialog(Dialog):
    """`imported(FileCheck)` when all of it is written."""

    imported = Signal(object)

    def __init__(self, parent: QWidget, office: BackOffice, name: str, check: FileCheck) -> None:
        super().__init__(
            parent,
            tr("Import {name}", name=name),
            tr("Nothing is written yet. Stock counts for new rows only; later it is changed with a reason."),
            verb=tr("Import"),
            on_accept=self._import,
            icon="upload",
            width=min(900, parent.window().width() - 60),
            density=Density.COMPACT,
        )
        self._office, self.check = office, check
        self.summary = plain_label(role="strong", wrap=True)
        self.add(self.summary)
        self.table = DataTable(
            tr("Rows of the file"),
            columns=_columns(),
            source=ListSource(self._narrow),
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: (row.part, row.number),
            filters=[ChoiceFilter(_FATE, tr("Result"), [Choice(fate.value, FATES[fate].text) for fate in _ORDER])],
            details=_details,
            detail_title=lambda row: tr("Row {number}", number=row.number),
            empty=EmptyText("file-text", tr("No rows"), tr("There is nothing in this file.")),
            exportable=False,
        )
        self.table.setMinimumHeight(max(160, min(420, parent.window().height() - 330)))
        self.add(self.table)
        self._show()
        self.back.setFocus()

    def _show(self) -> None:
        bad, rows = self.check.count(Fate.BAD), len(self.check.rows)
        todo = self.check.count(Fate.NEW) + self.check.count(Fate.CHANGED)
        text = tr("{rows} {outcome}", rows=ntr("{count} row:", "{count} rows:", rows), outcome=outcome(self.check))
        self.summary.setText(text)
        self.set_working(bool(bad) or not todo)
        self.go.show_text(ntr("Import {count} row", "Import {count} rows", todo))
        if bad:
            self.notice.say(
                Tone.FAILED,
                ntr("{count} row can’t be imported.", "{count} rows can’t be imported.", bad),
                tr("Nothing is imported while a row has an error. Correct the file, then choose it again."),
            )
        elif not todo:
            self.notice.say(Tone.ACCENT, tr("All of it is in the catalogue already."))
        else:
            self.notice.clear()

    def _narrow(self, query: Query) -> Sequence[CheckedRow]:
        words, fate = query.text.casefold().split(), query.choice(_FATE)
        found = [
            row
            for row in self.check.rows
            if fate in {None, row.fate.value} and all(word in f"{row.code} {row.name}".casefold() for word in words)
        ]
        return sorted(found, key=lambda row: _ORDER.index(row.fate))

    def _import(self) -> None:
        self.notice.clear()
        self.set_working(True)
        work = partial(import_file, self._office.till, self._office.actor, self.check)
        self._office.tasks.run(self, work, self._done, self._refused, label="import")

    def _done(self, check: FileCheck) -> None:
        self.imported.emit(check)
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        self.notice.show_error(error, [NoticeAction(tr("Check again"), self._check_again, "refresh-cw")])

    def _check_again(self) -> None:
        work = partial(check_file, self._office.till, self._office.actor, self.check.content)
        self._office.tasks.run(self, work, self._checked, self.show_error, label="import")

    def _checked(self, check: FileCheck) -> None:
        self.check = check
        self._show()
        self.table.refresh()


def _columns() -> list[Column[CheckedRow]]:
    return [
        count_column("number", tr("Row"), lambda row: row.number, sortable=False, width=60),
        status_column("fate", tr("Result"), lambda row: FATES[row.fate], sortable=False, width=160),
        text_column("code", tr("Code"), lambda row: row.code, sortable=False, width=130),
        text_column("told", tr("Why"), told, sortable=False, width=380),
        text_column("name", tr("Name"), lambda row: row.name, sortable=False, width=150, stretch=True, minor=True),
        text_column("part", tr("What"), lambda row: tr(PART_WORDS[row.part]), sortable=False, width=100, minor=True),
    ]


def _details(row: CheckedRow) -> Facts:
    """All of a row, which the list may have cut."""
    return Facts(
        [
            (tr("Result"), FATES[row.fate].text),
            (tr("Why"), told(row)),
            (tr("Code"), row.code),
            (tr("Name"), row.name),
            (tr("What"), tr(PART_WORDS[row.part])),
        ]
    )
