"""Who verified which invoice when, and what came of it; ids that no invoice has too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.invoice_lists import (
    VerificationQuery,
    VerificationRow,
    count_verifications,
    list_verifications,
    verification_key,
)
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.payment_invoices.desk_list import DeskList
from tillgate.ui.screens.payment_invoices.words import GOOD, REASONS
from tillgate.ui.widgets.buttons import Button, ButtonTone
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
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import Status

_VERDICT: Final = "verdict"
_AT: Final = "at"
_GOOD: Final = "good"
_BAD: Final = "bad"


class VerificationList(DeskList):
    """The newest first. `verify` takes an id and an amount to verify them again."""

    def __init__(self, office: BackOffice, notice: InlineNotice, verify: Callable[[str, Money], object]) -> None:
        self._verify = verify
        super().__init__(office, notice)

    def make_table(self) -> DataTable:
        """Verifications at every till."""
        office = self.office
        columns: list[Column[VerificationRow]] = [
            text_column("invoice", tr("Invoice"), lambda row: row.number or row.asked, sortable=False, width=170,
                        stretch=True, strong=True),
            instant_column(_AT, tr("Verified"), lambda row: row.verified_at, width=168, minor=True),
            status_column(_VERDICT, tr("Verdict"), _status, sortable=False, width=170),
            money_column("amount", tr("Expected"), lambda row: row.amount, sortable=False, width=120),
            money_column("found", tr("Paid"), _found, sortable=False, width=120, minor=True),
            text_column("cashier", tr("Verified by"), lambda row: row.cashier, sortable=False, width=140, minor=True),
            text_column("till", tr("Till"), lambda row: row.till_id, sortable=False, width=80, minor=True),
        ]  # fmt: skip
        source: KeysetSource[VerificationRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: verification_key(row)
        )
        verdicts = [Choice(_GOOD, GOOD.text), Choice(_BAD, tr("Refused"))]
        reasons = [Choice(each.value, REASONS[each].text) for each in Reason]
        return DataTable(
            tr("Verifications"),
            columns=columns,
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=[ChoiceFilter(_VERDICT, tr("Verdict"), [*verdicts, *reasons]), DayFilter(_AT, tr("Verified"))],
            details=self._details,
            detail_title=lambda row: row.number or row.asked,
            empty=EmptyText(
                "badge-check", tr("No verifications yet"), tr("Each time an invoice is verified stands here.")
            ),
            sort=Sort(_AT, descending=True),
            refresh_on={Kind.PAYMENT, Kind.INVOICE},
            saved=office.views,
            export_name="verifications",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "verifications"),
            own_keys=False,
        )

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[VerificationRow, ...]:
        till, actor = self.office.till, self.office.actor
        return tuple(list_verifications(till, actor, _service_query(query), after=after, skip=skip, limit=limit))

    def _sum(self, query: Query) -> Summary:
        return Summary(count_verifications(self.office.till, self.office.actor, _service_query(query)))

    def _details(self, row: VerificationRow) -> QWidget:
        made = QWidget()
        again = partial(self._verify, row.number or row.asked, row.amount)
        take = Button(tr("Verify it again"), tone=ButtonTone.PRIMARY, icon="badge-check", on_click=again)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(take)
        found = _found(row)
        facts = [
            (tr("Verdict"), _status(row).text),
            (tr("Typed"), row.asked),
            (tr("Invoice"), row.number),
            (tr("Expected"), self.office.money(row.amount)),
            (tr("Paid"), self.office.money(found) if found is not None else ""),
            (tr("Verified"), self.office.instant(row.verified_at, seconds=True)),
            (tr("Verified by"), row.cashier),
            (tr("Till"), row.till_id),
        ]
        column.addWidget(Facts(facts))
        column.addStretch(1)
        self.show_verbs({"take": take})
        return made


def _status(row: VerificationRow) -> Status:
    return GOOD if row.reason is None else REASONS[row.reason]


def _found(row: VerificationRow) -> Money | None:
    return Money(row.found_minor, row.amount.currency) if row.found_minor is not None else None


def _service_query(query: Query) -> VerificationQuery:
    chosen, days = query.choice(_VERDICT), query.days(_AT)
    good = {_GOOD: True, _BAD: False}.get(chosen or "")
    return VerificationQuery(
        query.text,
        good=good,
        reason=Reason(chosen) if chosen and good is None else None,
        first=days.first if days is not None else None,
        last=days.last if days is not None else None,
        descending=query.sort.descending if query.sort else True,
    )
