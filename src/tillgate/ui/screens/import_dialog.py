"""A file before it is imported: what would become of every row, and nothing is written until that is agreed to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue_import import Fate
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.words import FATES
from tillgate.ui.theme import Density, Tone
from tillgate.ui.widgets.data_table import Choice, ChoiceFilter, Column, DataTable, EmptyText, ListSource, Query
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import NoticeAction

AskFile = Callable[[QWidget, Callable[[Path], None]], None]
_FATE: Final = "fate"
# What can't be imported comes first.
_ORDER: Final = (Fate.BAD, Fate.CHANGED, Fate.NEW, Fate.KEPT)


class ImportRow(Protocol):
    """A row of a file as it was checked."""

    @property
    def number(self) -> int:
        """Its line."""

    @property
    def fate(self) -> Fate:
        """What becomes of it."""

    @property
    def problem(self) -> TillgateError | None:
        """Why it can't be imported."""


class Check(Protocol):
    """A file as it was checked."""

    @property
    def rows(self) -> Sequence[Any]:
        """Its rows."""

    def count(self, fate: Fate) -> int:
        """How many rows have a fate."""


C = TypeVar("C", bound=Check)


def file_asker(title: str, kinds: str) -> AskFile:
    """Asks for a file with the system's dialog; `title` and `kinds` are marked English."""

    def ask(parent: QWidget, then: Callable[[Path], None]) -> None:
        dialog = QFileDialog(parent, tr(title), "", tr(kinds))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        dialog.open()

    return ask


def why(row: ImportRow) -> str:
    """Why a row can't be imported; "" where it can."""
    if row.problem is None:
        return ""
    words = message_for(row.problem)
    field = str(row.problem.values.get("field", ""))
    named = field if field and f"“{field}”" not in words.what else ""
    text = " ".join(part for part in (words.what, words.next) if part)
    return tr("{field}: {why}", field=named, why=text) if named else text


def outcome(check: Check) -> str:
    """What an import of the file does, or did."""
    parts = (
        ntr("{count} new", "{count} new", check.count(Fate.NEW)),
        ntr("{count} changed", "{count} changed", check.count(Fate.CHANGED)),
        ntr("{count} stays as it is", "{count} stay as they are", check.count(Fate.KEPT)),
    )
    return tr("{new}, {changed}, {kept}.", new=parts[0], changed=parts[1], kept=parts[2])


class ImportDialog(Dialog, Generic[C]):
    """`imported(check)` when all of it is written. `looked_for` is what of a row the search goes through."""

    imported = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        office: BackOffice,
        name: str,
        check: C,
        *,
        text: str,
        columns: Sequence[Column[Any]],
        key: Callable[[Any], Hashable],
        looked_for: Callable[[Any], str],
        details: Callable[[Any], QWidget],
    ) -> None:
        super().__init__(
            parent,
            tr("Import {name}", name=name),
            text,
            verb=tr("Import"),
            on_accept=self._import,
            icon="upload",
            width=min(900, parent.window().width() - 60),
            density=Density.COMPACT,
        )
        self._office, self.check = office, check
        self._looked_for = looked_for
        self.summary = plain_label(role="strong", wrap=True)
        self.add(self.summary)
        self.table = DataTable(
            tr("Rows of the file"),
            columns=columns,
            source=ListSource(self._narrow),
            tasks=office.tasks,
            zone=office.zone,
            key=key,
            filters=[ChoiceFilter(_FATE, tr("Result"), [Choice(fate.value, FATES[fate].text) for fate in _ORDER])],
            details=details,
            detail_title=lambda row: tr("Row {number}", number=row.number),
            empty=EmptyText("file-text", tr("No rows"), tr("There is nothing in this file.")),
            exportable=False,
        )
        self.table.setMinimumHeight(max(160, min(420, parent.window().height() - 330)))
        self.add(self.table)
        self._show()
        self.back.setFocus()

    def write(self, check: C) -> C:
        """On the lane: import what was checked."""
        raise NotImplementedError

    def look(self, check: C) -> C:
        """On the lane: check the same file again."""
        raise NotImplementedError

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
            self.notice.say(Tone.ACCENT, tr("All of it is there already."))
        else:
            self.notice.clear()

    def _narrow(self, query: Query) -> Sequence[Any]:
        words, fate = query.text.casefold().split(), query.choice(_FATE)
        found = [
            row
            for row in self.check.rows
            if fate in {None, row.fate.value} and all(word in self._looked_for(row).casefold() for word in words)
        ]
        return sorted(found, key=lambda row: _ORDER.index(row.fate))

    def _import(self) -> None:
        self.notice.clear()
        self.set_working(True)
        self._office.tasks.run(self, lambda: self.write(self.check), self._done, self._refused, label="import")

    def _done(self, check: C) -> None:
        self.imported.emit(check)
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        self.notice.show_error(error, [NoticeAction(tr("Check again"), self._check_again, "refresh-cw")])

    def _check_again(self) -> None:
        self._office.tasks.run(self, lambda: self.look(self.check), self._checked, self.show_error, label="import")

    def _checked(self, check: C) -> None:
        self.check = check
        self._show()
        self.table.refresh()
