"""Instalments on a small screen: what tells customers apart is whole, and the tabs stay where they are."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tests.factories.instalments import Bazaar
from tests.ui.pages.hands import places_of
from tests.ui.pages.instalments import InstalmentsPage
from tillgate.ui.screens.instalments.new_order_page import NewOrderPage
from tillgate.ui.tasks import Tasks


def test_two_customers_of_one_name_are_told_apart(page: InstalmentsPage) -> None:
    here = page.screen.pages["order"]
    assert isinstance(here, NewOrderPage)
    field = here.side.customer
    page.settled(lambda: not field.list.isHidden())
    search = field.search
    assert search.fontMetrics().horizontalAdvance(search.placeholderText()) < search.width() - 48
    assert field.list.viewport().height() >= 2 * field.list.sizeHintForRow(0)
    field.show_person(1, "John Doe of the Corner", "+91 98765 43210")
    page.settled()
    assert field.who.text() == "John Doe of the Corner  ·  +91 98765 43210"
    assert field.who.fontMetrics().horizontalAdvance(field.who.text()) <= field.who.width()


def test_the_tabs_stand_at_the_same_place_on_every_page(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> None:
    page = InstalmentsPage(qtbot, tasks, shop, shop.manager)

    def show(key: str) -> None:
        page.screen.show_page(key)
        page.settled()

    assert len(places_of(page.screen.chips.values, page.screen.pages, show)) == 1
