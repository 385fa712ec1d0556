"""A verification as a verdict: what the customer is told, and every rule as a row."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tillgate.domain.invoice_checks import CheckRow, Verdict
from tillgate.i18n import tr
from tillgate.services.invoice_verification import Verification
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.payment_invoices.prompt_panel import DEAF_MS
from tillgate.ui.screens.payment_invoices.sides import verb_button
from tillgate.ui.screens.payment_invoices.words import (
    GOOD,
    REASONS,
    VERDICT,
    check_texts,
    customer_text,
    next_text,
    title_text,
)
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import IconLabel, plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.scrolling import scrolled
from tillgate.ui.widgets.status_badge import StatusBadge

_CALM: Final = ("print_slip", "save_slip", "payment", "orders", "exceptions")
_ACTS: Final = ("surplus", "order")
_ICONS: Final = {Tone.SETTLED: "circle-check", Tone.WAITING: "triangle-alert"}


class RuleRow(QFrame):
    """One rule: its name and verdict, and below what was expected and what was found."""

    def __init__(self, office: BackOffice, row: CheckRow) -> None:
        super().__init__()
        self.row = row
        self.setProperty("surface", "sunken")
        name, self.expected, self.found = check_texts(office, row)
        self.badge = StatusBadge(VERDICT[row.verdict])
        title = plain_label(name, "strong" if row.verdict is Verdict.FAILED else "body", wrap=True)
        told = [
            tr("Expected: {value}", value=self.expected) if self.expected else "",
            tr("Found: {value}", value=self.found) if self.found else "",
        ]
        self.told = " · ".join(part for part in told if part)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 3, 12, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(title, 0, 0)
        grid.addWidget(self.badge, 0, 1, Qt.AlignmentFlag.AlignTop)
        if self.told:
            grid.addWidget(plain_label(self.told, "caption", wrap=True), 1, 0, 1, 2)
        words = (name, VERDICT[row.verdict].text, self.told)
        self.setAccessibleName(", ".join(word for word in words if word))


class VerdictPanel(QFrame):
    """`asked(verb)` of its buttons; the screen's commands press the same."""

    asked = Signal(str)

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.result: Verification | None = None
        self.rows: list[RuleRow] = []
        self._since = QElapsedTimer()
        self._since.start()
        self.setProperty("surface", "raised")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._icon = IconLabel("circle-check", "settled", 36)
        self.title = plain_label(role="heading", wrap=True)
        self.about = plain_label(role="strong", wrap=True, selectable=True)
        self.customer = plain_label(wrap=True, selectable=True)
        self.then = plain_label(role="strong", tone="waiting", wrap=True)
        self.cart = plain_label(
            tr("Choose the cart at the left to make the order, or ring the sale up at the checkout first."),
            tone="accent",
            wrap=True,
        )
        self.when = plain_label(role="caption", tone="muted", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.buttons = {verb: self._button(verb) for verb in (*_CALM, *_ACTS)}
        self._lay_out()

    def _button(self, verb: str) -> Button:
        texts = {
            "print_slip": (tr("Print slip"), "printer", ButtonTone.SECONDARY),
            "save_slip": (tr("Save as PDF"), "download", ButtonTone.SECONDARY),
            "payment": (tr("Payment"), "credit-card", ButtonTone.SECONDARY),
            "orders": (tr("Order"), "package", ButtonTone.SECONDARY),
            "exceptions": (tr("Exceptions"), "shield-alert", ButtonTone.SECONDARY),
            "surplus": (tr("Accept the surplus"), "coins", ButtonTone.SECONDARY),
            "order": (tr("Make the order"), "package", ButtonTone.PRIMARY),
        }
        return verb_button(self._office, verb, texts[verb], partial(self._press, verb))

    def _press(self, verb: str) -> None:
        """Nobody answers what was not on the screen yet."""
        if verb not in _ACTS or self._since.elapsed() >= DEAF_MS:
            self.asked.emit(verb)

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.title)
        texts.addWidget(self.about)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(texts, 1)
        page = QWidget()
        body = QVBoxLayout(page)
        body.setContentsMargins(0, 0, 8, 0)
        body.setSpacing(6)
        body.addLayout(head)
        for widget in (self.customer, self.then, self.cart, self.notice):
            body.addWidget(widget)
        self._rules = QVBoxLayout()
        self._rules.setSpacing(3)
        body.addLayout(self._rules)
        body.addWidget(self.when)
        body.addStretch(1)
        calm = FlowLayout()
        for verb in _CALM:
            calm.addWidget(self.buttons[verb])
        acts = QHBoxLayout()
        acts.setSpacing(8)
        for verb in _ACTS:
            acts.addWidget(self.buttons[verb], 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 14, 14)
        column.setSpacing(8)
        column.addWidget(scrolled(page), 1)
        column.addLayout(calm)
        column.addLayout(acts)

    def show_result(self, result: Verification) -> None:
        """Show what verifying came to."""
        self.result = result
        self._since.start()
        self.notice.clear()
        status = GOOD if result.reason is None else REASONS[result.reason]
        tone = status.tone
        self._icon.show_icon(_ICONS.get(tone, "circle-x"), tone.value)
        set_text(self.title, title_text(result))
        set_text(self.about, self._about(result))
        set_text(self.customer, tr("Tell the customer: {words}", words=customer_text(self._office, result)))
        self._say(self.then, next_text(self._office, result))
        at = self._office.instant(result.verified_at, seconds=True)
        set_text(self.when, tr("Verified {at} by {person} at till {till}", at=at, person=result.verified_by,
                               till=result.till_id))  # fmt: skip
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [RuleRow(self._office, row) for row in result.checked.rows]
        for row in self.rows:
            self._rules.addWidget(row)
        self.setAccessibleName(self.spoken)

    def show_verbs(self, can: dict[str, bool], *, working: bool) -> None:
        """Only what can be done is offered."""
        for verb, button in self.buttons.items():
            button.setVisible(can[verb])
        self.buttons["order"].setEnabled(not working)
        self.buttons["order"].show_text(tr("Making the order…") if working else tr("Make the order"))

    def show_cart_missing(self, *, missing: bool) -> None:
        """Whether an order could be made, were there a cart."""
        self.cart.setVisible(missing)

    @property
    def spoken(self) -> str:
        """The verdict in words, for the screen reader."""
        labels = (self.title, self.about, self.customer, self.then)
        return "\n".join(label.text() for label in labels if label.text())

    def take_focus(self) -> None:
        """Put the focus on what Enter should do."""
        order = self.buttons["order"]
        (self if order.isHidden() or not order.isEnabled() else order).setFocus(Qt.FocusReason.OtherFocusReason)

    def _about(self, result: Verification) -> str:
        found = result.invoice
        number = found.number if found is not None else result.asked
        if result.paid is None:
            return number
        return tr("{number}: {amount} paid", number=number, amount=self._office.money(result.paid))

    def _say(self, label: QLabel, text: str) -> None:
        set_text(label, text)
        label.setVisible(bool(text))
