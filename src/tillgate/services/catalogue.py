"""The catalogue as the till reads it: search, scan, and products with their variants and rental periods."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, exists, func, select

from tillgate.domain.catalogue import ProductKind, search_words
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.catalogue_reads import (
    PRODUCT_COLUMNS,
    find_exact,
    list_periods_of,
    list_products_by_id,
    list_sellable,
    list_variants_of,
    search_ids,
)
from tillgate.store.keyset import Key, page
from tillgate.store.models import product, variant, vendor
from tillgate.store.search import matching

HITS: Final = 50


@dataclass(frozen=True, slots=True)
class VendorRecord:
    """Who sells or rents out. The service fee per order is `fee_flat` plus `fee_bp` of the items."""

    id: int
    code: str
    name: str
    email: str
    phone: str
    address: str
    tax_number: str
    brand_color: str
    brand_mark: str
    auto_approve: int
    fee_flat_minor: int
    fee_bp: int
    currency: str
    active: int
    version: int

    @property
    def fee_flat(self) -> Money:
        """The flat part of the fee."""
        return Money(self.fee_flat_minor, self.currency)


@dataclass(frozen=True, slots=True)
class PeriodRecord:
    """A price for a number of days."""

    id: int
    name: str
    days: int
    price: Money
    active: bool


@dataclass(frozen=True, slots=True)
class VariantRecord:
    """What a line is rung up from. `stock`: pieces left for sale, or units there are for rent.

    `price` is of one piece for sale; a rental's prices are its periods', and `price` the lowest of them.
    """

    id: int
    product_id: int
    code: str
    barcode: str | None
    name: str
    price: Money
    deposit: Money
    stock: int
    smallest_quantity: int
    active: bool
    version: int
    periods: tuple[PeriodRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A product with its vendor's name. `image` names a file of the sample images, or nothing."""

    id: int
    vendor_id: int
    vendor_name: str
    vendor_active: int
    code: str
    name: str
    description: str
    category: str
    image: str
    kind: ProductKind
    currency: str
    tax_bp: int
    tax_name: str
    active: int
    version: int


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with its variants."""

    product: ProductRecord
    variants: tuple[VariantRecord, ...]


@dataclass(frozen=True, slots=True)
class ProductHit:
    """A search's result. `variant_id` is set where there is but one to ring up, or one was named exactly."""

    product: ProductRecord
    variants: int
    variant_id: int | None
    price: Money
    stock: int


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """What a list of products is narrowed to and sorted by: "name" or "code"."""

    text: str = ""
    kind: ProductKind | None = None
    vendor_id: int | None = None
    active: bool | None = None
    out_of_stock: bool = False
    sort: str = "name"
    descending: bool = False


def search_products(till: Till, actor: Actor, text: str, *, limit: int = HITS) -> tuple[ProductHit, ...]:
    """Active products: of exactly this code or barcode, then whose name begins so, then with every word in them.

    No text gives the first products by name.
    """
    authorize(till, actor, Action.SELL)
    words = search_words(text)
    with till.db.read() as connection:
        named = {product_id: variant_id for variant_id, product_id in find_exact(connection, text)} if words else {}
        groups = [list(named), *search_ids(connection, text, words, limit)]
        views = _views(connection, list(dict.fromkeys(product_id for group in groups for product_id in group)))
    hits = [hit for view in _ranked(groups, views, words) if (hit := _hit(view, named.get(view.product.id)))]
    return tuple(hits[:limit])


def find_by_scan(till: Till, actor: Actor, text: str) -> VariantRecord | None:
    """The one active variant of exactly this code or barcode."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        found = find_exact(connection, text)
        return load_variant_in(connection, found[0][0]) if found else None


def load_variant(till: Till, actor: Actor, variant_id: int) -> VariantRecord:
    """Raises NotFound("variant_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        return load_variant_in(connection, variant_id)


def load_product(till: Till, actor: Actor, product_id: int) -> ProductView:
    """With all variants and periods, those out of use included. Raises NotFound("product_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        views = _views(connection, [product_id])
    if product_id not in views:
        raise NotFound("product_unknown", product=product_id)
    return views[product_id]


def list_vendors(till: Till, actor: Actor) -> tuple[VendorRecord, ...]:
    """All vendors by name."""
    authorize(till, actor, Action.SELL)
    query = select(*columns(VendorRecord, vendor)).order_by(vendor.c.name, vendor.c.id)
    with till.db.read() as connection:
        return tuple(record(VendorRecord, row) for row in connection.execute(query))


def list_products(
    till: Till, actor: Actor, query: ProductQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[ProductRecord, ...]:
    """A page of the list behind a product's `product_key`."""
    authorize(till, actor, Action.SELL)
    sort = product.c.code if query.sort == "code" else product.c.name
    base = select(*PRODUCT_COLUMNS).join(vendor, vendor.c.id == product.c.vendor_id)
    with till.db.read() as connection:
        chosen = base.where(*product_conditions(connection, query))
        wanted = page(chosen, (sort, product.c.id), descending=query.descending, after=after, skip=skip, limit=limit)
        return tuple(record(ProductRecord, row) for row in connection.execute(wanted))


def count_products(till: Till, actor: Actor, query: ProductQuery) -> int:
    """How many there are in the list."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(product).where(*product_conditions(connection, query))
        return int(connection.execute(counted).scalar_one())


def product_key(query: ProductQuery, row: ProductRecord) -> Key:
    """Where a row stands in the list."""
    return (row.code if query.sort == "code" else row.name, row.id)


def load_variant_in(connection: Connection, variant_id: int) -> VariantRecord:
    """Raises NotFound("variant_unknown")."""
    row = list_sellable(connection, [variant_id]).get(variant_id)
    if row is None:
        raise NotFound("variant_unknown", variant=variant_id)
    return _variant(row, row.currency, row.kind, list_periods_of(connection, [variant_id]))


def product_conditions(connection: Connection, query: ProductQuery) -> list[Any]:
    """What a query narrows products to."""
    words = search_words(query.text)
    conditions: list[Any] = [matching(connection, product, words)] if words else []
    if query.kind is not None:
        conditions.append(product.c.kind == query.kind)
    if query.vendor_id is not None:
        conditions.append(product.c.vendor_id == query.vendor_id)
    if query.active is not None:
        conditions.append(product.c.active == int(query.active))
    if query.out_of_stock:
        left = exists().where(variant.c.product_id == product.c.id, variant.c.active == 1, variant.c.stock > 0)
        conditions.append(~left)
    return conditions


def _views(connection: Connection, product_ids: Collection[int]) -> dict[int, ProductView]:
    products = list_products_by_id(connection, product_ids)
    variants = list_variants_of(connection, products)
    rented = [row.id for row in variants if products[row.product_id].kind is ProductKind.RENTAL]
    periods: dict[int, list[Row[Any]]] = {}
    for row in list_periods_of(connection, rented):
        periods.setdefault(row.variant_id, []).append(row)
    made: dict[int, list[VariantRecord]] = {product_id: [] for product_id in products}
    for row in variants:
        owner = products[row.product_id]
        made[row.product_id].append(_variant(row, owner.currency, owner.kind, periods.get(row.id, ())))
    return {each: ProductView(record(ProductRecord, row), tuple(made[each])) for each, row in products.items()}


def _variant(row: Row[Any], currency: str, kind: ProductKind, periods: Sequence[Row[Any]]) -> VariantRecord:
    offered = tuple(
        PeriodRecord(each.id, each.name, each.days, Money(each.price_minor, currency), bool(each.active))
        for each in periods
    )
    lowest = min((each.price for each in offered if each.active), default=None)
    price = lowest if kind is ProductKind.RENTAL and lowest is not None else Money(row.price_minor, currency)
    return VariantRecord(
        id=row.id,
        product_id=row.product_id,
        code=row.code,
        barcode=row.barcode,
        name=row.name,
        price=price,
        deposit=Money(row.deposit_minor, currency),
        stock=row.stock,
        smallest_quantity=row.smallest_quantity,
        active=bool(row.active),
        version=row.version,
        periods=offered,
    )


def _ranked(groups: list[list[int]], views: dict[int, ProductView], words: Sequence[str]) -> list[ProductView]:
    """By group; then those whose name begins so, those with every word in their name, and the rest, each by name."""
    place = {product_id: number for number, group in reversed(list(enumerate(groups))) for product_id in group}

    def rank(view: ProductView) -> tuple[int, bool, bool, str, int]:
        named = search_words(view.product.name)
        begins = bool(words and named) and named[0].startswith(words[0])
        inside = all(any(each.startswith(word) for each in named) for word in words)
        return place[view.product.id], not begins, not inside, view.product.name.casefold(), view.product.id

    return sorted(views.values(), key=rank)


def _hit(view: ProductView, named: int | None) -> ProductHit | None:
    offered = [each for each in view.variants if each.active]
    if not offered or not view.product.vendor_active:
        return None
    only = offered[0].id if len(offered) == 1 else named
    price, stock = min(each.price for each in offered), sum(each.stock for each in offered)
    return ProductHit(view.product, len(offered), only, price, stock)
