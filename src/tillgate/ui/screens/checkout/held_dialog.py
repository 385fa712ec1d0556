"""The carts that wait: a label to hold one under, and the list to go on with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtWidgets import QWidget

from tillgate.i18n import ntr, tr
from tillgate.services.cart_view import CartView
from tillgate.services.carts import HeldCart, list_held
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.text import shown
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label

_LABEL_MOST: Final = 60


def label_for(cart: CartView, desk: CheckoutDesk) -> str:
    """What a cart is held as if nothing else is typed: its customer or its first line, and the time."""
    if cart.label:
        return cart.label
    first = cart.customer.name if cart.customer is not None else cart.lines[0].name
    label = tr("{what}, {time}", what=shown(first, _LABEL_MOST - 12), time=desk.moment(desk.till.clock.now()))
    # Times are written with a narrow space, which nobody could type to find it.
    return " ".join(label.split())


class HoldDialog(Dialog):
    """`chosen(label)` is called once; Enter takes the label as it is."""

    def __init__(self, parent: QWidget, label: str, chosen: Callable[[str], object]) -> None:
        super().__init__(parent, tr("Hold the cart"), verb=tr("Hold"), on_accept=self._choose, icon="pause", width=420)
        self._chosen = chosen
        self.label = TextField(tr("Found again as"), limit=_LABEL_MOST)
        self.label.set_text(label)
        self.add(self.label)
        self.label.line.setFocus()
        self.label.line.selectAll()

    def _choose(self) -> None:
        self.accept()
        self._chosen(self.label.text.strip())


class HeldDialog(Dialog):
    """`chosen(cart_id)` is called once."""

    def __init__(self, parent: QWidget, desk: CheckoutDesk, chosen: Callable[[int], object]) -> None:
        super().__init__(parent, tr("Held carts"), verb=tr("Recall"), on_accept=self._choose, icon="play", width=520)
        self._desk, self._chosen = desk, chosen
        self.list = ChoiceList(tr("Held carts"))
        self.list.picked.connect(self._choose)
        self._none = plain_label(tr("No cart waits. Hold one with its key to serve the next customer."), wrap=True)
        self._none.hide()
        self.add(self.list)
        self.add(self._none)
        self.go.setEnabled(False)
        till, actor = desk.till, desk.actor
        desk.tasks.run(self, lambda: list_held(till, actor), self._show, self.show_error, label="held")
        self.list.setFocus()

    def _show(self, held: Sequence[HeldCart]) -> None:
        self.list.show_choices([self._choice_of(each) for each in held])
        self.list.setVisible(bool(held))
        self._none.setVisible(not held)
        self.go.setEnabled(bool(held))

    def _choice_of(self, held: HeldCart) -> Choice:
        title = held.label or held.customer_name or tr("Walk-in customer")
        count = ntr("{count} line", "{count} lines", held.lines)
        when = self._desk.instant(held.changed_at)
        note = tr("{lines}, till {till}, {when}", lines=count, till=held.till_id, when=when)
        state = tr("being paid") if held.in_payment else ""
        return Choice(held.id, shown(title, 120), note, self._desk.money(held.total), state, held.in_payment)

    def _choose(self) -> None:
        marked = self.list.marked
        if marked is not None:
            self.accept()
            self._chosen(marked.value)
