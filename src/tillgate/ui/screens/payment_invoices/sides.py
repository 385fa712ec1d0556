"""What the two pages of work have alike: what is typed at the left, what comes of it at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.payment_invoices.keys import SCREEN
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.scrolling import scrolled

_LEFT_WIDTH: Final = 350


def lay_out_sides(
    page: QWidget, title: str, parts: Sequence[QWidget | QLayout], foot: Sequence[QWidget], results: Sequence[QWidget]
) -> QStackedWidget:
    """Fill a page: the parts scroll where there is no room for them, the foot below stands there whole; the results
    on top of each other."""
    form = QWidget()
    fields = QVBoxLayout(form)
    fields.setContentsMargins(0, 0, 0, 0)
    fields.setSpacing(10)
    for part in parts:
        if isinstance(part, QLayout):
            fields.addLayout(part)
        else:
            fields.addWidget(part)
    fields.addStretch(1)
    beside = QWidget()
    beside.setFixedWidth(_LEFT_WIDTH)
    left = QVBoxLayout(beside)
    left.setContentsMargins(18, 16, 18, 16)
    left.setSpacing(10)
    left.addWidget(plain_label(title, "title"))
    left.addWidget(scrolled(form), 1)
    for widget in foot:
        left.addWidget(widget)
    right = QStackedWidget()
    for result in results:
        right.addWidget(result)
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(20)
    row.addWidget(beside)
    row.addWidget(right, 1)
    return right


def verb_button(
    office: BackOffice, verb: str, look: tuple[str, str, ButtonTone], on_click: Callable[[], object]
) -> Button:
    """The button of a command of this screen: its text, icon and tone, and the command's key."""
    text, icon, tone = look
    made = Button(text, tone=tone, icon=icon, hint=office.hint(f"{SCREEN}.{verb}"), on_click=on_click)
    made.setProperty("snug", "true")
    return made
