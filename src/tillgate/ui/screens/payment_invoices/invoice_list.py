"""Every payment invoice, and those that are late or expired; one of them with its whole story."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.payment_invoice import OPEN, InvoiceStatus
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.invoice_lists import (
    InvoiceQuery,
    InvoiceRow,
    count_payment_invoices,
    list_payment_invoices,
    payment_invoice_key,
)
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.payment_invoices.desk_list import DeskList
from tillgate.ui.screens.payment_invoices.invoice_story import InvoiceStory
from tillgate.ui.screens.payment_invoices.words import STATUS, status_of
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    DayFilter,
    EmptyText,
    KeysetSource,
    Query,
    Sort,
    Summary,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.notices import InlineNotice

_STATE: Final = "state"
_CREATED: Final = "created"
_OPEN: Final = "open"
_WHY: Final = "why"
_LATE: Final = "late"


class InvoiceList(DeskList):
    """By when they were made, the newest first. `verify` takes an invoice to be verified, `show_prompt` its number."""

    title: ClassVar[str] = mark("Payment invoices")
    export_name: ClassVar[str] = "payment-invoices"

    def __init__(
        self,
        office: BackOffice,
        notice: InlineNotice,
        verify: Callable[[PaymentInvoiceRecord], object],
        show_prompt: Callable[[PaymentInvoiceRecord], object],
    ) -> None:
        self._verify, self._show_prompt = verify, show_prompt
        super().__init__(office, notice)

    def make_table(self) -> DataTable:
        """Invoices of every till."""
        office = self.office
        columns: list[Column[InvoiceRow]] = [
            text_column("number", tr("Invoice"), lambda row: row.invoice.number, sortable=False, width=166,
                        strong=True),
            money_column("amount", tr("Amount"), lambda row: row.invoice.amount, sortable=False, width=120),
            status_column(_STATE, tr("State"), lambda row: status_of(row.invoice), sortable=False, width=184),
            instant_column(_CREATED, tr("Made"), lambda row: row.invoice.created_at, width=168, minor=True),
            text_column("phone", tr("Phone"), lambda row: row.phone, sortable=False, width=130, stretch=True,
                        minor=True),
            text_column("order", tr("Order"), lambda row: row.order, sortable=False, width=140, minor=True),
            text_column("cashier", tr("Asked by"), lambda row: row.cashier, sortable=False, width=140, minor=True),
            text_column("id", tr("Provider’s id"), lambda row: row.invoice.provider_id or "", sortable=False, width=130,
                        minor=True),
        ]  # fmt: skip
        source: KeysetSource[InvoiceRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: payment_invoice_key(row)
        )
        return DataTable(
            tr(self.title),
            columns=columns,
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.invoice.id,
            filters=[self.choices(), DayFilter(_CREATED, tr("Made"))],
            details=self._details,
            detail_title=lambda row: row.invoice.number,
            empty=self.nothing(),
            sort=Sort(_CREATED, descending=True),
            refresh_on={Kind.PAYMENT, Kind.INVOICE, Kind.EXCEPTION, Kind.REFUND},
            saved=office.views,
            export_name=self.export_name,
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, self.export_name),
            own_keys=False,
        )

    def choices(self) -> ChoiceFilter:
        """What the list is narrowed to."""
        states = [Choice(each.value, STATUS[each].text) for each in InvoiceStatus]
        return ChoiceFilter(_STATE, tr("State"), [Choice(_OPEN, tr("Being asked")), *states])

    def nothing(self) -> EmptyText:
        """What stands there while there is none."""
        return EmptyText(
            "receipt-text", tr("No payment invoices"), tr("One is made each time a phone is asked to pay.")
        )

    def query_of(self, query: Query) -> InvoiceQuery:
        """What the list asks for, in the service's terms."""
        chosen, days = query.choice(_STATE), query.days(_CREATED)
        one = frozenset({InvoiceStatus(chosen)}) if chosen and chosen != _OPEN else frozenset[InvoiceStatus]()
        return InvoiceQuery(
            query.text,
            states=OPEN if chosen == _OPEN else one,
            first=days.first if days is not None else None,
            last=days.last if days is not None else None,
            descending=query.sort.descending if query.sort else True,
        )

    def show_open(self) -> None:
        """The prompts that are on phones now."""
        self.table.set_query(Query("", Sort(_CREATED, descending=True), ((_STATE, _OPEN),)))

    def show_invoice(self, invoice: PaymentInvoiceRecord) -> None:
        """Open the details of one."""
        self.show_row(Query(invoice.number, Sort(_CREATED, descending=True)), invoice.id)

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[InvoiceRow, ...]:
        till, actor = self.office.till, self.office.actor
        return tuple(list_payment_invoices(till, actor, self.query_of(query), after=after, skip=skip, limit=limit))

    def _sum(self, query: Query) -> Summary:
        return Summary(count_payment_invoices(self.office.till, self.office.actor, self.query_of(query)))

    def _details(self, row: InvoiceRow) -> QWidget:
        made = InvoiceStory(self.office, row, partial(self._verify, row.invoice),
                            partial(self._show_prompt, row.invoice))  # fmt: skip
        self.show_verbs(made.verbs)
        return made


class LateList(InvoiceList):
    """Money that came after its invoice had ended, or lay unused past its time: Exceptions settles it."""

    title = mark("Late and expired money")
    export_name = "late-money"

    def choices(self) -> ChoiceFilter:
        """What the list is narrowed to."""
        return ChoiceFilter(_WHY, tr("Why"), [Choice(_LATE, tr("Came after its time"))])

    def nothing(self) -> EmptyText:
        """What stands there while there is none."""
        return EmptyText(
            "circle-check",
            tr("No late or expired money"),
            tr("Money that comes after its invoice’s time stands here, and what was paid but never used."),
        )

    def query_of(self, query: Query) -> InvoiceQuery:
        """What the list asks for, in the service's terms."""
        late, days = query.choice(_WHY) == _LATE, query.days(_CREATED)
        return InvoiceQuery(
            query.text,
            late=late,
            over=not late,
            first=days.first if days is not None else None,
            last=days.last if days is not None else None,
            descending=query.sort.descending if query.sort else True,
        )
