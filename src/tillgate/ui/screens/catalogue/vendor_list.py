"""The list of vendors with the details of one. It is short, so it is read whole and narrowed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.catalogue import VendorRecord, list_vendors
from tillgate.services.catalogue_drafts import VendorDraft
from tillgate.services.catalogue_edits import save_vendor
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.rows import narrowed_vendors, vendor_columns, vendor_filters
from tillgate.ui.screens.catalogue.vendor_dialog import VendorDialog
from tillgate.ui.screens.catalogue.view import VendorPane
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import DataTable, EmptyText, ListSource, Query, Sort
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction


class VendorList(QWidget):
    """`show_products(vendor)` is called to go to a vendor's products."""

    def __init__(
        self, office: BackOffice, notice: InlineNotice, show_products: Callable[[VendorRecord], object]
    ) -> None:
        super().__init__()
        self._office, self._notice, self._show_products = office, notice, show_products
        add = NoticeAction(tr("Add a vendor"), office.commands.action("catalogue.add").trigger, "plus")
        self.table = DataTable(
            tr("Vendors"),
            columns=vendor_columns(),
            source=ListSource(self._rows),
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=vendor_filters(),
            details=self._details,
            detail_title=lambda row: row.name,
            empty=EmptyText(
                "store",
                tr("No vendors yet"),
                tr("Every product belongs to a vendor: each gets its own order and invoice."),
                add if office.may(Action.EDIT_CATALOGUE) else None,
            ),
            sort=Sort("name"),
            refresh_on={Kind.CATALOGUE},
            export_name="vendors",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "vendors"),
            own_keys=False,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)

    def _rows(self, query: Query) -> Sequence[VendorRecord]:
        return narrowed_vendors(list_vendors(self._office.till, self._office.actor), query)

    def _details(self, row: VendorRecord) -> QWidget:
        change, use = partial(self._change, row), partial(self._set_active, row, active=not row.active)
        return VendorPane(self._office, row, change, use, partial(self._show_products, row))

    def _change(self, row: VendorRecord) -> None:
        dialog = VendorDialog(self, self._office, row)
        dialog.saved.connect(lambda _id: self._say(tr("{name} is saved.", name=row.name)))
        dialog.open()

    def _set_active(self, row: VendorRecord, *, active: bool) -> None:
        kept = {f.name: getattr(row, f.name) for f in fields(VendorDraft)}
        draft = VendorDraft(**{**kept, "auto_approve": bool(row.auto_approve), "active": active})
        till, actor = self._office.till, self._office.actor
        work = partial(save_vendor, till, actor, draft, vendor_id=row.id, version=row.version)
        said = tr("The products of {name} can be sold again.", name=row.name) if active else ""
        said = said or tr("The products of {name} are not offered any more.", name=row.name)
        self._office.tasks.run(self, work, lambda _id: self._say(said), self._notice.show_error, label="vendor")

    def _say(self, text: str) -> None:
        # The row in the details is no longer what is there.
        self.table.pane.close_pane()
        self._notice.say(Tone.SETTLED, text)
        self.table.refresh()
