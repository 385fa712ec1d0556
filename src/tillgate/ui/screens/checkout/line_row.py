"""One line of the cart and the heading of a vendor's part; made once and filled again as the list scrolls."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.documents import Branding
from tillgate.i18n import tr
from tillgate.services.cart_view import CartLineView, CartVendorView
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.advice_rows import ADVICE_GAP, ADVICE_HEIGHT, AdviceRows
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.finding_words import Advice
from tillgate.ui.screens.checkout.quantity_box import QuantityBox
from tillgate.ui.screens.checkout.rental_dates import DatesButton
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text

LINE_HEIGHT: Final = 86
NOTE_HEIGHT: Final = 20
HEAD_HEIGHT: Final = 34
_BAR: Final = 3


class VendorHead(QWidget):
    """Whose order the lines below become, and what it comes to."""

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._color = QColor()
        self._name = ElidedLabel(role="label")
        self._total = plain_label(role="label")
        row = QHBoxLayout(self)
        row.setContentsMargins(30, 8, 6, 2)
        row.setSpacing(8)
        row.addWidget(self._name, 1)
        row.addWidget(self._total)

    def show_vendor(self, vendor: CartVendorView) -> None:
        """Show another vendor."""
        self._color = QColor(Branding(vendor.name, brand_color=vendor.brand_color).color)
        self._name.show_text(vendor.name)
        total = self._desk.money(vendor.totals.total)
        set_text(self._total, total)
        self.setAccessibleName(tr("Order of {vendor}: {total}", vendor=vendor.name, total=total))
        self.update()

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.current().colour("border"))
        painter.setBrush(self._color)
        painter.drawRoundedRect(QRectF(12.5, self.height() / 2 - 1.5, 10, 10), 3, 3)
        painter.end()


class LineRow(QFrame):
    """`pressed` anywhere on it, `quantity_asked(int)`, `remove_asked`, `rental_asked`, `advice_taken(Advice)`."""

    pressed = Signal()
    quantity_asked = Signal(int)
    remove_asked = Signal()
    rental_asked = Signal()
    advice_taken = Signal(object)
    left = Signal()

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._selected = self._focused = False
        self.line: CartLineView | None = None
        self._name = ElidedLabel(role="strong")
        self._total = plain_label(role="strong")
        self._price = ElidedLabel(role="caption")
        self._dates = DatesButton()
        self._dates.clicked.connect(lambda _checked=False: self.rental_asked.emit())
        self._dates.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._note = ElidedLabel(role="caption")
        self.box = QuantityBox()
        self.advice = AdviceRows()
        self.advice.taken.connect(self.advice_taken)
        self._lay_out()
        self.box.changed.connect(self.quantity_asked)
        self.box.removed.connect(self.remove_asked)
        self.box.left.connect(self.left)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self._name, 1)
        top.addWidget(self._total)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(self._price, 1)
        bottom.addWidget(self._dates)
        bottom.addStretch(0)
        bottom.addWidget(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 6, 6)
        column.setSpacing(2)
        column.addLayout(top)
        column.addLayout(bottom)
        column.addWidget(self._note)
        column.addWidget(self.advice)
        column.addStretch(1)

    @property
    def line_id(self) -> int:
        """The line shown; ValueError before the first."""
        if self.line is None:
            raise ValueError("no line is shown yet")
        return self.line.id

    def show_line(self, line: CartLineView, quantity: int, advice: tuple[Advice, ...], *, locked: bool) -> None:
        """Show another line, or the same one as it is now."""
        self.line = line
        money = self._desk.money
        name = tr("{product} – {variant}", product=line.name, variant=line.variant_name)
        name = name if line.variant_name else line.name
        self._name.show_text(name)
        set_text(self._total, money(line.amounts.items))
        each = tr("{price} each", price=money(line.unit_price))
        rented = line.start_on is not None and line.end_on is not None
        self._price.setVisible(not rented)
        self._dates.setVisible(rented)
        self._note.setVisible(has_note(line))
        if line.start_on is not None and line.end_on is not None:
            self._dates.show_dates(line.period_name or "", self._desk.days(line.start_on, line.end_on))
            self._dates.setAccessibleName(tr("Dates of {name}: {dates}. Change", name=name, dates=self._dates.text()))
        self._price.show_text(each)
        self._note.show_text(self._note_of(line, each))
        self.box.show_value(name, quantity, line.smallest_quantity)
        self.box.setEnabled(not locked)
        self._dates.setEnabled(not locked)
        self.advice.show_advice(advice)
        self.advice.setEnabled(not locked)
        self.setAccessibleName(
            tr("{count} × {name}, {total}", count=quantity, name=name, total=money(line.amounts.items))
        )

    def show_selected(self, selected: bool, focused: bool) -> None:
        """Show whether keys act on it."""
        if (selected, focused) != (self._selected, self._focused):
            self._selected, self._focused = selected, focused
            self.update()
            # Only the marked line's controls are stops of the Tab key.
            policy = Qt.FocusPolicy.TabFocus if selected else Qt.FocusPolicy.NoFocus
            for control in (self._dates, self.box.less, self.box.more):
                control.setFocusPolicy(policy)

    def _note_of(self, line: CartLineView, each: str) -> str:
        deposit = self._desk.money(line.unit_deposit)
        if line.end_on is not None and line.unit_deposit:
            return tr("{each}, deposit {deposit} each", each=each, deposit=deposit)
        return tr("Deposit {deposit} each", deposit=deposit) if line.unit_deposit else each

    @guarded()
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        super().mousePressEvent(event)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        if self._selected:
            painter.fillRect(self.rect(), look.colour("selected"))
            painter.fillRect(0, 0, _BAR, self.height(), look.colour("accent"))
        painter.fillRect(14, self.height() - 1, self.width() - 20, 1, look.colour("border"))
        if self._selected and self._focused:
            painter.setPen(look.colour("focus"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


def has_note(line: CartLineView) -> bool:
    """Whether a line needs a third row of text."""
    return line.end_on is not None or bool(line.unit_deposit)


def height_of(line: CartLineView, advice: tuple[Advice, ...]) -> int:
    """How tall a line is shown."""
    below = ADVICE_GAP + ADVICE_HEIGHT * len(advice) if advice else 0
    return LINE_HEIGHT + (NOTE_HEIGHT if has_note(line) else 0) + below
