"""The products that are sold in instalments: searched as one types, chosen by Enter or a double press."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.changes import Kind
from tillgate.domain.instalments import CURRENCY
from tillgate.domain.staff import Actor
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue import ProductHit, search_products
from tillgate.services.till import Till
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.customer_dialog import CustomerSearch
from tillgate.ui.screens.finder_field import Searching
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.text import shown
from tillgate.ui.widgets.labels import plain_label, set_text

MOST: Final = 60
# Of a shop that rents out more than it sells, too.
_LOOKED_AT: Final = 5 * MOST


class ProductFinder(QWidget):
    """`chosen(ProductHit)`; then the search is emptied. `touched` when one goes on looking."""

    chosen = Signal(object)
    touched = Signal()

    def __init__(self, desk: InstalmentDesk) -> None:
        super().__init__()
        self._desk = desk
        self.search = CustomerSearch(tr("Search products or scan"))
        self.list = ChoiceList(tr("Products found"))
        self.said = plain_label(role="caption", tone="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.said)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(lambda _text: self.touched.emit())
        office = desk.office
        find = partial(_sold_here, office.till, office.actor)
        searching = Searching(
            self, office.tasks, self.search, self.list, find=find, choice=self._choice, label="products"
        )
        searching.taken.connect(self._taken)
        searching.found.connect(lambda text, count: set_text(self.said, self._told(text, count)))
        searching.failed.connect(desk.notice.show_error)
        self.search.returnPressed.connect(searching.pick)
        office.tasks.watch(self, {Kind.CATALOGUE}, lambda _changes: searching.look())
        searching.look()

    @Slot(object)
    def _taken(self, hit: ProductHit) -> None:
        self.search.clear()
        self.chosen.emit(hit)

    def _told(self, text: str, count: int) -> str:
        if count >= MOST:
            return tr("The first {count} products. Type to narrow them down.", count=count)
        if count:
            return ntr("{count} product in instalments", "{count} products in instalments", count)
        if text:
            return tr("Nothing found. Try another word, a code or a barcode.")
        return tr("There is nothing to sell in instalments yet.")

    def _choice(self, hit: ProductHit) -> Choice:
        product = hit.product
        several = ntr("{count} variant", "{count} variants", hit.variants) if hit.variants > 1 else product.code
        left = ntr("{count} left", "{count} left", hit.stock)
        price = self._desk.office.money(hit.price)
        return Choice(
            hit,
            shown(product.name, 120),
            "  ·  ".join((shown(product.vendor_name, 60), shown(several, 60))),
            tr("from {price}", price=price) if hit.variants > 1 else price,
            left,
            alarming=hit.stock < 1,
        )


def _sold_here(till: Till, actor: Actor, text: str) -> list[ProductHit]:
    """Only what is sold by the piece in rupees can be paid in instalments (seed 001)."""
    found = search_products(till, actor, text, limit=_LOOKED_AT)
    sold = [each for each in found if each.product.kind is ProductKind.SALE and each.product.currency == CURRENCY]
    return sold[:MOST]
