"""A product of the catalogue in a form: searched as one types, or scanned."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Slot

from tillgate.i18n import tr
from tillgate.services.catalogue import ProductHit, search_products
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.choice_list import Choice
from tillgate.ui.screens.finder_field import FieldWords, FinderField
from tillgate.ui.text import shown

_HITS: Final = 12


class ProductField(FinderField):
    """`value` is the product's number, once `chosen`."""

    def __init__(self, office: BackOffice) -> None:
        words = FieldWords(
            title=tr("Product"),
            search=tr("Product’s name, code or barcode"),
            found=tr("Products found"),
            other=tr("Another product"),
            nobody=tr("No product is called so."),
            unread=tr("The products can’t be read just now. Type again in a moment."),
        )
        find = partial(search_products, office.till, office.actor, limit=_HITS)
        super().__init__(office.tasks, words, find, _choice, label="products")
        self.show_state()

    @Slot(object)
    def take(self, found: ProductHit) -> None:
        """Which was chosen from the list."""
        self.show_value(found.product.id, found.product.name)


def _choice(hit: ProductHit) -> Choice:
    note = "  ·  ".join(part for part in (hit.product.code, hit.product.category) if part)
    return Choice(hit, shown(hit.product.name, 120), shown(note, 120))
