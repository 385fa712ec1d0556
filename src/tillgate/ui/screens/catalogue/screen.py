"""The catalogue: what the store sells and rents out, and whose it is. Anybody may look; a manager changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QVBoxLayout

from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.catalogue import VendorRecord, list_vendors
from tillgate.services.catalogue_import import FileCheck
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.import_dialog import ImportDialog, ask_file, read_and_check
from tillgate.ui.screens.catalogue.product_dialog import NewProductDialog
from tillgate.ui.screens.catalogue.product_list import ProductList
from tillgate.ui.screens.catalogue.vendor_dialog import VendorDialog
from tillgate.ui.screens.catalogue.vendor_list import VendorList
from tillgate.ui.screens.catalogue.view import CatalogueView
from tillgate.ui.screens.form_dialog import FormDialog
from tillgate.ui.screens.import_dialog import AskFile, outcome
from tillgate.ui.screens.list_commands import EXPORT, LIST_VERBS, SEARCH, Verb, commands_of
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import ButtonTone
from tillgate.ui.widgets.data_table.exporting import AskPath

SCREEN: Final = "catalogue"
_EDIT: Final = Action.EDIT_CATALOGUE
_FIRST: Final = ButtonTone.PRIMARY
VERBS: Final = (
    Verb("add", mark("Add to the list"), "plus", "Ins", _EDIT),
    Verb("import", mark("Import a file"), "upload", "Ctrl+I", _EDIT),
    Verb("products", mark("Show the products"), "package", "Ctrl+1"),
    Verb("vendors", mark("Show the vendors"), "store", "Ctrl+2", _EDIT),
)


class CatalogueScreen(Screen):
    """Two lists; `add_product` and `import_file` open their dialogs from elsewhere."""

    def __init__(self, office: BackOffice, *, pick_file: AskFile = ask_file, ask_path: AskPath | None = None) -> None:
        super().__init__()
        self._office, self._pick_file = office, pick_file
        self.view = CatalogueView()
        may = office.may(_EDIT)
        self._do_by_verb: dict[str, Callable[[], object]] = {
            "add": self._add,
            "import": self.import_file,
            "products": partial(self.show_list, 0),
            "vendors": partial(self.show_list, 1),
            SEARCH: self._search,
            EXPORT: self._export,
        }
        office.commands.add_all(commands_of(SCREEN, (*VERBS, *LIST_VERBS), lambda verb: self._do_by_verb[verb]()))
        self.products = ProductList(office, self.view.notice, ask_path)
        self.vendors = VendorList(office, self.view.notice, self._show_products_of)
        self._list: ProductList | VendorList = self.products
        for page in (self.products, self.vendors):
            self.view.lists.addWidget(page)
        buttons = (
            ("import", "import", tr("Import"), ButtonTone.SECONDARY),
            ("vendor", "add", tr("New vendor"), _FIRST),
            ("product", "add", tr("New product"), _FIRST),
        )
        self.buttons = {
            key: office.commands.button(f"{SCREEN}.{verb}", tone=tone, text=text) for key, verb, text, tone in buttons
        }
        for button in self.buttons.values():
            self.view.add_button(button)
        self.view.products.clicked.connect(lambda: self.show_list(0))
        self.view.vendors.clicked.connect(lambda: self.show_list(1))
        self.view.products.setVisible(may)
        self.view.vendors.setVisible(may)
        self.show_list(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)

    # What the shell tells

    def entered(self) -> None:
        """The focus goes to the list."""
        self._list.table.setFocus()

    def go_back(self) -> bool:
        """Esc: close the details."""
        was_open = not self._list.table.pane.isHidden()
        self._list.table.pane.close_pane()
        return was_open

    def scan(self, code: str) -> bool:
        """A scanned product is shown rather than sold."""
        self.show_list(0)
        self.products.show_code(code.strip())
        return True

    # The lists

    def show_list(self, number: int) -> None:
        """The products, or the vendors."""
        self._list = (self.products, self.vendors)[number]
        self.view.lists.setCurrentIndex(number)
        self.view.products.setChecked(number == 0)
        self.view.vendors.setChecked(number == 1)
        # One primary button, that of the list in front.
        may = self._office.may(_EDIT)
        self.buttons["import"].setVisible(may)
        self.buttons["product"].setVisible(may and number == 0)
        self.buttons["vendor"].setVisible(may and number == 1)
        if self.isVisible():
            self._list.table.setFocus()

    def _search(self) -> None:
        self._list.table.focus_search()

    def _export(self) -> None:
        if self._list is self.products:
            self.products.export()
        else:
            self.vendors.table.start_export()

    def _show_products_of(self, vendor: VendorRecord) -> None:
        self.show_list(0)
        self.products.show_vendor(vendor.id)

    # Adding

    def _add(self) -> None:
        if self._list is self.products:
            self.add_product()
        else:
            self.add_vendor()

    def add_product(self) -> None:
        """Ask for a product; for its vendor first, where there is none yet."""
        work = partial(list_vendors, self._office.till, self._office.actor)
        self._office.tasks.run(self, work, self._ask_product, self.view.notice.show_error, label="vendors")

    def _ask_product(self, vendors: Sequence[VendorRecord]) -> None:
        offered = [each for each in vendors if each.active]
        if not offered:
            why = tr(
                "Every product belongs to a vendor. Where the goods are the store’s own, that is the store itself."
            )
            self._open(VendorDialog(self, self._office, text=why), lambda _vendor: self.add_product())
            return
        dialog = NewProductDialog(self, self._office, offered, self.products.vendor_id)
        self._open(dialog, self._product_added)

    def _product_added(self, product_id: object) -> None:
        self.show_list(0)
        self.products.show_product(int(str(product_id)))
        self.view.notice.say(Tone.SETTLED, tr("The product can be sold now."))

    def add_vendor(self) -> None:
        """Ask for a vendor."""
        self._open(VendorDialog(self, self._office), self._vendor_added)

    def _vendor_added(self, _vendor_id: object) -> None:
        self.show_list(1)
        self.view.notice.say(Tone.SETTLED, tr("The vendor is added. Now add their products."))

    def _open(self, dialog: FormDialog, saved: Callable[[object], object]) -> None:
        self.view.notice.clear()
        dialog.saved.connect(saved)
        dialog.open()

    # Importing

    def import_file(self) -> None:
        """Ask for a file, check it, and show what it would do."""
        self._pick_file(self, self._check)

    def _check(self, path: Path) -> None:
        self.view.notice.say(Tone.ACCENT, tr("Checking {name} …", name=path.name))
        work = partial(read_and_check, self._office.till, self._office.actor, path)
        self._office.tasks.run(self, work, partial(self._checked, path.name), self.view.notice.show_error)

    def _checked(self, name: str, check: FileCheck) -> None:
        self.view.notice.clear()
        dialog = ImportDialog(self, self._office, name, check)
        dialog.imported.connect(self._imported)
        dialog.open()

    def _imported(self, check: FileCheck) -> None:
        self.view.notice.say(Tone.SETTLED, tr("The file is imported: {outcome}", outcome=outcome(check)))
