"""The catalogue as a list: products with what is left of them, and the rows of its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Row, case, cast, func, select

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.catalogue import PeriodRecord, ProductQuery, product_conditions
from tillgate.services.till import Till
from tillgate.store.catalogue_reads import PRODUCT_COLUMNS, list_periods_of
from tillgate.store.keyset import Key, page
from tillgate.store.models import product, rental_period, variant, vendor

_OFFERED: Final = (variant.c.product_id == product.c.id) & (variant.c.active == 1)
_STOCK: Final = select(cast(func.coalesce(func.sum(variant.c.stock), 0), BigInteger)).where(_OFFERED).scalar_subquery()
_VARIANTS: Final = select(func.count()).select_from(variant).where(_OFFERED).scalar_subquery()
_PRICE: Final = select(func.min(variant.c.price_minor)).where(_OFFERED).scalar_subquery()
_RENT: Final = (
    select(func.min(rental_period.c.price_minor))
    .join(variant, variant.c.id == rental_period.c.variant_id)
    .where(_OFFERED, rental_period.c.active == 1)
    .scalar_subquery()
)
_LISTED: Final = select(
    *PRODUCT_COLUMNS,
    _STOCK.label("stock"),
    _VARIANTS.label("variants"),
    case((product.c.kind == ProductKind.RENTAL, _RENT), else_=_PRICE).label("price_minor"),
).join(vendor, vendor.c.id == product.c.vendor_id)
_FILED: Final = (
    select(
        variant,
        vendor.c.code.label("vendor_code"),
        product.c.code.label("product_code"),
        product.c.name.label("product_name"),
        product.c.kind,
        product.c.category,
        product.c.description,
        product.c.tax_name,
        product.c.tax_bp,
        product.c.image,
        product.c.currency,
        product.c.active.label("product_active"),
    )
    .join(product, product.c.id == variant.c.product_id)
    .join(vendor, vendor.c.id == product.c.vendor_id)
)


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A product in the list: over its variants in use, the lowest price (of a period where it is rented) and the
    sum of their stock. `price` is None where nothing is offered; `active` is the product's own.
    """

    id: int
    code: str
    name: str
    vendor_id: int
    vendor_name: str
    category: str
    image: str
    kind: ProductKind
    price: Money | None
    variants: int
    stock: int
    active: bool
    vendor_active: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    """A variant with its product, as a row of the catalogue's file; periods in use only."""

    id: int
    vendor_code: str
    product_code: str
    name: str
    kind: ProductKind
    category: str
    description: str
    tax_name: str
    tax_bp: int
    image: str
    product_active: bool
    code: str
    variant_name: str
    barcode: str
    price: Money
    deposit: Money
    periods: tuple[PeriodRecord, ...]
    stock: int
    smallest_quantity: int
    active: bool


def list_catalogue(
    till: Till, actor: Actor, query: ProductQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[CatalogueRow, ...]:
    """A page of the list behind a product's `catalogue_key`."""
    authorize(till, actor, Action.SELL)
    sort = product.c.code if query.sort == "code" else product.c.name
    with till.db.read() as connection:
        chosen = _LISTED.where(*product_conditions(connection, query))
        wanted = page(chosen, (sort, product.c.id), descending=query.descending, after=after, skip=skip, limit=limit)
        return tuple(_listed(row) for row in connection.execute(wanted))


def catalogue_key(query: ProductQuery, row: CatalogueRow) -> Key:
    """Where a row stands in the list."""
    return (row.code if query.sort == "code" else row.name, row.id)


def list_file_rows(
    till: Till, actor: Actor, query: ProductQuery, *, after: int = 0, limit: int = 500
) -> tuple[FileRow, ...]:
    """Every variant of the products that a query asks for, behind the variant of number `after`, in their order."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    with till.db.read() as connection:
        chosen = _FILED.where(*product_conditions(connection, query), variant.c.id > after)
        rows = connection.execute(chosen.order_by(variant.c.id).limit(limit)).all()
        rented = [row.id for row in rows if row.kind is ProductKind.RENTAL]
        periods: dict[int, list[PeriodRecord]] = {}
        currencies = {row.id: row.currency for row in rows}
        for each in list_periods_of(connection, rented):
            if each.active:
                price = Money(each.price_minor, currencies[each.variant_id])
                made = PeriodRecord(each.id, each.name, each.days, price, active=True)
                periods.setdefault(each.variant_id, []).append(made)
    return tuple(_filed(row, tuple(periods.get(row.id, ()))) for row in rows)


def _listed(row: Row[Any]) -> CatalogueRow:
    return CatalogueRow(
        id=row.id,
        code=row.code,
        name=row.name,
        vendor_id=row.vendor_id,
        vendor_name=row.vendor_name,
        category=row.category,
        image=row.image,
        kind=row.kind,
        price=Money(row.price_minor, row.currency) if row.price_minor is not None else None,
        variants=int(row.variants),
        stock=int(row.stock),
        active=bool(row.active),
        vendor_active=bool(row.vendor_active),
    )


def _filed(row: Row[Any], periods: tuple[PeriodRecord, ...]) -> FileRow:
    return FileRow(
        id=row.id,
        vendor_code=row.vendor_code,
        product_code=row.product_code,
        name=row.product_name,
        kind=row.kind,
        category=row.category,
        description=row.description,
        tax_name=row.tax_name,
        tax_bp=row.tax_bp,
        image=row.image,
        product_active=bool(row.product_active),
        code=row.code,
        variant_name=row.name,
        barcode=row.barcode or "",
        price=Money(row.price_minor, row.currency),
        deposit=Money(row.deposit_minor, row.currency),
        periods=periods,
        stock=row.stock,
        smallest_quantity=row.smallest_quantity,
        active=bool(row.active),
    )
