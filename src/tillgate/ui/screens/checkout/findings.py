"""What stands between the cart and its payment, looked up shortly after every change."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tillgate.domain.cart_checks import Finding, FindingCode
from tillgate.domain.errors import TillgateError
from tillgate.services.cart_validation import ValidationResult, validate_for_checkout
from tillgate.services.cart_view import CartView
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.finding_words import Advice, advice_by_line, advice_on

_REST_MS: Final = 60


class Findings(QObject):
    """`changed` when something else is found. What was found stays shown until the cart has been looked at again."""

    changed = Signal()

    def __init__(self, desk: CheckoutDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._cart: CartView | None = None
        self._found: tuple[Finding, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._look)

    def of_lines(self) -> dict[int, tuple[Advice, ...]]:
        """The advice on lines, by line id."""
        return advice_by_line(self._found, self._desk)

    def of_cart(self) -> tuple[Advice, ...]:
        """The advice on the cart as a whole."""
        whole = [each for each in self._found if each.line_id is None and each.code is not FindingCode.CART_EMPTY]
        return tuple(advice_on(each, self._desk) for each in whole)

    def watch(self, cart: CartView) -> None:
        """The cart is like this now."""
        if self._cart is not None and self._cart.id != cart.id:
            self.take(())
        self._cart = cart
        if cart.lines and not cart.locked:
            self._timer.start()
        else:
            self._timer.stop()
            self.take(())

    def take(self, found: tuple[Finding, ...]) -> None:
        """What was found, by a look or by a press of Pay."""
        if found != self._found:
            self._found = found
            self.changed.emit()

    @Slot()
    def _look(self) -> None:
        cart, tender = self._cart, self._desk.tender()
        if cart is None:
            return
        till, actor = self._desk.till, self._desk.actor
        provider = tender.provider if tender is not None else None
        self._desk.tasks.run(
            self,
            lambda: validate_for_checkout(till, actor, cart.id, provider=provider),
            self._looked,
            self._not_looked,
            label="validation",
        )

    def _looked(self, result: ValidationResult) -> None:
        cart = self._cart
        if cart is not None and (result.cart_id, result.version) == (cart.id, cart.version):
            self.take(result.findings)

    def _not_looked(self, _error: TillgateError) -> None:
        """Pay looks again and says what is wrong."""
