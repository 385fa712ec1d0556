"""Collect for a customer: which orders, how many days of each, with one press, through Razorpay or from the wallet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.instalments import CURRENCY
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.domain.wallet import WALLET
from tillgate.formats import format_day
from tillgate.i18n import ntr, tr
from tillgate.services.bulk_orders import DEFAULT_PROVIDER
from tillgate.services.daily_collections import (
    Collect,
    CollectOrder,
    Line,
    Quote,
    collect,
    new_collection_key,
    quote_collection,
)
from tillgate.services.instalment_dues import DuesQuery, OrderDues, When, list_dues, sum_dues
from tillgate.services.payments import Started
from tillgate.services.wallets import view_wallet
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.instalments.customer_links import CustomerLinks
from tillgate.ui.screens.instalments.desk import Bill, BillLine, InstalmentDesk
from tillgate.ui.screens.instalments.dues_card import DuesCard
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction
from tillgate.ui.widgets.side_pane import lay_out_now

_QUOTE_MS: Final = 120
# Those that are owed the longest; the others when they are asked for.
PAGE: Final = 20
# What has changed, so that the amount is asked for again before the next press.
_ASK_AGAIN: Final = frozenset(
    {"collection_changed", "insufficient_balance", "already_being_paid", "nothing_due", "key_reused"}
)


@dataclass(frozen=True, slots=True)
class Owing:
    """The first of a customer's orders with unpaid days, how many there are, and what is in the wallet."""

    orders: tuple[OrderDues, ...]
    count: int
    balance: Money

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.orders)


def load_owing(office: BackOffice, customer_id: int, most: int) -> Owing:
    """On the work lane."""
    query = DuesQuery(When.OPEN, customer_id=customer_id)
    orders = list_dues(office.till, office.actor, query, limit=most)
    count = len(orders)
    if count == most:
        count = sum_dues(office.till, office.actor, query).orders
    balances = view_wallet(office.till, office.actor, customer_id).balances
    balance = next((each for each in balances if each.currency == CURRENCY), Money(0, CURRENCY))
    return Owing(orders, count, balance)


def collection_bill(quote: Quote, customer: str, language: str) -> Bill:
    """What stands beside the payment of a collection."""
    lines = tuple(
        BillLine(line.order.product_name, _days(line, language), line.amount)
        for line in sorted(quote.lines, key=lambda each: each.order.id)
    )
    return Bill(tr("Daily instalments"), lines, customer)


def _days(line: Line, language: str) -> str:
    first, last = format_day(line.first, language), format_day(line.last, language)
    if line.days == 1:
        return tr("{number}: {day}", number=line.order.number, day=first)
    return ntr("{number}: {count} day, {first} to {last}", "{number}: {count} days, {first} to {last}", line.days,
               number=line.order.number, first=first, last=last)  # fmt: skip


def _only_added(before: Owing, now: Owing) -> bool:
    """Whether more of the same are shown."""
    return now.count == before.count and now.orders[: len(before.orders)] == before.orders


class Say(Protocol):
    """Closes the details and tells the list."""

    def __call__(self, text: str, actions: Sequence[NoticeAction] = ()) -> object:
        """Say it, with what can be done about it."""
        ...


class CollectPane(QWidget):
    """`turned` when there is something to collect, or nothing any more. `say` closes the details and tells the list."""

    turned = Signal()

    def __init__(self, desk: InstalmentDesk, row: OrderDues, say: Say) -> None:
        super().__init__()
        self._desk, self._office, self.row, self._say = desk, desk.office, row, say
        self.notice = InlineNotice(closable=True)
        self.cards: dict[int, DuesCard] = {}
        self.quote: Quote | None = None
        self._owing: Owing | None = None
        # The key of the press, and what it is for: the same days keep their key until a press of it was answered.
        self._key = ""
        self._keyed: tuple[int, ...] = ()
        self._asked = 0
        # Whether the notice says why there is no amount.
        self._refused = False
        self.collect = Button(tone=ButtonTone.PRIMARY, icon="credit-card", on_click=partial(self._press, False))
        self.wallet = Button(icon="wallet", on_click=partial(self._press, True))
        self.told = plain_label(role="caption", tone="muted", wrap=True)
        self._guard = OneAtATime(self._office.tasks, self, self.collect, self.wallet)
        self.more = Button(icon="chevron-down", on_click=self._show_more)
        self._most = PAGE
        self._list: Section | None = None
        self._facts: Facts | None = None
        self.collect.show_hint(self._office.hint("instalments.pay"))
        self._timer = self._timer_for(self._ask_quote)
        self._reload_timer = self._timer_for(self.reload)
        self._lay_out()
        kinds = {Kind.PAYMENT, Kind.INSTALMENT, Kind.WALLET}
        self._office.tasks.watch(self, kinds, lambda _changes: self._reload_timer.start())
        self._show_quote(None)
        self.reload()

    def _timer_for(self, then: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(_QUOTE_MS)
        timer.timeout.connect(then)
        return timer

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        links = CustomerLinks(self._desk, "due", self.row.customer, self.row.phone)
        for widget in (self.collect, self.wallet, self.told, self.notice, links, self.more):
            self._column.addWidget(widget)
        self.more.hide()
        self._column.addStretch(1)
        may = self._office.may(Action.TAKE_PAYMENT)
        for widget in (self.collect, self.wallet):
            widget.setVisible(may)

    @property
    def waits(self) -> bool:
        """Whether what is shown is about to be read again."""
        return self._timer.isActive() or self._reload_timer.isActive() or self._guard.running

    # What the customer owes

    @Slot()
    def reload(self) -> None:
        """Read it again; what is chosen stays chosen."""
        if self._guard.running:
            return
        work = partial(load_owing, self._office, self.row.customer_id, self._most)
        self._office.tasks.run(self, work, self._show, self.notice.show_error, label="dues")

    def _show(self, owing: Owing) -> None:
        # Nothing that is looked at or typed into is made anew where it says the same.
        if self._owing is None or self._owing.balance != owing.balance:
            self._show_facts(owing)
        if self._owing is not None and self._list is not None and _only_added(self._owing, owing):
            self._add_cards(self._list, owing.orders[len(self._owing.orders) :], {})
        else:
            self._show_orders(owing)
        self._show_rest(owing)
        self._owing = owing
        lay_out_now()
        self._ask_quote()

    def _show_facts(self, owing: Owing) -> None:
        if self._facts is not None:
            self._facts.hide()
            self._facts.deleteLater()
        self._facts = Facts(
            [
                (tr("Customer"), tr("Number {number}", number=self.row.customer_id)),
                (tr("Wallet"), self._office.money(owing.balance)),
            ]
        )
        self._column.insertWidget(0, self._facts)

    def _show_orders(self, owing: Owing) -> None:
        before = {order: (card.chosen, card.days) for order, card in self.cards.items()}
        held = [order for order, card in self.cards.items() if card.takes_keys]
        old, self._list = self._list, Section(ntr("{count} order", "{count} orders", owing.count), spacing=8)
        self.cards = {}
        self._add_cards(self._list, owing.orders, before)
        self._column.insertWidget(self._column.indexOf(self.more), self._list)
        for order in held:
            if order in self.cards:
                self.cards[order].check.setFocus()
        if old is not None:
            old.hide()
            old.deleteLater()

    def _add_cards(self, section: Section, orders: Sequence[OrderDues], before: dict[int, tuple[bool, int]]) -> None:
        for each in orders:
            card = DuesCard(self._desk, each, self._open_payment)
            chosen, days = before.get(each.order_id, (self._wanted(each), max(1, each.due_days)))
            card.choose(chosen=chosen, days=days)
            card.changed.connect(self._timer.start)
            self.cards[each.order_id] = card
            section.add(card)

    def _show_rest(self, owing: Owing) -> None:
        """What is further down, and the first of it where it was asked for."""
        count = min(owing.more, PAGE)
        self.more.show_text(ntr("Show {count} more order", "Show {count} more orders", count))
        asked = self.more.hasFocus() and self._owing is not None and len(owing.orders) > len(self._owing.orders)
        if asked and self._owing is not None:
            first = self.cards[owing.orders[len(self._owing.orders)].order_id]
            # A layout shows what is added only later, and what is hidden takes no focus.
            first.show()
            first.check.setFocus()
        self.more.setVisible(bool(count))

    @Slot()
    def _show_more(self) -> None:
        self._most += PAGE
        self.reload()

    def _wanted(self, row: OrderDues) -> bool:
        """All that is due; ahead only what was opened."""
        return bool(row.due_days) or row.order_id == self.row.order_id

    def _chosen(self) -> tuple[CollectOrder, ...]:
        return tuple(CollectOrder(order, card.days) for order, card in self.cards.items() if card.chosen)

    # The amount, and with it the key of the press

    @Slot()
    def _ask_quote(self) -> None:
        self._asked += 1
        self._show_quote(None)
        if self._refused:
            self._refused = False
            self.notice.clear()
        chosen = self._chosen()
        if not chosen or not self._office.may(Action.TAKE_PAYMENT):
            return
        work = partial(quote_collection, self._office.till, self._office.actor, chosen)
        turn = self._asked

        def show(quote: Quote) -> None:
            if turn == self._asked:
                self._show_quote(quote)

        def refuse(error: TillgateError) -> None:
            if turn == self._asked:
                self._refused = True
                self.notice.show_error(error)

        self._office.tasks.run(self, work, show, refuse, label="quote")

    def _show_quote(self, quote: Quote | None) -> None:
        self.quote = quote
        if quote is not None and quote.instalment_ids != self._keyed:
            self._key, self._keyed = new_collection_key(), quote.instalment_ids
        amounts = {line.order.id: line for line in quote.lines} if quote is not None else {}
        for order, card in self.cards.items():
            card.show_line(amounts.get(order))
        if quote is None:
            self.collect.show_text(tr("Collect"))
            self.wallet.show_text(tr("Take from the wallet"))
            set_text(self.told, tr("Choose the orders to collect for.") if not self._chosen() else "")
        else:
            self._show_verbs(quote)
        self.told.setVisible(bool(self.told.text()) and not self.collect.isHidden())
        self._enable()

    def _show_verbs(self, quote: Quote) -> None:
        amount, count = self._office.money(quote.amount), len(quote.lines)
        self.collect.show_text(
            ntr("Collect {amount} for {count} order", "Collect {amount} for {count} orders", count, amount=amount)
        )
        self.wallet.show_text(tr("Take {amount} from the wallet", amount=amount))
        short = self._owing is not None and self._owing.balance < quote.amount
        held = self._office.money(self._owing.balance) if self._owing is not None else ""
        set_text(self.told, tr("The wallet has {balance}: too little for this.", balance=held) if short else "")

    def _enable(self) -> None:
        able = self.quote is not None and not self._guard.running
        enough = self.quote is not None and self._owing is not None and self._owing.balance >= self.quote.amount
        self.collect.setEnabled(able)
        self.wallet.setEnabled(able and enough)
        self.turned.emit()

    # Collect

    def _press(self, from_wallet: bool) -> None:
        quote = self.quote
        if quote is None:
            return
        self.notice.clear()
        # As it stands in the quote: what was seen is what is collected.
        orders = tuple(CollectOrder(line.order.id, line.days) for line in quote.lines)
        press = Collect(self._key, orders, quote.amount, WALLET if from_wallet else DEFAULT_PROVIDER)
        work = partial(collect, self._office.till, self._office.actor, press)
        done = self._taken if from_wallet else self._begun
        if self._guard.run(work, partial(done, quote), self._failed, label="collect"):
            self._lock(locked=True)

    def _lock(self, *, locked: bool) -> None:
        for card in self.cards.values():
            card.lock(locked=locked)
        self.turned.emit()

    def _taken(self, quote: Quote, started: Started) -> None:
        self._lock(locked=False)
        text = ntr(
            "{amount} was taken from the wallet of {name} for {count} order.",
            "{amount} was taken from the wallet of {name} for {count} orders.",
            len(quote.lines),
            amount=self._office.money(quote.amount),
            name=self.row.customer,
        )
        self._say(text, self._desk.paid_at_once(started.payment.id))

    def _begun(self, quote: Quote, started: Started) -> None:
        self._lock(locked=False)
        # The next press is another payment.
        self._keyed = ()
        self._show_quote(None)
        bill = collection_bill(quote, self.row.customer, self._office.language)
        self._desk.pay(started.payment.id, bill)

    def _failed(self, error: TillgateError) -> None:
        self._lock(locked=False)
        self._enable()
        number = error.values.get("payment")
        actions = []
        if isinstance(number, int):
            actions.append(NoticeAction(tr("Open its payment"), partial(self._open_payment, number), "credit-card"))
        self.notice.show_error(error, actions)
        if error.code in _ASK_AGAIN:
            self._keyed = ()
            self.reload()

    def _open_payment(self, number: int) -> None:
        bill = Bill(tr("Daily instalments"), self._being_paid(number), self.row.customer)
        self._desk.pay(number, bill, opens=False)

    def _being_paid(self, number: int) -> tuple[BillLine, ...]:
        rows = self._owing.orders if self._owing is not None else ()
        return tuple(BillLine(each.product_name, each.number) for each in rows if each.paying == number)
