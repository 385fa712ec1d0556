"""The columns of products and vendors, their filters, and what a list asks the services for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money, exponent_of
from tillgate.domain.percent import percent_text
from tillgate.i18n import mark, tr
from tillgate.services.catalogue import ProductQuery, VendorRecord
from tillgate.services.catalogue_files import COLUMNS
from tillgate.services.catalogue_lists import CatalogueRow, FileRow
from tillgate.ui.screens.catalogue.words import IN_USE, KIND_WORDS, STANDING, Standing, rate_text, standing
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    Place,
    Query,
    count_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.columns import Cell, Exported
from tillgate.ui.widgets.data_table.filter_bar import Filter

VENDOR, KIND, USE = "vendor", "kind", "use"
ACTIVE, INACTIVE, OUT = "active", "inactive", "out"
_USES: Final = {ACTIVE: mark("In use"), INACTIVE: mark("Not in use"), OUT: mark("Out of stock")}


def product_columns() -> list[Column[CatalogueRow]]:
    """What it is, whose, what it costs, what is left."""
    return [
        text_column("name", tr("Product"), lambda row: row.name, width=220, stretch=True, strong=True),
        money_column("price", tr("Price from"), lambda row: row.price, sortable=False, width=124),
        count_column("stock", tr("Stock"), lambda row: row.stock, sortable=False, width=100),
        status_column(
            "standing", tr("State"), lambda row: STANDING[_standing(row)], sortable=False, width=164, minor=True
        ),
        text_column("code", tr("Code"), lambda row: row.code, width=120, minor=True),
        text_column("vendor", tr("Vendor"), lambda row: row.vendor_name, sortable=False, width=170, minor=True),
        text_column("kind", tr("Kind"), lambda row: tr(KIND_WORDS[row.kind]), sortable=False, width=96, minor=True),
        text_column("category", tr("Category"), lambda row: row.category, sortable=False, width=120, minor=True),
    ]


def _standing(row: CatalogueRow) -> Standing:
    return standing(active=row.active, vendor_active=row.vendor_active, stock=row.stock)


def product_filters(vendors: Sequence[VendorRecord]) -> list[Filter]:
    """By vendor, by what is done with it, and by whether it is in use or out of stock."""
    return [
        ChoiceFilter(VENDOR, tr("Vendor"), [Choice(str(each.id), each.name) for each in vendors]),
        ChoiceFilter(USE, tr("State"), [Choice(key, tr(word)) for key, word in _USES.items()]),
        ChoiceFilter(KIND, tr("Kind"), [Choice(kind.value, tr(word)) for kind, word in KIND_WORDS.items()]),
    ]


def product_query(query: Query) -> ProductQuery:
    """What the list asks for, in the service's terms."""
    kind, seller, use = query.choice(KIND), query.choice(VENDOR), query.choice(USE)
    return ProductQuery(
        text=query.text,
        kind=ProductKind(kind) if kind else None,
        vendor_id=int(seller) if seller else None,
        active={ACTIVE: True, OUT: True, INACTIVE: False}.get(use or ""),
        out_of_stock=use == OUT,
        sort=query.sort.key if query.sort is not None and query.sort.key == "code" else "name",
        descending=query.sort.descending if query.sort is not None else False,
    )


def vendor_columns() -> list[Column[VendorRecord]]:
    """Who, how their orders begin, what the store takes."""
    return [
        text_column("name", tr("Vendor"), lambda row: row.name, width=200, stretch=True, strong=True),
        text_column("code", tr("Code"), lambda row: row.code, width=110),
        money_column("fee_flat", tr("Fee an order"), lambda row: row.fee_flat, sortable=False, width=124, minor=True),
        text_column("fee", tr("Fee rate"), lambda row: rate_text(row.fee_bp), sortable=False, width=90, minor=True),
        status_column("active", tr("State"), lambda row: IN_USE[bool(row.active)], sortable=False, width=130),
        text_column("approval", tr("Orders"), approval_text, sortable=False, width=180, minor=True),
        text_column("email", tr("E-mail"), lambda row: row.email, sortable=False, width=200, minor=True),
    ]


def approval_text(row: VendorRecord) -> str:
    """How a vendor's orders begin."""
    return tr("Approved at once") if row.auto_approve else tr("Approved by the vendor")


def vendor_filters() -> list[Filter]:
    """By whether they are in use."""
    uses = [Choice(key, tr(_USES[key])) for key in (ACTIVE, INACTIVE)]
    return [ChoiceFilter(USE, tr("State"), uses)]


def narrowed_vendors(vendors: Sequence[VendorRecord], query: Query) -> list[VendorRecord]:
    """The vendors that a query asks for, in its order."""
    words, use = query.text.casefold().split(), query.choice(USE)
    found = [
        each
        for each in vendors
        if all(word in f"{each.name} {each.code} {each.email}".casefold() for word in words)
        and use in {None, ACTIVE if each.active else INACTIVE}
    ]
    if query.sort is not None:
        by_code = query.sort.key == "code"
        found.sort(key=lambda each: (each.code if by_code else each.name).casefold(), reverse=query.sort.descending)
    return found


# The catalogue's file


def file_columns() -> list[Column[FileRow]]:
    """The columns of the export, which an import reads again: fixed names, plain numbers."""
    return [_file_column(name) for name in COLUMNS]


def _file_column(name: str) -> Column[FileRow]:
    def show(row: FileRow, _place: Place) -> Cell:
        return str(_cell(name, row))

    def export(row: FileRow, _place: Place) -> tuple[Exported, ...]:
        return (_cell(name, row),)

    return Column(name, name, show, export, (name,))


def _cell(name: str, row: FileRow) -> Exported:
    cells: dict[str, Exported] = {
        "vendor": row.vendor_code,
        "product": row.product_code,
        "name": row.name,
        "kind": row.kind.value,
        "category": row.category,
        "description": row.description,
        "tax_name": row.tax_name,
        "tax_percent": percent_text(row.tax_bp),
        "image": row.image,
        "product_active": _yes(row.product_active),
        "variant": row.code,
        "variant_name": row.variant_name,
        "barcode": row.barcode,
        "price": row.price.decimal,
        "deposit": row.deposit.decimal,
        "periods": "|".join(f"{each.days}:{_decimal(each.price)}:{each.name}" for each in row.periods),
        "stock": row.stock,
        "smallest_quantity": row.smallest_quantity,
        "variant_active": _yes(row.active),
    }
    return cells[name]


def _decimal(price: Money) -> str:
    return f"{price.decimal:.{exponent_of(price.currency)}f}"


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"
