"""One invoice of a batch: where it stands, and open, copy, code, skip or retry."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from tillgate.formats import format_day
from tillgate.i18n import tr
from tillgate.services.batch_views import ItemView
from tillgate.ui.guard import guarded
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.invoice_rows import AMOUNT_WIDTH
from tillgate.ui.screens.batch.words import status_of, told
from tillgate.ui.theme import restyle
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.status_badge import StatusBadge

_STEPS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class ItemRow(QFrame):
    """`picked` when it has the focus or was pressed, `stepped(int)` by the arrow keys; `asked(verb)` of its buttons."""

    picked = Signal()
    stepped = Signal(int)
    asked = Signal(str)

    def __init__(self, office: BackOffice, item: ItemView) -> None:
        super().__init__()
        self._office = office
        self.item = item
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("surface", "sunken")
        self.number = ElidedLabel(item.invoice_number, "strong")
        self.badge = StatusBadge(status_of(item))
        self.note = plain_label(role="caption", tone="muted", wrap=True)
        amount = plain_label(office.money(item.amount), "strong")
        amount.setMinimumWidth(AMOUNT_WIDTH)
        amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.buttons = {
            verb: Button(tone=ButtonTone.ICON, icon=icon, name=name, on_click=partial(self.asked.emit, verb))
            for verb, icon, name in (
                ("open_page", "external-link", tr("Open the payment of {invoice}", invoice=item.invoice_number)),
                ("copy_link", "copy", tr("Copy the link of {invoice}", invoice=item.invoice_number)),
                ("code", "qr-code", tr("Show the code of {invoice}", invoice=item.invoice_number)),
                ("skip", "arrow-right", tr("Skip {invoice}", invoice=item.invoice_number)),
                ("retry", "rotate-ccw", tr("Try {invoice} again", invoice=item.invoice_number)),
            )
        }
        place = plain_label(str(item.position), "label", tone="muted")
        place.setFixedWidth(20)
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (place, self.number):
            head.addWidget(widget, 1 if widget is self.number else 0)
        head.addWidget(amount)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addSpacing(28)
        foot.addWidget(self.badge)
        foot.addStretch(1)
        for button in self.buttons.values():
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 10, 6)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(foot)
        column.addWidget(self.note)
        self.show_item(item)

    def show_item(self, item: ItemView) -> None:
        """Show where it stands now."""
        self.item = item
        status = status_of(item)
        self.badge.show_status(status)
        note = told(item)
        set_text(self.note, note)
        self.note.setVisible(bool(note))
        can = {"open_page": item.url, "copy_link": item.url, "code": item.url, "skip": item.may_skip,
               "retry": item.may_retry}  # fmt: skip
        for verb, able in can.items():
            self.buttons[verb].setVisible(bool(able))
        words = (
            item.invoice_number,
            format_day(item.day, self._office.language),
            self._office.money(item.amount),
            status.text,
            note,
        )
        self.setAccessibleName(", ".join(word for word in words if word))

    def show_picked(self, *, picked: bool) -> None:
        """Whether its code stands beside the rows."""
        wanted = "raised" if picked else "sunken"
        if self.property("surface") != wanted:
            self.setProperty("surface", wanted)
            restyle(self)

    @guarded()
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.picked.emit()

    @guarded()
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.picked.emit()

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None:
            self.stepped.emit(step)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.isAutoRepeat():
            self.asked.emit("open_page")
        else:
            super().keyPressEvent(event)
