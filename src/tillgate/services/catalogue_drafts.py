"""The catalogue as a manager wants it: drafts, and what of them is checked without looking anything up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tillgate.domain.catalogue import (
    HIGHEST_PRICE_MINOR,
    LONGEST_PERIOD_DAYS,
    MOST_BASIS_POINTS,
    MOST_STOCK,
    ProductKind,
    check_barcode,
    check_code,
    check_title,
    check_within,
)
from tillgate.domain.errors import Invalid
from tillgate.domain.money import check_currency
from tillgate.services.contacts import check_email, check_phone

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
MOST_QUANTITY: Final = 999


@dataclass(frozen=True, slots=True)
class VendorDraft:
    """A vendor as it should be."""

    code: str
    name: str
    currency: str
    email: str = ""
    phone: str = ""
    address: str = ""
    tax_number: str = ""
    brand_color: str = ""
    brand_mark: str = ""
    auto_approve: bool = False
    fee_flat_minor: int = 0
    fee_bp: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product as it should be. Its vendor, kind and currency stay what they were when it was made."""

    vendor_id: int
    code: str
    name: str
    kind: ProductKind
    currency: str
    description: str = ""
    category: str = ""
    image: str = ""
    tax_bp: int = 0
    tax_name: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class PeriodTerms:
    """A price for a number of days."""

    name: str
    days: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A variant as it should be; `stock` counts when it is made, later `change_stock` does.

    `periods` are all that are offered from now on; None leaves them as they are.
    """

    product_id: int
    code: str
    name: str = ""
    barcode: str = ""
    price_minor: int = 0
    deposit_minor: int = 0
    stock: int = 0
    smallest_quantity: int = 1
    active: bool = True
    periods: tuple[PeriodTerms, ...] | None = None


@dataclass(frozen=True, slots=True)
class PeriodDraft:
    """A rental period as it should be; there is one for a number of days."""

    variant_id: int
    name: str
    days: int
    price_minor: int
    active: bool = True


def vendor_row(draft: VendorDraft) -> dict[str, Any]:
    """The row of a vendor. Raises Invalid with the field."""
    return {
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "currency": check_currency(draft.currency),
        "email": check_email(draft.email),
        "phone": check_phone(draft.phone, draft.currency),
        "address": check_title(draft.address, field="address", needed=False, longest=300),
        "tax_number": check_title(draft.tax_number, field="tax_number", needed=False, longest=40),
        "brand_color": check_colour(draft.brand_color),
        "brand_mark": check_title(draft.brand_mark, field="brand_mark", needed=False, longest=3),
        "auto_approve": int(draft.auto_approve),
        "fee_flat_minor": _minor(draft.fee_flat_minor, "fee_flat_minor"),
        "fee_bp": check_within(draft.fee_bp, field="fee_bp", lowest=0, highest=MOST_BASIS_POINTS),
        "active": int(draft.active),
    }


def product_row(draft: ProductDraft) -> dict[str, Any]:
    """The row of a product. Raises Invalid with the field."""
    return {
        "vendor_id": draft.vendor_id,
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "description": check_title(draft.description, field="description", needed=False, longest=500),
        "category": check_title(draft.category, field="category", needed=False, longest=40),
        "image": check_title(draft.image, field="image", needed=False, longest=80),
        "kind": draft.kind,
        "currency": check_currency(draft.currency),
        "tax_bp": check_within(draft.tax_bp, field="tax_bp", lowest=0, highest=MOST_BASIS_POINTS),
        "tax_name": check_title(draft.tax_name, field="tax_name", needed=draft.tax_bp > 0, longest=40),
        "active": int(draft.active),
    }


def variant_row(draft: VariantDraft) -> dict[str, Any]:
    """The row of a variant, without its periods. Raises Invalid with the field."""
    return {
        "product_id": draft.product_id,
        "code": check_code(draft.code),
        "barcode": check_barcode(draft.barcode),
        "name": check_title(draft.name, needed=False, field="variant_name"),
        "price_minor": _minor(draft.price_minor, "price_minor"),
        "deposit_minor": _minor(draft.deposit_minor, "deposit_minor"),
        "stock": check_within(draft.stock, field="stock", lowest=0, highest=MOST_STOCK),
        "smallest_quantity": check_within(
            draft.smallest_quantity, field="smallest_quantity", lowest=1, highest=MOST_QUANTITY
        ),
        "active": int(draft.active),
    }


def period_row(name: str, days: int, price_minor: int, *, active: bool = True) -> dict[str, Any]:
    """The row of a period, without its variant. Raises Invalid with the field."""
    return {
        "name": check_title(name, longest=40, field="periods"),
        "days": check_within(days, field="periods", lowest=1, highest=LONGEST_PERIOD_DAYS),
        "price_minor": _minor(price_minor, "periods", zero=False),
        "active": int(active),
    }


def period_rows(terms: Sequence[PeriodTerms]) -> list[dict[str, Any]]:
    """The rows of all periods offered. Raises Invalid, "period_twice" for a number of days given twice."""
    rows = [period_row(each.name, each.days, each.price_minor) for each in terms]
    days = [int(row["days"]) for row in rows]
    for each in days:
        if days.count(each) > 1:
            raise Invalid("period_twice", field="periods", days=each)
    return rows


def check_offer(kind: ProductKind, draft: VariantDraft) -> None:
    """What is sold has a price, and what is rented out a period. Raises Invalid("amount_zero"), ("period_missing")."""
    if kind is ProductKind.SALE and draft.price_minor == 0:
        raise Invalid("amount_zero", field="price_minor")
    if kind is ProductKind.RENTAL and draft.periods == ():
        raise Invalid("period_missing", field="periods")


def _minor(value: int, field: str, *, zero: bool = True) -> int:
    if type(value) is not int or value > HIGHEST_PRICE_MINOR:
        raise Invalid("amount_too_large", field=field)
    if value < 0:
        raise Invalid("amount_malformed", field=field, text=str(value))
    if value == 0 and not zero:
        raise Invalid("amount_zero", field=field)
    return value


def check_colour(text: str) -> str:
    """ "#RRGGBB" in capitals, or "" for none. Raises Invalid("colour_malformed")."""
    if text and not _COLOUR.fullmatch(text):
        raise Invalid("colour_malformed", field="brand_color", text=text[:20])
    return text.upper()
