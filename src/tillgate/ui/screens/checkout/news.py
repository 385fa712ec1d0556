"""How payments of this till ended that nobody has seen: kept loaded, shown in a bar, put away when they were seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.payment_end import NEEDS_MANAGER, End
from tillgate.services.payment_news import PaymentNews, acknowledge, list_news
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.news_bar import NewsBar, NewsDialog

# Another process on the same books may settle a payment of this till too.
LOOK_MS: Final = 15_000
TOLD_WITHIN_MS: Final = 150
# Less than this on the screen is not seen.
SEEN_MS: Final = 300


class News(QObject):
    """`asked(PaymentNews)` for one to show. What is in front of the cashier anyway is not said in the bar too."""

    asked = Signal(object)

    def __init__(self, desk: CheckoutDesk, screen: QWidget) -> None:
        super().__init__(screen)
        self._desk, self._screen = desk, screen
        self._news: tuple[PaymentNews, ...] = ()
        self._reading = self._again = False
        self._front: tuple[int, End | None] | None = None
        self._elsewhere: dict[int, tuple[End | None, QElapsedTimer]] = {}
        self._since = QElapsedTimer()
        self.bar = NewsBar(desk)
        self.bar.show_asked.connect(self.show_next)
        self.bar.dismissed.connect(self._dismiss)
        if desk.put_above is not None:
            desk.put_above(self.bar, self.show_next)
        else:
            self.bar.setParent(screen)
        # It stands outside the screen, and goes with it.
        screen.destroyed.connect(self.bar.deleteLater)
        kinds = {Kind.PAYMENT, Kind.REFUND, Kind.ORDER, Kind.EXCEPTION, Kind.CART}
        desk.tasks.watch(self, kinds, lambda _changes: self.load(), within_ms=TOLD_WITHIN_MS)
        timer = QTimer(self)
        timer.timeout.connect(self.load)
        timer.start(LOOK_MS)

    @property
    def waiting(self) -> tuple[PaymentNews, ...]:
        """What the bar says."""
        front = self._front[0] if self._front is not None else None
        return tuple(each for each in self._news if each.payment_id != front and not self._told_elsewhere(each))

    @Slot()
    def load(self) -> None:
        """Read what nobody has seen yet."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        till, actor = self._desk.till, self._desk.actor
        # Not read now, as after signing out: it is read again by the next change.
        self._desk.tasks.run(
            self, lambda: list_news(till, actor), self._take, lambda _error: self._read(), label="news"
        )

    def put_in_front(self, payment_id: int | None, end: End | None) -> None:
        """The payment that the cashier looks at, and what its panel says of its end."""
        front = (payment_id, end) if payment_id is not None else None
        if front != self._front:
            self._front = front
            self._since.start()
            self._show()

    def front_was_left(self, *, answered: bool) -> None:
        """Something else comes in front: what was `answered` has been seen, and what stood there long enough."""
        if self._front is not None and (answered or self._since.elapsed() >= SEEN_MS):
            self.seen(*self._front)

    def put_elsewhere(self, fronts: Mapping[int, End | None]) -> None:
        """The payments that another screen than this one shows, and their ends there; none once it shows none. What
        stood there long enough has been seen."""
        before = self._elsewhere
        if fronts == {payment_id: end for payment_id, (end, _since) in before.items()}:
            return
        self._elsewhere = {payment_id: _standing(before.get(payment_id), end) for payment_id, end in fronts.items()}
        for payment_id, (end, since) in before.items():
            if payment_id not in fronts and since.elapsed() >= SEEN_MS:
                self.seen(payment_id, end)
        self._show()

    def _told_elsewhere(self, news: PaymentNews) -> bool:
        """What another screen has told; of what it still waits for it will tell how it ends, but not what is amiss."""
        told = self._elsewhere.get(news.payment_id)
        return told is not None and (told[0] is not None or news.end not in NEEDS_MANAGER)

    def seen(self, payment_id: int, end: End | None) -> None:
        """Somebody has seen how a payment ended."""
        if end is not None:
            self._put_away([(payment_id, end)])

    @Slot()
    def show_next(self) -> None:
        """Show what the bar says: the payment, or the list of several."""
        waiting = self.waiting
        if len(waiting) == 1:
            self._show_one(waiting[0])
        elif waiting:
            NewsDialog(self._screen.window(), self._desk, waiting, self._show_one, self._dismiss).open()

    def _show_one(self, news: PaymentNews) -> None:
        if news.cart_id is not None or self._desk.show_payment is None:
            self.asked.emit(news)
            return
        # What is for no cart is not the checkout's to show.
        self._desk.show_payment(news.payment_id)
        self.seen(news.payment_id, news.end)

    @Slot()
    def _dismiss(self) -> None:
        self._put_away([(each.payment_id, each.end) for each in self.waiting])

    def _put_away(self, seen: Sequence[tuple[int, End]]) -> None:
        till, actor, ends = self._desk.till, self._desk.actor, set(seen)
        self._news = tuple(each for each in self._news if (each.payment_id, each.end) not in ends)
        self._show()
        # What could not be noted stays news: the next look brings it back.
        self._desk.tasks.run(
            self,
            lambda: acknowledge(till, actor, seen),
            lambda _count: self.load(),
            lambda _e: self.load(),
            label="seen",
        )

    def _take(self, news: tuple[PaymentNews, ...]) -> None:
        self._news = news
        self._show()
        self._read()

    def _read(self) -> None:
        self._reading = False
        if self._again:
            self._again = False
            self.load()

    def _show(self) -> None:
        self.bar.show_news(self.waiting)


def _standing(before: tuple[End | None, QElapsedTimer] | None, end: End | None) -> tuple[End | None, QElapsedTimer]:
    """An end with how long it has been shown."""
    if before is not None and before[0] is end:
        return before
    since = QElapsedTimer()
    since.start()
    return end, since
