"""The cart's lines, grouped by vendor. Only the rows in sight are widgets, so that 200 lines cost what ten do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from tillgate.i18n import tr
from tillgate.services.cart_view import CartLineView, CartVendorView, CartView
from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.finding_words import Advice
from tillgate.ui.screens.checkout.line_row import HEAD_HEIGHT, LineRow, VendorHead, height_of
from tillgate.ui.widgets.buttons import Button

_STEP = 24


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in the list: a vendor's heading or a line."""

    top: int
    height: int
    vendor: CartVendorView | None = None
    line: CartLineView | None = None


class LineList(QAbstractScrollArea):
    """One line is marked; keys act on it. `left` when the focus should go back to the search, `advice_left` when a
    press on a finding that had it is gone."""

    quantity_asked = Signal(int, int)
    remove_asked = Signal(int)
    rental_asked = Signal(int)
    advice_taken = Signal(int, object)
    advice_left = Signal()
    left = Signal()

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._slots: list[_Slot] = []
        self._heads: dict[int, VendorHead] = {}
        self._rows: dict[int, LineRow] = {}
        self._spare_heads: list[VendorHead] = []
        self._spare_rows: list[LineRow] = []
        self._quantities: dict[int, int] = {}
        self._advice: Mapping[int, tuple[Advice, ...]] = {}
        self._locked = False
        self._selected: int | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("page", "true")
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Lines of the cart"))
        self.verticalScrollBar().setSingleStep(_STEP)
        self.verticalScrollBar().valueChanged.connect(self._place)

    # What is shown

    def show_cart(
        self,
        cart: CartView,
        quantities: Mapping[int, int],
        advice: Mapping[int, tuple[Advice, ...]],
        *,
        locked: bool,
    ) -> None:
        """Show a cart as it is now; the marked line stays marked, or its neighbour if it is gone."""
        order = self.line_ids
        self._quantities, self._advice, self._locked = dict(quantities), advice, locked
        self._slots = _slots_of(cart, advice)
        if self._selected not in self.line_ids:
            self._selected = _neighbour(order, self._selected, self.line_ids)
        self._measure()
        self._place()

    @property
    def line_ids(self) -> list[int]:
        """The lines in the order shown."""
        return [slot.line.id for slot in self._slots if slot.line is not None]

    @property
    def selected(self) -> int | None:
        """The line that keys act on."""
        return self._selected

    def select(self, line_id: int | None) -> None:
        """Mark a line and bring it into sight."""
        self._selected = line_id if line_id in self.line_ids else None
        slot = self._slot_of(self._selected)
        if slot is not None:
            self._bring(slot)
        self._place()

    def row(self, line_id: int) -> LineRow | None:
        """The widget of a line; it is brought into sight. None for a line that is not there."""
        slot = self._slot_of(line_id)
        if slot is None:
            return None
        self._bring(slot)
        self._place()
        return self._rows.get(line_id)

    def begin_quantity(self) -> None:
        """Put the focus into the marked line's quantity."""
        row = self.row(self._selected) if self._selected is not None else None
        if row is not None and not self._locked:
            row.box.begin()

    def entry(self) -> LineRow | None:
        """The row whose quantity has the focus."""
        return next((row for row in self._rows.values() if row.box.line.hasFocus()), None)

    def finish_entry(self) -> None:
        """Take a quantity that is being typed."""
        for row in self._rows.values():
            row.box.finish()

    # Places

    def _slot_of(self, line_id: int | None) -> _Slot | None:
        return next((slot for slot in self._slots if slot.line is not None and slot.line.id == line_id), None)

    def _bring(self, slot: _Slot) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        if slot.top < bar.value():
            bar.setValue(max(0, slot.top - HEAD_HEIGHT))
        elif slot.top + slot.height > bar.value() + room:
            bar.setValue(slot.top + slot.height - room)

    def _measure(self) -> None:
        whole = self._slots[-1].top + self._slots[-1].height if self._slots else 0
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, whole - room))
        bar.setPageStep(room)

    def _place(self) -> None:
        """Give every slot in sight a widget; a row that is being typed in keeps its own."""
        offset, room = self.verticalScrollBar().value(), self.viewport().height()
        seen = [slot for slot in self._slots if slot.top + slot.height > offset and slot.top < offset + room]
        heads = {slot.vendor.vendor_id for slot in seen if slot.vendor is not None}
        lines = {slot.line.id for slot in seen if slot.line is not None}
        self._put_aside(heads, lines)
        # The scroll bar's room stays free when there is none, so that amounts stay in one column.
        width = self.width() - self.verticalScrollBar().sizeHint().width()
        for slot in seen:
            widget = self._filled(slot)
            widget.setGeometry(0, slot.top - offset, width, slot.height)
            widget.show()

    def _put_aside(self, heads: set[int], lines: set[int]) -> None:
        for vendor_id in [each for each in self._heads if each not in heads]:
            head = self._heads.pop(vendor_id)
            head.hide()
            self._spare_heads.append(head)
        known = set(self.line_ids)
        for line_id in [each for each in self._rows if each not in lines]:
            if self._rows[line_id].box.line.hasFocus() and line_id in known:
                self._rows[line_id].move(0, -self._rows[line_id].height())
                continue
            row = self._rows.pop(line_id)
            row.advice.show_advice(())
            row.hide()
            self._spare_rows.append(row)

    def _filled(self, slot: _Slot) -> QWidget:
        if slot.vendor is not None:
            head = self._heads.get(slot.vendor.vendor_id)
            if head is None:
                head = self._spare_heads.pop() if self._spare_heads else self._new_head()
                self._heads[slot.vendor.vendor_id] = head
            head.show_vendor(slot.vendor)
            return head
        line = slot.line
        if line is None:
            raise ValueError("a slot is a vendor's or a line's")
        row = self._rows.get(line.id)
        if row is None:
            row = self._spare_rows.pop() if self._spare_rows else self._new_row()
            self._rows[line.id] = row
        quantity = self._quantities.get(line.id, line.quantity)
        row.show_line(line, quantity, self._advice.get(line.id, ()), locked=self._locked)
        row.show_selected(line.id == self._selected, self.hasFocus())
        return row

    def _new_head(self) -> VendorHead:
        head = VendorHead(self._desk)
        head.setParent(self.viewport())
        return head

    def _new_row(self) -> LineRow:
        row = LineRow(self._desk)
        row.setParent(self.viewport())

        row.pressed.connect(lambda: self._pressed(row))
        row.quantity_asked.connect(lambda quantity: self.quantity_asked.emit(row.line_id, quantity))
        row.remove_asked.connect(lambda: self.remove_asked.emit(row.line_id))
        row.rental_asked.connect(lambda: self.rental_asked.emit(row.line_id))
        row.advice_taken.connect(lambda advice: self.advice_taken.emit(row.line_id, advice))
        row.advice.left.connect(self.advice_left)
        row.left.connect(self.left)
        return row

    def mark_advised(self) -> list[Button]:
        """Mark the first line that has advice; its buttons."""
        first = next((line_id for line_id in self.line_ids if self._advice.get(line_id)), None)
        if first is None:
            return []
        self.select(first)
        row = self.row(first)
        return row.advice.buttons if row is not None else []

    # Keys and presses

    def _pressed(self, row: LineRow) -> None:
        self.select(row.line_id)
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def _move(self, by: int) -> None:
        order = self.line_ids
        if order:
            at = order.index(self._selected) + by if self._selected in order else 0
            self.select(order[min(max(at, 0), len(order) - 1)])

    def _step(self, by: int) -> None:
        row = self.row(self._selected) if self._selected is not None else None
        if row is not None and not self._locked:
            (row.box.more if by > 0 else row.box.less).click()

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = len(self._slots)
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -far, Qt.Key.Key_End: far}
        if not self.hasFocus():
            # It comes from a quantity, which has no use for it.
            if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
                self.finish_entry()
                self._move(moves[Qt.Key(event.key())])
                self.begin_quantity()
        elif event.key() in moves:
            self._move(moves[Qt.Key(event.key())])
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.begin_quantity()
        elif event.text() in {"+", "-"}:
            self._step(1 if event.text() == "+" else -1)
        else:
            super().keyPressEvent(event)

    @guarded()
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._place()

    @guarded()
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._place()

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        marked, top = self._slot_of(self._selected), self.verticalScrollBar().value()
        self._measure()
        # Totals and advice grow with the line just scanned: it stays in sight if it was.
        if marked is not None and top <= marked.top and marked.top + marked.height <= top + event.oldSize().height():
            self._bring(marked)
        self._place()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(280, 120)


def _slots_of(cart: CartView, advice: Mapping[int, tuple[Advice, ...]]) -> list[_Slot]:
    """Headings and lines from the top down; vendors in the order in which they were first rung up."""
    lines = {line.id: line for line in cart.lines}
    places = {line.id: place for place, line in enumerate(cart.lines)}
    made: list[_Slot] = []
    top = 0
    for vendor in sorted(cart.vendors, key=lambda each: min(places[line_id] for line_id in each.line_ids)):
        made.append(_Slot(top, HEAD_HEIGHT, vendor=vendor))
        top += HEAD_HEIGHT
        for line_id in vendor.line_ids:
            height = height_of(lines[line_id], advice.get(line_id, ()))
            made.append(_Slot(top, height, line=lines[line_id]))
            top += height
    return made


def _neighbour(before: list[int], gone: int | None, after: list[int]) -> int | None:
    """The line to mark when the marked one is gone: the next that is still there, else the last."""
    if gone in before:
        following = before[before.index(gone) :]
        return next((line for line in following if line in after), after[-1] if after else None)
    return after[-1] if after else None
