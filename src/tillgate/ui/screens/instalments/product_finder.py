"""The products that are sold in instalments: searched as one types, chosen by Enter or a double press."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.instalments import CURRENCY
from tillgate.domain.staff import Actor
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue import ProductHit, search_products
from tillgate.services.till import Till
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.customer_dialog import CustomerSearch
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.text import shown
from tillgate.ui.widgets.labels import plain_label, set_text

_MOST: Final = 60


class ProductFinder(QWidget):
    """`chosen(ProductHit)`; then the search is emptied. `touched` when one goes on looking."""

    chosen = Signal(object)
    touched = Signal()

    def __init__(self, desk: InstalmentDesk) -> None:
        super().__init__()
        self._desk = desk
        self._shown_for: str | None = None
        self._enter_for: str | None = None
        self._looking = False
        self.search = CustomerSearch(tr("Search products or scan"))
        self.list = ChoiceList(tr("Products found"))
        self.said = plain_label(role="caption", tone="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.said)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self.pick)
        self.search.stepped.connect(self.list.step)
        self.list.picked.connect(self.pick)
        desk.office.tasks.watch(self, {Kind.CATALOGUE}, lambda _changes: self._look())
        self._look()

    @Slot()
    def pick(self) -> None:
        """Choose the marked one; once it is found, where Enter was quicker than the search."""
        typed = self.search.text().strip()
        if self._shown_for != typed:
            self._enter_for = typed
            return
        marked = self.list.marked
        if marked is not None:
            self.search.clear()
            self.chosen.emit(marked.value)

    @Slot()
    def _typed(self) -> None:
        self._enter_for = None
        self.touched.emit()
        self._look()

    def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        text = self.search.text().strip()
        office = self._desk.office
        work = partial(_sold_here, office.till, office.actor, text)
        office.tasks.run(self, work, partial(self._found, text), self._not_found, label="products")

    def _found(self, text: str, hits: Sequence[ProductHit]) -> None:
        self._looking = False
        self._shown_for = text
        self.list.show_choices([self._choice(each) for each in hits])
        set_text(self.said, self._told(text, len(hits)))
        if text != self.search.text().strip():
            self._look()
        elif self._enter_for == text:
            self._enter_for = None
            self.pick()

    def _not_found(self, error: TillgateError) -> None:
        self._looking = False
        self._desk.notice.show_error(error)

    def _told(self, text: str, count: int) -> str:
        if count:
            return ntr("{count} product in instalments", "{count} products in instalments", count)
        if text:
            return tr("Nothing found. Try another word, a code or a barcode.")
        return tr("There is nothing to sell in instalments yet.")

    def _choice(self, hit: ProductHit) -> Choice:
        product = hit.product
        several = ntr("{count} variant", "{count} variants", hit.variants) if hit.variants > 1 else product.code
        left = ntr("{count} left", "{count} left", hit.stock)
        return Choice(
            hit,
            shown(product.name, 120),
            "  ·  ".join((shown(product.vendor_name, 60), shown(several, 60))),
            self._desk.office.money(hit.price),
            left,
            alarming=hit.stock < 1,
        )


def _sold_here(till: Till, actor: Actor, text: str) -> list[ProductHit]:
    """Only what is sold by the piece in rupees can be paid in instalments (seed 001)."""
    found = search_products(till, actor, text, limit=_MOST)
    return [each for each in found if each.product.kind is ProductKind.SALE and each.product.currency == CURRENCY]
