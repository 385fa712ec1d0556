"""The open cart and its edits: done one after the other, in the order in which they were asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from PySide6.QtCore import QObject, Signal

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import Invalid, NotFound, TillgateError, Unavailable
from tillgate.domain.orders import CartState
from tillgate.services import carts
from tillgate.services.cart_view import CartView
from tillgate.ui.screens.checkout.desk import ORIGIN, CheckoutDesk

Work = Callable[[CartView], CartView]
Then = Callable[[CartView], None]


@dataclass(slots=True)
class _Edit:
    """One wish. `work` None is a barrier: it only waits for what was asked before. `line` and `quantity` are of a
    quantity, so that a newer wish takes the place of one that waits."""

    name: str
    work: Work | None
    then: Then | None = None
    line: int | None = None
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit that was done: what it was, the cart before and after, and the line it touched."""

    name: str
    before: CartView
    after: CartView
    line: int | None


class Ringing(QObject):
    """`shown` when there is something new to show, `edited(Edited)` after each edit, `refused(TillgateError)`."""

    shown = Signal()
    edited = Signal(object)
    refused = Signal(object)

    def __init__(self, desk: CheckoutDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._till, self._actor = desk.tasks, desk.till, desk.actor
        self._queue: deque[_Edit] = deque()
        self._running: _Edit | None = None
        self._reading = False
        self.cart: CartView | None = None

    # What is shown

    @property
    def idle(self) -> bool:
        """Whether every wish has been done."""
        return self._running is None and not self._queue and not self._reading

    def quantity(self, line_id: int, stored: int) -> int:
        """The quantity to show: the newest one asked for, before it is stored."""
        waiting = [self._running] if self._running else []
        wishes = [edit.quantity for edit in (*waiting, *self._queue) if edit.line == line_id]
        return wishes[-1] if wishes else stored

    def load(self) -> None:
        """Read the till's open cart; it is made if there is none."""
        if not self._reading:
            self._read(lambda: carts.open_cart(self._till, self._actor))

    def reload(self) -> None:
        """Read the cart again, or the till's open one if this one is done with."""
        if self.cart is None:
            self.load()
        elif self.idle:
            self._read(self._afresh)

    # Edits

    def scan(self, code: str) -> None:
        """Ring up what has this barcode or code."""
        self._ask(_Edit("add", lambda cart: carts.scan(self._till, self._actor, cart.id, code)))

    def add(self, variant_id: int, *, period_id: int | None = None, start_on: date | None = None) -> None:
        """Ring up a variant."""

        def work(cart: CartView) -> CartView:
            return carts.add_variant(
                self._till, self._actor, cart.id, variant_id, period_id=period_id, start_on=start_on
            )

        self._ask(_Edit("add", work))

    def set_quantity(self, line_id: int, quantity: int) -> None:
        """Change a quantity; of several wishes for a line that wait, the newest is done."""

        def work(cart: CartView) -> CartView:
            return carts.set_quantity(
                self._till, self._actor, cart.id, line_id, quantity, expected_version=cart.version
            )

        last = self._queue[-1] if self._queue else None
        if last is not None and last.line == line_id:
            last.work, last.quantity = work, quantity
            self.shown.emit()
        else:
            self._ask(_Edit("quantity", work, line=line_id, quantity=quantity))

    def set_rental(self, line_id: int, *, period_id: int, start_on: date) -> None:
        """Change a rental's period and first day."""

        def work(cart: CartView) -> CartView:
            return carts.set_rental(
                self._till,
                self._actor,
                cart.id,
                line_id,
                period_id=period_id,
                start_on=start_on,
                expected_version=cart.version,
            )

        self._ask(_Edit("rental", work))

    def remove(self, line_id: int) -> None:
        """Take a line out."""

        def work(cart: CartView) -> CartView:
            return carts.remove_line(self._till, self._actor, cart.id, line_id, expected_version=cart.version)

        self._ask(_Edit("remove", work))

    def set_customer(self, customer_id: int | None) -> None:
        """Say whose cart it is; None for a walk-in."""

        def work(cart: CartView) -> CartView:
            return carts.set_customer(self._till, self._actor, cart.id, customer_id, expected_version=cart.version)

        self._ask(_Edit("customer", work))

    def clear(self) -> None:
        """Take everything out; Undo brings it back."""
        self._ask(_Edit("clear", lambda cart: carts.clear(self._till, self._actor, cart.id)))

    def reprice(self) -> None:
        """Take today's prices."""
        self._ask(_Edit("reprice", lambda cart: carts.reprice(self._till, self._actor, cart.id)))

    def undo(self) -> None:
        """Take back the last edit that stands."""
        self._ask(_Edit("undo", lambda cart: carts.undo(self._till, self._actor, cart.id)))

    def hold(self, label: str = "") -> None:
        """Put the cart aside under a label and begin another."""
        self._ask(_Edit("hold", lambda cart: carts.hold(self._till, self._actor, cart.id, label)))

    def set_mail_wanted(self, *, wanted: bool) -> None:
        """Say whether the customer gets mails of this sale."""
        self._ask(_Edit("mail", lambda cart: carts.set_mail_wanted(self._till, self._actor, cart.id, wanted=wanted)))

    def recall(self, cart_id: int) -> None:
        """Go on with a held cart."""
        self._ask(_Edit("recall", lambda _cart: carts.recall(self._till, self._actor, cart_id)))

    def next_sale(self) -> None:
        """Begin another cart after one that was sold."""
        self._ask(_Edit("next", lambda _cart: carts.open_cart(self._till, self._actor)))

    def when_done(self, then: Then) -> None:
        """Call back with the cart once everything asked so far is stored."""
        self._ask(_Edit("wait", None, then))

    # One at a time

    def _ask(self, edit: _Edit) -> None:
        self._queue.append(edit)
        if edit.line is not None:
            self.shown.emit()
        if self.cart is None and not self._reading:
            self.load()
        else:
            self._next()

    def _next(self) -> None:
        while self._queue and self._running is None and not self._reading and self.cart is not None:
            edit, cart = self._queue.popleft(), self.cart
            if edit.work is None:
                if edit.then is not None:
                    edit.then(cart)
                continue
            self._start(edit, edit.work, cart)

    def _start(self, edit: _Edit, work: Work, cart: CartView) -> None:
        self._running = edit
        self._tasks.run(
            self,
            lambda: work(cart),
            lambda after: self._done(edit, cart, after),
            self._failed,
            label=f"cart.{edit.name}",
        )

    def _done(self, edit: _Edit, before: CartView, after: CartView) -> None:
        self._running = None
        self.cart = after
        self.shown.emit()
        self._tasks.broadcast(Changes.of(Kind.CART, origin=ORIGIN))
        self.edited.emit(Edited(edit.name, before, after, _touched(before, after)))
        if edit.then is not None:
            edit.then(after)
        self._next()

    def _failed(self, error: TillgateError) -> None:
        self._running = None
        self.refused.emit(error)
        if isinstance(error, NotFound | Invalid | Unavailable) and error.code != "cart_unknown":
            self.shown.emit()
            self._next()
        else:
            # The cart is not as we thought: somebody else edits, holds or sells it.
            self._read(self._afresh)

    def _afresh(self) -> CartView:
        if self.cart is not None:
            found = carts.view_cart(self._till, self._actor, self.cart.id)
            if found.state is CartState.OPEN:
                return found
        return carts.open_cart(self._till, self._actor)

    def _read(self, read: Callable[[], CartView]) -> None:
        self._reading = True
        self._tasks.run(self, read, self._take, self._not_read, label="cart.open")

    def _take(self, cart: CartView) -> None:
        self._reading = False
        self.cart = cart
        self.shown.emit()
        self._next()

    def _not_read(self, error: TillgateError) -> None:
        self._reading = False
        # What was asked for a cart that can't be read is not done behind the cashier's back later.
        self._queue.clear()
        self.refused.emit(error)
        self.shown.emit()


_SAME: Final = object()


def _touched(before: CartView, after: CartView) -> int | None:
    """The line that an edit added or changed."""
    if before.id != after.id:
        return None
    known = {line.id: (line.quantity, line.period_id, line.start_on) for line in before.lines}
    for line in after.lines:
        if known.get(line.id, _SAME) != (line.quantity, line.period_id, line.start_on):
            return line.id
    return None
