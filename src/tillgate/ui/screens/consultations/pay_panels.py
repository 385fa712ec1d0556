"""What stands beside the bill before and after the payment: Pay with the warning of a duplicate, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from tillgate.domain.money import Money
from tillgate.i18n import mark, tr
from tillgate.services.consultation_replies import ActivePayment
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.paying import Situation
from tillgate.ui.screens.checkout.payment_panel import provider_words
from tillgate.ui.screens.checkout.stage_words import offers_exceptions, reason_of, words_at
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, SOLD, Stage
from tillgate.ui.screens.consultations.words import FEE_WORDS
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction, announce
from tillgate.ui.widgets.status_badge import StatusBadge

# Nobody answers what was not on the screen yet (erpnext#12645).
DEAF_MS: Final = 350
_ACTIVE: Final = mark("{amount}, begun at {time} by {person}. No second payment was begun.")
_REPLAYED: Final = mark("The payment was created before: {amount}, at {time} by {person}. No second one was begun.")
_AGAIN: Final = ENDED_WITHOUT_MONEY | {Stage.REFUNDED}


class _Panel(QFrame):
    """A raised card whose buttons are deaf for a moment after they came."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self._since = QElapsedTimer()
        self._since.start()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 22, 24, 20)
        self.column.setSpacing(10)

    def wake(self) -> None:
        """It has just come to the front."""
        self._since.start()

    def when_seen(self, act: Callable[[], object]) -> Callable[[], None]:
        """The same act, once a person can have seen what it answers."""

        def seen() -> None:
            if self._since.elapsed() >= DEAF_MS:
                act()

        return seen


class AskPanel(_Panel):
    """`pay_asked`, `back_asked`; `reopen_asked(ActivePayment)` and `show_asked(int)` answer the warning."""

    pay_asked = Signal()
    back_asked = Signal()
    reopen_asked = Signal(object)
    show_asked = Signal(int)

    def __init__(self, desk: CheckoutDesk, hint: str) -> None:
        super().__init__()
        self._desk = desk
        self.amount = BigAmount()
        self.message = plain_label(tone="accent", wrap=True)
        self.notice = InlineNotice()
        self.pay = Button(
            tr("Pay the fee"),
            tone=ButtonTone.PRIMARY,
            icon="credit-card",
            hint=hint,
            big=True,
            on_click=self.when_seen(self.pay_asked.emit),
        )
        self.back = Button(tr("Back to the list"), icon="arrow-left", on_click=self.back_asked.emit)
        self.column.addWidget(plain_label(tr("Payment confirmation"), "heading", wrap=True))
        self.column.addWidget(plain_label(tr("Consultation fee"), tone="muted"))
        for widget in (self.amount, self.message, self.notice):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addWidget(self.back)
        self.column.addWidget(self.pay)

    def show_fee(self, due: Money, *, can: bool) -> None:
        """Ready for a press."""
        self.amount.show_text(self._desk.money(due))
        self.pay.setVisible(can)
        self.show_working(working=False)

    def follow(self, due: Money, *, can: bool) -> None:
        """The bill was read again: what the next press asks for is what stands here, and there is none where nothing
        can be paid any more."""
        text = self._desk.money(due)
        if text != self.amount.text:
            self.amount.show_text(text)
            self.wake()
        if not can and not self.pay.isHidden():
            focused = self.pay.hasFocus()
            self.pay.hide()
            if focused:
                self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_working(self, *, working: bool) -> None:
        """Pay is disabled, and says so, while a press is under way."""
        if working and self.pay.hasFocus():
            # A button that is disabled gives the focus away; the next key would press what stands beside it.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.pay.setEnabled(not working)
        self.pay.show_text(tr("Processing…") if working else tr("Pay the fee"))
        set_text(self.message, tr("Processing the payment…") if working else "")
        self.message.setVisible(working)
        if working:
            self.notice.clear()

    def warn(self, first: ActivePayment, *, replayed: bool) -> None:
        """There is a payment already: which, how much, when, who; and the way to it, never to a second one."""
        told = tr(
            _REPLAYED if replayed else _ACTIVE,
            amount=self._desk.money(first.amount),
            time=self._desk.instant(first.created_at),
            person=first.taken_by or first.till_id,
        )
        if first.waiting:
            reopen = self.when_seen(lambda: self.reopen_asked.emit(first))
            way = NoticeAction(tr("Reopen the first checkout"), reopen, "external-link")
        else:
            show = self.when_seen(lambda: self.show_asked.emit(first.id))
            way = NoticeAction(tr("Show the payment"), show, "credit-card")
        self.notice.say(Tone.WAITING, tr("This fee’s payment was begun before (ID: {number}).", number=first.id), told,
                        [way])  # fmt: skip
        self.wake()
        self.pay.hide()
        if self.isVisible():
            # Where Pay was: what is answered now is the warning.
            self.notice.buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self.notice, self.notice.text)


class EndPanel(_Panel):
    """How the payment ended. `again_asked`, `back_asked`, `receipt_asked`, `invoice_asked`, `exceptions_asked`."""

    again_asked = Signal()
    back_asked = Signal()
    receipt_asked = Signal()
    invoice_asked = Signal()
    exceptions_asked = Signal()

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._stage: Stage | None = None
        self.badge = StatusBadge(FEE_WORDS[Stage.PAID].status)
        self.title = plain_label(role="heading", wrap=True)
        self.amount = BigAmount()
        self.what = plain_label(wrap=True)
        self.money = plain_label(role="strong", wrap=True)
        self.then = plain_label(tone="muted", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.receipt = Button(tr("Save receipt"), icon="download", on_click=self.receipt_asked.emit)
        self.invoice = Button(tr("Save invoice"), icon="file-text", on_click=self.invoice_asked.emit)
        self.exceptions = Button(tr("Open Exceptions"), icon="shield-alert", on_click=self.exceptions_asked.emit)
        again = self.when_seen(self.again_asked.emit)
        self.again = Button(tr("Try again"), tone=ButtonTone.PRIMARY, icon="rotate-ccw", on_click=again)
        done = self.when_seen(self.back_asked.emit)
        self.back = Button(tr("Back to the list"), icon="arrow-left", on_click=done)
        self._lay_out()

    def _lay_out(self) -> None:
        self.column.addWidget(self.title)
        self.column.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.amount, self.what, self.money, self.then, self.notice):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        papers = FlowLayout()
        for button in (self.receipt, self.invoice, self.exceptions):
            papers.addWidget(button)
        self.column.addLayout(papers)
        ways = QHBoxLayout()
        for button in (self.back, self.again):
            ways.addWidget(button, 1)
        self.column.addLayout(ways)

    def show_situation(self, now: Situation) -> None:
        """Show what came of it."""
        view, stage = now.view, now.stage
        if view is None:
            return
        words = words_at(FEE_WORDS, stage, view)
        if stage is not self._stage:
            self._stage = stage
            self.wake()
        self.amount.show_text(self._desk.money(now.amount))
        texts = {"provider": provider_words(now), "amount": self.amount.text}
        self.badge.show_status(words.status)
        set_text(self.title, tr(words.title, **texts))
        told = "" if stage in SOLD else reason_of(view)
        for label, text in ((self.what, told or tr(words.what, **texts)), (self.money, words.money),
                            (self.then, words.then)):  # fmt: skip
            set_text(label, text if label is self.what or not text else tr(text, **texts))
            label.setVisible(bool(text))
        desk = self._desk
        self.receipt.setVisible(stage in SOLD and desk.save_receipt is not None)
        self.invoice.setVisible(stage in SOLD and desk.save_invoice is not None)
        self.exceptions.setVisible(offers_exceptions(stage, desk))
        self.again.setVisible(stage in _AGAIN)
        self.setAccessibleName(self.spoken)

    @property
    def spoken(self) -> str:
        """The outcome in words, for the screen reader."""
        texts = (self.title.text(), self.amount.text, self.what.text(), self.money.text(), self.then.text())
        return "\n".join(text for text in texts if text)

    def take_focus(self) -> None:
        """Put the focus on what Enter should do."""
        (self.back if self.again.isHidden() else self.again).setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def forget(self) -> None:
        """The next outcome is another's."""
        self._stage = None
        self.notice.clear()
