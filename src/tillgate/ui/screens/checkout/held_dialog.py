"""The carts that wait, to go on with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from tillgate.i18n import ntr, tr
from tillgate.services.carts import HeldCart, list_held
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.text import shown
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import plain_label


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
