"""Coupons on orders: counted once, whoever wants the last one, and given back."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.factories.clock import FakeClock
from tests.factories.purse import Purse, rupees
from tillgate.domain.coupons import CouponAsk, CouponKind, CouponTerms, CouponUse
from tillgate.domain.errors import NotFound, Refused, Stale
from tillgate.services.coupon_edits import (
    CouponQuery,
    change_coupon,
    count_coupons,
    coupon_key,
    create_coupon,
    list_coupons,
    load_coupon,
    reopen_coupon,
    withdraw_coupon,
)
from tillgate.services.coupons import CouponRecord, hold_coupon, lock_coupons, price_coupon, release_coupon, use_coupon
from tillgate.store.models import coupon_use

PATIENCE_S = 60.0


def today(purse: Purse) -> date:
    return purse.till.store_day(purse.till.clock.now())


def ask(purse: Purse, **change: Any) -> CouponAsk:
    return replace(CouponAsk(purse.customer, 1, "Phones", rupees(45_000), 100, rupees(50)), **change)


def hold(purse: Purse, here: CouponRecord, order: int, *, locked: bool = True, **change: Any) -> None:
    wanted = ask(purse, **change)
    with purse.till.db.write(purse.cashier) as uow:
        if locked:
            lock_coupons(uow, [here.code.lower(), "NOBODYS"])
        priced = price_coupon(uow.connection, f" {here.code.lower()}", wanted, today(purse))
        hold_coupon(uow, priced, wanted, today(purse), order_id=order)


def used(purse: Purse, here: CouponRecord) -> int:
    return load_coupon(purse.till, purse.cashier, here.id).used_count


def states(purse: Purse) -> list[CouponUse]:
    return [row.state for row in purse.rows(coupon_use)]


def test_a_use_is_held_used_given_back_and_counted_once(purse: Purse) -> None:
    here = purse.coupon(total_limit=2)
    first, second, third = (purse.order() for _ in range(3))
    hold(purse, here, first)
    hold(purse, here, second)
    with pytest.raises(Refused, match="coupon_used_up"):
        hold(purse, here, third)
    with purse.till.db.write(purse.till.system) as uow:
        for order in (first, first, third):
            use_coupon(uow, order)
        for order in (second, second, third):
            release_coupon(uow, order)
    assert (states(purse), used(purse, here)) == ([CouponUse.USED, CouponUse.RELEASED], 1)
    hold(purse, here, third)
    # Late money for the second order finds nothing left; once a use is given back, it is counted again.
    with pytest.raises(Refused, match="coupon_used_up"), purse.till.db.write(purse.till.system) as uow:
        use_coupon(uow, second)
    with purse.till.db.write(purse.till.system) as uow:
        release_coupon(uow, first)
        use_coupon(uow, second)
    assert (states(purse), used(purse, here)) == ([CouponUse.RELEASED, CouponUse.USED, CouponUse.HELD], 2)
    with pytest.raises(DBAPIError), purse.till.db.write(purse.till.system) as uow:
        uow.execute(text("UPDATE coupon SET used_count = 3"))


def test_limits_of_a_customer_are_their_own(purse: Purse) -> None:
    here = purse.coupon(per_customer_limit=1)
    hold(purse, here, purse.order())
    with pytest.raises(Refused, match="coupon_used_by_customer") as refused:
        hold(purse, here, purse.order())
    assert refused.value.values["limit"] == 1
    hold(purse, here, purse.order(), customer_id=purse.other)
    assert used(purse, here) == 2


def test_what_changed_under_an_order_is_told(pocket: Purse) -> None:
    here = pocket.coupon(kind=CouponKind.PERCENT, value=1_000)
    priced = _priced(pocket, here)
    assert priced.discount == rupees(4_500)
    change_coupon(pocket.till, pocket.manager, here.id, replace(here.terms, cap_minor=100), here.version)
    with pytest.raises(Refused, match="coupon_changed"), pocket.till.db.write(pocket.cashier) as uow:
        hold_coupon(uow, priced, ask(pocket), today(pocket), order_id=1)
    withdraw_coupon(pocket.till, pocket.manager, here.id, here.version + 1)
    with pytest.raises(Refused, match="coupon_withdrawn"):
        _priced(pocket, here)
    for unknown in ("NOBODYS", "x", "é" * 5, "' OR 1=1 --"):
        with pytest.raises(NotFound, match="coupon_unknown"), pocket.till.db.read() as connection:
            price_coupon(connection, unknown, ask(pocket), today(pocket))
    reopen_coupon(pocket.till, pocket.manager, here.id, here.version + 2)
    assert _priced(pocket, here).discount.minor == 100


def _priced(purse: Purse, here: CouponRecord) -> Any:
    with purse.till.db.read() as connection:
        return price_coupon(connection, here.code, ask(purse), today(purse))


def test_a_manager_keeps_coupons(pocket: Purse) -> None:
    make = pocket.coupon
    here = make(code=" save10 ", value=1_000_000, total_limit=5)
    assert (here.code, here.active, here.version) == ("SAVE10", 1, 1)
    with pytest.raises(Refused, match="coupon_code_taken"):
        make(code="Save10")
    with pytest.raises(NotFound, match="product_unknown"):
        make(product_id=999)
    hold(pocket, here, pocket.order())
    hold(pocket, here, pocket.order())
    here = load_coupon(pocket.till, pocket.cashier, here.id)

    def change(**terms: Any) -> CouponRecord:
        return change_coupon(pocket.till, pocket.manager, here.id, replace(here.terms, **terms), here.version)

    for fixed in ({"value": 1}, {"code": "OTHER"}, {"currency": "USD"}, {"kind": CouponKind.PERCENT, "value": 1}):
        with pytest.raises(Refused, match="coupon_value_fixed"):
            change(**fixed)
    with pytest.raises(Refused, match="coupon_limit_below_used") as refused:
        change(total_limit=1)
    assert refused.value.values["used"] == 2
    later = change(total_limit=2, valid_until=here.valid_until + timedelta(days=1), category="Phones")
    assert (later.total_limit, later.category, later.used_count) == (2, "Phones", 2)
    with pytest.raises(Stale, match="coupon_changed"):
        change(minimum_minor=1)
    listed = [make(code=f"LIST-{number}") for number in range(3)]
    withdraw_coupon(pocket.till, pocket.manager, listed[0].id, 1)

    def names(query: CouponQuery, **rest: Any) -> list[str]:
        return [row.coupon.code for row in list_coupons(pocket.till, pocket.cashier, query, **rest)]

    assert names(CouponQuery()) == ["LIST-0", "LIST-1", "LIST-2", "SAVE10"]
    (row,) = list_coupons(pocket.till, pocket.cashier, CouponQuery("save"))
    assert (row.held, row.product) == (2, "")
    first = list_coupons(pocket.till, pocket.cashier, CouponQuery(), limit=2)
    assert names(CouponQuery(), after=coupon_key(first[-1])) == ["LIST-2", "SAVE10"]
    assert names(CouponQuery(open_only=True)) == ["LIST-1", "LIST-2"]
    assert names(CouponQuery("pho")) == ["SAVE10"]
    assert names(CouponQuery("%")) == []
    assert count_coupons(pocket.till, pocket.cashier, CouponQuery(kind=CouponKind.PERCENT)) == 0


def test_days_of_a_coupon_are_the_stores(pocket: Purse, clock: FakeClock) -> None:
    """Where it is tomorrow already, a coupon that ends today is over."""
    here = pocket.coupon(valid_until=today(pocket))
    hold(pocket, here, pocket.order())
    while today(pocket) <= here.valid_until:
        clock.advance(3_600)
    pocket.cashier = pocket.till_of("T9").cashier
    with pytest.raises(Refused, match="coupon_over"):
        hold(pocket, here, pocket.order())


def test_tills_that_want_the_last_use(purse: Purse) -> None:
    """Eight of two customers at once for a coupon of two for each: four have it, locked before they look or not; of
    another one with three uses in all, three."""
    for total, uses in ((6, 4), (3, 3)):
        here = purse.coupon(total_limit=total, per_customer_limit=2)
        said, counted = _race(purse, here)
        assert said.count("held") == uses
        assert set(said) <= {"held", "coupon_used_up", "coupon_used_by_customer"}
        assert (len(said), max(counted.values()), used(purse, here)) == (8, 2, uses)


def _race(purse: Purse, here: CouponRecord) -> tuple[list[str], Counter[int]]:
    """What each was told, and how many uses each customer has."""
    orders = [purse.order() for _ in range(8)]
    tills = [purse.till_of(f"{here.code}-{number}") for number in range(8)]
    together, said = threading.Barrier(8), list[str]()

    def run(mine: Purse, order: int, customer: int) -> None:
        together.wait(PATIENCE_S)
        try:
            hold(mine, here, order, locked=order == orders[0], customer_id=customer)
            said.append("held")
        except Refused as refused:
            said.append(refused.code)

    people = [purse.customer, purse.other] * 4
    runners = [threading.Thread(target=run, args=each) for each in zip(tills, orders, people, strict=True)]
    for each in runners:
        each.start()
    for each in runners:
        each.join(PATIENCE_S)
    return said, Counter(row.customer_id for row in purse.rows(coupon_use) if row.coupon_id == here.id)


def test_terms_are_checked_before_anything_is_written(pocket: Purse) -> None:
    bad = CouponTerms("X", CouponKind.FLAT, 1, "INR", today(pocket), today(pocket))
    with pytest.raises(Exception, match="coupon_code"):
        create_coupon(pocket.till, pocket.manager, bad)
    with pytest.raises(Exception, match="currency_malformed"):
        create_coupon(pocket.till, pocket.manager, replace(bad, code="FINE", currency="inr"))
    for category in ("Ph\u202eones", "Ph\x00nes", "x" * 41):
        with pytest.raises(Exception, match="text_unreadable"):
            create_coupon(pocket.till, pocket.manager, replace(bad, code="FINE", category=category))
    assert count_coupons(pocket.till, pocket.cashier, CouponQuery()) == 0
