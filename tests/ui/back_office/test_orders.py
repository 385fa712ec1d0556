"""The orders screen over real services: item by item, with invoice and payment."""

from __future__ import annotations

from tests.factories.history import Shop
from tests.ui.back_office.conftest import OpenOffice
from tests.ui.pages.access import nameless
from tests.ui.pages.back_office_panes import button, cells, column_of, open_order, shown_texts
from tillgate.services.order_reads import list_orders_of
from tillgate.ui.widgets.data_table import Query


def test_an_order_is_shown_item_by_item(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.work()
    window = office(shop.cashier)
    one = open_order(window)
    newest = list_orders_of(shop.till, shop.cashier, paid.id)[-1]
    money = window.office.money
    texts = shown_texts(one)
    assert cells(window.orders().table)["number"] == newest.order.number
    for item in newest.items:
        assert item.description in texts
        assert f"{item.quantity} × {money(item.unit_price)}" in texts
    assert texts.count(money(newest.order.total)) >= 1
    assert newest.order.vendor_name in texts
    assert newest.order.invoice_number in texts
    assert nameless(window.shell) == []


def test_an_invoice_appears_when_it_is_made_and_is_saved(office: OpenOffice, shop: Shop) -> None:
    shop.sell()
    window = office(shop.cashier)
    one = open_order(window)
    assert not one.pane.invoice.isVisible()
    assert "It is being made." in shown_texts(one)
    shop.work()
    window.until(one.pane.invoice.isVisible)
    one.pane.invoice.click()
    window.settle()
    assert one.pane.notice.text.startswith("Saved as invoice-")


def test_a_sale_that_went_back_shows_and_saves_what_reverses_it(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.work()
    shop.refund(paid, paid.amount_minor, "Returned")
    shop.work()
    newest = list_orders_of(shop.till, shop.cashier, paid.id)[-1]
    (note,) = newest.credit_notes
    window = office(shop.cashier)
    one = open_order(window)
    assert one.pane.status.accessibleName().endswith("Cancelled")
    amount = window.office.money(-newest.order.total)
    assert f"Credit note {note.number}, {amount}" in shown_texts(one)
    button(one, f"Save credit note {note.number}").click()
    window.settle()
    assert one.pane.notice.text.startswith("Saved as credit-note-")
    assert nameless(window.shell) == []


def test_an_order_leads_to_its_payment(office: OpenOffice, shop: Shop) -> None:
    shop.sell()
    paid = shop.sell()
    window = office(shop.cashier)
    one = open_order(window)
    button(one, "Show payment").click()
    window.settle()
    assert window.shell.current_key == "payments"
    assert column_of(window.payments().table, "id") == [f"#{paid.id}"]


def test_a_scanned_number_finds_it_and_the_totals_fit(office: OpenOffice, shop: Shop) -> None:
    first = shop.sell()
    shop.sell()
    window = office(shop.cashier)
    screen = window.orders(go=True)
    window.settle()
    every = list_orders_of(shop.till, shop.cashier, first.id)
    assert screen.scan(every[0].order.number.lower())
    assert not screen.scan("4006381333931")
    window.settle()
    assert column_of(screen.table, "number") == [every[0].order.number]
    assert screen.table.totals.texts["total"] == window.office.money(every[0].order.total)
    screen.show_query(Query())
    window.until(lambda: screen.table.model.rowCount() > len(every))
