"""A new bulk order: whose it is, its items each on a plan of its own, where it goes, and one first payment for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.instalments import MOST_ITEMS, BulkState, DeliveryAddress, FailedItem, PayBy
from tillgate.i18n import ntr, tr
from tillgate.services.bulk_orders import PlaceBulk, Placed, new_bulk_key, pay_bulk_order
from tillgate.services.catalogue import ProductHit, ProductView, load_product
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.instalments.address_form import COUNTRY, AddressForm
from tillgate.ui.screens.instalments.compare_dialog import CompareDialog
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.order_draft import Before, DraftItem, failures_told, find_scanned, place
from tillgate.ui.screens.instalments.order_side import OrderSide
from tillgate.ui.screens.instalments.order_words import CustomerFacts, bill_of, read_customer
from tillgate.ui.screens.instalments.plan_panel import PlanPanel
from tillgate.ui.screens.instalments.product_finder import ProductFinder
from tillgate.ui.screens.instalments.waiting_orders import WaitingOrders
from tillgate.ui.text import shown
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import NoticeAction
from tillgate.ui.widgets.scrolling import scrolled

_SIDE_WIDTH: Final = 372
_EMPTY: Final = DeliveryAddress("", "", "", "", "", "", COUNTRY)


class NewOrderPage(QWidget):
    """What is typed stays until the order is placed or emptied. The key of the press is made when the order begins, and
    belongs to it until it is placed: a double press is one bulk order."""

    turned = Signal()
    adds = ""

    def __init__(self, desk: InstalmentDesk) -> None:
        super().__init__()
        self._desk, self._office = desk, desk.office
        self.items: tuple[DraftItem, ...] = ()
        self._made = 0
        self._key = new_bulk_key()
        self._facts: CustomerFacts | None = None
        self._before: Before | None = None
        self._act = OneAtATime(desk.office.tasks, self)
        set_density(self, Density.TOUCH)
        self.side = OrderSide(desk)
        ways = self.side.tender.buttons
        self.verbs = {"from_wallet": ways[PayBy.WALLET], "through": ways[PayBy.RAZORPAY]}
        self.finder = ProductFinder(desk)
        self.planner = PlanPanel(desk)
        self.address = AddressForm()
        self._lay_out()
        self._connect()
        self._show()
        self._waiting = WaitingOrders(self, desk, partial(self._follow, opens=False))

    def _lay_out(self) -> None:
        done = Button(tr("Use this address"), tone=ButtonTone.SECONDARY, icon="check", on_click=self._address_done)
        self._goes = QWidget()
        column = QVBoxLayout(self._goes)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain_label(tr("Delivery address"), "title"))
        column.addWidget(scrolled(self.address), 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(done)
        column.addLayout(foot)
        self._right = QStackedWidget()
        for page in (self.finder, self.planner, self._goes):
            self._right.addWidget(page)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self.finder.search)
        right.addWidget(self._right, 1)
        held = QWidget()
        held.setFixedWidth(_SIDE_WIDTH)
        side = QVBoxLayout(held)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(8)
        side.addWidget(scrolled(self.side), 1)
        side.addWidget(self.side.foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        row.addWidget(held)
        row.addLayout(right, 1)

    def _connect(self) -> None:
        self.side.customer_known.connect(self._know_customer)
        self.side.item_asked.connect(self.open_item)
        self.side.item_removed.connect(self.remove_item)
        self.side.address_asked.connect(self.show_address)
        self.side.place_asked.connect(self.pay)
        self.side.clear_asked.connect(self.empty)
        self.side.compare_asked.connect(self.compare)
        self.side.tender.changed.connect(self._show)
        self.finder.chosen.connect(self._take_hit)
        self.finder.touched.connect(self._show_finder)
        self.planner.changed.connect(self._item_changed)
        self.planner.chosen.connect(self._plan_chosen)
        self.planner.removed.connect(self._remove_open)
        self.address.changed.connect(self._show)
        self.address.done.connect(self._address_done)
        self._office.tasks.watch(self, {Kind.WALLET, Kind.CUSTOMER}, lambda _changes: self._read_customer())

    # What the screen tells

    @property
    def pays(self) -> bool:
        """Whether the order can be placed; what is missing then says so itself."""
        return not self._act.running and not self.planner.looking

    def entered(self) -> None:
        """Where one goes on: whose order it is, then its items."""
        front = self._right.currentWidget()
        if self.side.customer.value is None:
            self.side.customer.search.setFocus()
        elif front is self.finder:
            self.finder.search.setFocus()
        elif front is self.planner:
            self.planner.take_focus()
        else:
            self.address.setFocus()

    def go_back(self) -> bool:
        """Esc: from the item or the address to the products; nothing is lost."""
        if self._right.currentWidget() is self.finder:
            return False
        self._to_finder()
        return True

    def scan(self, code: str) -> None:
        """A product's code puts it into the order."""
        work = partial(find_scanned, self._office.till, self._office.actor, code.strip())
        self._office.tasks.run(self, work, partial(self._scanned, code), self._desk.notice.show_error, label="scan")

    def add(self) -> None:
        """Nothing is added by Ins here."""

    def do(self, verb: str) -> None:
        """A command of this page was given."""
        acts: dict[str, Callable[[], object]] = {
            "find": self._to_finder,
            "customer": self._to_customer,
            "address": self.show_address,
            "clear": self.empty,
            "undo": self.undo,
            "compare": self.compare,
        }
        acts[verb]()

    # Whose it is

    def _to_customer(self) -> None:
        field = self.side.customer
        (field.search if field.value is None else field.other).setFocus()

    @Slot()
    def _know_customer(self) -> None:
        self._read_customer()
        self._look_again()
        self._to_finder()

    def _read_customer(self) -> None:
        customer_id = self.side.customer.value
        if customer_id is not None:
            work = partial(read_customer, self._office.till, self._office.actor, customer_id)
            self._office.tasks.run(self, work, self._customer_read, self._desk.notice.show_error, label="customer")

    def _customer_read(self, facts: CustomerFacts) -> None:
        if facts.customer_id != self.side.customer.value:
            return
        before, self._facts = self._facts, facts
        another = before is None or before.customer_id != facts.customer_id
        filled = self.address.untouched or (before is not None and self.address.address == before.address)
        if another and filled:
            # What somebody typed for this order stays.
            self.address.fill(facts.address)
        self._show()

    # Its items

    @Slot(object)
    def _take_hit(self, hit: ProductHit) -> None:
        work = partial(load_product, self._office.till, self._office.actor, hit.product.id)
        add = partial(self._add, hit.variant_id)
        self._office.tasks.run(self, work, add, self._desk.notice.show_error, label="product")

    def _scanned(self, code: str, found: tuple[ProductView, int] | None) -> None:
        if found is None:
            self._desk.notice.say(
                Tone.WAITING, tr("{code} is no product here.", code=code[:40]), tr("Search for its name instead.")
            )
            return
        self._add(found[1], found[0])

    def _add(self, variant_id: int | None, product: ProductView) -> None:
        if self._act.running:
            return
        if len(self.items) >= MOST_ITEMS:
            text = ntr("An order has {count} item at most.", "An order has {count} items at most.", MOST_ITEMS)
            self._desk.notice.say(Tone.WAITING, text, tr("Place the others in a second bulk order."))
            return
        self._desk.notice.clear()
        active = [each for each in product.variants if each.active]
        meant = next((each for each in active if each.id == variant_id), active[0] if active else None)
        self._made += 1
        item = DraftItem(self._made, product, meant.code if meant is not None else "")
        self.items = (*self.items, item)
        self.open_item(item.number)

    @Slot(int)
    def open_item(self, number: int) -> None:
        """Show an item with its plans."""
        item = next((each for each in self.items if each.number == number), None)
        if item is None or self._act.running:
            return
        self._right.setCurrentWidget(self.planner)
        self.planner.show_item(item, self.side.customer.value)
        self.planner.take_focus()
        self._show()

    @Slot(int)
    def remove_item(self, number: int) -> None:
        """Take an item out of the order."""
        gone = next((each for each in self.items if each.number == number), None)
        if self._act.running or gone is None:
            return
        self._keep(tr("{product} is out of the order.", product=shown(gone.name, 60)))
        self.items = tuple(each for each in self.items if each.number != number)
        self._to_finder()
        self._show()

    def _remove_open(self) -> None:
        if self.planner.item is not None:
            self.remove_item(self.planner.item.number)

    @Slot(object)
    def _item_changed(self, item: DraftItem) -> None:
        self.items = tuple(item if each.number == item.number else each for each in self.items)
        self._show()

    @Slot()
    def _plan_chosen(self) -> None:
        waiting = next((each for each in self.items if each.plan is None), None)
        if waiting is not None:
            self.open_item(waiting.number)
        else:
            self._to_finder()

    @Slot()
    def compare(self) -> None:
        """All items beside each other, on all of their plans."""
        if self.items and not self._act.running:
            self._show_finder()
            dialog = CompareDialog(self, self._desk, self.items, self.side.customer.value)
            dialog.taken.connect(self._item_changed)
            dialog.open()

    def _look_again(self) -> None:
        """Coupons and commission are those of the customer."""
        item = self.planner.item
        if item is not None and self._right.currentWidget() is self.planner:
            self.planner.show_item(item, self.side.customer.value)

    # Where it goes

    @Slot()
    def show_address(self) -> None:
        """Ask where it goes."""
        self._right.setCurrentWidget(self._goes)
        self.planner.forget()
        self.address.setFocus()
        self._show()

    @Slot()
    def _address_done(self) -> None:
        if self.address.check():
            self._show_finder()
            self.side.place.setFocus()

    # Place it

    @Slot()
    def pay(self) -> None:
        """Place the order as it stands; what is missing is asked for first. One press at a time."""
        if not self.pays or not self._whole():
            return
        customer_id = self.side.customer.value
        if customer_id is None:
            return
        self._desk.notice.clear()
        asks, items = tuple(each.order for each in self.items), self.items
        press = PlaceBulk(self._key, customer_id, asks, self.address.address, self.side.tender.value.value)
        work = partial(place, self._office.till, self._office.actor, press)
        if self._act.run(work, partial(self._placed, items), self._not_placed, label="bulk order"):
            # A button that is disabled gives the focus away; the next key would press what stands beside it.
            self.setFocus()
            self._show()

    def _whole(self) -> bool:
        missing = next((each for each in self.items if each.plan is None or each.daily is None), None)
        if self.side.customer.value is None:
            self.side.customer.show_error(tr("Choose the customer first."))
            self.side.customer.search.setFocus()
        elif not self.items:
            self._desk.notice.say(Tone.WAITING, tr("There is nothing to order."), tr("Add a product."))
            self._to_finder()
        elif missing is not None:
            self.open_item(missing.number)
            self.planner.ask_plan()
        elif self.address.fault is not None:
            self.show_address()
            self.address.check()
        else:
            return True
        return False

    def _placed(self, items: Sequence[DraftItem], placed: Placed) -> None:
        failed = failures_told(placed, items)
        self._begin_anew()
        if placed.bulk.state is BulkState.ACTIVE or placed.payment is None:
            self._tell_paid(placed, failed)
        else:
            self._follow(placed, failed)

    def _tell_paid(self, placed: Placed, failed: Sequence[str]) -> None:
        count = len(placed.orders)
        amount = self._office.money(placed.bulk.first_total)
        text = ntr("{number} is paid: {amount}. {count} order is active.",
                   "{number} is paid: {amount}. {count} orders are active.", count, number=placed.bulk.number,
                   amount=amount)  # fmt: skip
        actions = [NoticeAction(tr("Show the orders"), partial(self._desk.show, "orders"), "package")]
        if placed.payment is not None:
            actions += self._desk.paid_at_once(placed.payment.id)
        self._desk.notice.say(Tone.WAITING if failed else Tone.SETTLED, text, "\n".join(failed), actions)
        self.entered()

    def _follow(self, placed: Placed, failed: Sequence[str] = (), *, opens: bool = True) -> None:
        """Its first payment comes to the front; where that ends without money, another may be begun."""
        if placed.payment is None:
            return
        again = partial(self._pay_again, placed.bulk.id, new_bulk_key(), failed)
        self._desk.pay(placed.payment.id, bill_of(placed, failed), again=again, opens=opens)

    def _pay_again(self, bulk_id: int, key: str, failed: Sequence[str]) -> None:
        work = partial(pay_bulk_order, self._office.till, self._office.actor, bulk_id, key=key)
        follow: Callable[[Placed], None] = partial(self._follow, failed=failed)
        self._act.run(work, follow, self._not_placed, label="bulk order")
        self._show()

    def _not_placed(self, error: TillgateError) -> None:
        self._show()
        if isinstance(error, Invalid) and self.address.has_field_of(error):
            self.show_address()
            self.address.show_error(error)
            return
        failed = error.values.get("failed")
        if isinstance(failed, tuple):
            self._show_failed([each for each in failed if isinstance(each, FailedItem)])
        settings = self._desk.checkout.open_settings
        off = error.code == "provider_off" and settings is not None
        actions = [NoticeAction(tr("Open Settings"), settings, "settings")] if off and settings is not None else []
        self._desk.notice.show_error(error, actions)
        self.entered()

    def _show_failed(self, failed: Sequence[FailedItem]) -> None:
        why = {each.index: each for each in failed}
        self.items = tuple(replace(each, failed=why.get(at)) for at, each in enumerate(self.items))
        self._show()

    # What is shown

    @Slot()
    def empty(self) -> None:
        """Begin anew, with nobody and nothing; not while a press is under way."""
        if self._act.running:
            return
        if self.items:
            self._keep(tr("The order is emptied."))
        before = self._before
        self._begin_anew()
        self._before = before
        self.entered()

    def _keep(self, told: str) -> None:
        """What goes now can be had back."""
        self._before = Before(self._key, self.items, self._facts, self.address.address)
        self._desk.notice.say(Tone.ACCENT, told, actions=[NoticeAction(tr("Undo"), self.undo, "undo-2")])

    @Slot()
    def undo(self) -> None:
        """What was taken out last is in the order again; whose it was, and where it goes, unless that is said anew."""
        before = self._before
        if before is None or self._act.running:
            return
        here = {each.number for each in self.items}
        whole = (*self.items, *(each for each in before.items if each.number not in here))
        self.items = tuple(sorted(whole, key=lambda each: each.number))[:MOST_ITEMS]
        if self.side.customer.value is None and before.facts is not None:
            self._key, self._facts = before.key, before.facts
            self.address.fill(before.address)
            self.side.customer.take(before.facts.customer)
        self._before = None
        self._desk.notice.clear()
        self._to_finder()
        self._show()

    def _begin_anew(self) -> None:
        self.items, self._facts, self._key, self._before = (), None, new_bulk_key(), None
        self.side.customer.forget()
        # Nobody's wallet pays because the one before did.
        self.side.tender.choose(PayBy.RAZORPAY)
        self.address.fill(_EMPTY)
        self._to_finder()
        self._show()

    def _to_finder(self) -> None:
        self._show_finder()
        self.finder.search.setFocus()

    @Slot()
    def _show_finder(self) -> None:
        self._right.setCurrentWidget(self.finder)
        self.planner.forget()
        self._show()

    @Slot()
    def _show(self) -> None:
        known = self._facts is not None and self._facts.customer_id == self.side.customer.value
        balance = self._facts.balance if known and self._facts is not None else None
        number = self.planner.item.number if self.planner.item is not None else None
        self.side.show_items(self.items, number)
        self.side.show_address(self.address.address, self.address.lacks)
        self.side.show_first(self.items, balance, working=self._act.running, ready=self.pays)
        self.turned.emit()
