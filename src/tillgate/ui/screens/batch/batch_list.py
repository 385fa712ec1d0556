"""Batches, newest first; one that was stopped or interrupted can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.batch import BatchState
from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.batch_views import BatchRow, list_batches
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.desk_list import DeskList
from tillgate.ui.screens.batch.words import ALL_PAID, BATCH, LINKS_OPEN, standing
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    EmptyText,
    ListSource,
    Query,
    count_column,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.notices import InlineNotice

# Older ones are found through their payments.
_MOST: Final = 500
_LEFT: Final = "left"
_GONE_THROUGH: Final = {"open": LINKS_OPEN, "unpaid": BATCH[BatchState.DONE], "paid": ALL_PAID}
_FILTER: Final = {_LEFT: mark("Not gone through"), **{key: each.word for key, each in _GONE_THROUGH.items()}}


class BatchList(DeskList):
    """`show_batch` is called with a batch's number."""

    def __init__(self, office: BackOffice, notice: InlineNotice, show_batch: Callable[[int], object]) -> None:
        self._show_batch = show_batch
        super().__init__(office, notice)

    def make_table(self) -> DataTable:
        """Batches by when they were started."""
        office = self.office
        columns: list[Column[BatchRow]] = [
            instant_column("created", tr("Started"), lambda row: row.created_at, sortable=False, width=168),
            text_column("device", tr("Device"), lambda row: row.device_code, sortable=False, width=150, stretch=True,
                        strong=True),
            status_column("state", tr("State"), standing, sortable=False, width=160),
            count_column("count", tr("Invoices"), lambda row: row.count, sortable=False, width=90, minor=True),
            money_column("paid", tr("Paid"), lambda row: row.paid, sortable=False, width=130),
            money_column("total", tr("Total"), lambda row: row.total, sortable=False, width=140, minor=True),
            text_column("person", tr("Taken by"), lambda row: row.taken_by, sortable=False, width=150, minor=True),
            text_column("till", tr("Till"), lambda row: row.till_id, sortable=False, width=80, minor=True),
        ]  # fmt: skip
        return DataTable(
            tr("Batches"),
            columns=columns,
            source=ListSource(self._rows),
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=[ChoiceFilter("state", tr("State"), [Choice(key, tr(word)) for key, word in _FILTER.items()])],
            details=self._details,
            detail_title=lambda row: row.device_code,
            empty=EmptyText("layers", tr("No batches yet"), tr("A batch pays several invoices of one device.")),
            refresh_on={Kind.BATCH, Kind.PAYMENT},
            saved=office.views,
            export_name="batches",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "batches"),
            own_keys=False,
        )

    def add(self) -> None:
        """A batch is started on the page of a device."""

    def _rows(self, query: Query) -> Sequence[BatchRow]:
        words, chosen = query.text.casefold().split(), query.choice("state")
        return [
            row
            for row in list_batches(self.office.till, self.office.actor, limit=_MOST)
            if all(word in f"{row.device_code} {row.device_name} {row.taken_by}".casefold() for word in words)
            and chosen in {None, _choice(row)}
        ]

    def _details(self, row: BatchRow) -> QWidget:
        made = QWidget()
        left = row.state is not BatchState.DONE and not row.at_work
        show = Button(
            tr("Open to resume") if left else tr("Open the batch"),
            tone=ButtonTone.PRIMARY,
            icon="folder-open",
            on_click=partial(self._show_batch, row.id),
        )
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        facts = [
            (tr("Device"), row.device_name),
            (tr("State"), standing(row).text),
            (tr("Started"), self.office.instant(row.created_at)),
            (tr("Taken by"), row.taken_by),
            (tr("Till"), row.till_id),
            (tr("Total"), self.office.money(row.total)),
            (tr("Paid"), _paid_words(row, self.office.money(row.paid))),
        ]
        column.addWidget(show)
        column.addWidget(Facts(facts))
        column.addStretch(1)
        self.show_verbs({"show": show})
        return made


def _choice(row: BatchRow) -> str:
    """The choice of the filter that it belongs to."""
    return next((key for key, status in _GONE_THROUGH.items() if standing(row) == status), _LEFT)


def _paid_words(row: BatchRow, paid: str) -> str:
    """What came for it, and for how many of its invoices."""
    return "  ·  ".join((paid, tr("{at}/{count}", at=row.count - row.unpaid_count, count=row.count)))
