"""Coupons kept by a manager: every refusal in words, what is fixed stays, what is withdrawn can be used again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.instalments import AIRPODS, Bazaar, inr
from tests.ui.pages.access import nameless
from tests.ui.pages.hands import CTRL
from tests.ui.pages.instalment_wallets import PursePage
from tillgate import i18n
from tillgate.domain.coupons import CouponKind
from tillgate.domain.instalments import ItemAsk
from tillgate.services.coupon_edits import withdraw_coupon
from tillgate.store.models import coupon, product
from tillgate.ui.screens.instalments.coupon_dialog import CouponDialog
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import Query

RETURN = Qt.Key.Key_Return


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> PursePage:
    """The manager's window, the coupons in front; SAVE10 is there."""
    made = PursePage(qtbot, tasks, shop, shop.manager)
    made.show("coupons")
    return made


def asked(page: PursePage) -> CouponDialog:
    page.add()
    return page.dialog(CouponDialog)


def save(page: PursePage, dialog: CouponDialog) -> None:
    dialog.go.click()
    page.settled()


def test_a_coupon_is_made_by_keys_and_takes_off_what_it_says(page: PursePage, shop: Bazaar) -> None:
    dialog = asked(page)
    assert nameless(dialog) == []
    assert dialog.focusWidget() is dialog.code.line
    dialog.code.set_text("diwali")
    dialog.kind.choose(CouponKind.PERCENT)
    assert dialog.share.isVisible() and dialog.cap.isEnabled()
    dialog.share.set_text("10")
    dialog.cap.set_amount(inr(300))
    dialog.minimum.set_amount(inr(1000))
    dialog.total.set_text("2")
    dialog.each.set_text("1")
    dialog.only.setChecked(True)
    dialog.product.search.setText("airpods")
    page.settled(lambda: len(dialog.product.list.choices) == 1)
    assert nameless(dialog) == []
    dialog.product.search.setFocus()
    page.tap(dialog, RETURN)
    assert dialog.product.value is not None
    page.tap(dialog, RETURN)
    page.closed(CouponDialog)
    page.settled(lambda: page.said == "Coupon DIWALI is saved.")
    kept = [("DIWALI", "10 %, at most ₹300.00", "Open", "0 of 2"), ("SAVE10", "₹10,000.00", "Open", "0")]
    page.settled(lambda: page.rows(4) == kept)
    placed = shop.place(ItemAsk(AIRPODS, 50, 1, "", "DIWALI"))
    assert placed.orders[0].discount == inr(300)
    page.settled(lambda: page.rows(4)[0][3] == "1 of 2")
    page.open_row()
    assert {"Wait for money", "at most 1", shop.rows(product)[1].name} <= page.texts
    assert nameless(page.screen) == []


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(page: PursePage, shop: Bazaar) -> None:
    before = shop.count(coupon)
    dialog = asked(page)
    save(page, dialog)
    assert dialog.flat.line.accessibleDescription()
    dialog.flat.set_text("100")
    save(page, dialog)
    assert "3 to 30 letters" in dialog.code.line.accessibleDescription()
    dialog.code.set_text("save10")
    save(page, dialog)
    assert dialog.code.line.accessibleDescription().startswith("There is a coupon SAVE10 already.")
    dialog.code.set_text("NEW-1")
    dialog.last.set_value(dialog.first.value - timedelta(days=1))
    save(page, dialog)
    assert dialog.last.error.startswith("A coupon can’t end before it begins.")
    dialog.last.set_value(dialog.first.value)
    dialog.total.set_text("0")
    save(page, dialog)
    assert dialog.total.line.accessibleDescription().startswith("A limit is at least one use.")
    dialog.total.set_text("many")
    save(page, dialog)
    assert dialog.total.line.accessibleDescription()
    dialog.total.set_text("")
    dialog.kind.choose(CouponKind.PERCENT)
    dialog.share.set_text("101")
    save(page, dialog)
    assert dialog.share.line.accessibleDescription()
    dialog.share.set_text("10")
    dialog.only.setChecked(True)
    dialog.product.search.setText("zzz")
    page.settled(lambda: dialog.product.error == "No product is called so.")
    save(page, dialog)
    assert dialog.product.error == "Choose the product that it is for."
    assert shop.count(coupon) == before
    dialog.only.setChecked(False)
    save(page, dialog)
    page.closed(CouponDialog)
    assert shop.count(coupon) == before + 1


def test_a_coupon_is_changed_withdrawn_and_opened_again(page: PursePage, shop: Bazaar) -> None:
    shop.place(ItemAsk("65a1b2c3d4e5f6g7h8i9j0k1", 100, 2, "VAR-001", "SAVE10"))
    page.open_row()
    page.key(Qt.Key.Key_S, CTRL)
    dialog = page.dialog(CouponDialog)
    assert (dialog.code.line.isReadOnly(), dialog.flat.line.isReadOnly()) == (True, True)
    assert not dialog.kind.combo.isEnabled()
    dialog.total.set_text("1")
    dialog.category.set_text("Phones")
    save(page, dialog)
    page.closed(CouponDialog)
    page.settled(lambda: page.rows(4) == [("SAVE10", "₹10,000.00", "Used up", "1 of 1")])
    [row] = shop.rows(coupon)
    assert (row.total_limit, row.category, row.value, row.minimum_minor) == (1, "Phones", 1_000_000, 2_000_000)
    page.open_row()
    page.front.verbs["change"].click()
    dialog = page.dialog(CouponDialog)
    # Somebody else is quicker.
    withdraw_coupon(shop.till, shop.manager, row.id, row.version)
    save(page, dialog)
    page.settled(lambda: "was changed at the same time" in dialog.notice.text)
    dialog.reject()
    page.closed(CouponDialog)
    page.settled(lambda: page.rows(3)[0][2] == "Withdrawn")
    page.front.table.pane.close_pane()
    page.open_row()
    assert page.front.verbs["withdraw"].text() == "Open it again"
    page.key(Qt.Key.Key_D, CTRL)
    page.settled(lambda: page.said == "Coupon SAVE10 may be used again." and page.rows(3)[0][2] == "Used up")
    page.front.table.set_query(Query("nothing"))
    page.settled(lambda: page.rows() == [])


@pytest.mark.parametrize("language", ["es", "id"])
def test_the_form_fits_a_small_window_in_other_languages(
    qtbot: QtBot, tasks: Tasks, shop: Bazaar, language: str
) -> None:
    i18n.use_language(language)
    page = PursePage(qtbot, tasks, shop, shop.manager, language=language)
    page.show("coupons")
    dialog = asked(page)
    dialog.only.setChecked(True)
    page.settled(lambda: bool(dialog.product.list.choices))
    assert dialog.height() <= 768
    assert dialog.width() <= 1024
    assert nameless(dialog) == []
    assert dialog.windowTitle() != "New coupon"
    dialog.reject()
    page.closed(CouponDialog)


def test_a_cashier_has_no_coupons_to_keep(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> None:
    page = PursePage(qtbot, tasks, shop, shop.cashier)
    assert list(page.screen.pages) == ["wallets", "orders"]
    assert not page.can("coupons")
