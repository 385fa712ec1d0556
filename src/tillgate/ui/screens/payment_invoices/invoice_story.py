"""One payment invoice: its figures, who verified it, and everything that happened to its payment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import OPEN, masked_phone
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.invoice_lists import (
    InvoiceRow,
    PromptView,
    VerificationRow,
    list_verifications,
    view_prompt,
)
from tillgate.services.payment_details import PaymentDetails, load_details
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.payment_invoices.words import GOOD, REASONS, status_of
from tillgate.ui.screens.payments.parts import Timeline
from tillgate.ui.screens.payments.story import story_lines
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import Query
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import StatusBadge

_RELOAD_MS: Final = 120
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class _Read:
    prompt: PromptView
    verifications: tuple[VerificationRow, ...]
    details: PaymentDetails | None


class InvoiceStory(QWidget):
    """Read on the lane, again whenever something about payments changes; `verbs` are its buttons."""

    def __init__(
        self, office: BackOffice, row: InvoiceRow, verify: Callable[[], object], prompt: Callable[[], object]
    ) -> None:
        super().__init__()
        self._office, self._row = office, row
        self._read: _Read | None = None
        self.notice = InlineNotice()
        self.badge = StatusBadge(status_of(row.invoice))
        self._parts = QVBoxLayout()
        self._parts.setSpacing(12)
        self._filled: QWidget | None = None
        self.verbs = {
            "take": Button(tr("Verify it"), tone=ButtonTone.PRIMARY, icon="badge-check", on_click=verify),
            "prompt": Button(tr("Show the prompt"), icon="smartphone", on_click=prompt),
            "payment": Button(tr("Show payment"), icon="credit-card", on_click=self._to_payment),
            "orders": Button(tr("Show the order"), icon="package", on_click=self._to_orders),
            "exceptions": Button(tr("Open Exceptions"), icon="shield-alert", on_click=self._to_exceptions),
        }
        buttons = FlowLayout()
        for button in self.verbs.values():
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.badge)
        column.addLayout(buttons)
        column.addWidget(self.notice)
        column.addLayout(self._parts)
        column.addStretch(1)
        self._show_verbs()
        self._fill()
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_RELOAD_MS)
        self._again.timeout.connect(self.reload)
        kinds = {Kind.PAYMENT, Kind.INVOICE, Kind.EXCEPTION, Kind.REFUND, Kind.ORDER}
        office.tasks.watch(self, kinds, lambda _changes: self._again.start())
        self.reload()

    @property
    def texts(self) -> list[str]:
        """The facts and the story, line by line."""
        found = [f"{name}: {value}" for facts in self.findChildren(Facts) for name, value in facts.rows]
        return found + [text for lines in self.findChildren(Timeline) for text in lines.texts]

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        till, actor, invoice = self._office.till, self._office.actor, self._row.invoice

        def read() -> _Read:
            prompt = view_prompt(till, actor, invoice.id)
            verified = list_verifications(till, actor, invoice_id=invoice.id, limit=_MOST)
            payment_id = prompt.invoice.payment_id
            details = load_details(till, actor, payment_id) if payment_id is not None else None
            return _Read(prompt, tuple(verified), details)

        self._office.tasks.run(self, read, self._show, self.notice.show_error, label="payment invoice")

    def _show(self, found: _Read) -> None:
        if found != self._read:
            self._read = found
            self.badge.show_status(status_of(found.prompt.invoice))
            self._show_verbs()
            self._fill()

    def _show_verbs(self) -> None:
        office, invoice = self._office, self._read.prompt.invoice if self._read is not None else self._row.invoice
        over = bool(invoice.late) or invoice.referred_at is not None
        can = {
            "take": True,
            "prompt": invoice.state in OPEN and invoice.payment_id is not None,
            "payment": invoice.payment_id is not None and office.show_payment is not None,
            "orders": invoice.order_id is not None and office.show_orders is not None,
            "exceptions": over and office.may(Action.VIEW_EXCEPTIONS) and office.show_exceptions is not None,
        }
        for verb, able in can.items():
            self.verbs[verb].setVisible(able)

    # What is shown

    def _fill(self) -> None:
        if self._filled is not None:
            self._filled.hide()
            self._filled.deleteLater()
        self._filled = QWidget()
        column = QVBoxLayout(self._filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._facts())
        if self._read is not None:
            column.addWidget(self._verified(self._read.verifications))
            if self._read.details is not None:
                story = Section(tr("What happened"))
                story.add(Timeline(self._office, story_lines(self._office, self._read.details)))
                column.addWidget(story)
        self._parts.addWidget(self._filled)

    def _facts(self) -> Facts:
        office = self._office
        prompt = self._read.prompt if self._read is not None else None
        invoice = prompt.invoice if prompt is not None else self._row.invoice
        money, instant, fees = office.money, partial(office.instant, seconds=True), invoice.fees
        surplus = invoice.surplus_minor
        return Facts(
            [
                (tr("Invoice"), invoice.number),
                (tr("Provider’s id"), invoice.provider_id or ""),
                (tr("Provider"), provider_name(invoice.provider)),
                (tr("Phone"), masked_phone(invoice.phone)),
                (tr("Amount"), money(fees.amount)),
                (tr("Service fee"), money(fees.service_fee)),
                (tr("Provider’s fee"), money(fees.provider_fee)),
                (tr("Asked for"), money(fees.total)),
                (tr("Paid"), money(prompt.paid) if prompt is not None and prompt.paid is not None else ""),
                (tr("Surplus accepted"), money(Money(surplus, invoice.currency)) if surplus else ""),
                (tr("Asked by"), self._row.cashier),
                (tr("Till"), invoice.till_id),
                (tr("Made"), instant(invoice.created_at)),
                (tr("Valid until"), instant(invoice.expires_at)),
                (tr("Paid at"), instant(invoice.paid_at) if invoice.paid_at is not None else ""),
                (tr("Put on Exceptions"), instant(invoice.referred_at) if invoice.referred_at is not None else ""),
                (tr("Let in by a manager"), instant(invoice.let_in_at) if invoice.let_in_at is not None else ""),
                (tr("Order"), self._row.order),
                (tr("Used"), instant(invoice.used_at) if invoice.used_at is not None else ""),
            ]
        )

    def _verified(self, rows: tuple[VerificationRow, ...]) -> Section:
        part = Section(tr("Verifications"))
        if not rows:
            part.add(plain_label(tr("Nobody has verified it yet."), tone="muted", wrap=True))
        for row in rows:
            status = GOOD if row.reason is None else REASONS[row.reason]
            told = tr("{at}, {who}", at=self._office.instant(row.verified_at, seconds=True), who=row.cashier)
            part.add(StatusBadge(status))
            part.add(plain_label(told, "caption"))
        return part

    # Ways

    def _to_payment(self) -> None:
        number = self._read.prompt.invoice.payment_id if self._read is not None else self._row.invoice.payment_id
        if number is not None and self._office.show_payment is not None:
            self._office.show_payment(number)

    def _to_orders(self) -> None:
        if self._office.show_orders is not None:
            self._office.show_orders(Query(self._row.order))

    def _to_exceptions(self) -> None:
        if self._office.show_exceptions is not None:
            self._office.show_exceptions(Query())
