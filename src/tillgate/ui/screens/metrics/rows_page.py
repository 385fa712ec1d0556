"""The rows that a figure of payment invoices stands for, in place of the figures; Esc goes back to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.formats import format_duration
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.invoice_lists import (
    InvoiceRow,
    VerificationRow,
    count_payment_invoices,
    count_verifications,
    list_payment_invoices,
    list_verifications,
    payment_invoice_key,
    verification_key,
)
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.list_commands import EXPORT, SEARCH
from tillgate.ui.screens.metrics.invoice_rows import (
    AT,
    CASHIER,
    MADE,
    by_the_till,
    found,
    invoice_columns,
    invoice_filters,
    invoice_query,
    log_columns,
    log_filters,
    log_query,
    verdict,
)
from tillgate.ui.screens.payment_invoices.words import status_of
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import Choice, DataTable, EmptyText, KeysetSource, Query, Sort, Summary
from tillgate.ui.widgets.data_table.exporting import AskPath
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.labels import ElidedLabel
from tillgate.ui.widgets.status_badge import StatusBadge

_CHANGES: Final = frozenset({Kind.PAYMENT, Kind.INVOICE, Kind.EXCEPTION, Kind.REFUND})


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows, and what they are: invoices, or with `log` verifications. `cashiers` are offered as a filter."""

    title: str
    query: Query
    log: bool = False
    cashiers: Sequence[Choice] = field(default_factory=tuple)


class RowsPage(QWidget):
    """`back` goes to the figures. The lists are made when they are first needed."""

    def __init__(self, office: BackOffice, back: Callable[[], object], ask_path: AskPath | None) -> None:
        super().__init__()
        self._office, self._ask_path = office, ask_path
        self._shown: Rows | None = None
        self._tables: dict[bool, DataTable] = {}
        self.back = Button(tr("Figures"), tone=ButtonTone.QUIET, icon="arrow-left", hint="Esc", on_click=back)
        self.back.setAccessibleName(tr("Back to the figures"))
        self.title = ElidedLabel("", "heading")
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self._stack, 1)

    @property
    def table(self) -> DataTable:
        """The list in front."""
        return self._tables[self._shown is not None and self._shown.log]

    def show_rows(self, rows: Rows) -> None:
        """Show the rows of another figure."""
        self._shown = rows
        if rows.log not in self._tables:
            made = self._log() if rows.log else self._invoices()
            self._tables[rows.log] = made
            self._stack.addWidget(made)
            made.loaded.connect(self._show_title)
        self.table.bar.offer(CASHIER, rows.cashiers)
        self._stack.setCurrentWidget(self.table)
        sort = Sort(AT if rows.log else MADE, descending=True)
        self.table.set_query(Query(rows.query.text, sort, rows.query.filters))
        self._show_title()
        self.take_focus()

    def take_focus(self) -> None:
        """The focus goes to the list."""
        self.table.setFocus()

    def go_back(self) -> bool:
        """Close the details, where they are open."""
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    def do(self, verb: str) -> None:
        """What the screen's commands do here."""
        if verb == SEARCH:
            self.table.focus_search()
        elif verb == EXPORT:
            self.table.start_export()
        else:
            self.table.refresh()

    def _show_title(self) -> None:
        """Rows that somebody searched or filtered further are the figure's no more."""
        here = self._shown
        if here is None:
            return
        asked = (self.table.query.text, self.table.query.filters)
        whole = tr("Verifications of payment invoices") if here.log else tr("Payment invoices")
        self.title.show_text(here.title if asked == (here.query.text, here.query.filters) else whole)

    # The lists

    def _invoices(self) -> DataTable:
        source: KeysetSource[InvoiceRow, tuple[Any, ...]] = KeysetSource(
            self._fetch_invoices, self._count_invoices, lambda _query, row: payment_invoice_key(row)
        )
        return DataTable(
            tr("Payment invoices"),
            columns=invoice_columns(),
            source=source,
            key=lambda row: row.invoice.id,
            filters=invoice_filters(tuple(self._office.till.providers)),
            details=self._invoice,
            detail_title=lambda row: row.invoice.number,
            empty=EmptyText(
                "smartphone",
                tr("No payment invoices yet"),
                tr("One is made each time a phone is asked to pay, under Invoice verification."),
            ),
            **self._usual("invoice-figures"),
        )

    def _log(self) -> DataTable:
        source: KeysetSource[VerificationRow, tuple[Any, ...]] = KeysetSource(
            self._fetch_log, self._count_log, lambda _query, row: verification_key(row)
        )
        return DataTable(
            tr("Verifications of payment invoices"),
            columns=log_columns(),
            source=source,
            key=lambda row: row.id,
            filters=log_filters(),
            details=self._verification,
            detail_title=lambda row: row.number or row.asked,
            empty=EmptyText(
                "badge-check",
                tr("No verifications yet"),
                tr("Each time an invoice is verified, it is written down here."),
            ),
            **self._usual("invoice-verifications"),
        )

    def _usual(self, name: str) -> dict[str, Any]:
        office = self._office
        return {
            "tasks": office.tasks,
            "zone": office.zone,
            "refresh_on": _CHANGES,
            "saved": office.views,
            "export_name": name,
            "exportable": office.may(Action.EXPORT),
            "before_export": office.before_export(self, name),
            "ask_path": self._ask_path,
            "own_keys": False,
        }

    def _fetch_invoices(
        self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int
    ) -> Sequence[InvoiceRow]:
        till, actor = self._office.till, self._office.actor
        return list_payment_invoices(till, actor, invoice_query(query), after=after, skip=skip, limit=limit)

    def _count_invoices(self, query: Query) -> Summary:
        return Summary(count_payment_invoices(self._office.till, self._office.actor, invoice_query(query)))

    def _fetch_log(
        self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int
    ) -> Sequence[VerificationRow]:
        till, actor = self._office.till, self._office.actor
        return list_verifications(till, actor, log_query(query), after=after, skip=skip, limit=limit)

    def _count_log(self, query: Query) -> Summary:
        return Summary(count_verifications(self._office.till, self._office.actor, log_query(query)))

    # The details

    def _invoice(self, row: InvoiceRow) -> QWidget:
        office, invoice = self._office, row.invoice
        waited = (invoice.paid_at - invoice.created_at).total_seconds() if invoice.paid_at else None
        ends = (invoice.paid_at, invoice.used_at, invoice.referred_at, invoice.let_in_at)
        paid, used, referred, let_in = (office.instant(at, seconds=True) if at else "" for at in ends)
        facts = [
            (tr("Amount"), office.money(invoice.amount)),
            (tr("Service fee"), office.money(invoice.fees.service_fee)),
            (tr("Provider’s fee"), office.money(invoice.fees.provider_fee)),
            (tr("Asked for"), office.money(invoice.expected)),
            (tr("Phone"), row.phone),
            (tr("Asked by"), row.cashier or by_the_till()),
            (tr("Till"), invoice.till_id),
            (tr("Made"), office.instant(invoice.created_at, seconds=True)),
            (tr("Ends"), office.instant(invoice.expires_at, seconds=True)),
            (tr("Paid"), paid),
            (tr("Time to pay"), format_duration(int(waited * 1_000), office.language) if waited is not None else ""),
            (tr("On Exceptions since"), referred),
            (tr("Let in"), let_in),
            (tr("Used"), used),
            (tr("Order"), row.order),
            (tr("Provider"), provider_name(invoice.provider)),
            (tr("Provider’s id"), invoice.provider_id or ""),
        ]
        log = Rows(
            tr("Verifications of {number}", number=invoice.number), Query(invoice.number), True, self._cashiers()
        )
        buttons = [Button(tr("Show its verifications"), icon="badge-check", on_click=lambda: self.show_rows(log))]
        if office.show_payment is not None and invoice.payment_id is not None:
            show, payment_id = office.show_payment, invoice.payment_id
            buttons.append(Button(tr("Open the payment"), icon="credit-card", on_click=lambda: show(payment_id)))
        return _details(StatusBadge(status_of(invoice)), facts, buttons)

    def _verification(self, row: VerificationRow) -> QWidget:
        office, paid = self._office, found(row)
        facts = [
            (tr("Typed"), row.asked),
            (tr("Invoice"), row.number),
            (tr("Expected"), office.money(row.amount)),
            (tr("Paid"), office.money(paid) if paid is not None else ""),
            (tr("Verified"), office.instant(row.verified_at, seconds=True)),
            (tr("Verified by"), row.cashier),
            (tr("Till"), row.till_id),
        ]
        buttons = []
        if row.number:
            rows = Rows(row.number, Query(row.number), cashiers=self._cashiers())
            buttons = [Button(tr("Show the invoice"), icon="receipt-text", on_click=lambda: self.show_rows(rows))]
        return _details(StatusBadge(verdict(row)), facts, buttons)

    def _cashiers(self) -> Sequence[Choice]:
        return self._shown.cashiers if self._shown is not None else ()


def _details(badge: StatusBadge, facts: Sequence[tuple[str, str]], buttons: Sequence[Button]) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    column.addWidget(badge)
    column.addWidget(Facts(facts))
    for button in buttons:
        column.addWidget(button)
    column.addStretch(1)
    return made
