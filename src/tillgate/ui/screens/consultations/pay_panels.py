"""What stands beside the bill before the payment: Pay, with the warning of a duplicate."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal

from tillgate.domain.money import Money
from tillgate.i18n import mark, tr
from tillgate.services.consultation_replies import ActivePayment
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.end_panel import Card
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction, announce

_ACTIVE: Final = mark("{amount}, begun at {time} by {person}. No second payment was begun.")
_REPLAYED: Final = mark("The payment was created before: {amount}, at {time} by {person}. No second one was begun.")


class AskPanel(Card):
    """`pay_asked`, `back_asked`; `reopen_asked(ActivePayment)` and `show_asked(int)` answer the warning."""

    pay_asked = Signal()
    back_asked = Signal()
    reopen_asked = Signal(object)
    show_asked = Signal(int)

    def __init__(self, desk: CheckoutDesk, hint: str, leave_hint: str) -> None:
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
        self.back = Button(tr("Back to the list"), icon="arrow-left", hint=leave_hint, on_click=self.back_asked.emit)
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
