"""A catalogue's file before it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QWidget

from tillgate.domain.staff import Actor
from tillgate.i18n import mark, tr
from tillgate.services.catalogue_files import load_content
from tillgate.services.catalogue_import import CheckedRow, FileCheck, check_file, import_file
from tillgate.services.till import Till
from tillgate.ui.screens import import_dialog
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.words import FATES, FIELD_WORDS, PART_WORDS
from tillgate.ui.screens.import_dialog import file_asker, why
from tillgate.ui.widgets.data_table import Column, count_column, status_column, text_column
from tillgate.ui.widgets.facts import Facts

ask_file: Final = file_asker(mark("Import a catalogue"), mark("Catalogues (*.csv *.json)"))


def read_and_check(till: Till, actor: Actor, path: Path) -> FileCheck:
    """On the lane: the file, checked row by row. Raises Invalid where it can't be read or is no catalogue."""
    return check_file(till, actor, load_content(path))


def told(row: CheckedRow) -> str:
    """Why a row can't be imported, or what it changes."""
    return why(row) or ", ".join(tr(FIELD_WORDS.get(name, name)) for name in row.changes)


class ImportDialog(import_dialog.ImportDialog[FileCheck]):
    """`imported(FileCheck)` when all of it is written."""

    def __init__(self, parent: QWidget, office: BackOffice, name: str, check: FileCheck) -> None:
        super().__init__(
            parent,
            office,
            name,
            check,
            text=tr("Nothing is written yet. Stock counts for new rows only; later it is changed with a reason."),
            columns=_columns(),
            key=lambda row: (row.part, row.number),
            looked_for=lambda row: f"{row.code} {row.name}",
            details=_details,
        )

    def write(self, check: FileCheck) -> FileCheck:
        """On the lane: import what was checked."""
        return import_file(self._office.till, self._office.actor, check)

    def look(self, check: FileCheck) -> FileCheck:
        """On the lane: check the same file again."""
        return check_file(self._office.till, self._office.actor, check.content)


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
