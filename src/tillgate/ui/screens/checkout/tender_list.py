"""The ways to pay, to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.screens.checkout.desk import Tender
from tillgate.ui.widgets.buttons import Button


class TenderList(QWidget):
    """A button each, or, `folded`, one button with a menu as soon as there are several. `chosen(Tender)`."""

    chosen = Signal(object)

    def __init__(self, *, folded: bool = False) -> None:
        super().__init__()
        self._folded = folded
        self._tenders: tuple[Tender, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.buttons: list[Button] = []

    def show_tenders(self, tenders: Sequence[Tender], *, held: bool = False) -> None:
        """Show the ways; `held` switches them off."""
        if tuple(tenders) != self._tenders:
            self._tenders = tuple(tenders)
            self._fill()
        self.setVisible(bool(self._tenders))
        for button in self.buttons:
            button.setEnabled(not held)

    def _fill(self) -> None:
        for old in self.buttons:
            old.hide()
            old.deleteLater()
        if self._folded and len(self._tenders) > 1:
            self.buttons = [self._menu_button()]
        else:
            self.buttons = [self._button(tender) for tender in self._tenders]
        for button in self.buttons:
            button.setProperty("snug", "true")
            self._column.addWidget(button)

    def _button(self, tender: Tender) -> Button:
        button = Button(tr(tender.verb), icon=tender.icon, on_click=lambda: self.chosen.emit(tender))
        button.setAccessibleDescription(tr(tender.explains))
        return button

    def _menu_button(self) -> Button:
        button = Button(tr("Another way"), icon="chevron-down")
        menu = QMenu(button)
        menu.setAccessibleName(tr("Another way to pay"))
        for tender in self._tenders:
            action = menu.addAction(tr(tender.verb))
            action.setStatusTip(tr(tender.explains))
            action.triggered.connect(lambda _checked=False, way=tender: self.chosen.emit(way))
        button.setMenu(menu)
        return button
