"""A manager's catalogue: products made whole, periods changed with their variant, lists with what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import Counter
from tests.services.test_credit_notes import sell_days
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.percent import parse_percent, percent_text
from tillgate.domain.staff import Role
from tillgate.formats import format_day
from tillgate.services import catalogue, catalogue_edits
from tillgate.services.book_checks import inspect_books
from tillgate.services.catalogue import ProductQuery
from tillgate.services.catalogue_drafts import PeriodTerms, ProductDraft, VariantDraft, VendorDraft
from tillgate.services.catalogue_lists import catalogue_key, list_catalogue, list_file_rows
from tillgate.services.looks import Check, Fault
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.store.models import product, rental_day, variant, vendor
from tillgate.ui.message_text import message_for

DAY, WEEK = PeriodTerms("Day", 1, 20_000), PeriodTerms("Week", 7, 90_000)


def goods(counter: Counter, kind: ProductKind = ProductKind.SALE) -> ProductDraft:
    return ProductDraft(counter.number(vendor, "SHOP"), "NEW", "New thing", kind, "INR")


def test_a_product_is_made_with_its_first_variant_or_not_at_all(counter: Counter) -> None:
    make = catalogue_edits.create_product
    piece = VariantDraft(0, "NEW-1", price_minor=500, stock=2)
    for bad, code in (
        (replace(piece, price_minor=0), "amount_zero"),
        (replace(piece, price_minor=-1), "amount_malformed"),
        (replace(piece, price_minor=10**12), "amount_too_large"),
        (replace(piece, stock=-1), "number_out_of_range"),
        (replace(piece, barcode="123"), "barcode_malformed"),
    ):
        with pytest.raises(Invalid, match=code) as refused:
            make(counter.till, counter.manager, goods(counter), bad)
        assert refused.value.values["field"] in {"price_minor", "stock", "barcode"}
    with pytest.raises(Refused, match="code_taken") as taken:
        make(counter.till, counter.manager, goods(counter), replace(piece, code="CAM-1"))
    assert taken.value.values["field"] == "variant_code"
    assert not [row for row in counter.rows(product) if row.code == "NEW"]
    made = make(counter.till, counter.manager, goods(counter), piece)
    (found,) = catalogue.load_product(counter.till, counter.cashier, made).variants
    assert (found.code, found.stock, found.price.minor) == ("NEW-1", 2, 500)


def test_a_rental_has_a_period(counter: Counter) -> None:
    piece = VariantDraft(0, "NEW-1", stock=1, periods=())
    with pytest.raises(Invalid, match="period_missing"):
        catalogue_edits.create_product(counter.till, counter.manager, goods(counter, ProductKind.RENTAL), piece)
    with pytest.raises(Invalid, match="period_twice"):
        twice = replace(piece, periods=(DAY, replace(WEEK, days=1)))
        catalogue_edits.create_product(counter.till, counter.manager, goods(counter, ProductKind.RENTAL), twice)


def test_periods_are_changed_with_their_variant_and_only_once(counter: Counter) -> None:
    camera = catalogue.load_product(counter.till, counter.cashier, counter.number(product, "CAM"))
    (piece,) = camera.variants
    draft = VariantDraft(camera.product.id, "CAM-1", barcode=piece.barcode or "", periods=(DAY, WEEK))
    save = catalogue_edits.save_variant
    save(counter.till, counter.manager, draft, variant_id=piece.id, version=piece.version)
    (after,) = catalogue.load_product(counter.till, counter.cashier, camera.product.id).variants
    offered = [(each.days, each.price.minor) for each in after.periods if each.active]
    assert offered == [(1, 20_000), (7, 90_000)]
    assert [each.days for each in after.periods if not each.active] == [3]
    with pytest.raises(Stale, match="variant_changed"):
        save(counter.till, counter.manager, replace(draft, periods=(DAY,)), variant_id=piece.id, version=piece.version)
    (still,) = catalogue.load_product(counter.till, counter.cashier, camera.product.id).variants
    assert still == after
    with pytest.raises(NotFound, match="catalogue_link_unknown"):
        save(counter.till, counter.manager, replace(draft, product_id=99_999), variant_id=piece.id, version=2)


def test_the_list_says_what_is_left_and_what_it_costs(counter: Counter) -> None:
    rows = {row.code: row for row in list_catalogue(counter.till, counter.cashier, ProductQuery())}
    said = {code: (row.price.minor if row.price else None, row.stock, row.variants) for code, row in rows.items()}
    assert said == {
        "CAM": (249_900, 2, 1),
        "CHR": (4_500, 9, 1),
        "GIT": (19_900, 10, 1),
        "PHN": (4_500_000, 6, 2),
        "CRD": (33, 50, 1),
    }
    counter.change(variant, "VAR-001", active=0)
    catalogue_edits.change_stock(counter.till, counter.manager, counter.variant("PHN-1"), -1, "sold elsewhere")
    query = ProductQuery(out_of_stock=True)
    (out,) = list_catalogue(counter.till, counter.cashier, query)
    assert (out.code, out.stock, out.variants) == ("PHN", 0, 1)
    assert catalogue.count_products(counter.till, counter.cashier, query) == 1
    counter.change(variant, "PHN-1", active=0)
    assert [row.price for row in list_catalogue(counter.till, counter.cashier, query)] == [None]


def test_pages_of_the_list_and_of_the_file_join_up(counter: Counter) -> None:
    query = ProductQuery(sort="code", descending=True)
    codes, after = [], None
    while rows := list_catalogue(counter.till, counter.cashier, query, after=after, limit=2):
        codes += [row.code for row in rows]
        after = catalogue_key(query, rows[-1])
    assert codes == ["PHN", "GIT", "CRD", "CHR", "CAM"]
    filed, last = [], 0
    while page := list_file_rows(counter.till, counter.manager, ProductQuery(), after=last, limit=4):
        filed += [(row.product_code, row.code, len(row.periods)) for row in page]
        last = page[-1].id
    assert filed == [
        ("CAM", "CAM-1", 3),
        ("CHR", "CHR-1", 3),
        ("GIT", "GIT-1", 0),
        ("PHN", "PHN-1", 0),
        ("PHN", "VAR-001", 0),
        ("CRD", "CRD-1", 0),
    ]


def test_a_vendor_changed_meanwhile_is_not_overwritten(counter: Counter) -> None:
    seller = next(each for each in catalogue.list_vendors(counter.till, counter.cashier) if each.code == "SHOP")
    draft = VendorDraft("SHOP", "Corner Shop & Sons", "INR", fee_bp=150)
    save = catalogue_edits.save_vendor
    save(counter.till, counter.manager, draft, vendor_id=seller.id, version=seller.version)
    with pytest.raises(Stale, match="vendor_changed"):
        save(counter.till, counter.manager, draft, vendor_id=seller.id, version=seller.version)


def test_stock_never_goes_below_none(counter: Counter) -> None:
    variant_id = counter.variant("GIT-1")
    with pytest.raises(Refused, match="stock_too_low") as refused:
        catalogue_edits.change_stock(counter.till, counter.manager, variant_id, -11, "count was wrong")
    assert (refused.value.values["stock"], refused.value.values["by"]) == (10, 11)
    for by, reason in ((0, "nothing at all"), (10**6, "far too many"), (999_995, "over the most"), (1, "x")):
        with pytest.raises(Invalid):
            catalogue_edits.change_stock(counter.till, counter.manager, variant_id, by, reason)
    assert counter.stock("GIT-1") == 10


def test_stock_is_the_sum_of_its_moves(counter: Counter) -> None:
    """Sold, brought back, counted and made: the integrity check finds nothing, but an edit past the till."""
    sold = counter.sell("GIT-1", "PHN-1")
    back = request_refund(counter.till, counter.manager, sold.id, sold.amount, "brought back", return_goods=True)
    drive_refund(counter.till, back.id)
    assert (counter.stock("GIT-1"), counter.stock("PHN-1")) == (10, 1)
    counter.sell("GIT-1")
    catalogue_edits.change_stock(counter.till, counter.manager, counter.variant("PHN-1"), -1, "broken")
    made = VariantDraft(0, "NEW-1", price_minor=500, stock=2)
    catalogue_edits.create_product(counter.till, counter.manager, goods(counter), made)
    assert odd_stock(counter) == []
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(update(variant).where(variant.c.code == "GIT-1").values(stock=8))
    assert odd_stock(counter) == [Fault("variant:GIT-1", "stock_sum", {"kept": 8, "moved": 9})]


def odd_stock(counter: Counter) -> list[Fault]:
    (found,) = (each for each in inspect_books(counter.till).results if each.check is Check.STOCK)
    assert found.compared == len(counter.rows(variant))
    return list(found.faults)


def test_a_unit_that_is_let_is_not_taken_away(counter: Counter, clock: FakeClock) -> None:
    """Ruling 2: the days are named; past ones hold nothing, and the database holds it too."""
    camera = counter.variant("CAM-1")
    today = counter.till.store_day(clock.now())
    first = today + timedelta(days=4)
    for _ in range(2):
        sell_days(counter, first)

    def take(by: int) -> int:
        return catalogue_edits.change_stock(counter.till, signed_in(counter.till, Role.MANAGER), camera, by, "sold off")

    with pytest.raises(Refused, match="units_booked") as refused:
        take(-1)
    days = tuple(first + timedelta(days=shift) for shift in range(3))
    assert (refused.value.values["days"], refused.value.values["least"]) == (days, 2)
    said = message_for(refused.value)
    assert format_day(days[0], "en") in said.what
    assert (take(1), take(-1)) == (3, 2)
    # While one is out it stays; once all are back nothing holds them.
    clock.advance(5 * 86_400)
    with pytest.raises(Refused, match="units_booked"):
        take(-1)
    clock.advance(2 * 86_400)
    counter.till.db.transact(counter.till.system, lambda uow: uow.record("till.started", "till:T1"))
    assert take(-2) == 0


def test_the_database_holds_that_too(counter: Counter) -> None:
    sell_days(counter, counter.till.store_day(counter.till.clock.now()))
    booked = dict(counter.rows(rental_day)[0]._mapping)

    def let(unit: int) -> None:
        with counter.till.db.write(counter.till.system) as uow:
            uow.execute(insert(rental_day).values(booked | {"unit": unit, "day": date(2099, 1, 1)}))

    let(2)
    with pytest.raises(DBAPIError, match="rental_day_without_unit"):
        let(3)
    with pytest.raises(DBAPIError, match="variant_units_booked"):
        counter.change(variant, "CAM-1", stock=1)
    counter.change(variant, "CAM-1", stock=4)
    counter.change(variant, "CAM-1", stock=2)


RATES = {"18": 1800, "2.5": 250, "2,25": 225, " 100 % ": 10_000, "0": 0, "0.05": 5}


def test_rates_are_read_and_written_exactly() -> None:
    assert {text: parse_percent(text, field="tax_bp") for text in RATES} == RATES
    for text in ("", "-1", "100.01", "1.234", "abc", "1.", "½", "１"):
        with pytest.raises(Invalid, match="percent_malformed"):
            parse_percent(text, field="tax_bp")
    for rate_bp in range(0, 10_001, 7):
        assert parse_percent(percent_text(rate_bp), field="tax_bp") == rate_bp
