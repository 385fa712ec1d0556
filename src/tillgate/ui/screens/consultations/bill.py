"""One consultation as it was read: who owes whom, the taxes, the invoice, and every payment that was begun for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.consultation import ConsultationInvoiceState, ConsultationState
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.consultation_lists import ConsultationDetails, PastPayment
from tillgate.services.consultation_rows import ConsultationInvoiceRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.consultations.words import BEING_PAID, INVOICE_STATUS, STATUS, tax_title
from tillgate.ui.screens.payments.parts import card, headed
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.side_pane import lay_out_now
from tillgate.ui.widgets.status_badge import LATE, StatusBadge, payment_status


class Bill(QWidget):
    """Empty until `show_details`. `save_invoice` and `show_payment` are pressed with an id; None hides them."""

    def __init__(
        self,
        office: BackOffice,
        save_invoice: Callable[[int], object] | None,
        show_payment: Callable[[int], object] | None,
    ) -> None:
        super().__init__()
        self._office, self._save, self._show_payment = office, save_invoice, show_payment
        self.details: ConsultationDetails | None = None
        self._body: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def show_details(self, details: ConsultationDetails) -> None:
        """Show it as it was read."""
        if details == self.details:
            return
        self.details = details
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = self._make(details)
        self._column.addWidget(self._body)
        self._body.show()
        lay_out_now()

    def _make(self, details: ConsultationDetails) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addLayout(self._head(details))
        column.addWidget(self._facts(details))
        column.addWidget(self._taxes(details))
        invoices = [details.invoice] if details.invoice is not None else []
        section = self._cards(tr("Invoice"), [self._invoice(each) for each in (*invoices, *details.void_invoices)])
        notes = [(note.number, self._office.money(note.amount)) for note in details.credit_notes]
        if notes:
            section.add(Facts(notes))
        if details.payments:
            column.addWidget(section)
            history = [self._payment(each) for each in reversed(details.payments)]
            column.addWidget(self._cards(tr("Payments of this fee"), history))
        column.addStretch(1)
        return body

    def _head(self, details: ConsultationDetails) -> QHBoxLayout:
        amount = BigAmount("amount")
        amount.show_text(self._office.money(details.assessed.due))
        state = details.visit.consultation.state
        held = state is ConsultationState.OPEN and details.active is not None
        head = QHBoxLayout()
        head.addWidget(amount, 1)
        status = BEING_PAID if held else STATUS[state]
        if held and details.active is not None and details.active.late:
            status = LATE
        head.addWidget(StatusBadge(status), 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _facts(self, details: ConsultationDetails) -> Facts:
        visit = details.visit
        return Facts(
            [
                (tr("Patient"), visit.patient.name),
                (tr("Phone"), visit.patient.phone),
                (tr("Practitioner"), " · ".join(filter(None, (visit.practitioner, visit.specialty)))),
                (tr("Clinic"), visit.clinic.name),
                (tr("Visit"), visit.consultation.code),
                (tr("Held"), self._office.instant(visit.consultation.held_at)),
                (tr("Note"), visit.consultation.note),
                (tr("Replaced by"), visit.consultation.replaced_by),
            ]
        )

    def _taxes(self, details: ConsultationDetails) -> Section:
        assessed, office = details.assessed, self._office
        rows = [(tr("Consultation fee"), office.money(assessed.fee))]
        rows += [(tax_title(each), office.money(each.amount)) for each in assessed.lines]
        section = Section(tr("Fee and taxes"))
        section.add(Facts([*rows, (tr("To pay"), office.money(assessed.due))]))
        return section

    def _invoice(self, found: ConsultationInvoiceRecord) -> QWidget:
        box, column = card()
        status = INVOICE_STATUS[found.state]
        column.addLayout(headed(found.number, self._office.money(found.total), status))
        column.addWidget(plain_label(self._office.instant(found.issued_at), "caption"))
        box.setAccessibleName(tr("Invoice {number}. {status}", number=found.number, status=status.text))
        if self._save is not None and found.state is not ConsultationInvoiceState.VOID:
            name = tr("Save invoice {number}", number=found.number)
            saving = partial(self._save, found.id)
            button = Button(tr("Save invoice"), icon="download", name=name, on_click=saving)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return box

    def _payment(self, past: PastPayment) -> QWidget:
        box, column = card()
        status = LATE if past.late else payment_status(past.state)
        title = tr("Payment {number}", number=past.id)
        column.addLayout(headed(title, self._office.money(past.amount), status))
        told = (self._office.instant(past.created_at), past.taken_by, provider_name(past.provider))
        column.addWidget(plain_label(" · ".join(filter(None, told)), "caption", wrap=True))
        box.setAccessibleName(" · ".join((title, status.text)))
        if self._show_payment is not None:
            showing = partial(self._show_payment, past.id)
            button = Button(tr("Show the payment"), tone=ButtonTone.QUIET, icon="credit-card", on_click=showing)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return box

    @staticmethod
    def _cards(title: str, cards: list[QWidget]) -> Section:
        section = Section(title, spacing=8)
        for each in cards:
            section.add(each)
        return section
