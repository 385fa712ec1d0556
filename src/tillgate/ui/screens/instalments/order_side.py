"""The order as it stands, beside what is chosen for it: whose it is, its items, where it goes, its first payment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.instalments import MOST_ITEMS, DeliveryAddress
from tillgate.domain.money import Money
from tillgate.i18n import ntr, tr
from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.amounts import PayButton
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.keys import PAY, SCREEN
from tillgate.ui.screens.instalments.order_draft import DraftItem, first_payment, reason
from tillgate.ui.screens.instalments.tender_choice import TenderChoice
from tillgate.ui.screens.person_field import CustomerField
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label, set_text

_LIST_HEIGHT: Final = 178
# Two customers and a half: those of one name are told apart by their telephone numbers.
_CUSTOMERS_HEIGHT: Final = 144


class ItemList(ChoiceList):
    """The items of the order. `removed` on Del."""

    removed = Signal()

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
            return
        super().keyPressEvent(event)


class OrderSide(QFrame):
    """`customer_known`, `item_asked(int)` and `item_removed(int)` by the item's number, `address_asked`, `place_asked`,
    `clear_asked`, `compare_asked`."""

    customer_known = Signal()
    item_asked = Signal(int)
    item_removed = Signal(int)
    address_asked = Signal()
    place_asked = Signal()
    clear_asked = Signal()
    compare_asked = Signal()

    def __init__(self, desk: InstalmentDesk) -> None:
        super().__init__()
        self._desk = desk
        self.customer = CustomerField(desk.office)
        self.customer.list.setFixedHeight(_CUSTOMERS_HEIGHT)
        self.customer.search.returnPressed.connect(self.customer.pick)
        self.customer.chosen.connect(self.customer_known)
        self.count = plain_label(role="strong")
        self.items = ItemList(tr("Items of the order"))
        self.items.setMinimumHeight(_LIST_HEIGHT)
        self.none = plain_label(tr("Search a product at the right, or scan it."), tone="muted", wrap=True)
        self.whereto = plain_label(role="label", tone="muted", wrap=True)
        hint = desk.office.hint
        self.address = Button(tr("Delivery address"), icon="truck", hint=hint(f"{SCREEN}.address"),
                              on_click=self.address_asked.emit)  # fmt: skip
        self.clear = Button(tone=ButtonTone.ICON, icon="trash-2", name=tr("Empty the order"),
                            on_click=self.clear_asked.emit)  # fmt: skip
        self.compare = Button(tr("Compare"), tone=ButtonTone.QUIET, icon="table-2", name=tr("Compare the plans"),
                              on_click=self.compare_asked.emit)  # fmt: skip
        self.tender = TenderChoice(desk)
        self.place = PayButton()
        self.place.clicked.connect(self.place_asked)
        self.items.picked.connect(self._open)
        self.items.clicked.connect(lambda _index: self._open())
        self.items.removed.connect(self._remove)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.count, 1)
        head.addWidget(self.compare)
        head.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.customer)
        column.addLayout(head)
        column.addWidget(self.none)
        column.addWidget(self.items, 1)
        column.addStretch()
        column.addWidget(self.address)
        column.addWidget(self.whereto)
        # Whatever has to scroll, what takes the money is in reach.
        self.foot = QWidget()
        foot = QVBoxLayout(self.foot)
        foot.setContentsMargins(0, 0, 8, 0)
        foot.setSpacing(8)
        foot.addWidget(self.tender)
        foot.addWidget(self.place)

    # What is shown

    def show_items(self, items: Sequence[DraftItem], open_number: int | None) -> None:
        """The order's items, the open one marked."""
        text = ntr("{count} item of {most}", "{count} items of {most}", len(items), most=MOST_ITEMS)
        set_text(self.count, text)
        at = next((row for row, each in enumerate(items) if each.number == open_number), 0)
        self.items.show_choices([self._choice(each) for each in items], mark=at)
        self.items.setVisible(bool(items))
        self.none.setVisible(not items)
        for button in (self.clear, self.compare):
            button.setEnabled(bool(items))

    def show_address(self, address: DeliveryAddress, lacks: str) -> None:
        """Where it goes, or what it lacks."""
        parts = (address.name, address.line1, " ".join(filter(None, (address.city, address.pincode))))
        text = ", ".join(shown(part, 80) for part in parts if part)
        set_text(self.whereto, lacks or text)
        self.whereto.setAccessibleName(tr("Delivery address"))
        self.whereto.setAccessibleDescription(self.whereto.text())

    def show_first(self, items: Sequence[DraftItem], balance: Money | None, *, working: bool, ready: bool) -> None:
        """What is paid now for all of them."""
        first = first_payment(items)
        verb = tr("Placing the order…") if working else tr("Place the order")
        amount = self._desk.office.money(first) if first.minor else ""
        self.place.show_amount(verb, amount, self._desk.office.hint(f"{SCREEN}.{PAY}"))
        self.place.setEnabled(ready and not working)
        self.tender.show_balance(balance, first)

    def _choice(self, item: DraftItem) -> Choice:
        asked = [tr("{count} pieces", count=item.quantity) if item.quantity != 1 else tr("1 piece")]
        asked += [shown(part, 60) for part in (item.variant_name, item.coupon.upper()) if part]
        amount = self._desk.office.money(item.daily) if item.daily is not None else ""
        days = ntr("{count} day", "{count} days", item.days) if item.plan is not None else tr("Choose a plan")
        note = reason(item.failed) if item.failed is not None else "  ·  ".join(asked)
        alarming = item.failed is not None or item.plan is None
        return Choice(item.number, shown(item.name, 120), note, amount, days, alarming=alarming)

    # What is pressed

    @Slot()
    def _open(self) -> None:
        marked = self.items.marked
        if marked is not None:
            self.item_asked.emit(marked.value)

    @Slot()
    def _remove(self) -> None:
        marked = self.items.marked
        if marked is not None:
            self.item_removed.emit(marked.value)
