"""The list of products with the details of one, and the export of the catalogue's file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import active_language, tr
from tillgate.services.catalogue import (
    ProductRecord,
    ProductView,
    VariantRecord,
    VendorRecord,
    count_products,
    list_vendors,
    load_product,
)
from tillgate.services.catalogue_drafts import ProductDraft
from tillgate.services.catalogue_edits import save_product
from tillgate.services.catalogue_lists import CatalogueRow, FileRow, catalogue_key, list_catalogue, list_file_rows
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.product_dialog import ProductDialog
from tillgate.ui.screens.catalogue.rows import VENDOR, file_columns, product_columns, product_filters, product_query
from tillgate.ui.screens.catalogue.variant_dialog import StockDialog, VariantDialog
from tillgate.ui.screens.catalogue.view import ProductActions, ProductPane
from tillgate.ui.screens.form_dialog import FormDialog
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import Choice, DataTable, EmptyText, KeysetSource, Place, Query, Sort, Summary
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.data_table.exporting import AskPath, Exporting, ask_for_csv
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

_RELOAD_MS: Final = 120
_SORT: Final = Sort("name")


class FileSource:
    """The catalogue's file, for the export: every variant of the products that the list shows."""

    def __init__(self, office: BackOffice) -> None:
        self._office = office

    def rows(self, query: Query, start: int, limit: int) -> Sequence[FileRow]:
        """The first rows; a file is read from its beginning."""
        return list_file_rows(self._office.till, self._office.actor, product_query(query), after=start, limit=limit)

    def summary(self, query: Query) -> Summary:
        """The count of products."""
        return Summary(count_products(self._office.till, self._office.actor, product_query(query)))

    def batches(self, query: Query, limit: int) -> Iterator[Sequence[FileRow]]:
        """Every row once."""
        after = 0
        while found := self.rows(query, after, limit):
            yield found
            after = found[-1].id

    def forget(self) -> None:
        """Nothing is remembered."""


class ProductList(QWidget):
    """`show_product`, `show_code` and `show_vendor` open it from elsewhere."""

    def __init__(self, office: BackOffice, notice: InlineNotice, ask_path: AskPath | None = None) -> None:
        super().__init__()
        self._office, self.notice = office, notice
        self._wanted: int | None = None
        may = office.may(Action.EDIT_CATALOGUE)
        what_to_do = tr("Add the first one, or import a file with all of them.") if may else tr("A manager adds them.")
        add = NoticeAction(tr("Add a product"), partial(self._press, "catalogue.add"), "plus") if may else None
        source: KeysetSource[CatalogueRow, tuple[Any, ...]] = KeysetSource(self._fetch, self._sum, self._key)
        self.table = DataTable(
            tr("Products"),
            columns=product_columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=product_filters(()),
            details=lambda row: OneProduct(office, row, self),
            detail_title=lambda row: row.name,
            empty=EmptyText("package", tr("No products yet"), what_to_do, add),
            sort=_SORT,
            refresh_on={Kind.CATALOGUE, Kind.ORDER},
            export_name="products",
            exportable=False,
            own_keys=False,
        )
        self._exporting = Exporting(
            self,
            self.table.notice,
            office.tasks,
            lambda path: Export(path, file_columns(), FileSource(office), self.table.query, self._place()),
            file_name="catalogue.csv",
            before=office.before_export(self, "catalogue"),
            ask_path=ask_path or ask_for_csv,
        )
        # The button exports the catalogue's file instead of the list as it is shown.
        self.table.bar.export_asked.disconnect(self.table.start_export)
        self.table.bar.export.setVisible(may)
        self.table.bar.export_asked.connect(self.export)
        self.table.loaded.connect(self._open_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        office.tasks.watch(self, {Kind.CATALOGUE}, lambda _changes: self._read_vendors())
        self._read_vendors()

    @property
    def vendor_id(self) -> int:
        """The vendor that the list is narrowed to, or 0."""
        return int(self.table.query.choice(VENDOR) or 0)

    def show_vendor(self, vendor_id: int) -> None:
        """The products of one vendor."""
        self.table.set_query(Query(sort=_SORT).with_filter(VENDOR, str(vendor_id)))

    def show_code(self, code: str) -> None:
        """The products that a code finds."""
        self.table.set_query(Query(text=code, sort=_SORT))

    def show_product(self, product_id: int) -> None:
        """One product with its details open, in the whole list."""
        self._wanted = product_id
        work = partial(load_product, self._office.till, self._office.actor, product_id)
        self._office.tasks.run(self, work, self._show_wanted, self.table.notice.show_error, label="product")

    @Slot()
    def export(self) -> None:
        """Write the catalogue's file, of the products that the list shows."""
        self._exporting.start()

    def open_dialog(self, dialog: FormDialog, said: str) -> None:
        """Open a dialog, and say something when it is saved."""
        self.notice.clear()
        dialog.saved.connect(lambda _result: self.notice.say(Tone.SETTLED, said))
        dialog.open()

    def set_active(self, known: ProductRecord, *, active: bool) -> None:
        """Take a product into use or out of it, with a way back."""
        till, actor = self._office.till, self._office.actor
        work = partial(save_product, till, actor, _draft(known, active=active))
        now = partial(work, product_id=known.id, version=known.version)
        done = partial(self._used, replace(known, version=known.version + 1), active)
        self._office.tasks.run(self, now, done, self.notice.show_error, label="product")

    def _used(self, known: ProductRecord, active: bool, _id: int) -> None:
        said = tr("{name} can be sold again.", name=known.name)
        if not active:
            said = tr("{name} is not offered any more.", name=known.name)
        back = NoticeAction(tr("Undo"), partial(self.set_active, known, active=not active), "undo-2")
        self.notice.say(Tone.SETTLED, said, actions=[back])

    def _show_wanted(self, view: ProductView) -> None:
        self.table.set_query(Query(text=view.product.code, sort=_SORT))

    @Slot()
    def _open_wanted(self) -> None:
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None

    def _press(self, command: str) -> None:
        self._office.commands.action(command).trigger()

    def _place(self) -> Place:
        return Place(active_language(), self._office.zone)

    def _read_vendors(self) -> None:
        work = partial(list_vendors, self._office.till, self._office.actor)
        self._office.tasks.run(self, work, self._offer, self.table.notice.show_error, label="vendors")

    def _offer(self, vendors: Sequence[VendorRecord]) -> None:
        self.table.bar.offer(VENDOR, [Choice(str(each.id), each.name) for each in vendors])

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[CatalogueRow, ...]:
        office = self._office
        return list_catalogue(office.till, office.actor, product_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_products(self._office.till, self._office.actor, product_query(query)))

    @staticmethod
    def _key(query: Query, row: CatalogueRow) -> tuple[Any, ...]:
        return catalogue_key(product_query(query), row)


class OneProduct(QWidget):
    """The details of a product: read on the lane, again whenever the catalogue changes.

    Dialogs and words belong to the list, which lives longer: details go as soon as the cursor moves on.
    """

    def __init__(self, office: BackOffice, row: CatalogueRow, owner: ProductList) -> None:
        super().__init__()
        self._office, self._id, self._owner = office, row.id, owner
        actions = ProductActions(self._change, self._use, self._add_variant, self._change_variant, self._stock)
        self.pane = ProductPane(office, row, actions)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pane)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_RELOAD_MS)
        self._timer.timeout.connect(self.reload)
        office.tasks.watch(self, {Kind.CATALOGUE, Kind.ORDER}, lambda _changes: self._timer.start())
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        work: Callable[[], ProductView] = partial(load_product, self._office.till, self._office.actor, self._id)
        self._office.tasks.run(self, work, self.pane.show_product, self.pane.notice.show_error, label="product")

    def _change(self) -> None:
        if self.pane.shown is not None:
            dialog = ProductDialog(self._owner, self._office, self.pane.shown.product)
            self._owner.open_dialog(dialog, tr("The product is saved."))

    def _add_variant(self) -> None:
        if self.pane.shown is not None:
            dialog = VariantDialog(self._owner, self._office, self.pane.shown.product)
            self._owner.open_dialog(dialog, tr("The variant is added."))

    def _change_variant(self, known: VariantRecord) -> None:
        if self.pane.shown is not None:
            dialog = VariantDialog(self._owner, self._office, self.pane.shown.product, known)
            self._owner.open_dialog(dialog, tr("The variant is saved."))

    def _stock(self, known: VariantRecord) -> None:
        if self.pane.shown is not None:
            name = known.name or self.pane.shown.product.name
            dialog = StockDialog(self._owner, self._office, name, known)
            self._owner.open_dialog(dialog, tr("The stock is changed."))

    def _use(self) -> None:
        if self.pane.shown is not None:
            self._owner.set_active(self.pane.shown.product, active=not self.pane.shown.product.active)


def _draft(known: ProductRecord, *, active: bool) -> ProductDraft:
    kept = {f.name: getattr(known, f.name) for f in fields(ProductDraft) if f.name != "active"}
    return ProductDraft(**kept, active=active)
