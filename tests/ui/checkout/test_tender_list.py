"""The other ways to pay: one is a button, several fold into one button's menu."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tillgate.ui.screens.checkout.desk import Tender, tender_of
from tillgate.ui.screens.checkout.tender_list import TenderList

LINK, PAGE, CARD = tender_of("razorpay", "link"), tender_of("razorpay", "order"), tender_of("stripe", "session")


def test_several_ways_are_one_button_with_a_menu(qtbot: QtBot) -> None:
    ways = TenderList(folded=True)
    qtbot.addWidget(ways)
    chosen: list[Tender] = []
    ways.chosen.connect(chosen.append)
    ways.show_tenders([LINK])
    (only,) = ways.buttons
    only.click()
    ways.show_tenders([PAGE, CARD])
    (button,) = ways.buttons
    entries = button.menu().actions()
    assert [entry.text() for entry in entries] == ["Pay on a page", "Pay by card"]
    entries[1].trigger()
    assert chosen == [LINK, CARD]
    ways.show_tenders([PAGE, CARD], held=True)
    assert not button.isEnabled()
    ways.show_tenders([])
    assert ways.isHidden()


def test_unfolded_each_way_has_its_button(qtbot: QtBot) -> None:
    ways = TenderList()
    qtbot.addWidget(ways)
    ways.show_tenders([LINK, PAGE, CARD])
    assert [button.text() for button in ways.buttons] == ["Pay by link", "Pay on a page", "Pay by card"]
