"""How a payment that is for no cart ended, and what can be done then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from tillgate.i18n import tr
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.paying import Situation
from tillgate.ui.screens.checkout.payment_panel import provider_words
from tillgate.ui.screens.checkout.stage_words import Words, offers_exceptions, reason_of, words_at
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, SOLD, Stage
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import StatusBadge

# Nobody answers what was not on the screen yet (erpnext#12645).
DEAF_MS: Final = 350
_AGAIN: Final = ENDED_WITHOUT_MONEY | {Stage.REFUNDED}


class Card(QFrame):
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


class EndPanel(Card):
    """How the payment ended, in the words of what was paid. `again_asked`, `back_asked`, `print_asked`,
    `receipt_asked`, `invoice_asked`, `exceptions_asked`; `repeats` says whether there is a way to try again at all."""

    again_asked = Signal()
    back_asked = Signal()
    print_asked = Signal()
    receipt_asked = Signal()
    invoice_asked = Signal()
    exceptions_asked = Signal()

    def __init__(self, desk: CheckoutDesk, words: Mapping[Stage, Words], back: str) -> None:
        super().__init__()
        self._desk = desk
        self.words = words
        self.repeats = True
        self._stage: Stage | None = None
        self.badge = StatusBadge(words[Stage.PAID].status)
        self.title = plain_label(role="heading", wrap=True)
        self.amount = BigAmount()
        self.what = plain_label(wrap=True)
        self.money = plain_label(role="strong", wrap=True)
        self.then = plain_label(tone="muted", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.print = Button(tr("Print receipt"), icon="printer", on_click=self.print_asked.emit)
        self.receipt = Button(tr("Save receipt"), icon="download", on_click=self.receipt_asked.emit)
        self.invoice = Button(tr("Save invoice"), icon="file-text", on_click=self.invoice_asked.emit)
        self.exceptions = Button(tr("Open Exceptions"), icon="shield-alert", on_click=self.exceptions_asked.emit)
        again = self.when_seen(self.again_asked.emit)
        self.again = Button(tr("Try again"), tone=ButtonTone.PRIMARY, icon="rotate-ccw", on_click=again)
        done = self.when_seen(self.back_asked.emit)
        self.back = Button(back, icon="arrow-left", on_click=done)
        self._lay_out()

    def _lay_out(self) -> None:
        self.column.addWidget(self.title)
        self.column.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.amount, self.what, self.money, self.then, self.notice):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        papers = FlowLayout()
        for button in (self.print, self.receipt, self.invoice, self.exceptions):
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
        words = words_at(self.words, stage, view)
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
        self.print.setVisible(stage in SOLD and desk.print_receipt is not None)
        self.receipt.setVisible(stage in SOLD and desk.save_receipt is not None)
        self.invoice.setVisible(stage in SOLD and desk.save_invoice is not None)
        self.exceptions.setVisible(offers_exceptions(stage, desk))
        self.again.setVisible(self.repeats and stage in _AGAIN)
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
