"""A bulk order in the details: its sums, its first payment, and each of its orders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import Refused, TillgateError
from tillgate.domain.instalments import BulkState, InstalmentOrderState
from tillgate.domain.payment import WAITING
from tillgate.domain.staff import Action
from tillgate.i18n import ntr, tr
from tillgate.services.bulk_ends import cancel_bulk_order
from tillgate.services.bulk_lists import BulkDetails, load_bulk_details
from tillgate.services.bulk_orders import Placed, new_bulk_key, pay_bulk_order
from tillgate.services.cancel import Ended
from tillgate.ui.message_text import message_for
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.instalments.cancel_dialog import CancelDialog
from tillgate.ui.screens.instalments.customer_links import CustomerLinks
from tillgate.ui.screens.instalments.desk import Bill, BillLine, InstalmentDesk
from tillgate.ui.screens.instalments.order_card import OrderCard
from tillgate.ui.screens.instalments.words import BULK_STATUS, ORDER_STATUS
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.dialog import Confirm, Dialog
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction
from tillgate.ui.widgets.side_pane import lay_out_now
from tillgate.ui.widgets.status_badge import StatusBadge

_RELOAD_MS: Final = 120


class BulkPane(QWidget):
    """`turned` when its verbs changed; `ask` opens a dialog."""

    turned = Signal()

    def __init__(self, desk: InstalmentDesk, number: str, ask: Callable[[Dialog], object]) -> None:
        super().__init__()
        self._desk, self._office, self.number, self._ask = desk, desk.office, number, ask
        self.details: BulkDetails | None = None
        # The key of the next press of Pay again; another one once it was answered.
        self._key = new_bulk_key()
        self.notice = InlineNotice(closable=True)
        self.pay = Button(tone=ButtonTone.PRIMARY, icon="credit-card", on_click=self._pay)
        self.pay.show_hint(self._office.hint("instalments.pay"))
        self.cancel = Button(tr("Cancel the bulk order"), icon="ban", on_click=self._cancel)
        self._guard = OneAtATime(self._office.tasks, self, self.pay, self.cancel)
        self.cards: list[OrderCard] = []
        self._body: QWidget | None = None
        verbs = FlowLayout()
        for button in (self.pay, self.cancel):
            button.hide()
            verbs.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addLayout(verbs)
        self._column.addWidget(self.notice)
        self._column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_RELOAD_MS)
        self._timer.timeout.connect(self.reload)
        kinds = {Kind.PAYMENT, Kind.REFUND, Kind.INSTALMENT}
        self._office.tasks.watch(self, kinds, lambda _changes: self._timer.start())
        self.reload()

    @property
    def verbs(self) -> dict[str, Button]:
        """Its buttons that have a key. Of its orders the one is meant that stands alone, or whose calendar is open."""
        meant = self._meant()
        return {"cancel_order": self.cancel} | ({"cancel_one": meant.cancel} if meant is not None else {})

    def _meant(self) -> OrderCard | None:
        can = [each for each in self.cards if not each.cancel.isHidden()]
        chosen = [each for each in can if each.is_open] or can
        return chosen[0] if len(chosen) == 1 else None

    @Slot()
    def _turned(self) -> None:
        """Another order is meant: the key stands at its button alone."""
        meant = self._meant()
        for card in self.cards:
            if card is not meant:
                card.cancel.show_hint("")
        self.turned.emit()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        work = partial(load_bulk_details, self._office.till, self._office.actor, self.number)
        self._office.tasks.run(self, work, self._show, self.notice.show_error, label="bulk order")

    def _show(self, details: BulkDetails) -> None:
        self.details = details
        opened = {card.order.id for card in self.cards if card.is_open}
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = self._made(details, opened)
        self._column.insertWidget(self._column.count() - 1, self._body)
        self._show_verbs(details.placed)
        lay_out_now()

    def _show_verbs(self, placed: Placed) -> None:
        open_now = placed.bulk.state is BulkState.PENDING
        first = self._office.money(placed.bulk.first_total)
        waits = placed.payment is not None and placed.payment.state in WAITING
        self.pay.show_text(tr("Open its payment") if waits else tr("Pay {amount} now", amount=first))
        self.pay.setVisible(open_now and self._office.may(Action.TAKE_PAYMENT))
        self.cancel.setVisible(open_now and self._office.may(Action.CANCEL_PAYMENT))
        self.turned.emit()

    def _made(self, details: BulkDetails, opened: set[int]) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(StatusBadge(BULK_STATUS[details.placed.bulk.state]))
        column.addWidget(Facts(self._facts(details)))
        whose = details.customer
        column.addWidget(CustomerLinks(self._desk, "orders", whose.name, whose.phone))
        if details.placed.bulk.failed:
            column.addWidget(_left_out(details))
        orders = details.placed.orders
        section = Section(ntr("{count} order", "{count} orders", len(orders)), spacing=8)
        self.cards = []
        for order in orders:
            lines = [each for each in details.payments if each.instalment.order_id == order.id]
            card = OrderCard(self._office, order, lines, self._cancel_order, shown=order.id in opened)
            card.calendar.turned.connect(self._turned)
            self.cards.append(card)
            section.add(card)
        column.addWidget(section)
        return made

    def _facts(self, details: BulkDetails) -> list[tuple[str, str]]:
        bulk, summary, money = details.placed.bulk, details.summary, self._office.money
        counts = [
            tr("{status}: {count}", status=ORDER_STATUS[state].text, count=summary.counts[state])
            for state in InstalmentOrderState
            if summary.counts.get(state)
        ]
        address = details.placed.bulk.address
        places = (address.name, address.line1, address.line2, address.landmark,
                  " ".join((address.pincode, address.city)), address.region, address.country)  # fmt: skip
        until = self._office.instant(bulk.expires_at) if bulk.state is BulkState.PENDING else ""
        return [
            (tr("Bulk order"), bulk.number),
            (tr("Placed on"), self._office.instant(bulk.created_at)),
            (tr("Open until"), until),
            (tr("Total"), money(summary.total)),
            (tr("Paid so far"), money(summary.paid)),
            (tr("Given back"), money(summary.returned) if summary.returned else ""),
            (tr("Remaining"), money(summary.remaining)),
            (tr("First payments"), money(summary.first_total)),
            (tr("Orders"), ", ".join(counts)),
            (tr("Deliver to"), ", ".join(filter(None, places))),
            (tr("Phone"), address.phone),
        ]

    # The first payment

    @Slot()
    def _pay(self) -> None:
        if self.details is None:
            return
        payment = self.details.placed.payment
        if payment is not None and payment.state in WAITING:
            self._to_payment(payment.id, opens=False)
        else:
            self._pay_again()

    def _pay_again(self) -> None:
        if self.details is None:
            return
        self.notice.clear()
        till, actor, number = self._office.till, self._office.actor, self.details.placed.bulk.id
        work = partial(pay_bulk_order, till, actor, number, key=self._key)
        self._guard.run(work, self._begun, self._refused, label="first payment")

    def _begun(self, placed: Placed) -> None:
        self._key = new_bulk_key()
        if placed.payment is not None:
            self._to_payment(placed.payment.id)

    def _to_payment(self, number: int, *, opens: bool = True) -> None:
        if self.details is None:
            return
        placed = self.details.placed
        lines = tuple(BillLine(each.product_name, each.number, each.plan.amounts[0]) for each in placed.orders)
        bill = Bill(tr("First payment of {number}", number=placed.bulk.number), lines, self.details.customer.name)
        self._desk.pay(number, bill, again=self._pay_again, opens=opens)

    def _refused(self, error: TillgateError) -> None:
        number = error.values.get("payment")
        actions = []
        if isinstance(number, int):
            actions.append(NoticeAction(tr("Open its payment"), partial(self._to_payment, number), "credit-card"))
        self.notice.show_error(error, actions)
        self.reload()

    # Give up

    @Slot()
    def _cancel(self) -> None:
        if self.details is None:
            return
        number = self.details.placed.bulk.number
        self._ask(
            Confirm(
                self,
                tr("Cancel bulk order {number}?", number=number),
                tr("Its checkout is closed, and its pieces and coupons are free again. Nothing was paid."),
                verb=tr("Cancel the bulk order"),
                on_accept=self._give_up,
                danger=True,
                icon="ban",
            )
        )

    def _give_up(self) -> None:
        if self.details is not None:
            bulk_id = self.details.placed.bulk.id
            work = partial(cancel_bulk_order, self._office.till, self._office.actor, bulk_id)
            self._guard.run(work, self._given_up, self._refused, label="cancel bulk order")

    def _given_up(self, ended: Ended) -> None:
        if ended is Ended.CANCELLED:
            self.notice.say(Tone.SETTLED, tr("The bulk order is cancelled."))
        elif ended is Ended.PAID:
            self.notice.say(Tone.WAITING, tr("It was paid in this moment: nothing is cancelled."))
        else:
            self.notice.say(
                Tone.WAITING, tr("It is not certain that the checkout is closed."), tr("Do not charge again.")
            )
        self.reload()

    def _cancel_order(self, card: OrderCard) -> None:
        name = self.details.customer.name if self.details is not None else ""
        dialog = CancelDialog(self, self._office, card.order, name)
        dialog.cancelled.connect(self._order_cancelled)
        self._ask(dialog)

    @Slot(str)
    def _order_cancelled(self, told: str) -> None:
        self.notice.say(Tone.SETTLED, told)
        self.reload()


def _left_out(details: BulkDetails) -> QWidget:
    """The items that could not be ordered, each with its reason."""
    failed = details.placed.bulk.failed
    section = Section(ntr("{count} item was left out", "{count} items were left out", len(failed)), spacing=4)
    for each in failed:
        words = message_for(Refused(each.code, **each.values)).what
        section.add(plain_label(tr("Item {number}: {reason}", number=each.index + 1, reason=words), wrap=True))
    return section
