"""What training orders in instalments with: the document's coupon, customer and referrer (ruling 10). Its products are
those of the sample shop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, select

from tillgate.domain.coupons import CouponKind
from tillgate.paths import resource
from tillgate.services.sample_shop import load_shop
from tillgate.services.till import Till
from tillgate.store.models import coupon, customer, referral
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class InstalmentCounts:
    """What was added."""

    products: int
    customers: int
    coupons: int
    referrals: int


def load_sample_instalments(till: Till) -> InstalmentCounts:
    """Add what is missing of it, in one transaction, to the sample shop; what is there stays as it is."""
    given = json.loads(resource("sample", "instalments.json").read_text(encoding="utf-8"))
    return till.db.transact(till.system, lambda uow: load_instalments(uow, given))


def load_instalments(uow: UnitOfWork, given: Mapping[str, Any]) -> InstalmentCounts:
    """The same for data given as in instalments.json, and products as in shop.json, inside a transaction."""
    shop = load_shop(uow, {"vendors": (), "products": (), **given})
    known = _ids(uow, coupon.c.code)
    new = [each for each in given["coupons"] if each["code"] not in known]
    for each in new:
        insert_row(uow.connection, coupon, _coupon(uow, each, given["currency"]))
    made = sum(_refer(uow, each) for each in given["referrals"])
    if new or made:
        uow.record("sample.loaded", "sample", coupons=len(new), referrals=made)
    return InstalmentCounts(shop.products, shop.customers, len(new), made)


def _coupon(uow: UnitOfWork, given: Mapping[str, Any], currency: str) -> dict[str, Any]:
    days = {name: date.fromisoformat(given[name]) for name in ("valid_from", "valid_until")}
    kept = {"kind": CouponKind(given["kind"]), "currency": currency, "created_at": uow.now}
    return {**given, **days, **kept}


def _refer(uow: UnitOfWork, given: Mapping[str, str]) -> int:
    people = _ids(uow, customer.c.phone)
    whose = people[given["customer"]]
    if uow.execute(select(referral.c.customer_id).where(referral.c.customer_id == whose)).first() is not None:
        return 0
    row = {"customer_id": whose, "referrer_id": people[given["referrer"]], "set_by": None, "set_at": uow.now}
    uow.execute(referral.insert().values(row))
    return 1


def _ids(uow: UnitOfWork, key: Column[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in uow.execute(select(key, key.table.c["id"]))}
