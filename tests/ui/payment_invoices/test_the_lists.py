"""The lists: every payment invoice with its story, who verified what, and money that came late."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.factories.people import signed_in
from tests.ui.pages.access import nameless
from tests.ui.pages.hands import CTRL
from tests.ui.pages.payment_invoices import InvoicePage
from tillgate.domain.staff import Role
from tillgate.services.settle import check_now
from tillgate.ui.screens.payment_invoices.invoice_story import InvoiceStory
from tillgate.ui.screens.payment_invoices.keys import ASK, INVOICES, LATE, VERIFICATIONS, VERIFY
from tillgate.ui.widgets.data_table import DataTable, Query

KEY = Qt.Key


def shows(page: InvoicePage, count: int) -> None:
    """Until so many stand in the list in front."""
    table = page.screen.lists[page.screen.front].table
    said = "1 row" if count == 1 else f"{count} rows"
    page.settled(lambda: not table.model.waiting and table.count.text() == said)


def details(table: DataTable) -> InvoiceStory:
    (found,) = table.pane.findChildren(InvoiceStory)
    return found


def test_an_invoice_has_its_whole_story(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    page.kiosk.verify(paid.number)
    sold = page.kiosk.sell(page.kiosk.cart(), paid.number)
    page.screen.show_payment_invoice(paid)
    table = page.screen.invoices.table
    page.settled(lambda: not table.pane.isHidden())
    story = details(table)
    page.settled(lambda: any(text.startswith("Order ORD") for text in story.texts))
    for said in (
        f"Invoice: {paid.number}",
        "Phone: 2547••••5678",
        "Asked for: KSh\N{NO-BREAK SPACE}1,032.00",
        f"Order: {sold.orders[0]}",
    ):
        assert said in story.texts
    raw = [text for text in story.texts if "payment_invoice." in text]
    assert raw == []
    assert nameless(page.screen) == []
    assert {verb for verb, button in story.verbs.items() if not button.isHidden()} == {"take", "payment", "orders"}
    page.press(KEY.Key_P, CTRL)
    page.press(KEY.Key_O, CTRL)
    assert page.shown == [paid.payment_id, Query(sold.orders[0])]
    page.press(KEY.Key_Return, CTRL)
    page.settled(lambda: page.screen.front == VERIFY and page.screen.verify.panel.result is not None)
    assert page.verdict.startswith("The invoice was already used")


def test_an_open_prompt_is_shown_from_the_list(page: InvoicePage) -> None:
    asked = page.kiosk.ask()
    page.screen.show_page(INVOICES)
    page.screen.invoices.show_open()
    shows(page, 1)
    page.screen.invoices.show_invoice(asked.invoice)
    page.settled(lambda: not page.screen.invoices.table.pane.isHidden())
    page.settled(lambda: page.can("prompt"))
    page.command("prompt")
    page.settled(lambda: page.screen.ask.paying.invoice is not None)
    assert (page.screen.front, page.invoice.number) == (ASK, asked.invoice.number)


def test_verifications_are_searched_narrowed_and_done_again(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    page.kiosk.verify(paid.number)
    page.kiosk.verify("nobody's")
    page.screen.show_page(VERIFICATIONS)
    shows(page, 2)
    table = page.screen.lists[VERIFICATIONS].table
    for query, count in (
        (Query(paid.number.lower()), 1),
        (Query("nobody's"), 1),
        (Query("", None, (("verdict", "good"),)), 1),
        (Query("", None, (("verdict", "bad"),)), 1),
        (Query("", None, (("verdict", "expired"),)), 0),
    ):
        table.set_query(query)
        shows(page, count)
    table.set_query(Query(paid.number))
    shows(page, 1)
    table.select_key(1)
    page.settled(lambda: page.can("take"))
    page.command("take")
    page.settled(lambda: page.screen.verify.panel.result is not None)
    assert page.verdict.startswith("The invoice is good")


def test_late_money_stands_by_itself_and_leads_a_manager_to_exceptions(page: InvoicePage) -> None:
    asked = page.kiosk.ask()
    page.kiosk.clock.advance(40 * 60)
    page.kiosk.answer(asked)
    check_now(page.kiosk.till, page.actor, asked.payment.id)
    page.kiosk.paid(phone="0722000001")
    page.who = page.actor = signed_in(page.kiosk.till, Role.MANAGER, "Manager at work")
    page.open_again()
    page.press(KEY.Key_5, CTRL)
    assert page.screen.front == LATE
    page.kiosk.verify(asked.invoice.number)
    page.screen.lists[LATE].table.refresh()
    shows(page, 1)
    page.screen.lists[LATE].table.select_key(asked.invoice.id)
    page.settled(lambda: page.can("exceptions"))
    page.press(KEY.Key_F11)
    assert page.shown == [Query()]
