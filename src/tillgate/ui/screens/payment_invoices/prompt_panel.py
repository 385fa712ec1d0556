"""A phone being asked: what is awaited, how long it lasts yet, why it was not paid, and everything that can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tillgate.domain.payment_invoice import PROMPT_STANDS, InvoiceStatus, masked_phone
from tillgate.i18n import tr
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.paying import Doing, Situation
from tillgate.ui.screens.checkout.payment_panel import provider_words
from tillgate.ui.screens.checkout.stage_words import FOR_MANAGER, reason_of, words_at
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, HELD, IN_PROGRESS, Stage
from tillgate.ui.screens.payment_invoices.countdown import CountdownLabel
from tillgate.ui.screens.payment_invoices.sides import verb_button
from tillgate.ui.screens.payment_invoices.words import PROMPT_WORDS
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import ElapsedLabel, ElidedLabel, plain_label, set_text, set_tone
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.scrolling import scrolled
from tillgate.ui.widgets.status_badge import StatusBadge

# Nobody answers what was not on the screen yet (erpnext#12645).
DEAF_MS: Final = 350
AGAIN: Final = ENDED_WITHOUT_MONEY | {Stage.REFUNDED}
_CANCELLABLE: Final = IN_PROGRESS - {Stage.CREATING, Stage.ENDING, Stage.FINISHING, Stage.MISMATCHED}
_TO_EXCEPTIONS: Final = FOR_MANAGER | {Stage.MISMATCHED}
_CALM: Final = ("check_now", "payment", "exceptions", "leave")
_ACTS: Final = ("again", "use", "order")


class PromptPanel(QFrame):
    """`asked(verb)` of its buttons; the screen's commands press the same."""

    asked = Signal(str)

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self._stage: Stage | None = None
        self._since = QElapsedTimer()
        self._since.start()
        self.setProperty("surface", "raised")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        now = office.till.clock.now
        self.phone = ElidedLabel(role="label")
        self.amount = BigAmount()
        self.badge = StatusBadge(PROMPT_WORDS[Stage.CREATING].status)
        self.elapsed = ElapsedLabel(now)
        self.left = CountdownLabel(now)
        self.left.over.connect(self._prompt_is_over)
        self._listens_until: datetime | None = None
        self.until = plain_label(role="caption", tone="muted")
        self.title = plain_label(role="heading", wrap=True)
        self.what = plain_label(wrap=True)
        self.money = plain_label(role="strong", wrap=True)
        self.then = plain_label(tone="muted", wrap=True)
        self.cart = plain_label(role="strong", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.buttons = {verb: self._button(verb) for verb in ("give_up", *_CALM, *_ACTS)}
        self._facts = QVBoxLayout()
        self._shown_facts: Facts | None = None
        self._lay_out()

    def _button(self, verb: str) -> Button:
        texts = {
            "check_now": (tr("Check"), "refresh-cw", ButtonTone.SECONDARY),
            "payment": (tr("Payment"), "credit-card", ButtonTone.SECONDARY),
            "exceptions": (tr("Exceptions"), "shield-alert", ButtonTone.SECONDARY),
            "leave": (tr("Another phone"), "arrow-left", ButtonTone.SECONDARY),
            "give_up": (tr("Give up"), "ban", ButtonTone.DESTRUCTIVE),
            "again": (tr("Send another prompt"), "rotate-ccw", ButtonTone.PRIMARY),
            "use": (tr("Verify it for an order"), "badge-check", ButtonTone.PRIMARY),
            "order": (tr("Make the order"), "package", ButtonTone.PRIMARY),
        }
        act = partial(self._press, verb) if verb in _ACTS else partial(self.asked.emit, verb)
        return verb_button(self._office, verb, texts[verb], act)

    def _press(self, verb: str) -> None:
        """What would answer the state before is not meant for this one."""
        if self.awake:
            self.asked.emit(verb)

    @property
    def awake(self) -> bool:
        """Whether a person can have seen what stands here."""
        return self._since.elapsed() >= DEAF_MS

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.phone, 1)
        # Far from where Send was: a second press of the mouse must not give up what the first began.
        head.addWidget(self.buttons["give_up"])
        state = QHBoxLayout()
        state.setSpacing(10)
        state.addWidget(self.badge)
        state.addWidget(self.elapsed)
        state.addStretch(1)
        state.addWidget(self.until)
        state.addWidget(self.left)
        page = QWidget()
        body = QVBoxLayout(page)
        body.setContentsMargins(0, 0, 8, 0)
        body.setSpacing(8)
        body.addWidget(self.amount)
        body.addLayout(state)
        for widget in (self.title, self.what, self.money, self.then, self.cart, self.notice):
            body.addWidget(widget)
        body.addSpacing(4)
        body.addLayout(self._facts)
        body.addStretch(1)
        calm = FlowLayout()
        for verb in _CALM:
            calm.addWidget(self.buttons[verb])
        acts = QGridLayout()
        acts.setSpacing(8)
        for place, verb in enumerate(_ACTS):
            acts.addWidget(self.buttons[verb], 0, place)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 14)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(scrolled(page), 1)
        column.addLayout(calm)
        column.addLayout(acts)

    # What is shown

    def show_prompt(self, now: Situation, invoice: PaymentInvoiceRecord | None, phone: str, cart: str) -> None:
        """Show how it stands; `cart` says in words for which cart it is, "" for none."""
        if now.stage is not self._stage:
            self._stage = now.stage
            self._since.start()
        view = now.view
        words = words_at(PROMPT_WORDS, now.stage, view) if view is not None else PROMPT_WORDS[now.stage]
        amount = self._office.money(invoice.expected if invoice is not None else now.amount)
        self.phone.show_text(tr("To {phone}", phone=masked_phone(phone)))
        self.amount.show_text(amount)
        self.badge.show_status(words.status)
        number = invoice.number if invoice is not None else ""
        texts = {"provider": provider_words(now), "amount": amount, "number": number, "refund": amount}
        why = reason_of(view) if view is not None and now.stage in AGAIN else ""
        alarming = now.stage in HELD | _TO_EXCEPTIONS
        set_text(self.title, tr(words.title, **texts))
        self._say(self.what, why or tr(words.what, **texts))
        self._say(self.money, self._money(words.money, words.then if alarming else "", texts))
        set_tone(self.money, "waiting" if alarming else "")
        self._say(self.then, "" if alarming or not words.then else tr(words.then, **texts))
        self._say(self.cart, cart)
        self._show_times(now, invoice)
        self._show_facts(invoice)
        self.setAccessibleName(self.spoken)

    def show_verbs(self, can: Mapping[str, bool], *, working: bool) -> None:
        """Only what can be done is offered; what is being done says so."""
        for verb, button in self.buttons.items():
            button.setVisible(can.get(verb, False))
        self.buttons["order"].setEnabled(not working)
        self.buttons["order"].show_text(tr("Making the order…") if working else tr("Make the order"))

    @staticmethod
    def can(now: Situation | None, invoice: PaymentInvoiceRecord | None, *, cart: bool) -> dict[str, bool]:
        """What can be done about a prompt; `cart` where an order can be made at once."""
        if now is None or now.view is None:
            # While a slow call is on its way the next customer can be served.
            return dict.fromkeys(("give_up", *_CALM, *_ACTS), False) | {"leave": now is not None}
        idle, waits = now.doing is Doing.NOTHING, now.stage in IN_PROGRESS
        good = invoice is not None and invoice.state is InvoiceStatus.COMPLETE and now.stage is Stage.PAID
        return {
            "check_now": idle and waits,
            "give_up": idle and now.stage in _CANCELLABLE and now.view.waiting,
            "again": now.stage in AGAIN and not now.view.captures,
            "use": good and not cart,
            "order": good and cart,
            "payment": True,
            "exceptions": now.stage in _TO_EXCEPTIONS,
            "leave": True,
        }

    @property
    def spoken(self) -> str:
        """The state in words, for the screen reader."""
        labels = (self.what, self.money, self.then, self.cart)
        texts = [label.text() for label in labels if not label.isHidden()]
        return "\n".join(text for text in (self.title.text(), self.amount.text, *texts) if text)

    def take_focus(self) -> None:
        """Put the focus on what Enter should do; on the panel itself while something is awaited."""
        order: Sequence[str] = ("order", "use", "again")
        main = next((self.buttons[verb] for verb in order if not self.buttons[verb].isHidden()), None)
        if main is not None and main.isEnabled():
            main.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _money(self, money: str, then: str, texts: Mapping[str, str]) -> str:
        return " ".join(tr(part, **texts) for part in (money, then) if part)

    def _show_times(self, now: Situation, invoice: PaymentInvoiceRecord | None) -> None:
        waits = now.stage in IN_PROGRESS and now.stage is not Stage.MISMATCHED
        self.elapsed.start(now.since)
        self.elapsed.setVisible(waits)
        if not waits or invoice is None:
            self.left.stop()
        elif invoice.state is InvoiceStatus.PENDING:
            set_text(self.until, tr("on the phone for about"))
            self._listens_until = invoice.expires_at
            self.left.start(min(now.since + PROMPT_STANDS, invoice.expires_at))
        else:
            set_text(self.until, tr("good for"))
            self.left.start(invoice.expires_at)
        for label in (self.left, self.until):
            label.setVisible(waits and invoice is not None)

    @Slot()
    def _prompt_is_over(self) -> None:
        """No PIN can be typed any more, but what was typed may still be told."""
        until, self._listens_until = self._listens_until, None
        if until is not None:
            set_text(self.until, tr("gone from the phone, listening for"))
            self.left.start(until)

    def _show_facts(self, invoice: PaymentInvoiceRecord | None) -> None:
        rows: list[tuple[str, str]] = []
        if invoice is not None:
            money, fees = self._office.money, invoice.fees
            rows = [
                (tr("Invoice"), invoice.number),
                (tr("Provider’s id"), invoice.provider_id or ""),
                (tr("Amount"), money(fees.amount)),
                (tr("Fees added"), money(fees.total - fees.amount)),
                (tr("Valid until"), self._office.instant(invoice.expires_at, seconds=True)),
            ]
        old = self._shown_facts
        if old is not None and old.rows == [row for row in rows if row[1]]:
            return
        if old is not None:
            old.hide()
            old.deleteLater()
        self._shown_facts = Facts(rows)
        self._facts.addWidget(self._shown_facts)

    def _say(self, label: QLabel, text: str) -> None:
        set_text(label, text)
        label.setVisible(bool(text))
