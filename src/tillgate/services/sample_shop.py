"""The sample shop for training and the demo: seven vendors, 200 products, a few customers, prices in INR."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, insert, select

from tillgate.domain.catalogue import ProductKind
from tillgate.paths import resource
from tillgate.services.till import Till
from tillgate.store.models import customer, product, rental_period, stock_move, variant, vendor
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """What a load added; nothing where it was there already."""

    vendors: int
    products: int
    variants: int
    customers: int


def load_sample_shop(till: Till) -> SampleCounts:
    """Add what is missing of the sample shop, in one transaction; what is there, by its code, stays as it is."""
    shop = json.loads(resource("sample", "shop.json").read_text(encoding="utf-8"))
    return till.db.transact(till.system, lambda uow: load_shop(uow, shop))


def load_shop(uow: UnitOfWork, shop: Mapping[str, Any]) -> SampleCounts:
    """The same for a shop given as in shop.json, inside a transaction."""
    currency = shop["currency"]
    vendors = _add(uow, vendor.c.code, [row | {"currency": currency} for row in shop["vendors"]])
    vendor_ids = _ids(uow, vendor.c.code)
    products = _add(uow, product.c.code, [_product(row, vendor_ids, currency) for row in shop["products"]])
    variants = _add_variants(uow, shop["products"])
    people = [row | {"note": "", "created_at": uow.now} for row in shop["customers"]]
    customers = _add(uow, customer.c.phone, people)
    counts = SampleCounts(vendors, products, variants, customers)
    if vendors or products or variants or customers:
        uow.record("sample.loaded", "sample", products=products, variants=variants, customers=customers)
    return counts


def _add(uow: UnitOfWork, key: Column[Any], rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; how many those are."""
    known = _ids(uow, key)
    new = [row for row in rows if row[key.name] not in known]
    if new:
        uow.execute(insert(key.table), new)
    return len(new)


def _ids(uow: UnitOfWork, key: Column[Any]) -> dict[str, int]:
    table = key.table
    if not isinstance(table, Table):
        raise TypeError("a column of a table")
    return {row[0]: int(row[1]) for row in uow.execute(select(key, table.c.id))}


def _product(row: Mapping[str, Any], vendor_ids: Mapping[str, int], currency: str) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("vendor", "variants")}
    return kept | {
        "vendor_id": vendor_ids[row["vendor"]],
        "kind": ProductKind(row["kind"]),
        "currency": currency,
        "description": row.get("description", ""),
    }


def _add_variants(uow: UnitOfWork, products: Sequence[Mapping[str, Any]]) -> int:
    product_ids, known = _ids(uow, product.c.code), _ids(uow, variant.c.code)
    given = [
        (product_ids[owner["code"]], each)
        for owner in products
        for each in owner["variants"]
        if each["code"] not in known
    ]
    if not given:
        return 0
    rows = [_variant(each, product_id) for product_id, each in given]
    uow.execute(insert(variant), rows)
    ids = _ids(uow, variant.c.code)
    periods = [
        period | {"variant_id": ids[each["code"]]} for _product_id, each in given for period in each.get("periods", ())
    ]
    if periods:
        uow.execute(insert(rental_period), periods)
    stock = [
        {"variant_id": ids[each["code"]], "quantity": each["stock"], "reason": "first stock"}
        for _product_id, each in given
        if each["stock"]
    ]
    if stock:
        uow.execute(insert(stock_move), stock)
    return len(rows)


def _variant(each: Mapping[str, Any], product_id: int) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "code": each["code"],
        "barcode": each["barcode"],
        "name": each["name"],
        "price_minor": each.get("price_minor", 0),
        "deposit_minor": each.get("deposit_minor", 0),
        "stock": each["stock"],
        "smallest_quantity": each.get("smallest_quantity", 1),
    }
