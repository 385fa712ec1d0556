"""The checkout screen: ring up, pay, next. It reacts; widgets are built in view.py, work is done by services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication

from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment_end import End
from tillgate.i18n import ntr, tr
from tillgate.services.cancel import Ended
from tillgate.services.cart_view import CartView
from tillgate.services.catalogue import ProductHit
from tillgate.services.link_notices import Way
from tillgate.services.payment_news import PaymentNews
from tillgate.ui.message_text import MessageText, message_for
from tillgate.ui.screen import Screen
from tillgate.ui.screens.checkout.desk import ORIGIN, CheckoutDesk, Tender
from tillgate.ui.screens.checkout.keys import Key, commands_of
from tillgate.ui.screens.checkout.news import News
from tillgate.ui.screens.checkout.papers import Papers
from tillgate.ui.screens.checkout.paying import Paying
from tillgate.ui.screens.checkout.ring_up import RingUp
from tillgate.ui.screens.checkout.ringing import Ringing
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, IN_PROGRESS, PAYABLE, SOLD, TELLS, Stage
from tillgate.ui.screens.checkout.view import CheckoutView, holds_focus
from tillgate.ui.text import shown
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.notices import announce

_REREAD_MS: Final = 60
_SHOWN: Final = frozenset({Kind.CART, Kind.CUSTOMER, Kind.CATALOGUE, Kind.ORDER, Kind.PAYMENT})
_CANCELLABLE: Final = IN_PROGRESS - {Stage.ENDING, Stage.FINISHING}
# Where the cart can't be touched and no other payment may be begun.
_FIXED: Final = SOLD | {Stage.LATE}


class CheckoutScreen(Screen):
    """Everything comes with the desk; nothing here waits for the database or the network."""

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._stage: Stage | None = None
        self._reviewed: PaymentNews | None = None
        self._dismissed: set[int] = set()
        self._loaded = False
        set_density(self, Density.TOUCH)
        desk.commands.add_all(commands_of(self._do))
        self.view = CheckoutView(self, desk)
        self.ringing = Ringing(desk, self)
        self.paying = Paying(desk, self)
        self.ring_up = RingUp(self, desk, self.view, self.ringing)
        self._papers = Papers(desk, self.view.outcome.notice, self)
        self.news = News(desk, self)
        self._connect()
        self._show_tender()
        self._show_commands()

    def _do(self, key: Key) -> None:
        """A command was given, by its key, its button, the menu or the palette."""
        ring_up, ringing, paying = self.ring_up, self.ringing, self.paying
        runs: dict[Key, Callable[[], object]] = {
            Key.SEARCH: self._to_search,
            Key.CUSTOMER: ring_up.choose_customer,
            Key.HOLD: self._hold,
            Key.MAIL: ring_up.ask_about_mail,
            Key.RECALL: ring_up.recall,
            Key.QUANTITY: self.view.cart.lines.begin_quantity,
            Key.RENTAL: ring_up.change_marked_rental,
            Key.REMOVE: ring_up.remove_marked,
            Key.UPDATE: ringing.reprice,
            Key.CLEAR: ringing.clear,
            Key.PAY: self._pay,
            Key.ASK_PHONE: ring_up.ask_phone,
            Key.DONE: self.view.outcome.complete,
            Key.UNDO: ringing.undo,
            Key.OPEN_BROWSER: paying.open_browser,
            Key.COPY_LINK: self._copy_link,
            Key.MAIL_LINK: lambda: paying.send_link(Way.MAIL),
            Key.TEXT_LINK: lambda: paying.send_link(Way.TEXT),
            Key.CHECK_NOW: paying.check,
            Key.CANCEL_PAYMENT: paying.cancel,
        }
        runs[key]()

    def _connect(self) -> None:
        view, outcome = self.view, self.view.outcome
        view.finder.chosen.connect(self._picked)
        view.cart.lines.left.connect(self._to_search)
        view.cart.advice_over.connect(self._to_search)
        view.payment.switch_asked.connect(self.paying.switch)
        outcome.next_asked.connect(self._next_sale)
        outcome.back_asked.connect(self._back_to_cart)
        outcome.retry_asked.connect(self._retry)
        outcome.receipt_asked.connect(lambda: self._papers.save_receipt(self.paying.payment_id))
        outcome.print_asked.connect(lambda: self._papers.print_receipt(self.paying.payment_id))
        outcome.invoice_asked.connect(self._papers.save_invoice)
        outcome.recall_asked.connect(self._recall_reviewed)
        self.news.asked.connect(self.review)
        self.ring_up.cart_shown.connect(self._cart_shown)
        self.ring_up.other_cart.connect(self._leave_payment)
        self.ringing.refused.connect(self._refused)
        self.paying.changed.connect(self._show_payment)
        self.paying.ended.connect(self._given_up)
        self.paying.held_back.connect(self._held_back)
        self.paying.link_sent.connect(self._link_sent)
        self.paying.refused.connect(self._payment_refused)
        self.paying.not_started.connect(self._not_started)
        self._desk.tasks.watch(self, {Kind.SETTING}, lambda _changes: self._options_changed())
        self._desk.tasks.watch(self, _SHOWN, lambda _changes: self._read_again(), within_ms=_REREAD_MS, but_by=ORIGIN)
        self.news.load()

    # What the shell tells

    def entered(self) -> None:
        """Shown: go on where the cashier was."""
        if self.ringing.cart is None:
            self.ringing.load()
        if not self._loaded:
            self._loaded = True
            self.view.finder.refresh()
            self.ring_up.count_held()
        if self.view.side is self.view.cart:
            self._to_search()
        elif self.view.side is self.view.outcome:
            self.view.outcome.take_focus()
        else:
            self.view.payment.setFocus()
        self._tell_front(shown=True)

    def left(self) -> None:
        """Another screen is in front: what ends here now is told above it."""
        self._tell_front(shown=False)

    def scan_begun(self) -> None:
        """A quantity that is being typed is finished before the scan (odoo#75710)."""
        self.view.cart.lines.finish_entry()

    def scan(self, code: str) -> bool:
        """Ring a code up, from wherever the focus is; an outcome on the screen gives way to it."""
        if self.ring_up.takes_invoice(code):
            return True
        if self._makes_way():
            self.ringing.scan(code)
            if self.view.cart.lines.entry() is not None:
                self._to_search()
        return True

    def go_back(self) -> bool:
        """Esc: leave a number, a payment that has ended, the search; never destroy anything."""
        entry, search = self.view.cart.lines.entry(), self.view.finder.search
        if entry is not None:
            entry.box.give_up()
        elif self.view.side is self.view.outcome and (self.paying.reviewing or self._stage not in _FIXED):
            self._back_to_cart()
        elif search.text():
            self.view.finder.empty_search()
        elif self.view.side is self.view.cart and not search.hasFocus():
            self._to_search()
        else:
            return False
        return True

    @Slot(object)
    def _options_changed(self) -> None:
        self._show_tender()
        self._show_commands()

    def _read_again(self) -> None:
        if self._loaded:
            self.ringing.reload()
            self.ring_up.count_held()

    # The cart

    @Slot(object, bool)
    def _picked(self, hit: ProductHit, _by_key: bool) -> None:
        if self._makes_way():
            self.ring_up.pick(hit)

    def _makes_way(self) -> bool:
        """Whether something can be rung up now; an outcome on the screen makes way for it."""
        reviewing = self.paying.reviewing
        if reviewing or (self.view.side is self.view.outcome and self._stage is not Stage.LATE):
            self._leave_payment() if reviewing or self._stage in SOLD else self._back_to_cart(answered=False)
        if self.view.side is not self.view.cart:
            key = self._desk.commands.hint(Key.HOLD)
            self.view.toast.show_text(
                tr("This cart is being paid. Hold the cart ({key}) to ring up for the next customer.", key=key)
            )
            return False
        return True

    @Slot(object)
    def _cart_shown(self, cart: CartView) -> None:
        live = cart.payment_id
        wanted = live is not None and (cart.locked or live not in self._dismissed)
        if live is not None and wanted and self.ringing.idle and not self._shows_payment:
            self.paying.reopen(cart, live)
        self._show_pay()
        self._show_commands()

    @Slot(object)
    def _refused(self, error: TillgateError) -> None:
        if self.view.side is self.view.cart:
            self.view.cart.notice.show_error(error)
        else:
            self.view.toast.show_text(message_for(error).what)

    @Slot()
    def _to_search(self) -> None:
        self.view.finder.search.setFocus()
        self.view.finder.search.selectAll()

    @property
    def _shows_payment(self) -> bool:
        return self.paying.situation is not None or self.paying.reviewing

    # Payments that ended while nobody looked

    @Slot(object)
    def review(self, news: PaymentNews) -> None:
        """Show how a payment ended, from whatever screen; the sale that is being rung up stays as it is."""
        if self._desk.come_forward is not None:
            self._desk.come_forward()
        if self.paying.payment_id == news.payment_id and self.paying.situation is not None:
            return
        self._leave_payment()
        cart = self.ringing.cart
        if cart is not None and cart.id == news.cart_id:
            self.paying.reopen(cart, news.payment_id)
        else:
            self._reviewed = news
            self.paying.review(news.payment_id, news.cart_id)

    @Slot()
    def _recall_reviewed(self) -> None:
        cart_id = self.paying.cart_id
        self._leave_payment(answered=True)
        if cart_id is not None:
            self.ringing.recall(cart_id)

    def _tell_front(self, *, shown: bool) -> None:
        payment_id = self.paying.payment_id if shown and self.view.side is not self.view.cart else None
        self.news.put_in_front(payment_id, TELLS.get(self._stage) if self._stage is not None else None)

    def _hold(self) -> None:
        if self.paying.reviewing:
            self._leave_payment()
        else:
            self.ring_up.hold()

    # Pay

    def _pay(self) -> None:
        if self.view.side is self.view.outcome:
            self.view.outcome.retry.click()
        elif (tender := self._desk.tender()) is not None:
            self._pay_with(tender)

    def _pay_with(self, tender: Tender) -> None:
        self.view.cart.lines.finish_entry()
        self.ringing.when_done(lambda cart: self._put_up(cart, tender))

    def _put_up(self, cart: CartView, tender: Tender) -> None:
        if self._shows_payment or not cart.lines:
            return
        if cart.locked and cart.payment_id is not None:
            self.paying.reopen(cart, cart.payment_id)
        else:
            self.view.cart.notice.clear()
            self.paying.begin(cart, tender)

    @Slot(object)
    def _not_started(self, error: TillgateError) -> None:
        self._leave_payment()
        if error.code != "cart_not_ready":
            self.view.cart.notice.show_error(error)
            return
        found = error.values.get("findings", ())
        if isinstance(found, tuple):
            self.ring_up.findings.take(found)
        self._show_first_finding()

    def _show_first_finding(self) -> None:
        findings = self.ring_up.findings
        count = len(findings.of_cart()) + sum(len(each) for each in findings.of_lines().values())
        text = ntr("{count} thing to settle before the payment.", "{count} things to settle before the payment.", count)
        self.view.toast.show_text(text)
        self.view.cart.focus_advice()

    @Slot()
    def _show_payment(self) -> None:
        now = self.paying.situation
        if now is None:
            return
        moved, self._stage = now.stage is not self._stage, now.stage
        waits = now.stage in IN_PROGRESS or now.view is None
        panel = self.view.payment if waits else self.view.outcome
        was_inside = holds_focus(panel)
        turned = self.view.turn_to(panel)
        self._show_commands()
        panel.show_situation(now, self._desk.tenders(), self._reviewed)
        self.view.bring_forward()
        self._tell_front(shown=self.isVisible())
        if turned:
            self.view.toast.hide()
        if turned or (moved and not waits) or (was_inside and not holds_focus(panel)):
            # A button that had the focus may be gone by now; then it must not be somewhere in the window.
            self.view.outcome.take_focus() if panel is self.view.outcome else panel.setFocus()
        if moved:
            announce(panel, panel.spoken)
            if not waits:
                # The cart was sold, or may be changed again.
                self.ringing.reload()

    @Slot(object)
    def _given_up(self, ended: Ended) -> None:
        if ended is Ended.CANCELLED and self._stage is Stage.CANCELLED and not self.paying.money_came:
            if self.paying.payment_id is not None:
                self.news.seen(self.paying.payment_id, End.CANCELLED)
            self._back_to_cart()
            self.view.toast.show_text(tr("The payment was cancelled. No money moved."))

    @Slot()
    def _held_back(self) -> None:
        self.view.payment.notice.show_text(
            Tone.WAITING,
            MessageText(
                tr("The payment can’t be moved to another way just now."),
                tr("It is not certain that the first checkout is closed."),
                tr("Do not charge again. Check now, or wait for the customer."),
            ),
        )

    @Slot(object)
    def _payment_refused(self, error: TillgateError) -> None:
        panel = self.view.payment if self.view.side is self.view.payment else self.view.outcome
        panel.notice.show_error(error)

    def _retry(self, tender: Tender) -> None:
        self._back_to_cart()
        self._pay_with(tender)

    @Slot()
    def _back_to_cart(self, *, answered: bool = True) -> None:
        if self.paying.payment_id is not None:
            self._dismissed.add(self.paying.payment_id)
        self._leave_payment(answered=answered)

    @Slot()
    def _next_sale(self) -> None:
        self._leave_payment(answered=True)
        self.view.finder.empty_search()

    @Slot()
    def _leave_payment(self, *, answered: bool = False) -> None:
        """The cart is in front again; a payment that is under way goes on without the screen."""
        if not self._shows_payment and self.view.side is self.view.cart:
            return
        self.news.front_was_left(answered=answered)
        self.paying.forget()
        self._stage = self._reviewed = None
        self.view.payment.notice.clear()
        self.view.outcome.notice.clear()
        self.view.show_side(self.view.cart)
        self._tell_front(shown=False)
        self.ringing.reload()
        self._show_commands()
        self._to_search()

    def _copy_link(self) -> None:
        now = self.paying.situation
        if now is not None and now.url:
            QGuiApplication.clipboard().setText(now.url)
            self.view.toast.show_text(tr("The link is copied."))

    @Slot(str)
    def _link_sent(self, address: str) -> None:
        self.view.toast.show_text(tr("The link goes to {address}.", address=shown(address, 80)))

    # What can be done

    def _show_tender(self) -> None:
        self.view.cart.ask_phone.setVisible(self._desk.asks_phones)
        if self._desk.tender() is not None or self._desk.asks_phones:
            self.view.cart.off.clear()
        else:
            self.view.cart.say_off(self._desk.open_settings)
        if not self._shows_payment:
            self.view.payment.show_ways(self._desk.tenders(), self._desk.tender())

    def _show_pay(self) -> None:
        cart = self.ringing.cart
        filled = cart is not None and bool(cart.lines)
        amount = self._desk.money(cart.totals.total) if cart is not None and filled else ""
        self.view.cart.show_pay(tr("Pay"), amount)

    def _show_commands(self) -> None:
        cart, side, stage = self.ringing.cart, self.view.side, self._stage
        on_cart = side is self.view.cart and cart is not None and not cart.locked
        filled = cart is not None and bool(cart.lines)
        situation = self.paying.situation
        waits = side is self.view.payment and situation is not None
        known = waits and self.paying.payment_id is not None and not self.paying.busy
        shows_link = waits and stage in PAYABLE and situation is not None and situation.url is not None
        rented = on_cart and cart is not None and any(line.start_on is not None for line in cart.lines)
        can = {
            Key.SEARCH: side is not self.view.payment,
            Key.CUSTOMER: on_cart,
            Key.MAIL: on_cart and cart is not None and cart.customer is not None,
            Key.HOLD: (filled and (on_cart or waits or stage is Stage.LATE)) or (waits and self.paying.reviewing),
            Key.RECALL: True,
            Key.QUANTITY: on_cart and filled,
            Key.RENTAL: rented,
            Key.REMOVE: on_cart and filled,
            Key.UPDATE: on_cart and filled,
            Key.CLEAR: on_cart and filled,
            Key.UNDO: on_cart and cart is not None and cart.undo is not None,
            Key.PAY: self._can_pay(on_cart=on_cart and filled),
            Key.ASK_PHONE: on_cart and filled and self._desk.asks_phones,
            Key.DONE: stage in SOLD and side is self.view.outcome,
            Key.OPEN_BROWSER: shows_link,
            Key.COPY_LINK: shows_link,
            Key.MAIL_LINK: shows_link and self.paying.can_send(Way.MAIL),
            Key.TEXT_LINK: shows_link and self.paying.can_send(Way.TEXT),
            Key.CHECK_NOW: known and stage is not Stage.CREATING,
            Key.CANCEL_PAYMENT: known and stage in _CANCELLABLE and self._waits_for_money,
        }
        for key, enabled in can.items():
            self._desk.commands.set_enabled(key, bool(enabled))

    @property
    def _waits_for_money(self) -> bool:
        now = self.paying.situation
        return now is not None and now.view is not None and now.view.waiting

    def _can_pay(self, *, on_cart: bool) -> bool:
        retry = self.view.side is self.view.outcome and self._stage in ENDED_WITHOUT_MONEY and self._reviewed is None
        return (on_cart or retry) and self._desk.tender() is not None
