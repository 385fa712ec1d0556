"""How a payment ended: the sale with its orders, or what happened, whether money moved, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from tillgate.domain.documents import PaidBy
from tillgate.domain.money import Money
from tillgate.domain.orders import CartState
from tillgate.domain.payment import RefundState
from tillgate.i18n import tr, words_of
from tillgate.labels import paid_through
from tillgate.services.payment_news import PaymentNews
from tillgate.services.payment_views import PaymentView
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.desk import CheckoutDesk, Tender
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.news_words import whose
from tillgate.ui.screens.checkout.order_cards import OrderCards
from tillgate.ui.screens.checkout.paying import Situation
from tillgate.ui.screens.checkout.payment_panel import provider_words
from tillgate.ui.screens.checkout.refund_steps import StepsView, refusal_text, steps_of
from tillgate.ui.screens.checkout.stage_words import FOR_MANAGER, WORDS, offers_exceptions, reason_of, words_at
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, SOLD, Stage
from tillgate.ui.screens.checkout.tender_list import TenderList
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import IconLabel, line, plain_label, set_text, set_tone
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import StatusBadge

# Nobody answers what was not on the screen yet (erpnext#12645); keys of the state before are not meant for this one.
_DEAF_MS: Final = 350
_REFUNDS: Final = frozenset({Stage.REFUNDING, Stage.REFUND_STUCK, Stage.REFUNDED})
_RETRY: Final = ENDED_WITHOUT_MONEY
# As it is printed on the key, in every language.
_ENTER: Final = "Enter"
_ICONS: Final = {
    "settled": "circle-check",
    "failed": "circle-x",
    "waiting": "triangle-alert",
    "draft": "circle-minus",
    "neutral": "corner-up-left",
}


class OutcomePanel(QFrame):
    """`next_asked` for another sale, `retry_asked(Tender)` to take this cart's payment anew, `back_asked` to the cart,
    `receipt_asked`, `print_asked`, `invoice_asked(int)`, `recall_asked` for the held cart of a payment shown apart."""

    next_asked = Signal()
    retry_asked = Signal(object)
    back_asked = Signal()
    receipt_asked = Signal()
    print_asked = Signal()
    invoice_asked = Signal(int)
    recall_asked = Signal()

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._tender: Tender | None = None
        self._shown_stage: Stage | None = None
        self._since = QElapsedTimer()
        self.setProperty("surface", "raised")
        self._icon = IconLabel("circle-check", "settled", 44)
        self.badge = StatusBadge(WORDS[Stage.PAID].status)
        self.title = plain_label(role="heading", wrap=True)
        self.amount = BigAmount()
        self.whose = plain_label(role="strong", wrap=True)
        self.through = plain_label(tone="muted", wrap=True)
        self.what = plain_label(wrap=True)
        self.money = plain_label(role="strong", wrap=True)
        self.then = plain_label(tone="muted", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.steps = StepsView(desk)
        self.orders = OrderCards(desk)
        self.orders.invoice_asked.connect(self.invoice_asked)
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        desk = self._desk
        self.print = Button(tr("Print receipt"), icon="printer", on_click=self.print_asked.emit)
        self.save = Button(tr("Save receipt"), icon="download", on_click=self.receipt_asked.emit)
        self.print.setVisible(desk.print_receipt is not None)
        self.save.setVisible(desk.save_receipt is not None)
        self.exceptions = Button(tr("Open Exceptions"), icon="shield-alert", on_click=self._to_exceptions)
        self.hold = Button(tr("Hold the cart"), icon="pause", on_click=desk.commands.action(Key.HOLD).trigger)
        self.tenders = TenderList()
        self.tenders.chosen.connect(self.retry_asked)
        again = self._on(self._retry)
        self.retry = Button(tr("Try again"), tone=ButtonTone.PRIMARY, icon="rotate-ccw", on_click=again)
        self.recall = Button(tr("Recall the cart"), icon="play", on_click=self._on(self.recall_asked.emit))
        self.back = Button(tr("Back to the cart"), icon="arrow-left", on_click=self._on(self.back_asked.emit))
        go_on = self._on(self.next_asked.emit)
        self.next = Button(tr("Next sale"), tone=ButtonTone.PRIMARY, big=True, hint=_ENTER, on_click=go_on)

    def _lay_out(self) -> None:
        page = QWidget()
        page.setProperty("page", "true")
        body = QVBoxLayout(page)
        body.setContentsMargins(20, 18, 20, 8)
        body.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self.title)
        texts.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        head.addLayout(texts, 1)
        body.addLayout(head)
        body.addWidget(self.amount)
        for widget in (
            self.whose,
            self.through,
            self.what,
            self.money,
            self.then,
            self.notice,
            self.steps,
            self.orders,
        ):
            body.addWidget(widget)
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 14)
        column.setSpacing(8)
        column.addWidget(scroll, 1)
        column.addWidget(line())
        column.addLayout(self._buttons())

    def _buttons(self) -> QVBoxLayout:
        papers = QHBoxLayout()
        papers.setSpacing(8)
        for button in (self.print, self.save, self.exceptions, self.hold):
            papers.addWidget(button, 1)
        ways = QHBoxLayout()
        ways.setSpacing(8)
        for button in (self.back, self.recall, self.retry):
            ways.addWidget(button, 1)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(20, 4, 20, 0)
        buttons.setSpacing(8)
        buttons.addLayout(papers)
        buttons.addWidget(self.tenders)
        buttons.addLayout(ways)
        buttons.addWidget(self.next)
        return buttons

    # What is shown

    def show_situation(self, now: Situation, tenders: Sequence[Tender], apart: PaymentNews | None = None) -> None:
        """Show how the payment ended; `apart` where it is not of the cart that is being rung up."""
        view = now.view
        if view is None:
            return
        if now.stage is not self._shown_stage:
            self._shown_stage = now.stage
            self._since.start()
        ways = tenders if apart is None else ()
        self._tender = next((each for each in ways if each == now.tender), ways[0] if ways else None)
        words = words_at(WORDS, now.stage, view)
        self.amount.show_text(self._desk.money(now.amount))
        texts = {"provider": provider_words(now), "amount": self.amount.text, "refund": self._refunded(view)}
        tone = words.status.tone.value
        self._icon.show_icon(_ICONS.get(tone, "info"), "muted" if tone in {"draft", "neutral"} else tone)
        self.badge.show_status(words.status)
        set_text(self.title, tr(words.title, **texts))
        reason = refusal_text(view.payment.ended_reason or "") if now.stage in _REFUNDS else reason_of(view)
        self._say(self.what, "" if now.stage is Stage.PAID else reason or tr(words.what, **texts))
        money = tr(words.money, **texts) if words.money else ""
        then = tr(words.then, **texts) if words.then else ""
        alarming = now.stage in FOR_MANAGER
        self._say(self.money, " ".join((money, then)) if alarming else money)
        set_tone(self.money, "waiting" if alarming else "")
        self._say(self.then, "" if alarming else then)
        self._say(self.whose, tr("For the cart of {cart}", cart=whose(apart)) if apart is not None else "")
        self._say(self.through, self._through(view) if now.stage in SOLD else "")
        self._show_parts(now, view)
        self._show_ways(now.stage, ways, apart)
        self.setAccessibleName(self.spoken)

    def _show_parts(self, now: Situation, view: PaymentView) -> None:
        paid, stage = now.stage in SOLD, now.stage
        self.steps.setVisible(stage in _REFUNDS)
        if stage in _REFUNDS:
            self.steps.show_steps(steps_of(view, self.amount.text))
        self.orders.setVisible(paid)
        self.orders.show_orders(now.seen.orders if paid and now.seen is not None else ())
        self.print.setVisible(paid and self._desk.print_receipt is not None)
        self.save.setVisible(paid and self._desk.save_receipt is not None)
        self.badge.setVisible(stage is not Stage.PAID)
        self.exceptions.setVisible(offers_exceptions(stage, self._desk))

    def _show_ways(self, stage: Stage, tenders: Sequence[Tender], apart: PaymentNews | None) -> None:
        """What the cashier can go on with."""
        paid = stage in SOLD
        self.next.setVisible(paid)
        self.next.show_text(tr("Next sale") if apart is None else tr("Back to the sale"))
        self.hold.setVisible(stage is Stage.LATE and apart is None)
        self.back.setVisible(not paid and (stage is not Stage.LATE or apart is not None))
        self.back.show_text(tr("Back to the cart") if apart is None else tr("Back to the sale"))
        self.recall.setVisible(apart is not None and not paid and apart.cart_state is CartState.HELD)
        self.retry.setVisible(stage in _RETRY and self._tender is not None)
        self.tenders.show_tenders([each for each in tenders if each != self._tender] if stage in _RETRY else [])

    def _refunded(self, view: PaymentView) -> str:
        """What went back, or is on its way."""
        back = sum(each.amount_minor for each in view.refunds if each.state is not RefundState.FAILED)
        return self._desk.money(Money(back, view.payment.currency))

    def _through(self, view: PaymentView) -> str:
        taken = next((each for each in view.captures if each.main), None)
        if taken is None:
            return ""
        paid = PaidBy(taken.provider, taken.method, taken.provider_ref, view.payment.captured_at)
        return tr("Paid with {way}", way=paid_through(words_of(self._desk.language), paid))

    def _say(self, label: QLabel, text: str) -> None:
        set_text(label, text)
        label.setVisible(bool(text))

    @property
    def spoken(self) -> str:
        """The outcome in words, for the screen reader."""
        labels = (self.title, self.whose, self.through, self.what, self.money, self.then)
        texts = [label.text() for label in labels if not label.isHidden()]
        return "\n".join([texts[0], self.amount.text, *texts[1:]])

    # What is pressed

    def take_focus(self) -> None:
        """Put the focus on what Enter should do."""
        main = next((button for button in (self.next, self.retry, self.back, self.hold) if button.isVisible()), self)
        main.setFocus(Qt.FocusReason.OtherFocusReason)

    def complete(self) -> bool:
        """F12: on with the next sale, where there is nothing left to do here."""
        if self.next.isHidden():
            return False
        self.next.click()
        return True

    def _on(self, act: Callable[[], object]) -> Callable[[], None]:
        def when_seen() -> None:
            if self._since.isValid() and self._since.elapsed() >= _DEAF_MS:
                act()

        return when_seen

    def _retry(self) -> None:
        if self._tender is not None:
            self.retry_asked.emit(self._tender)

    def _to_exceptions(self) -> None:
        if self._desk.open_exceptions is not None:
            self._desk.open_exceptions()
