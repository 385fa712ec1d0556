"""The chosen invoice's code, link and buttons, beside the rows of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.services.batch_views import ItemView
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.keys import SCREEN
from tillgate.ui.screens.batch.words import status_of
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.qr_view import QrFrame

WIDTH: Final = 264
_CODE: Final = 208


class CodePanel(QWidget):
    """`asked(verb)` of its buttons."""

    asked = Signal(str)

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self.number = plain_label(role="strong", wrap=True)
        self.amount = BigAmount("amount")
        self.qr = QrFrame(tr("Code to pay with a phone"), _CODE)
        self.caption = plain_label(tr("Scan with the customer’s phone to pay"), "caption", tone="muted", wrap=True)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.link = QLineEdit()
        self.link.setReadOnly(True)
        self.link.setAccessibleName(tr("Payment link"))
        self.qr.setMaximumHeight(_CODE)
        self.none = plain_label(tone="muted", wrap=True)
        self.buttons = {
            verb: Button(text, icon=icon, hint=office.hint(f"{SCREEN}.{verb}"), on_click=partial(self.asked.emit, verb))
            for verb, icon, text in (
                ("open_page", "external-link", tr("Open page")),
                ("check_now", "refresh-cw", tr("Check")),
                ("payment", "credit-card", tr("Show payment")),
                ("skip", "arrow-right", tr("Skip")),
                ("retry", "rotate-ccw", tr("Retry")),
            )
        }
        copying = partial(self.asked.emit, "copy_link")
        self.copy = Button(tone=ButtonTone.ICON, icon="copy", name=tr("Copy the link"), on_click=copying)
        linked = QHBoxLayout()
        linked.setSpacing(4)
        linked.addWidget(self.link, 1)
        linked.addWidget(self.copy)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        for widget in (self.number, self.amount, self.none):
            self._column.addWidget(widget)
        self._column.addWidget(self.qr, 1)
        self._column.addWidget(self.caption)
        self._column.addLayout(linked)
        for button in self.buttons.values():
            self._column.addWidget(button)
        self._column.addStretch(0)

    def show_item(self, item: ItemView | None, amount: str) -> None:
        """Show a row's code, or in words why it has none."""
        set_text(self.number, item.invoice_number if item is not None else "")
        self.amount.show_text(amount)
        url = item.url if item is not None else None
        for widget in (self.qr, self.caption, self.link, self.copy):
            widget.setVisible(bool(url))
        set_text(self.none, "" if url or item is None else status_of(item).text)
        self.none.setVisible(bool(self.none.text()))
        if url and url != self.link.text():
            self.link.setText(url)
            self.link.setCursorPosition(0)
            self.qr.view.show_text(url)

    def show_verbs(self, can: Mapping[str, bool]) -> None:
        """Only what can be done is offered."""
        for verb, button in self.buttons.items():
            button.setVisible(can[verb])
