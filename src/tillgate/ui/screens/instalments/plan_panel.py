"""The planner of one item: its variant, quantity and coupon, and the plans that it can have, side by side."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.instalments import MOST_QUANTITY, FailedItem
from tillgate.i18n import ntr, tr
from tillgate.services.instalment_planner import Comparison, PlanOption
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.form_dialog import ChoiceField
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.order_draft import DraftItem, compare, reason
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import Stepper, TextField
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce

_NARROW: Final = 130


class PlanPanel(QWidget):
    """`changed(DraftItem)` when anything of the item was; `chosen` when its plan was, by Enter or a double press;
    `removed` for the item to be taken out."""

    changed = Signal(object)
    chosen = Signal()
    removed = Signal()

    def __init__(self, desk: InstalmentDesk) -> None:
        super().__init__()
        self._desk = desk
        self.item: DraftItem | None = None
        self._customer_id: int | None = None
        self._asked = 0
        # Whether what is shown was asked for and has not come yet.
        self.looking = False
        # Whether the order was to be placed while this item had no plan.
        self._wanted = False
        self._showing = False
        self.name = plain_label(role="title", wrap=True)
        self.variant = ChoiceField(tr("Variant"))
        self.quantity = Stepper(tr("the item"), most=MOST_QUANTITY)
        self.coupon = TextField(tr("Coupon (optional)"), limit=40)
        self.days = TextField(tr("Other days"), limit=3)
        self.plans = ChoiceList(tr("Plans"))
        self.trouble = plain_label(role="strong", tone="failed", wrap=True)
        self.choose = Button(tr("Take this plan"), tone=ButtonTone.SECONDARY, icon="check", on_click=self._choose)
        self.remove = Button(tr("Remove the item"), tone=ButtonTone.QUIET, icon="trash-2", on_click=self.removed.emit)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        quantity = QVBoxLayout()
        quantity.setSpacing(4)
        title = plain_label(tr("Quantity (1 to {most})", most=MOST_QUANTITY), "label")
        title.setBuddy(self.quantity.line)
        quantity.addWidget(title)
        quantity.addWidget(self.quantity)
        quantity.addStretch(1)
        self.days.setMaximumWidth(_NARROW)
        asked = QHBoxLayout()
        asked.setSpacing(12)
        asked.addLayout(quantity)
        asked.addWidget(self.coupon, 1)
        asked.addWidget(self.days)
        ways = QHBoxLayout()
        ways.addWidget(self.remove)
        ways.addStretch(1)
        ways.addWidget(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.name, self.variant):
            column.addWidget(widget)
        column.addLayout(asked)
        column.addWidget(self.trouble)
        column.addWidget(self.plans, 1)
        column.addLayout(ways)

    def _connect(self) -> None:
        self.variant.changed.connect(self._edit)
        self.quantity.changed.connect(lambda _value: self._edit())
        self.quantity.refused.connect(self._refuse_quantity)
        self.quantity.line.returnPressed.connect(self.coupon.setFocus)
        self.coupon.line.editingFinished.connect(self._edit)
        self.coupon.submitted.connect(self.plans.setFocus)
        self.days.line.editingFinished.connect(self._look)
        self.days.submitted.connect(self.plans.setFocus)
        self.plans.picked.connect(self._choose)

    # The item

    def show_item(self, item: DraftItem, customer_id: int | None) -> None:
        """Show an item, and look up what its plans cost."""
        fresh = self.item is None or self.item.number != item.number
        self.item, self._customer_id = item, customer_id
        if fresh:
            self._wanted = False
            self._fill(item)
        self._look()

    def take_focus(self) -> None:
        """Where there is something to choose first."""
        (self.quantity.line if self.variant.isHidden() else self.variant).setFocus()

    def ask_plan(self) -> None:
        """Say that a plan is missing, once they are there, and go where it is chosen."""
        self._wanted = True
        self.plans.setFocus()

    def forget(self) -> None:
        """No item is shown any more."""
        self._asked += 1
        self._wanted = False
        self.looking = False
        self.item = None

    def _fill(self, item: DraftItem) -> None:
        self._showing = True
        set_text(self.name, shown(item.name, 120))
        self.variant.combo.clear()
        for each in item.variants:
            price = self._desk.office.money(each.price)
            self.variant.combo.addItem(f"{shown(each.name or each.code, 60)}  ·  {price}", each.code)
        self.variant.choose(item.variant)
        self.variant.setVisible(len(item.variants) > 1)
        self.quantity.set_value(item.quantity)
        self.coupon.set_text(item.coupon)
        self.days.set_text("")
        self.plans.show_choices([])
        self._showing = False

    @Slot()
    def _edit(self) -> None:
        item = self.item
        if self._showing or item is None:
            return
        asked = replace(
            item, variant=str(self.variant.value or ""), quantity=self.quantity.value, coupon=self.coupon.text
        )
        if asked != item:
            # What was chosen is priced anew before it counts again.
            self.item = replace(asked, failed=None)
            self._look()

    # The plans

    @Slot()
    def _look(self) -> None:
        item = self.item
        if item is None:
            return
        self._asked += 1
        self.looking = True
        typed, desk = self.days.text, self._desk.office
        days = int(typed) if typed.isascii() and typed.isdigit() else 0
        work = partial(compare, desk.till, desk.actor, item, self._customer_id, days or item.days)
        show = partial(self._show, self._asked, days, bool(typed) and not days)
        desk.tasks.run(self, work, show, self._not_read, label="plans")
        self.changed.emit(item)

    def _show(self, asked: int, own_days: int, no_days: bool, found: Comparison) -> None:
        item = self.item
        if asked != self._asked or item is None:
            return
        self.looking = False
        own = next((each.refused for each in found.options if each.days == own_days), None)
        refused = own or found.refused or (FailedItem(0, "days_malformed", {}) if no_days else None)
        self.say(reason(refused) if refused is not None else self._missing())
        options = [each for each in found.options if each.refused is None]
        wanted = own_days or item.days
        at = next((row for row, each in enumerate(options) if each.days == wanted), 0)
        self.plans.show_choices([_choice(self._desk.checkout, each) for each in options], mark=at)
        self.choose.setEnabled(bool(options))
        if item.plan is not None:
            self.item = replace(item, plan=next((each for each in options if each.days == item.days), None))
        self.changed.emit(self.item)

    def _missing(self) -> str:
        item = self.item
        if item is None or not self._wanted or (item.plan is not None and item.daily is not None):
            return ""
        return tr("Choose a plan for {product}.", product=shown(item.name, 60))

    @Slot()
    def _refuse_quantity(self) -> None:
        self.say(reason(FailedItem(0, "item_quantity_out_of_range", {"least": 1, "most": MOST_QUANTITY})))

    def _not_read(self, error: TillgateError) -> None:
        self.looking = False
        self._desk.notice.show_error(error)

    def say(self, text: str) -> None:
        """Why the item can't be ordered as it stands; "" takes it back."""
        set_text(self.trouble, text)
        self.trouble.setVisible(bool(text))
        if text:
            announce(self.trouble, text)

    @Slot()
    def _choose(self) -> None:
        marked = self.plans.marked
        if marked is None or self.item is None:
            return
        self._wanted = False
        self.item = replace(self.item, plan=marked.value, failed=None)
        self.changed.emit(self.item)
        self.chosen.emit()


def _choice(desk: CheckoutDesk, option: PlanOption) -> Choice:
    notes = [tr("{total} in all", total=desk.money(option.total))] if option.total is not None else []
    if option.discount is not None and option.discount.minor:
        notes.append(tr("coupon −{amount}", amount=desk.money(option.discount)))
    days = [ntr("{count} day", "{count} days", option.days)]
    if option.last is not None:
        days.append(tr("last on {day}", day=desk.day(option.last)))
    earned = option.commission if option.commission is not None and option.commission.minor else None
    return Choice(
        option,
        "  ·  ".join(days),
        "  ·  ".join(notes),
        tr("{amount} a day", amount=desk.money(option.daily)) if option.daily is not None else "",
        tr("commission {amount}", amount=desk.money(earned)) if earned is not None else "",
    )
