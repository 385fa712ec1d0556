"""The payment on the screen: started once however often Pay is pressed, looked at while it lasts, moved or given up.

Nothing here waits, and the provider is only called from the work lane; the timer lane settles in the background, so a
look is a read of our own books.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import NotAllowed, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.domain.staff import Actor
from tillgate.services import carts
from tillgate.services.cancel import CancelResult, Ended, cancel, switch
from tillgate.services.cart_view import CartView
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.link_notices import Way, address_of, send_link
from tillgate.services.order_reads import OrderDetail, list_orders_of
from tillgate.services.payment_views import PaymentView, view_payment
from tillgate.services.payments import Started
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.checkout.desk import ORIGIN, CheckoutDesk, Tender, tender_of
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, Stage, stage_of

T = TypeVar("T")

LOOK_MS: Final = 1_500


class Browser(StrEnum):
    """What became of showing the checkout in the system's browser."""

    UNTRIED = "untried"
    OPENED = "opened"
    FAILED = "failed"


class Doing(StrEnum):
    """The press that is under way."""

    NOTHING = "nothing"
    STARTING = "starting"
    CHECKING = "checking"
    SENDING = "sending"
    CANCELLING = "cancelling"
    SWITCHING = "switching"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at our books."""

    view: PaymentView
    orders: tuple[OrderDetail, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the panels show of a payment. `seen` is None until the first look; `back_at` is when its page was
    left that was opened again since."""

    stage: Stage
    amount: Money
    tender: Tender
    since: datetime
    doing: Doing = Doing.NOTHING
    browser: Browser = Browser.UNTRIED
    seen: Seen | None = None
    back_at: datetime | None = None

    @property
    def view(self) -> PaymentView | None:
        """The payment as it was last seen."""
        return self.seen.view if self.seen else None

    @property
    def left(self) -> bool:
        """Whether the page was left without paying, and nobody opened it again."""
        return self.view is not None and self.view.left_at not in (None, self.back_at)

    @property
    def url(self) -> str | None:
        """Where the customer pays."""
        return self.view.url if self.view else None


class Paying(QObject):
    """`changed` when there is something new to show; `ended(Ended)` after Cancel; `held_back` when a switch was not
    possible; `refused(TillgateError)` when a press could not be done; `not_started(TillgateError)` when Pay could not;
    `link_sent(address)` when the link is on its way to the customer.
    """

    changed = Signal()
    ended = Signal(object)
    held_back = Signal()
    refused = Signal(object)
    not_started = Signal(object)
    link_sent = Signal(str)

    def __init__(self, desk: CheckoutDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._act = OneAtATime(desk.tasks, self)
        self._press: tuple[int, int, str, str] | None = None
        self._cart_id: int | None = None
        self._payment_id: int | None = None
        self._opened: set[int] = set()
        self._opens = False
        self._turn = 0
        self._looking = self._look_again = False
        self._after_look: Callable[[], object] | None = None
        self.situation: Situation | None = None
        # What is shown is another payment than the open cart's.
        self.reviewing = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        kinds = {Kind.PAYMENT, Kind.REFUND, Kind.ORDER, Kind.INVOICE, Kind.EXCEPTION}
        desk.tasks.watch(self, kinds, lambda _changes: self.look())

    # Presses

    def begin(self, cart: CartView, tender: Tender) -> bool:
        """Put the cart up for payment; False, and nothing happens, while another press is under way."""
        if self._act.running:
            return False
        key = self._key_for(cart, tender)
        now = self._desk.till.clock.now()
        self._show_first(cart.id, None, cart.totals.total, tender, now, doing=Doing.STARTING)
        self._opens = True
        till, actor = self._desk.till, self._desk.actor

        def start() -> Started:
            return put_up_for_payment(
                till,
                actor,
                cart.id,
                key=key,
                provider=tender.provider,
                method=tender.method,
                email_wanted=bool(cart.mail_to),
            )

        return self._do(Doing.STARTING, start, self._started, self._start_failed)

    @property
    def money_came(self) -> bool:
        """Whether any money came for the payment on the screen, used or not."""
        view = self.situation.view if self.situation is not None else None
        return view is not None and bool(view.captures)

    def reopen(self, cart: CartView, payment_id: int) -> None:
        """Show a payment that is under way already, as after a restart; its browser page is not opened again."""
        if self._payment_id == payment_id and self.situation is not None:
            self.look()
            return
        tender = self._desk.tender() or tender_of("", "")
        self._show_first(cart.id, payment_id, cart.totals.total, tender, self._desk.till.clock.now())
        self._opens = False
        self.look()

    def review(self, payment_id: int, cart_id: int | None) -> None:
        """Show a payment that is not the open cart's: how it ended, with its orders."""
        self.forget()
        self.reviewing, self._opens, turn = True, False, self._turn
        till, actor = self._desk.till, self._desk.actor

        def read() -> Seen:
            return _look_at(till, actor, payment_id)

        def show(seen: Seen) -> None:
            if turn == self._turn:
                payment = seen.view.payment
                self._payment_id, self._cart_id = payment_id, cart_id
                tender = self._desk.tender() or tender_of("", "")
                self.situation = Situation(stage_of(seen.view), payment.amount, tender, payment.created_at)
                self._timer.start()
                self._take(seen)

        def failed(error: TillgateError) -> None:
            if turn == self._turn:
                self.reviewing = False
                self.not_started.emit(error)

        self._desk.tasks.run(self, read, show, failed, label="payment")

    def check(self) -> None:
        """Ask the provider at once."""
        till, actor, payment_id = self._desk.till, self._desk.actor, self._payment_id
        if payment_id is not None:
            self._do(Doing.CHECKING, lambda: check_now(till, actor, payment_id), lambda _payment: None)

    def send_link(self, way: Way) -> None:
        """Have the link sent to the customer."""
        till, actor, payment_id = self._desk.till, self._desk.actor, self._payment_id
        if payment_id is not None:
            self._do(Doing.SENDING, lambda: send_link(till, actor, payment_id, way), self.link_sent.emit)

    def cancel(self) -> None:
        """Give the payment up; the provider has the last word."""
        till, actor, payment_id = self._desk.till, self._desk.actor, self._payment_id
        if payment_id is None:
            return

        def done(result: CancelResult) -> None:
            self._after_look = lambda: self.ended.emit(result.ended)

        self._do(Doing.CANCELLING, lambda: cancel(till, actor, payment_id), done)

    def switch(self, tender: Tender) -> None:
        """Move the payment to another way to pay: the old one is closed first."""
        till, actor, payment_id = self._desk.till, self._desk.actor, self._payment_id
        if payment_id is None or self.situation is None:
            return
        view = self.situation.view
        before = view.attempt.id if view is not None and view.attempt is not None else None
        self._opens = True

        def done(result: CancelResult) -> None:
            self._after_look = lambda: self._switched(before, result)

        self._do(Doing.SWITCHING, lambda: switch(till, actor, payment_id, tender.provider, tender.method), done)

    def open_browser(self) -> None:
        """Show the checkout in the system's browser."""
        if self.situation is not None and self.situation.url:
            turn = self._turn
            self._change(back_at=self.situation.view.left_at if self.situation.view else None)

            def tried(opened: bool) -> None:
                if turn == self._turn:
                    self._change(browser=Browser.OPENED if opened else Browser.FAILED)

            # Finding the system's browser asks other programs.
            self._desk.tasks.run(self, partial(self._desk.open_url, self.situation.url), tried)

    def forget(self) -> None:
        """The screen has nothing to do with this payment any more; the timer lane goes on with it."""
        self._turn += 1
        self._timer.stop()
        self._press = self._cart_id = self._payment_id = self._after_look = None
        self._opened.clear()
        self.situation = None
        self.reviewing = False
        # A call that is still on its way is no reason to make the next customer wait.
        self._act = OneAtATime(self._desk.tasks, self)

    def can_send(self, way: Way) -> bool:
        """Whether there is a link, and a place to send it to."""
        view = self.situation.view if self.situation is not None else None
        return view is not None and not self.busy and bool(address_of(self._desk.till, view, way))

    @property
    def payment_id(self) -> int | None:
        """The payment shown."""
        return self._payment_id

    @property
    def cart_id(self) -> int | None:
        """The cart that the payment shown is for."""
        return self._cart_id

    @property
    def busy(self) -> bool:
        """Whether a press is under way."""
        return self._act.running

    # One press at a time

    def _key_for(self, cart: CartView, tender: Tender) -> str:
        """The key of this press of Pay: the same for the same cart as it stands, until its attempt has ended."""
        wanted = (cart.id, cart.version, tender.key)
        ended = self.situation is not None and self.situation.stage in ENDED_WITHOUT_MONEY | {Stage.REFUNDED}
        if self._press is None or self._press[:3] != wanted or ended:
            self._press = (*wanted, new_key())
        return self._press[3]

    def _show_first(
        self,
        cart_id: int | None,
        payment_id: int | None,
        amount: Money,
        tender: Tender,
        since: datetime,
        *,
        doing: Doing = Doing.NOTHING,
    ) -> None:
        self._turn += 1
        self._cart_id, self._payment_id = cart_id, payment_id
        self._after_look = None
        self._opened.clear()
        self.situation = Situation(Stage.CREATING, amount, tender, since, doing)
        self._timer.start()
        self.changed.emit()

    def _do(
        self,
        doing: Doing,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[TillgateError], object] | None = None,
    ) -> bool:
        turn = self._turn

        def finish(value: T) -> None:
            self._desk.tasks.broadcast(Changes.of(Kind.PAYMENT, Kind.CART, Kind.ORDER, origin=ORIGIN))
            if turn == self._turn:
                self._change(doing=Doing.NOTHING)
                done(value)
                self.look()

        def fail(error: TillgateError) -> None:
            if turn == self._turn:
                self._change(doing=Doing.NOTHING)
                (failed or self.refused.emit)(error)
                self.look()

        if self._act.running:
            return False
        # Shown first: the work competes for the interpreter.
        self._change(doing=doing)
        return self._act.run(work, finish, fail, label=f"payment.{doing.value}")

    def _started(self, started: Started) -> None:
        self._payment_id = started.payment.id

    def _start_failed(self, error: TillgateError) -> None:
        live = error.values.get("payment")
        if error.code in {"already_being_paid", "cart_in_payment"} and isinstance(live, int):
            self._payment_id = live
            return
        key = self._press
        self.forget()
        # The same press again is the same payment, should this one have been written down after all.
        self._press = key
        self.not_started.emit(error)

    def _switched(self, before: int | None, result: CancelResult) -> None:
        view = self.situation.view if self.situation is not None else None
        now = view.attempt.id if view is not None and view.attempt is not None else None
        if now == before and result.ended is not Ended.PAID:
            self.held_back.emit()

    # Looks

    @Slot()
    def look(self) -> None:
        """Read how the payment stands; cheap, and only one look at a time."""
        if self.situation is None:
            return
        if self._looking:
            self._look_again = True
            return
        self._looking, turn = True, self._turn
        read = self._reader()
        self._desk.tasks.run(
            self, read, lambda seen: self._seen(turn, seen), lambda error: self._not_seen(turn, error), label="payment"
        )

    def _reader(self) -> Callable[[], Seen | None]:
        till, actor = self._desk.till, self._desk.actor
        payment_id, cart_id = self._payment_id, self._cart_id

        def read() -> Seen | None:
            # While the create is under way its payment is written down already: the cart names it.
            found = payment_id
            if found is None and cart_id is not None:
                found = carts.view_cart(till, actor, cart_id).payment_id
            if found is None:
                return None
            return _look_at(till, actor, found)

        return read

    def _seen(self, turn: int, seen: Seen | None) -> None:
        self._looking = False
        again, self._look_again = self._look_again, False
        if turn == self._turn and seen is not None:
            self._take(seen)
        if again or turn != self._turn:
            self.look()
        elif self._after_look is not None and not self.busy:
            after, self._after_look = self._after_look, None
            after()

    def _not_seen(self, turn: int, error: TillgateError) -> None:
        self._looking = self._look_again = False
        if turn != self._turn:
            self.look()
        elif isinstance(error, NotAllowed):
            # Nobody is signed in any more; the shell shows the door.
            self._timer.stop()
        elif not isinstance(error, Unavailable):
            self.refused.emit(error)

    def _take(self, seen: Seen) -> None:
        if self.situation is None:
            return
        self._payment_id = seen.view.payment.id
        stage = stage_of(seen.view)
        if self.situation.doing is Doing.STARTING and seen.view.payment.state is PaymentState.CREATED:
            # Our own call is still on its way: that is no missing answer.
            stage = Stage.CREATING
        attempt = seen.view.attempt
        tender = tender_of(attempt.provider, attempt.method) if attempt is not None else self.situation.tender
        since = attempt.created_at if attempt is not None else seen.view.payment.created_at
        self._change(stage=stage, amount=seen.view.payment.amount, tender=tender, since=since, seen=seen)
        if attempt is not None and seen.view.url and attempt.id not in self._opened:
            self._opened.add(attempt.id)
            if self._opens:
                self.open_browser()
            else:
                self._change(browser=Browser.UNTRIED)

    def _change(self, **values: Any) -> None:
        """Show what is different, if anything is."""
        if self.situation is None:
            return
        after = replace(self.situation, **values)
        if after != self.situation:
            self.situation = after
            self.changed.emit()


def _look_at(till: Till, actor: Actor, payment_id: int) -> Seen:
    view = view_payment(till, actor, payment_id)
    made = view.payment.fulfilment is Fulfilment.DONE
    return Seen(view, list_orders_of(till, actor, payment_id) if made else ())
