"""Words of the catalogue: kinds, how a product stands, pictures, and what becomes of a file's rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.percent import percent_text, says_rate
from tillgate.i18n import active_language, mark, tr
from tillgate.services.catalogue_files import Part
from tillgate.services.catalogue_import import Fate
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import Status

KIND_WORDS: Final = {ProductKind.SALE: mark("For sale"), ProductKind.RENTAL: mark("For rent")}


class Standing(StrEnum):
    """Whether a product can be rung up."""

    OFFERED = "offered"
    OUT = "out"
    OFF = "off"
    VENDOR_OFF = "vendor_off"


STANDING: Final = {
    Standing.OFFERED: Status(Tone.SETTLED, "circle-check", mark("Offered")),
    Standing.OUT: Status(Tone.WAITING, "package", mark("Out of stock")),
    Standing.OFF: Status(Tone.DRAFT, "circle-pause", mark("Not in use")),
    Standing.VENDOR_OFF: Status(Tone.DRAFT, "store", mark("Vendor not in use")),
}
IN_USE: Final = {
    True: Status(Tone.SETTLED, "circle-check", mark("In use")),
    False: Status(Tone.DRAFT, "circle-pause", mark("Not in use")),
}


def standing(*, active: bool, vendor_active: bool, stock: int) -> Standing:
    """How a product stands."""
    if not active:
        return Standing.OFF
    if not vendor_active:
        return Standing.VENDOR_OFF
    return Standing.OFFERED if stock else Standing.OUT


PICTURES: Final = {
    "books.svg": mark("Books"),
    "cameras.svg": mark("Cameras"),
    "camping.svg": mark("Camping"),
    "clothing.svg": mark("Clothing"),
    "electronics.svg": mark("Electronics"),
    "ethnic-wear.svg": mark("Festive wear"),
    "furniture.svg": mark("Furniture"),
    "groceries.svg": mark("Groceries"),
    "kitchen.svg": mark("Kitchen"),
    "music.svg": mark("Music"),
    "party.svg": mark("Party"),
    "tools.svg": mark("Tools"),
}
PART_WORDS: Final = {
    Part.VENDOR: mark("Vendor"),
    Part.PRODUCT: mark("Product"),
    Part.CUSTOMER: mark("Customer"),
}
FATES: Final = {
    Fate.NEW: Status(Tone.ACCENT, "plus", mark("New")),
    Fate.CHANGED: Status(Tone.WAITING, "pencil", mark("Changed")),
    Fate.KEPT: Status(Tone.DRAFT, "check", mark("Stays as it is")),
    Fate.BAD: Status(Tone.FAILED, "circle-x", mark("Error")),
}
# What a file's row changes, by the service's names.
FIELD_WORDS: Final = {
    "name": mark("name"),
    "description": mark("description"),
    "category": mark("category"),
    "image": mark("picture"),
    "tax_bp": mark("tax rate"),
    "tax_name": mark("name of the tax"),
    "active": mark("in use"),
    "variant_name": mark("name of the variant"),
    "barcode": mark("barcode"),
    "price_minor": mark("price"),
    "deposit_minor": mark("deposit"),
    "periods": mark("rental periods"),
    "variant_smallest_quantity": mark("smallest quantity"),
    "variant_active": mark("variant in use"),
}


def rate_text(rate_bp: int) -> str:
    """A rate as it is shown: "18%", "2.5%"."""
    number = percent_text(rate_bp, decimal_mark="." if active_language() == "en" else ",")
    return tr("{number}%", number=number)


def tax_text(name: str, rate_bp: int) -> str:
    """A product's tax: "VAT, 12%", and only the name where that says the rate itself."""
    return name if says_rate(name, rate_bp * 100) else tr("{name}, {rate}", name=name, rate=rate_text(rate_bp))
