"""Every word is readable on the smallest screen, in every language: nothing is cut, and targets are large enough."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLabel, QLineEdit, QListView, QWidget
from pytestqt.qtbot import QtBot

from tests.factories.shop import Counter
from tests.ui.pages.checkout import CAMERA, GITANJALI, PHONE, CheckoutPage
from tillgate import i18n
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.store.models import variant
from tillgate.ui.screens.checkout.amounts import PayButton
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.labels import ElidedLabel

TARGET = 44


def cut(panel: QWidget) -> list[str]:
    """Texts that have less room than they need. What ends in an ellipsis on purpose tells the rest in its tooltip."""
    buttons = [each for each in panel.findChildren(QAbstractButton) if not isinstance(each, PayButton)]
    labels = [each for each in panel.findChildren(QLabel) if not isinstance(each, ElidedLabel)]
    rooms = [(each.text(), each.width(), each.sizeHint().width()) for each in buttons if each.isVisible()]
    for label in labels:
        if label.isVisible() and label.wordWrap():
            rooms.append((label.text(), label.height(), label.heightForWidth(label.width())))
        elif label.isVisible():
            rooms.append((label.text(), label.width(), label.sizeHint().width()))
    return [f"{text}: {has} of {needs}" for text, has, needs in rooms if has < needs - 1]


def small(panel: QWidget) -> list[str]:
    """Buttons that a finger misses."""
    buttons = [each for each in panel.findChildren(QAbstractButton) if each.isVisible()]
    return [f"{each.accessibleName() or each.text()}: {each.size()}" for each in buttons if each.height() < TARGET - 2]


def nameless(screen: QWidget) -> list[str]:
    """Controls that a screen reader can't name."""
    kinds = (QAbstractButton, QLineEdit, QListView, QAbstractScrollArea)
    controls = [each for kind in kinds for each in screen.findChildren(kind) if each.isVisible()]
    focusable = [each for each in controls if each.focusPolicy() is not Qt.FocusPolicy.NoFocus]
    named = [(each, each.accessibleName() or getattr(each, "text", str)()) for each in focusable]
    return [repr(each) for each, name in named if not name]


def test_every_control_has_a_name(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI, CAMERA)
    page.screen.ringing.set_customer(counter.customer_id)
    page.settled()
    assert nameless(page.screen) == []
    page.pay()
    assert nameless(page.screen) == []
    page.customer_pays()
    page.reached(Stage.PAID)
    assert nameless(page.screen) == []


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800)])
def test_a_toast_covers_nothing_that_can_be_pressed(
    qtbot: QtBot, tasks: Tasks, counter: Counter, width: int, height: int
) -> None:
    page = CheckoutPage(qtbot, tasks, counter)
    page.shell.resize(width, height)
    view = page.screen.view
    page.ring_up(GITANJALI, PHONE)
    for go_on in (page.settled, page.pay, page.hold):
        go_on()
        view.toast.show_text("This cart is being paid. Hold the cart (F4) to ring up for the next customer.")
        over = QRect(view.toast.mapToGlobal(QPoint(0, 0)), view.toast.size())
        buttons = [each for each in page.screen.findChildren(QAbstractButton) if each.isVisible()]
        assert buttons
        covered = [
            each.accessibleName() or each.text()
            for each in buttons
            if over.intersects(QRect(each.mapToGlobal(QPoint(0, 0)), each.size())) and not view.toast.isAncestorOf(each)
        ]
        assert covered == []
        assert page.screen.rect().contains(view.toast.geometry())


@pytest.mark.parametrize("language", ["en", "es", "id"])
@pytest.mark.parametrize("width", [1024, 1280, 1366])
def test_a_weekend_s_dates_are_not_cut(qtbot: QtBot, tasks: Tasks, counter: Counter, language: str, width: int) -> None:
    i18n.use_language(language)
    page = CheckoutPage(qtbot, tasks, counter)
    page.shell.resize(width, 768)
    page.ring_up(CAMERA)
    lines = page.screen.view.cart.lines
    for start_on in (date(2026, 11, 22), date(2026, 12, 31)):
        page.screen.ringing.set_rental(lines.line_ids[0], period_id=counter.period("CAM-1", 3), start_on=start_on)
        page.settled()
        assert (cut(lines), small(lines)) == ([], [])


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_nothing_is_cut_at_1024_by_768(qtbot: QtBot, tasks: Tasks, counter: Counter, language: str) -> None:
    i18n.use_language(language)
    page = CheckoutPage(qtbot, tasks, counter)
    page.shell.resize(1024, 768)
    view = page.screen.view
    page.ring_up(GITANJALI, CAMERA, PHONE)
    assert (cut(view.cart), small(view.cart)) == ([], [])
    page.screen.ringing.set_customer(counter.customer_id)
    page.settled()
    page.hold()
    page.ring_up(GITANJALI)
    assert cut(view.cart) == []
    page.pay()
    page.reached(Stage.WAITING)
    assert (cut(view.payment), small(view.payment)) == ([], [])
    counter.provider.faults["fetch"] = ["unknown"]
    page.do(Key.CHECK_NOW)
    page.reached(Stage.CHECKING)
    assert cut(view.payment) == []
    counter.change(variant, "GIT-1", stock=0)
    page.customer_pays()
    page.reached(Stage.REFUNDED)
    assert (cut(view.outcome), small(view.outcome)) == ([], [])
    page.screen._back_to_cart()
    page.settled()
    counter.change(variant, "GIT-1", stock=9)
    page.pay()
    counter.provider.end(page.reference, CheckoutStatus.EXPIRED)
    page.later(4)
    page.reached(Stage.EXPIRED)
    assert cut(view.outcome) == []
