"""The catalogue in its window: added by keyboard and sold, changed, imported, and refused to a cashier."""

from __future__ import annotations

import csv

from PySide6.QtCore import Qt

from tests.factories.people import signed_in
from tests.factories.shop import Counter
from tests.ui.catalogue.conftest import OpenWindow
from tests.ui.pages.access import nameless
from tests.ui.pages.catalogue import CatalogueWindow
from tests.ui.pages.hands import CTRL
from tillgate.domain.staff import Role
from tillgate.services import catalogue_edits
from tillgate.services.catalogue_drafts import VariantDraft
from tillgate.services.till import Till
from tillgate.store.models import product, variant
from tillgate.ui.screens.catalogue.import_dialog import ImportDialog
from tillgate.ui.screens.catalogue.product_dialog import NewProductDialog, ProductDialog
from tillgate.ui.screens.catalogue.rows import INACTIVE, OUT, USE
from tillgate.ui.screens.catalogue.variant_dialog import StockDialog, VariantDialog
from tillgate.ui.screens.catalogue.vendor_dialog import VendorDialog
from tillgate.ui.screens.checkout import CheckoutScreen
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.fields import TextField

RETURN = Qt.Key.Key_Return


def error_at(dialog: NewProductDialog | VendorDialog | StockDialog | VariantDialog, name: str) -> str:
    field = dialog.fields[name]
    assert isinstance(field, TextField)
    return field.error


def test_a_vendor_and_a_product_are_added_by_keyboard_and_sold(empty: CatalogueWindow) -> None:
    checkout = empty.go("checkout", CheckoutScreen)
    empty.until(lambda: checkout.view.finder.bare is not None)
    bare = checkout.view.finder.bare
    assert bare is not None
    assert bare.title == "There is nothing to sell yet"
    assert bare.button is not None
    empty.click(bare.button)
    empty.shell._quarantine._over()
    screen = empty.catalogue()
    assert nameless(screen) == []
    empty.press(Qt.Key.Key_Insert)
    vendor = empty.opened(VendorDialog)
    assert nameless(vendor) == []
    empty.type("Chai Corner")
    empty.press(Qt.Key.Key_Tab)
    empty.type("chai")
    empty.save()
    empty.closed(VendorDialog)
    dialog = empty.opened(NewProductDialog)
    assert nameless(dialog) == []
    empty.type("Masala Chai, 250 g")
    empty.fill(
        code="chai-250", price_minor="1,250.50", stock="4", barcode="036000291452", tax_bp="5", tax_name="GST 5%"
    )
    empty.save()
    empty.closed(NewProductDialog)
    assert screen.view.notice.text.startswith("The product can be sold now.")
    assert empty.rows(screen.products.table, 3) == [("Masala Chai, 250 g", "₹1,250.50", "4")]
    checkout = empty.go("checkout", CheckoutScreen)
    checkout.scan("036000291452")
    empty.until(lambda: checkout.ringing.cart is not None and len(checkout.ringing.cart.lines) == 1)
    cart = checkout.ringing.cart
    assert cart is not None
    assert cart.lines[0].name.startswith("Masala Chai")
    assert empty.till.db.on_committed is not None


def test_a_product_shows_the_rate_of_its_tax_once(window: CatalogueWindow, counter: Counter) -> None:
    counter.change(product, "GIT", tax_bp=1800, tax_name="GST")
    for code, shown in (("CAM", "GST 18%"), ("GIT", "GST, 18%")):
        [facts] = window.product(code).pane.findChildren(Facts)
        assert dict(facts.rows)["Tax"] == shown


def test_what_a_field_refuses_is_said_at_the_field_and_nothing_is_lost(window: CatalogueWindow) -> None:
    window.catalogue().add_product()
    dialog = window.opened(NewProductDialog)
    window.fill(name="Kettle", code="GIT", price_minor="12.345")
    window.save()
    assert error_at(dialog, "price_minor").startswith("INR has 2 decimals.")
    window.fill(price_minor="1200", stock="-1")
    window.save()
    assert error_at(dialog, "stock") == "“-1” is not a whole number. Correct it."
    window.fill(stock="3", tax_bp="101")
    window.save()
    assert "rate from 0 to 100" in error_at(dialog, "tax_bp")
    window.fill(tax_bp="5")
    window.save()
    window.until(lambda: error_at(dialog, "tax_name") == "Something is missing here. Fill it in.")
    window.fill(tax_name="GST 5%", barcode="123")
    window.save()
    window.until(lambda: "is not a barcode" in error_at(dialog, "barcode"))
    window.fill(barcode="036000291452")
    window.save()
    window.until(lambda: error_at(dialog, "code") == "This code is used already. Use another one.")
    window.fill(code="KET")
    window.save()
    window.until(lambda: error_at(dialog, "barcode").startswith("Another product has this barcode."))
    window.fill(barcode="")
    window.save()
    window.closed(NewProductDialog)
    window.until(lambda: window.rows(window.catalogue().products.table, 1) == [("Kettle",)])


def test_a_rental_is_added_with_its_periods(window: CatalogueWindow) -> None:
    window.catalogue().add_product()
    dialog = window.opened(NewProductDialog)
    window.fill(name="Drone", code="DRN")
    dialog.kind.combo.setCurrentIndex(1)
    dialog.save()
    assert dialog.piece.periods.rows[0].price.error
    dialog.piece.periods.rows[0].price.set_text("999")
    dialog.piece.periods.more.click()
    second = dialog.piece.periods.rows[1]
    second.days.set_text("1")
    second.name.set_text("Again")
    second.price.set_text("5")
    dialog.save()
    window.until(lambda: dialog.piece.periods.error.startswith("There are two prices for 1 days."))
    second.days.set_text("7")
    dialog.save()
    window.closed(NewProductDialog)
    pane = window.product("DRN")
    assert pane.pane.shown is not None
    (piece,) = pane.pane.shown.variants
    assert [(each.days, each.price.minor) for each in piece.periods] == [(1, 99_900), (7, 500)]


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(window: CatalogueWindow, counter: Counter) -> None:
    pane = window.product("GIT")
    pane.pane.change.click()
    dialog = window.opened(ProductDialog)
    counter.change(product, "GIT", name="Gitanjali, 2nd edition", version=2)
    window.fill(category="poems")
    window.save()
    window.until(lambda: "Somebody else changed this product meanwhile." in dialog.notice.text)
    dialog.reject()
    pane.reload()
    window.until(lambda: pane.pane.shown is not None and pane.pane.shown.product.version == 2)
    (piece,) = pane.pane.shown.variants if pane.pane.shown else ()
    pane.pane.changes[0].click()
    changing = window.opened(VariantDialog)
    draft = VariantDraft(piece.product_id, "GIT-1", price_minor=1, barcode="036000291452")
    catalogue_edits.save_variant(counter.till, counter.manager, draft, variant_id=piece.id, version=piece.version)
    changing.piece.price.set_text("250")
    changing.save()
    window.until(lambda: "Somebody else changed this product meanwhile." in changing.notice.text)
    with counter.till.db.read() as connection:
        assert connection.execute(variant.select().where(variant.c.code == "GIT-1")).one().price_minor == 1


def test_stock_is_changed_with_a_reason_and_never_below_none(window: CatalogueWindow, counter: Counter) -> None:
    pane = window.product("GIT")
    pane.pane.stocks[0].click()
    dialog = window.opened(StockDialog)
    window.fill(by="+-5", reason="damaged by water")
    window.save()
    assert error_at(dialog, "by") == "“+-5” is not a whole number. Correct it."
    window.fill(by="-11")
    window.save()
    window.until(lambda: error_at(dialog, "by").startswith("There are only 10 pieces, so 11 can’t be taken out."))
    window.fill(by="-3", reason="x")
    assert dialog.after.text() == "Then there are 7."
    window.save()
    window.until(lambda: error_at(dialog, "reason"))
    window.fill(reason="damaged by water")
    window.save()
    window.closed(StockDialog)
    assert counter.stock("GIT-1") == 7
    window.until(lambda: window.rows(window.catalogue().products.table, 3)[0][2] == "7")


def test_out_of_use_and_back_again(window: CatalogueWindow, counter: Counter) -> None:
    pane = window.product("GIT")
    pane.pane.use.click()
    window.until(lambda: "Gitanjali is not offered any more." in window.catalogue().view.notice.text)
    window.until(lambda: pane.pane.status.status.text == "Not in use")
    screen = window.catalogue()
    screen.products.table.set_query(screen.products.table.query.with_filter(USE, INACTIVE))
    window.until(lambda: [row[0] for row in window.rows(screen.products.table)] == ["Gitanjali"])
    pane = window.product("GIT")
    pane.pane.use.click()
    window.until(lambda: pane.pane.status.status.text == "Offered")
    catalogue_edits.change_stock(counter.till, counter.manager, counter.variant("GIT-1"), -10, "all sold at a fair")
    screen.products.table.set_query(screen.products.table.query.with_filter(USE, OUT))
    window.until(lambda: [row[0] for row in window.rows(screen.products.table)] == ["Gitanjali"])


def test_ins_adds_what_the_list_in_front_is_of(window: CatalogueWindow) -> None:
    screen = window.catalogue()
    for number, button, dialog in ((0, "product", NewProductDialog), (1, "vendor", VendorDialog)):
        screen.show_list(number)
        assert screen.buttons[button].text() == f"New {button}"
        window.shell.commands.action("catalogue.add").trigger()
        window.opened(dialog).reject()
    assert window.shell.commands.shortcut("catalogue.add") == "Ins"


def test_vendors_are_listed_changed_and_lead_to_their_products(window: CatalogueWindow) -> None:
    screen = window.catalogue()
    window.press(Qt.Key.Key_2, CTRL)
    table = screen.vendors.table
    window.until(lambda: [row[0] for row in window.rows(table)] == ["Book House", "Corner Shop", "Lens Rentals"])
    assert nameless(screen) == []
    table.open_row(0)
    pane = table.pane.body
    assert pane is not None
    getattr(pane, "change").click()  # noqa: B009 - the pane's type is the list's business
    dialog = window.opened(VendorDialog)
    window.fill(email="not an address", fee_bp="2,5")
    window.save()
    window.until(lambda: error_at(dialog, "email").startswith("This is not an e-mail address."))
    window.fill(email="books@example.org", brand_color="blue")
    window.save()
    window.until(lambda: "is not a colour" in error_at(dialog, "brand_color"))
    window.fill(brand_color="#1d4ed8")
    window.save()
    window.closed(VendorDialog)
    assert screen.view.notice.text.startswith("Book House is saved.")
    window.until(lambda: window.tasks.pending == 0 and not table.model.waiting)
    table.open_row(0)
    pane = table.pane.body
    assert pane is not None
    getattr(pane, "products").click()  # noqa: B009
    window.until(lambda: [row[0] for row in window.rows(screen.products.table)] == ["Gitanjali"])
    assert screen.products.table.bar.chips["vendor"].text() == "Vendor: Book House"


def test_a_file_with_a_bad_row_is_shown_row_by_row_and_keeps_everything_out(
    window: CatalogueWindow, counter: Counter
) -> None:
    lines = [
        "vendor,product,name,price,stock",
        "BOOK,RAM,Ramayana,350,2",
        "NOPE,X,Stray,5,1",
        "BOOK,GIT,Gitanjali,abc,",
    ]
    window.file.write_text("\n".join(lines))
    window.catalogue()
    window.press(Qt.Key.Key_I, CTRL)
    dialog = window.opened(ImportDialog)
    assert nameless(dialog) == []
    shown = window.rows(dialog.table)
    assert [(row[0], row[1], row[2]) for row in shown] == [
        ("3", "Error", "X"),
        ("4", "Error", "GIT"),
        ("2", "New", "RAM"),
    ]
    assert shown[0][3].startswith("vendor: There is no vendor with the code “NOPE”.")
    assert shown[1][3].startswith("price: This is not an amount.")
    assert not dialog.go.isEnabled()
    dialog.reject()
    assert "RAM" not in [row.code for row in counter.rows(product)]


def test_a_good_file_comes_in_whole_and_its_export_comes_back_as_it_was(window: CatalogueWindow) -> None:
    window.file.write_text(
        "vendor,product,name,price,stock\nBOOK,EVIL,'=HYPERLINK(A1),350,2\nBOOK,RAM,Ramayana,1.50,0\n"
    )
    screen = window.catalogue()
    screen.import_file()
    dialog = window.opened(ImportDialog)
    assert dialog.go.text() == "Import 2 rows"
    window.click(dialog.go)
    window.closed(ImportDialog)
    assert screen.view.notice.text.startswith("The file is imported: 2 new, 0 changed, 0 stay as they are.")
    window.until(lambda: len(window.rows(screen.products.table)) == 7)
    screen.products.export()
    window.until(lambda: "rows written to" in screen.products.table.notice.text)
    with window.file.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["product"]: row for row in csv.DictReader(file)}
    assert rows["EVIL"]["name"] == "'=HYPERLINK(A1)"
    assert (rows["RAM"]["price"], rows["CAM"]["periods"].split("|")[0]) == ("1.50", "1:2499.00:Day")
    screen.import_file()
    dialog = window.opened(ImportDialog)
    assert {row[1] for row in window.rows(dialog.table)} == {"Stays as it is"}
    assert not dialog.go.isEnabled()
    dialog.reject()


def test_a_catalogue_that_changed_since_the_check_is_checked_again(window: CatalogueWindow, counter: Counter) -> None:
    window.file.write_text("vendor,product,name,variant,price\nBOOK,GIT,Gitanjali,GIT-1,250\n")
    window.catalogue().import_file()
    dialog = window.opened(ImportDialog)
    counter.change(variant, "GIT-1", price_minor=25_000, version=2)
    window.click(dialog.go)
    window.until(lambda: "the catalogue changed since the file was checked" in dialog.notice.text)
    dialog._check_again()
    window.until(lambda: [row[1] for row in window.rows(dialog.table)] == ["Stays as it is"])
    dialog.reject()


def test_what_is_no_catalogue_is_said_and_nothing_opens(window: CatalogueWindow) -> None:
    screen = window.catalogue()
    for content, words in (
        (b"\x89PNG\xff", "not text in UTF-8"),
        (b"a,b\n1,2\n", "is missing"),
        (b"{", "form of shop.json"),
    ):
        window.file.write_bytes(content)
        screen.import_file()
        window.until(lambda words=words: words in screen.view.notice.text)  # type: ignore[misc]
    window.file.unlink()
    screen.import_file()
    window.until(lambda: "can’t be read" in screen.view.notice.text)


def test_a_cashier_sees_prices_and_stock_and_changes_nothing(open_window: OpenWindow, counter: Counter) -> None:
    window = open_window(counter.till, counter.cashier)
    pane = window.product("GIT")
    screen = window.catalogue()
    assert window.rows(screen.products.table, 3) == [("Gitanjali", "₹199.00", "10")]
    assert not any(button.isVisible() for button in (pane.pane.change, pane.pane.variant, pane.pane.use))
    assert pane.pane.stocks == []
    assert not any(button.isVisible() for button in (*screen.buttons.values(), screen.view.vendors))
    commands = {command.key for command in window.shell.commands.listed()}
    assert not commands & {"catalogue.add", "catalogue.import", "catalogue.vendors"}
    # What is behind the buttons asks the service, which refuses.
    pane._use()
    window.until(lambda: "manager" in screen.view.notice.text)
    screen.view.notice.clear()
    window.file.write_text("vendor,product,name\nBOOK,X,Y\n")
    screen.import_file()
    window.until(lambda: "manager" in screen.view.notice.text)


def test_a_cashier_with_nothing_to_sell_is_told_who_can_help(open_window: OpenWindow, till: Till) -> None:
    window = open_window(till, signed_in(till, Role.CASHIER))
    checkout = window.go("checkout", CheckoutScreen)
    window.until(lambda: checkout.view.finder.bare is not None)
    bare = checkout.view.finder.bare
    assert bare is not None
    assert bare.button is None
