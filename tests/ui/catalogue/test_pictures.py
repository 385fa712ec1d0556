"""A product's own picture, from the file to the tile, and off again; a file that only calls itself a picture."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from tests.factories.pictures import drawn, png_saying
from tests.factories.shop import Counter
from tests.ui.pages.access import nameless
from tests.ui.pages.catalogue import CatalogueWindow
from tillgate.domain.pictures import PictureKind, is_own
from tillgate.services.catalogue import load_product
from tillgate.services.pictures import load_picture
from tillgate.store.models import picture, product
from tillgate.ui.pictures import KEPT_AS, decode
from tillgate.ui.screens.catalogue.picture_field import Picture, PictureField
from tillgate.ui.screens.catalogue.product_dialog import ProductDialog
from tillgate.ui.screens.checkout import CheckoutScreen


def refused(field: PictureField, words: str) -> bool:
    return field.error.startswith(words) and field.file.isEnabled()


class Changing:
    """The dialog of one product, whose file dialog answers with a file."""

    def __init__(self, window: CatalogueWindow, counter: Counter, file: Path) -> None:
        self.window, self.counter, self.file = window, counter, file
        self.id = counter.number(product, "GIT")

    def open(self) -> ProductDialog:
        screen = self.window.catalogue()
        known = load_product(self.counter.till, self.counter.manager, self.id).product
        dialog = ProductDialog(screen, self.window.office, known, ask=lambda _parent, then: then(self.file))
        # Opened from the loop, as a press does it.
        QTimer.singleShot(0, dialog, dialog.open)
        return self.window.opened(ProductDialog)

    @property
    def image(self) -> str:
        return load_product(self.counter.till, self.counter.manager, self.id).product.image


@pytest.fixture
def changing(window: CatalogueWindow, counter: Counter, tmp_path: Path) -> Changing:
    return Changing(window, counter, tmp_path / "guitar.png")


def test_a_file_becomes_the_tile_s_picture_and_goes_again(changing: Changing) -> None:
    window = changing.window
    changing.file.write_bytes(drawn(PictureKind.JPEG, 300, 200))
    dialog = changing.open()
    assert nameless(dialog) == []
    window.click(dialog.parts.image.file)
    window.until(lambda: is_own(dialog.parts.image.value))
    assert dialog.parts.image.choice.combo.currentText() == "The store’s own picture"
    window.until(lambda: not dialog.parts.image.preview.pixmap().isNull())
    window.save()
    window.closed(ProductDialog)
    own = changing.image
    assert decode(load_picture(changing.counter.till, changing.counter.cashier, own), KEPT_AS).width() == 256
    pane = window.product("GIT").pane
    window.until(lambda: [each for each in pane.findChildren(Picture) if not each.pixmap().isNull()])
    results = window.go("checkout", CheckoutScreen).view.finder.results
    thumbnails = results._delegate._thumbnails
    window.until(lambda: thumbnails.pixmap(own, 56, 1.0) is not None)
    dialog = changing.open()
    assert dialog.parts.image.value == own
    dialog.parts.image.choose("")
    window.save()
    window.closed(ProductDialog)
    assert changing.image == ""


def test_what_only_calls_itself_a_picture_is_refused_at_the_field(changing: Changing) -> None:
    window = changing.window
    dialog = changing.open()
    field = dialog.parts.image
    said = {
        b"<svg xmlns='http://www.w3.org/2000/svg'/>": "This is no PNG, JPEG or WebP",
        png_saying(60_000, 60_000): "The picture has 60000 × 60000 pixels",
        drawn(PictureKind.PNG, 40, 40)[:90]: "This picture is damaged",
    }
    for content, words in said.items():
        changing.file.write_bytes(content)
        window.click(field.file)
        window.until(partial(refused, field, words))
        assert field.value == "books.svg"
    assert changing.counter.rows(picture) == []
