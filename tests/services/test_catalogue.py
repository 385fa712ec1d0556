"""Finding products, and a manager's changes to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories.shop import Counter
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import Invalid, NotAllowed, NotFound, Refused, Stale
from tillgate.services import catalogue, catalogue_edits
from tillgate.services.catalogue import ProductQuery
from tillgate.services.catalogue_drafts import PeriodDraft, ProductDraft, VariantDraft, VendorDraft
from tillgate.store.models import product, stock_move, variant, vendor


def found(counter: Counter, text: str) -> list[str]:
    return [hit.product.code for hit in catalogue.search_products(counter.till, counter.cashier, text)]


SEARCHES = {
    "can": ["CAM"],
    "eos ca": ["CAM"],
    "R5 CANON": ["CAM"],
    "c": ["CAM", "CHR", "CRD"],
    "PHN-1": ["PHN"],
    "8900000000012": ["PHN"],
    "var-001": ["PHN"],
    "renew": ["PHN"],
    "anon": [],
    "canon gitanjali": [],
    "": ["CAM", "CHR", "GIT", "PHN", "CRD"],
    '"* OR (': [],
}


def test_every_word_begins_a_word_of_what_is_found(counter: Counter) -> None:
    assert {text: found(counter, text) for text in SEARCHES} == SEARCHES


def test_a_name_that_begins_so_comes_before_one_that_holds_the_word(corner: Counter) -> None:
    draft = ProductDraft(corner.number(vendor, "SHOP"), "APN", "A Gitanjali Apron", ProductKind.SALE, "INR")
    made = catalogue_edits.save_product(corner.till, corner.manager, draft)
    catalogue_edits.save_variant(corner.till, corner.manager, VariantDraft(made, "APN-1", price_minor=100))
    assert found(corner, "gitanjali") == ["GIT", "APN"]


def test_what_was_named_exactly_can_be_rung_up_at_once(corner: Counter) -> None:
    by_barcode, by_name = (
        catalogue.search_products(corner.till, corner.cashier, text)[0] for text in ("8900000000012", "iphone")
    )
    assert by_barcode.variant_id == corner.variant("VAR-001")
    assert (by_name.variant_id, by_name.variants, by_name.price.minor) == (None, 2, 4_500_000)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_nothing_that_is_typed_breaks_the_search(counter: Counter, text: str) -> None:
    catalogue.search_products(counter.till, counter.cashier, text)
    catalogue.find_by_scan(counter.till, counter.cashier, text)


def test_the_search_follows_every_change(counter: Counter) -> None:
    counter.change(product, "CAM", name="Nikon Z6 Body")
    assert (found(counter, "canon"), found(counter, "nikon z6")) == ([], ["CAM"])
    counter.change(variant, "CAM-1", name="Refurbished")
    assert found(counter, "refurb") == ["CAM"]
    counter.change(product, "CAM", active=0)
    assert found(counter, "nikon") == []
    counter.change(variant, "GIT-1", active=0)
    assert found(counter, "git") == []


def test_a_scan_finds_exactly_one_variant(counter: Counter) -> None:
    scanned = catalogue.find_by_scan(counter.till, counter.cashier, " 4006381333931 ")
    assert scanned is not None
    assert (scanned.code, [period.days for period in scanned.periods]) == ("CAM-1", [1, 3, 7])
    assert scanned.price.minor == 249_900
    assert catalogue.find_by_scan(counter.till, counter.cashier, "400638133393") is None


def test_pages_of_the_list_join_up(counter: Counter) -> None:
    query = ProductQuery(sort="code", descending=True)
    codes, after = [], None
    while rows := catalogue.list_products(counter.till, counter.cashier, query, after=after, limit=2):
        codes += [row.code for row in rows]
        after = catalogue.product_key(query, rows[-1])
    assert codes == ["PHN", "GIT", "CRD", "CHR", "CAM"]
    assert catalogue.count_products(counter.till, counter.cashier, query) == 5
    rented = ProductQuery(text="c", kind=ProductKind.RENTAL, vendor_id=counter.number(vendor, "LENS"), active=True)
    assert [row.code for row in catalogue.list_products(counter.till, counter.cashier, rented, skip=1)] == ["CHR"]
    assert catalogue.count_products(counter.till, counter.cashier, rented) == 2


def test_a_manager_makes_a_product_that_can_be_found_and_rented(corner: Counter) -> None:
    till, manager = corner.till, corner.manager
    seller = catalogue_edits.save_vendor(
        till,
        manager,
        VendorDraft("MUS", "Music Room", "INR", "shop@example.org", "080 4123 4567", brand_color="#a1b2c3"),
    )
    draft = ProductDraft(
        seller, "gtr", "  Yamaha   Guitar ", ProductKind.RENTAL, "INR", tax_bp=1800, tax_name="GST 18%"
    )
    made = catalogue_edits.save_product(till, manager, draft)
    piece = VariantDraft(made, "GTR-1", deposit_minor=50_000, stock=3, barcode="4006381333948")
    variant_id = catalogue_edits.save_variant(till, manager, piece)
    catalogue_edits.save_period(till, manager, PeriodDraft(variant_id, "Day", 1, 20_000))
    period = catalogue_edits.save_period(till, manager, PeriodDraft(variant_id, "One day", 1, 22_000))
    view = catalogue.load_product(till, corner.cashier, made)
    assert (view.product.name, view.product.vendor_name) == ("Yamaha Guitar", "Music Room")
    assert [(each.id, each.name, each.price.minor) for each in view.variants[0].periods] == [
        (period, "One day", 22_000)
    ]
    assert found(corner, "yam") == ["GTR"]
    kept = next(each for each in catalogue.list_vendors(till, corner.cashier) if each.id == seller)
    assert (kept.phone, kept.brand_color, kept.fee_flat.minor) == ("+918041234567", "#A1B2C3", 0)


def test_stock_is_what_its_moves_sum_to(counter: Counter) -> None:
    variant_id = counter.variant("GIT-1")
    assert catalogue_edits.change_stock(counter.till, counter.manager, variant_id, 5, "new delivery") == 15
    assert catalogue_edits.change_stock(counter.till, counter.manager, variant_id, -2, "damaged by water") == 13
    with pytest.raises(Refused, match="stock_too_low"):
        catalogue_edits.change_stock(counter.till, counter.manager, variant_id, -14, "all gone")
    moves = [row.quantity for row in counter.rows(stock_move) if row.variant_id == variant_id]
    assert (moves, counter.stock("GIT-1")) == ([10, 5, -2], 13)


def test_an_edit_of_what_changed_meanwhile_is_refused(corner: Counter) -> None:
    view = catalogue.load_product(corner.till, corner.cashier, corner.number(product, "GIT"))
    draft = ProductDraft(view.product.vendor_id, "GIT", "Gitanjali, 2nd edition", ProductKind.SALE, "INR")
    save = catalogue_edits.save_product
    save(corner.till, corner.manager, draft, product_id=view.product.id, version=view.product.version)
    with pytest.raises(Stale, match="product_changed"):
        save(corner.till, corner.manager, draft, product_id=view.product.id, version=view.product.version)
    with pytest.raises(NotFound, match="product_unknown"):
        save(corner.till, corner.manager, draft, product_id=99_999, version=1)


def test_seller_kind_and_stock_are_not_edited_away(corner: Counter) -> None:
    view = catalogue.load_product(corner.till, corner.cashier, corner.number(product, "GIT"))
    elsewhere = ProductDraft(corner.number(vendor, "LENS"), "GIT", "Gitanjali", ProductKind.RENTAL, "USD")
    catalogue_edits.save_product(
        corner.till, corner.manager, elsewhere, product_id=view.product.id, version=view.product.version
    )
    after = catalogue.load_product(corner.till, corner.cashier, view.product.id).product
    assert (after.vendor_id, after.kind, after.currency) == (view.product.vendor_id, ProductKind.SALE, "INR")
    piece = VariantDraft(view.product.id, "GIT-1", price_minor=21_000, stock=999)
    catalogue_edits.save_variant(corner.till, corner.manager, piece, variant_id=corner.variant("GIT-1"), version=1)
    assert corner.stock("GIT-1") == 10


def test_codes_barcodes_and_links_are_checked_by_the_database(counter: Counter) -> None:
    till, manager, seller = counter.till, counter.manager, counter.number(vendor, "SHOP")
    with pytest.raises(Refused, match="code_taken"):
        catalogue_edits.save_product(till, manager, ProductDraft(seller, "CAM", "Second", ProductKind.SALE, "INR"))
    with pytest.raises(Refused, match="barcode_taken"):
        draft = VariantDraft(counter.number(product, "GIT"), "GIT-2", barcode="036000291452", price_minor=100)
        catalogue_edits.save_variant(till, manager, draft)
    with pytest.raises(NotFound, match="catalogue_link_unknown"):
        catalogue_edits.save_product(till, manager, ProductDraft(99_999, "NEW", "New", ProductKind.SALE, "INR"))


def test_a_bad_draft_is_refused_with_its_field(corner: Counter) -> None:
    draft = ProductDraft(corner.number(vendor, "SHOP"), "NEW", "New", ProductKind.SALE, "INR")
    bad = {
        "text_unreadable": replace(draft, name="x\u202ey"),
        "number_out_of_range": replace(draft, tax_bp=10_001),
        "text_missing": replace(draft, tax_bp=500),
        "currency_malformed": replace(draft, currency="inr"),
        "code_malformed": replace(draft, code="a b"),
    }
    for code, each in bad.items():
        with pytest.raises(Invalid, match=code) as refusal:
            catalogue_edits.save_product(corner.till, corner.manager, each)
        assert "field" in refusal.value.values


def test_a_cashier_changes_nothing(corner: Counter) -> None:
    with pytest.raises(NotAllowed):
        catalogue_edits.change_stock(corner.till, corner.cashier, corner.variant("GIT-1"), 5, "new delivery")
    with corner.till.db.read() as connection:
        stock = connection.execute(select(variant.c.stock).where(variant.c.code == "GIT-1")).scalar_one()
    assert stock == 10
