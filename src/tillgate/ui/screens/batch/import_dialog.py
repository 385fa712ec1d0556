"""A file of device invoices before it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QWidget

from tillgate.domain.staff import Actor
from tillgate.formats import format_day
from tillgate.i18n import mark, tr
from tillgate.services.catalogue_files import load_content
from tillgate.services.device_files import CheckedInvoice, InvoiceFileCheck, check_invoices, import_invoices
from tillgate.services.till import Till
from tillgate.ui.screens import import_dialog
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.words import FATES
from tillgate.ui.screens.import_dialog import file_asker, why
from tillgate.ui.widgets.data_table import Column, count_column, money_column, status_column, text_column
from tillgate.ui.widgets.facts import Facts

ask_file: Final = file_asker(mark("Import invoices"), mark("Invoices (*.csv)"))


def read_and_check(till: Till, actor: Actor, path: Path) -> InvoiceFileCheck:
    """On the lane: the file, checked row by row. Raises Invalid where it can't be read or is no such table."""
    return check_invoices(till, actor, load_content(path))


class ImportDialog(import_dialog.ImportDialog[InvoiceFileCheck]):
    """`imported(InvoiceFileCheck)` when all of it is written."""

    def __init__(self, parent: QWidget, office: BackOffice, name: str, check: InvoiceFileCheck) -> None:
        super().__init__(
            parent,
            office,
            name,
            check,
            text=tr(
                "Nothing is written yet. Columns: device, number, date, amount, and currency if need be. "
                "Write an amount as 50000 or 50000.00: 50.000 can be read in two ways, so it is refused."
            ),
            columns=_columns(),
            key=lambda row: row.number,
            looked_for=lambda row: f"{row.invoice} {row.device}",
            details=self._facts,
        )

    def write(self, check: InvoiceFileCheck) -> InvoiceFileCheck:
        """On the lane: import what was checked."""
        return import_invoices(self._office.till, self._office.actor, check)

    def look(self, check: InvoiceFileCheck) -> InvoiceFileCheck:
        """On the lane: check the same file again."""
        return check_invoices(self._office.till, self._office.actor, check.content)

    def _facts(self, row: CheckedInvoice) -> Facts:
        amount = self._office.money(row.amount) if row.amount is not None else ""
        day = format_day(row.day, self._office.language) if row.day is not None else ""
        return Facts(
            [
                (tr("Result"), FATES[row.fate].text),
                (tr("Why"), why(row)),
                (tr("Invoice"), row.invoice),
                (tr("Device"), row.device),
                (tr("Day"), day),
                (tr("Amount"), amount),
            ]
        )


def _columns() -> list[Column[CheckedInvoice]]:
    return [
        count_column("number", tr("Row"), lambda row: row.number, sortable=False, width=60),
        status_column("fate", tr("Result"), lambda row: FATES[row.fate], sortable=False, width=124),
        # Its device and day stand in it.
        text_column("invoice", tr("Invoice"), lambda row: row.invoice, sortable=False, width=280),
        text_column("told", tr("Why"), why, sortable=False, width=320, stretch=True),
        money_column("amount", tr("Amount"), lambda row: row.amount, sortable=False, width=120),
    ]
