"""Findings as rows: what is wrong, and the press that does something about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.ui.screens.checkout.finding_words import Advice
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.labels import IconLabel, plain_label

ADVICE_HEIGHT: Final = 48
ADVICE_GAP: Final = 6


class AdviceRows(QWidget):
    """Hidden while there is none. `taken(Advice)` when a button was pressed, `left` when one with the focus is gone."""

    taken = Signal(object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Advice, ...] = ()
        self.buttons: list[Button] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, ADVICE_GAP, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    @property
    def shown(self) -> tuple[Advice, ...]:
        """What is shown."""
        return self._shown

    def show_advice(self, advice: Sequence[Advice]) -> None:
        """Show other findings."""
        if tuple(advice) == self._shown:
            self.setVisible(bool(advice))
            return
        had_focus = any(button.hasFocus() for button in self.buttons)
        self._shown, self.buttons = tuple(advice), []
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for each in self._shown:
            self._column.addWidget(self._row(each))
        self.setVisible(bool(advice))
        if had_focus:
            self.left.emit()

    def _row(self, advice: Advice) -> QWidget:
        made = QWidget()
        made.setFixedHeight(ADVICE_HEIGHT - 4)
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("triangle-alert", "waiting"))
        row.addWidget(plain_label(advice.text, "label", tone="waiting", wrap=True), 1)
        if advice.verb:
            button = Button(advice.verb, on_click=lambda: self.taken.emit(advice))
            self.buttons.append(button)
            row.addWidget(button)
        return made
