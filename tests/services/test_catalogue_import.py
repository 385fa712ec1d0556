"""Importing a catalogue: each row is judged before anything is written, and nothing is half imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.shop import Counter
from tillgate.domain.errors import Invalid, Refused, Stale, TillgateError
from tillgate.domain.money import Money
from tillgate.services import catalogue, catalogue_edits
from tillgate.services.catalogue_drafts import VendorDraft
from tillgate.services.catalogue_files import COLUMNS, MOST_ROWS, read_amount, read_file
from tillgate.services.catalogue_import import Fate, FileCheck, check_file, import_file
from tillgate.services.customers import search_customers
from tillgate.store.models import audit, product, stock_move, variant, vendor

HEAD = "vendor,product,name,kind,tax_name,tax_percent,variant,barcode,price,deposit,periods,stock"


def check(counter: Counter, text: str) -> FileCheck:
    return check_file(counter.till, counter.manager, text.encode())


def table(*rows: str, head: str = HEAD) -> str:
    return "\r\n".join([head, *rows, ""])


def fates(found: FileCheck) -> list[tuple[int, str]]:
    return [(row.number, row.problem.code if row.problem else row.fate.value) for row in found.rows]


def test_new_products_come_in_with_their_stock_and_periods(counter: Counter) -> None:
    text = table(
        "LENS,TRI,Tripod,rental,GST 18%,18,,4006381333948,,500.00,1:200.00:Day|7:900:Week,3",
        'BOOK,RAM,"Ramayana, vol. 1",sale,,,RAM-1,,350.50,,,4',
        'BOOK,RAM,"Ramayana, vol. 1",sale,,,RAM-2,,400,,,0',
    )
    found = check(counter, text)
    assert fates(found) == [(2, "new"), (3, "new"), (4, "new")]
    assert not [row for row in counter.rows(product) if row.code == "TRI"]
    import_file(counter.till, counter.manager, found)
    tripod = catalogue.load_product(counter.till, counter.cashier, counter.number(product, "TRI"))
    (piece,) = tripod.variants
    assert (piece.code, piece.deposit.minor, piece.stock) == ("TRI", 50_000, 3)
    assert [(each.days, each.price.minor, each.name) for each in piece.periods] == [
        (1, 20_000, "Day"),
        (7, 90_000, "Week"),
    ]
    books = catalogue.load_product(counter.till, counter.cashier, counter.number(product, "RAM"))
    assert [(each.code, each.price.minor) for each in books.variants] == [("RAM-1", 35_050), ("RAM-2", 40_000)]
    moves = {row.variant_id: row.quantity for row in counter.rows(stock_move)}
    assert moves[counter.variant("RAM-1")] == 4
    assert counter.variant("RAM-2") not in moves


BAD = {
    "NOPE,A,Name,sale,,,,,1,,,1": "vendor_code_unknown",
    "BOOK,a b,Name,sale,,,,,1,,,1": "code_malformed",
    "BOOK,,Name,sale,,,,,1,,,1": "code_malformed",
    "BOOK,A,,sale,,,,,1,,,1": "text_missing",
    "BOOK,A,Name,lease,,,,,1,,,1": "field_malformed",
    "BOOK,A,Name,sale,,101,,,1,,,1": "percent_malformed",
    "BOOK,A,Name,sale,,5,,,1,,,1": "text_missing",
    "BOOK,A,Name,sale,,,,123,1,,,1": "barcode_malformed",
    "BOOK,A,Name,sale,,,,036000291452,1,,,1": "barcode_taken",
    "BOOK,A,Name,sale,,,,,1.234,,,1": "amount_ambiguous",
    "BOOK,A,Name,sale,,,,,1.500,,,1": "amount_ambiguous",
    "BOOK,A,Name,sale,,,,,0.234,,,1": "amount_too_precise",
    "LENS,A,Name,rental,,,,,,,1:1.500:Day,1": "amount_ambiguous",
    "BOOK,A,Name,sale,,,,,1e3,,,1": "amount_malformed",
    "BOOK,A,Name,sale,,,,,0,,,1": "amount_zero",
    "BOOK,A,Name,sale,,,,,99999999999999999,,,1": "amount_too_large",
    "BOOK,A,Name,sale,,,,,-5,,,1": "amount_malformed",
    "BOOK,A,Name,sale,,,,,1,,,-1": "number_malformed",
    "BOOK,A,Name,sale,,,,,1,,,1000000": "number_out_of_range",
    "BOOK,A,Name,sale,,,,,1,,,1.5": "number_malformed",
    "LENS,A,Name,rental,,,,,,,,1": "period_missing",
    "LENS,A,Name,rental,,,,,,,1:5,1": "period_malformed",
    "LENS,A,Name,rental,,,,,,,1:5:Day|1:6:Day,1": "period_twice",
    "LENS,A,Name,rental,,,,,,,366:5:Year,1": "number_out_of_range",
    "BOOK,CAM,Canon EOS R5 Camera,rental,,,CAM-1,,,,,1": "product_fixed",
    "LENS,CAM,Canon EOS R5 Camera,sale,,,CAM-1,,1,,,1": "product_fixed",
    "BOOK,NEW,Name,sale,,,CAM-1,,1,,,1": "code_taken",
    "BOOK,A,Name,sale,,,,,1,,,1,too much": "field_unknown",
}


def test_a_bad_row_says_what_is_wrong_and_keeps_all_others_out(counter: Counter) -> None:
    good = "BOOK,OK,Good one,sale,,,,,1,,,1"
    for row, code in BAD.items():
        found = check(counter, table(good, row))
        assert fates(found) == [(2, "new"), (3, code)], row
        with pytest.raises(Refused, match="file_has_errors"):
            import_file(counter.till, counter.manager, found)
    assert not [row for row in counter.rows(product) if row.code == "OK"]


def test_rows_of_one_file_do_not_contradict_each_other(counter: Counter) -> None:
    found = check(
        counter,
        table(
            "BOOK,A,Name,sale,,,A-1,8900000000036,1,,,1",
            "BOOK,A,Other name,sale,,,A-2,,1,,,1",
            "BOOK,A,Name,sale,,,A-1,,1,,,1",
            "BOOK,B,Name,sale,,,B-1,8900000000036,1,,,1",
        ),
    )
    assert fates(found) == [(2, "new"), (3, "rows_differ"), (4, "code_twice"), (5, "barcode_twice")]


def test_a_price_list_changes_prices_and_nothing_that_it_does_not_name(counter: Counter) -> None:
    before = catalogue.load_product(counter.till, counter.cashier, counter.number(product, "PHN"))
    rows = ("SHOP,PHN,iPhone 15 Pro,PHN-1,80000", 'SHOP,PHN,iPhone 15 Pro,VAR-001,"46,000.00"')
    found = check(counter, table(*rows, head="vendor,product,name,variant,price"))
    assert [(row.fate, row.changes) for row in found.rows] == [(Fate.KEPT, ()), (Fate.CHANGED, ("price_minor",))]
    import_file(counter.till, counter.manager, found)
    after = catalogue.load_product(counter.till, counter.cashier, before.product.id)
    assert after.product == before.product
    assert [each.price.minor for each in after.variants] == [8_000_000, 4_600_000]
    assert [each.stock for each in after.variants] == [each.stock for each in before.variants]
    assert [row.fate for row in check(counter, table(*rows, head="vendor,product,name,variant,price")).rows] == [
        Fate.KEPT,
        Fate.KEPT,
    ]


def test_a_row_without_a_variant_means_the_only_one(counter: Counter) -> None:
    found = check(
        counter, table("BOOK,GIT,Gitanjali,250", "SHOP,PHN,iPhone 15 Pro,250", head="vendor,product,name,price")
    )
    assert fates(found) == [(2, "changed"), (3, "code_malformed")]


def test_stock_of_what_is_there_is_not_overwritten(counter: Counter) -> None:
    found = check(counter, table("BOOK,GIT,Gitanjali,GIT-1,999", head="vendor,product,name,variant,stock"))
    assert [row.fate for row in found.rows] == [Fate.KEPT]
    import_file(counter.till, counter.manager, found)
    assert counter.stock("GIT-1") == 10


def test_what_changed_since_the_check_is_not_overwritten(counter: Counter) -> None:
    found = check(counter, table("BOOK,GIT,Gitanjali,GIT-1,250", head="vendor,product,name,variant,price"))
    counter.change(variant, "GIT-1", price_minor=25_000)
    with pytest.raises(Stale, match="file_outdated"):
        import_file(counter.till, counter.manager, found)


def test_what_a_spreadsheet_makes_of_the_file_is_read_too(counter: Counter) -> None:
    text = "\ufeffVendor;Product;Name;Price;Category\r\nbook;DISC;'-5% Deal;1234,50;'=SUM(A1)\r\n;;;;\r\n"
    found = check(counter, text)
    assert fates(found) == [(2, "new")]
    import_file(counter.till, counter.manager, found)
    view = catalogue.load_product(counter.till, counter.cashier, counter.number(product, "DISC"))
    assert (view.product.name, view.product.category) == ("-5% Deal", "=SUM(A1)")
    assert view.variants[0].price.minor == 123_450


NO_FILES: dict[bytes, str] = {
    b"": "file_empty",
    b" \r\n": "file_empty",
    b"vendor,product,name\r\n": "file_empty",
    b"vendor,name\r\nBOOK,x\r\n": "field_missing",
    b"vendor,product,name,colour\r\nBOOK,A,x,red\r\n": "field_unknown",
    b"vendor,product,name,name\r\nBOOK,A,x,y\r\n": "file_not_csv",
    b'vendor,product,name\r\nBOOK,A,"x\r\n': "file_not_csv",
    b"\x89PNG\r\n\x1a\n": "file_not_text",
    b"vendor,product,name\r\nBOOK,A,x\0y\r\n": "file_not_text",
    b"{not json": "file_not_shop",
    b"[]": "file_not_shop",
    b'{"currency": "INR", "vendors": {}}': "file_not_shop",
    b'{"currency": "INR"}': "file_empty",
    b"[" * 100_000: "file_not_shop",
    b'{"currency": "INR", "products": [{"code": "\\ud800"}]}': "file_not_text",
    b"vendor,product,name\r\n" + b"BOOK,A,x\r\n" * (MOST_ROWS + 1): "file_too_large",
}


def test_what_is_no_catalogue_is_refused_whole() -> None:
    for content, code in NO_FILES.items():
        with pytest.raises(Invalid, match=code):
            read_file(content)


def sample(**changes: object) -> dict[str, Any]:
    seller = {"code": "NEW", "name": "New Vendor", "email": "new@example.com", "fee_bp": 250, "auto_approve": 1}
    piece = {"code": "CUP-1", "price_minor": 19_900, "stock": 5, "barcode": "8900000000043"}
    goods = {"vendor": "NEW", "code": "CUP", "name": "Cup", "kind": "sale", "variants": [piece]}
    person = {"name": "Bina Shah", "phone": "+919845054399"}
    return {"currency": "INR", "vendors": [seller], "products": [goods], "customers": [person], **changes}


def test_a_shop_file_adds_what_is_missing_and_leaves_the_rest(counter: Counter) -> None:
    text = json.dumps(sample())
    found = check(counter, text)
    assert [(row.part.value, row.code, row.fate) for row in found.rows] == [
        ("vendor", "NEW", Fate.NEW),
        ("product", "CUP-1", Fate.NEW),
        ("customer", "+919845054399", Fate.NEW),
    ]
    import_file(counter.till, counter.manager, found)
    assert counter.stock("CUP-1") == 5
    assert [each.name for each in search_customers(counter.till, counter.cashier, "bina")] == ["Bina Shah"]
    counter.change(variant, "CUP-1", price_minor=1)
    again = check(counter, text)
    assert [row.fate for row in again.rows] == [Fate.KEPT] * 3
    import_file(counter.till, counter.manager, again)
    with counter.till.db.read() as connection:
        assert connection.execute(variant.select().where(variant.c.code == "CUP-1")).one().price_minor == 1
        events = [row.event for row in connection.execute(audit.select())]
    assert events.count("catalogue.imported") == 2


BAD_SHOPS: list[tuple[dict[str, object], str]] = [
    ({"vendors": [{"code": "NEW"}]}, "field_missing"),
    ({"vendors": [{"code": "NEW", "name": 5}]}, "field_malformed"),
    ({"vendors": ["NEW"]}, "field_malformed"),
    ({"vendors": [{"code": "NEW", "name": "x", "fee_bp": 10_001}]}, "number_out_of_range"),
    ({"vendors": [{"code": "NEW", "name": "x", "fee_bp": True}]}, "field_malformed"),
    ({"vendors": [{"code": "NEW", "name": "x", "rank": 1}]}, "field_unknown"),
    ({"vendors": []}, "vendor_code_unknown"),
    ({"products": [{"code": "CUP"}]}, "field_missing"),
    ({"products": [7]}, "field_malformed"),
    ({"customers": [{"name": "Bina", "phone": "12"}]}, "phone_malformed"),
    ({"currency": "rupees"}, "currency_malformed"),
    ({"vendors": [{"code": "NEW", "name": "x", "auto_approve": 10**19}]}, "field_malformed"),
    ({"customers": [{"name": "Bina", "active": 2}]}, "field_malformed"),
]


def test_half_a_shop_adds_nothing(counter: Counter) -> None:
    for changes, code in BAD_SHOPS:
        found = check(counter, json.dumps(sample(**changes)))
        assert code in [row.problem.code for row in found.rows if row.problem], changes
        with pytest.raises(Refused, match="file_has_errors"):
            import_file(counter.till, counter.manager, found)
    assert not [row for row in counter.rows(vendor) if row.code == "NEW"]


def test_amounts_of_another_currency_are_not_taken_for_the_vendors(counter: Counter) -> None:
    catalogue_edits.save_vendor(counter.till, counter.manager, VendorDraft("NEW", "New Vendor", "INR"))
    found = check(counter, json.dumps(sample(currency="KES", vendors=[])))
    assert "currency_mismatch" in [row.problem.code for row in found.rows if row.problem]


def test_the_sample_shop_is_such_a_file(counter: Counter, request: pytest.FixtureRequest) -> None:
    root = Path(request.config.rootpath)
    found = check_file(counter.till, counter.manager, (root / "resources/sample/shop.json").read_bytes())
    assert found.count(Fate.BAD) == 0


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    cells=st.lists(st.lists(st.sampled_from(["BOOK", "LENS", "CAM", "1", "", "sale", "rental", "1:2:Day", "'=1", "é"])
                            | st.text(max_size=6), max_size=len(COLUMNS) + 1), min_size=1, max_size=4),
    head=st.permutations(COLUMNS),
)  # fmt: skip
def test_nothing_in_a_file_breaks_the_check(counter: Counter, cells: list[list[str]], head: list[str]) -> None:
    rows = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    try:
        found = check(counter, "\r\n".join([",".join(head), *rows]))
    except TillgateError as error:
        assert error.code.startswith(("file_", "field_"))
        return
    for row in found.rows:
        assert (row.problem is not None) == (row.fate is Fate.BAD)


AMOUNTS: dict[tuple[str, str], int | str] = {
    ("INR", "1.50"): 150,
    ("INR", "1,5"): 150,
    ("INR", "1500.000"): 150_000,
    ("INR", "0.500"): 50,
    ("INR", "1,500"): "amount_ambiguous",
    ("INR", "1,50,000"): 15_000_000,
    ("INR", "1.500.000,50"): 150_000_050,
    ("INR", "1,500,000.50"): 150_000_050,
    ("INR", "1.500"): "amount_ambiguous",
    ("USD", "999.999"): "amount_ambiguous",
    ("COP", "1.500"): "amount_ambiguous",
    ("COP", "50.000"): "amount_ambiguous",
    ("COP", "50,000"): "amount_ambiguous",
    ("COP", "50.000,00"): 5_000_000,
    ("COP", "50,000.00"): 5_000_000,
    ("COP", "50000,5"): 5_000_050,
    ("COP", "50000"): 5_000_000,
    ("COP", "1.500.000"): 150_000_000,
    ("COP", "1.500,25"): 150_025,
    ("COP", "1500.00"): 150_000,
    ("COP", "1,500"): "amount_ambiguous",
    ("IDR", "25.000"): "amount_ambiguous",
    ("JPY", "1.500"): 1_500,
    ("KWD", "1.500"): 1_500,
    ("KWD", "1,500"): "amount_ambiguous",
    ("INR", "1.5.00"): "amount_malformed",
    ("INR", "1,500,00"): "amount_malformed",
}


@pytest.mark.parametrize(("written", "meant"), AMOUNTS.items())
def test_an_amount_that_can_be_read_twice_is_refused(written: tuple[str, str], meant: int | str) -> None:
    currency, text = written
    if isinstance(meant, str):
        with pytest.raises(Invalid, match=meant) as refused:
            read_amount(text, currency, "price")
        assert refused.value.values["field"] == "price"
    else:
        assert read_amount(text, currency, "price") == meant


@given(minor=st.integers(0, 10**12), currency=st.sampled_from(["INR", "COP", "IDR", "KES", "JPY", "KWD"]))
def test_what_the_export_writes_is_read_as_it_was(minor: int, currency: str) -> None:
    assert read_amount(str(Money(minor, currency).decimal), currency, "price") == minor


def people(*rows: dict[str, str]) -> str:
    return json.dumps({"currency": "INR", "customers": rows})


def test_customers_without_a_phone_are_neither_merged_nor_doubled(counter: Counter) -> None:
    """By phone, else by e-mail, else by a name that has neither; what may be one or two is for a person."""
    meera, again = {"name": "Meera Iyer"}, {"name": "meera iyer"}
    found = check(counter, people(meera, again, {"name": "Meera Iyer", "email": "m@example.com"}))
    assert fates(found) == [(1, "new"), (2, "customer_twice"), (3, "new")]
    with pytest.raises(Refused, match="file_has_errors"):
        import_file(counter.till, counter.manager, found)
    mails = check(counter, people({"name": "A", "email": "m@example.com"}, {"name": "B", "email": "M@example.com"}))
    assert fates(mails) == [(1, "new"), (2, "customer_twice")]
    [problem] = [row.problem for row in mails.rows if row.problem is not None]
    assert problem.values["other"] == 1
    import_file(counter.till, counter.manager, check(counter, people(meera)))
    assert fates(check(counter, people(again))) == [(1, "kept")]
    # Somebody of that name is here already, with a number: the same one, or another.
    assert fates(check(counter, people({"name": "Asha Rao"}))) == [(1, "customer_unclear")]
    assert fates(check(counter, people({"name": "Asha Rao", "phone": "98450 12345"}))) == [(1, "kept")]
    assert len(search_customers(counter.till, counter.cashier, "Meera")) == 1
