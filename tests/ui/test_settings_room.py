"""Settings: what is explained has its lines, however wide the window is, and nothing lies over it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from tests.ui.pages.desk import MEERA, Desk
from tillgate import i18n
from tillgate.ui.screens.settings import SettingsScreen

PAGES = ("store", "payments", "keys", "mail", "till", "tills", "security", "integrity")
INDIA = ZoneInfo("Asia/Kolkata")


def _parts(page: QWidget) -> list[tuple[QWidget, QRect]]:
    """What is read and what is typed into, with its place on the page."""
    kinds = (QLabel, QLineEdit, QComboBox, QPushButton)
    shown = [each for each in page.findChildren(QWidget) if isinstance(each, kinds) and each.isVisibleTo(page)]
    inside = [each for each in shown if not isinstance(each.parentWidget(), (QLineEdit, QComboBox, QPushButton))]
    return [(each, QRect(each.mapTo(page, QPoint(0, 0)), each.size())) for each in inside]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [900, 1024, 1300])
def test_nothing_on_a_page_is_cut_or_lies_over_another(desk: Desk, language: str, width: int) -> None:
    i18n.use_language(language)
    screen = SettingsScreen(desk.door(MEERA), desk.places, INDIA)
    desk.show(screen, width)
    for key in PAGES:
        screen.view.go(key)
        desk.settled()
        page = screen.view.page(key)
        parts = _parts(page)
        for widget, place in parts:
            needed = widget.heightForWidth(place.width()) if widget.hasHeightForWidth() else 0
            wanted = max(needed, widget.minimumSizeHint().height())
            told = widget.text() if isinstance(widget, QLabel) else widget.accessibleName()
            assert place.height() >= wanted, (key, told)
            over = [each for each, other in parts if each is not widget and other.intersects(place)]
            assert over == [], (key, told)
