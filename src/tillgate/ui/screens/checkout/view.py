"""The widgets of the checkout screen: finder at the left, and at the right the cart, its payment, or how it ended."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QWidget

from tillgate.ui.screens.checkout.cart_panel import CartPanel
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.finder import Finder
from tillgate.ui.screens.checkout.outcome_panel import OutcomePanel
from tillgate.ui.screens.checkout.payment_panel import PaymentPanel
from tillgate.ui.widgets.notices import Toast

_SIDE_LEAST: Final = 404
_SIDE_MOST: Final = 560
# All tiles are painted anew then: not while the payment is being written, which wants the interpreter too.
_REST_MS: Final = 120


class CheckoutView:
    """Builds the widgets into a screen; `show_side` brings one of the right side's panels to the front."""

    def __init__(self, screen: QWidget, desk: CheckoutDesk) -> None:
        self.finder = Finder(desk)
        self.cart = CartPanel(desk)
        self.payment = PaymentPanel(desk)
        self.outcome = OutcomePanel(desk)
        self._side = QStackedWidget()
        for panel in (self.cart, self.payment, self.outcome):
            self._side.addWidget(panel)
        self.side: QWidget = self.cart
        self._side.setMinimumWidth(_SIDE_LEAST)
        self._side.setMaximumWidth(_SIDE_MOST)
        row = QHBoxLayout(screen)
        row.setContentsMargins(16, 14, 14, 14)
        row.setSpacing(14)
        row.addWidget(self.finder, 3)
        row.addWidget(self._side, 2)
        self.toast = Toast(screen)
        self._finder_rests = QTimer(screen)
        self._finder_rests.setSingleShot(True)
        self._finder_rests.setInterval(_REST_MS)
        self._finder_rests.timeout.connect(self._rest_finder)

    def show_side(self, panel: QWidget) -> None:
        """Bring a panel to the front."""
        self.turn_to(panel)
        self.bring_forward()

    def turn_to(self, panel: QWidget) -> bool:
        """Make a panel the `side`; False if it is already. What it shows is filled in before it is brought forward:
        nothing is laid out twice."""
        turned, self.side = self.side is not panel, panel
        return turned

    def bring_forward(self) -> None:
        """Show the `side`."""
        if self._side.currentWidget() is self.side:
            return
        self._side.setCurrentWidget(self.side)
        if self.side is self.payment:
            self._finder_rests.start()
        else:
            self.finder.setEnabled(True)

    def _rest_finder(self) -> None:
        # What is rung up waits while the money is on its way. Whoever was quicker is taken back to the payment: what is
        # switched off loses the focus to nowhere.
        paying = self.side is self.payment
        if paying and holds_focus(self.finder):
            self.payment.setFocus()
        self.finder.setEnabled(not paying)


def holds_focus(panel: QWidget) -> bool:
    """Whether the focus is in a panel, or on it."""
    focus = QApplication.focusWidget()
    return focus is not None and (focus is panel or panel.isAncestorOf(focus))
