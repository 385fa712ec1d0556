"""A product of the catalogue in a form: searched as one types, or scanned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.services.catalogue import ProductHit, search_products
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.customer_dialog import CustomerSearch
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.notices import announce

_LIST_HEIGHT: Final = 120
_HITS: Final = 12


class ProductField(QWidget):
    """`chosen` when it is known which; `value` is then the product's number. Arrows and Enter choose from the list."""

    chosen = Signal()

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.value: int | None = None
        self._shown_for: str | None = None
        self._looking = False
        self.search = CustomerSearch(tr("Product’s name, code or barcode"))
        self.list = ChoiceList(tr("Products found"))
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.which = ElidedLabel(role="strong")
        self.other = Button(tr("Another product"), icon="search", on_click=self._ask_again)
        self.other.setAutoDefault(False)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._lay_out()
        self.search.textChanged.connect(self._typed)
        self.search.stepped.connect(self.list.step)
        self.list.picked.connect(self.pick)
        self.setFocusProxy(self.search)
        self._show()

    def _lay_out(self) -> None:
        title = plain_label(tr("Product"), "label")
        title.setBuddy(self.search)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        row.addWidget(self.which, 1)
        row.addWidget(self.other)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(title)
        column.addLayout(row)
        column.addWidget(self.list)
        column.addWidget(self._error)

    def show_product(self, product_id: int, name: str) -> None:
        """Which it is."""
        self.value = product_id
        self.which.show_text(name)
        self.which.setAccessibleName(tr("Product"))
        self.which.setAccessibleDescription(name)
        self.show_error("")
        self._show()
        self.chosen.emit()

    @Slot()
    def pick(self) -> bool:
        """Choose the marked one; False where the search has not come so far, or none is marked."""
        marked = self.list.marked
        if marked is None or self._shown_for != self.search.text().strip():
            return False
        hit: ProductHit = marked.value
        self.show_product(hit.product.id, hit.product.name)
        return True

    def look(self) -> None:
        """Search for what is typed."""
        if self._looking:
            return
        self._looking = True
        text = self.search.text().strip()
        work = partial(search_products, self._office.till, self._office.actor, text, limit=_HITS)
        self._office.tasks.run(self, work, partial(self._found, text), self._not_found, label="products")

    def show_error(self, text: str) -> None:
        """Say below the field what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.search.setAccessibleDescription(text)
        if text:
            announce(self.search, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.search.accessibleDescription()

    def _show(self) -> None:
        known = self.value is not None
        self.search.setHidden(known)
        self.list.setHidden(known or not self.list.choices)
        self.which.setVisible(known)
        self.other.setVisible(known)
        self._error.setVisible(bool(self.error))

    @Slot()
    def _ask_again(self) -> None:
        self.value = None
        self._show()
        self.search.setFocus()
        self.search.selectAll()
        self.look()

    @Slot(str)
    def _typed(self, _text: str) -> None:
        self.show_error("")
        self.look()

    def _found(self, text: str, hits: Sequence[ProductHit]) -> None:
        self._looking = False
        self._shown_for = text
        self.list.show_choices([_choice(each) for each in hits])
        self._show()
        if text != self.search.text().strip():
            self.look()
        elif text and not hits:
            self.show_error(tr("No product is called so."))

    def _not_found(self, _error: TillgateError) -> None:
        self._looking = False
        self.show_error(tr("The products can’t be read just now. Type again in a moment."))


def _choice(hit: ProductHit) -> Choice:
    note = "  ·  ".join(part for part in (hit.product.code, hit.product.category) if part)
    return Choice(hit, shown(hit.product.name, 120), shown(note, 120))
