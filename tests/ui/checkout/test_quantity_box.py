"""A line's quantity: its buttons go by the number that a press would change, typed or not, and all of it is seen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionFrame

from tests.ui.pages.checkout import CARD, GITANJALI, CheckoutPage
from tillgate.ui import icons
from tillgate.ui.screens.checkout.quantity_box import QuantityBox


@pytest.fixture
def box(page: CheckoutPage) -> QuantityBox:
    """That of the only line of a cart, at 5."""
    page.ring_up(CARD)
    found = _box_of(page)
    _type(page, "5", enter=True)
    return found


def _box_of(page: CheckoutPage) -> QuantityBox:
    lines = page.screen.view.cart.lines
    row = lines.row(lines.line_ids[-1])
    assert row is not None
    return row.box


def _type(page: CheckoutPage, text: str, *, enter: bool = False) -> None:
    page.press(Qt.Key.Key_F6)
    page.type(text)
    if enter:
        page.press(Qt.Key.Key_Return)
        page.settled()


def _picture(icon: QIcon) -> QImage:
    return icon.pixmap(QSize(18, 18)).toImage()


def _takes_out(box: QuantityBox) -> bool:
    """Whether the left button shows that a press takes the line out."""
    shown = _picture(box.less.icon())
    bin_, minus = _picture(icons.icon("trash-2", "muted")), _picture(icons.icon("minus"))
    assert shown in (bin_, minus)
    return shown == bin_


def test_the_bin_is_shown_where_a_press_takes_the_line_out(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    box = _box_of(page)
    assert _takes_out(box)
    _type(page, "200", enter=True)
    assert not _takes_out(box)
    page.click(box.less)
    page.settled()
    assert box.value == 199
    _type(page, "1")
    assert _takes_out(box)
    page.press(Qt.Key.Key_Escape)
    assert not _takes_out(box)
    _type(page, "1")
    page.click(box.less)
    page.settled()
    assert page.lines == []


def test_plus_is_there_wherever_one_more_can_be_had(page: CheckoutPage, box: QuantityBox) -> None:
    _type(page, "998", enter=True)
    page.click(box.more)
    page.settled()
    assert not box.more.isEnabled()
    _type(page, "5")
    page.click(box.more)
    page.settled()
    assert box.value == 6
    _type(page, "999")
    assert not box.more.isEnabled()


def test_three_digits_are_not_cut(page: CheckoutPage, box: QuantityBox) -> None:
    _type(page, "888", enter=True)
    assert QApplication.focusWidget() is not box.line
    option = QStyleOptionFrame()
    box.line.initStyleOption(option)
    room = box.line.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, box.line).width()
    # Qt keeps 2 px at each side of what is typed, and the cursor stands behind it.
    assert box.line.fontMetrics().horizontalAdvance("888") + 1 <= room - 4
