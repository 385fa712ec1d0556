"""The columns and filters of the exceptions."""

from __future__ import annotations

from typing import Final

from tillgate.domain.exceptions import ExceptionKind
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.exception_lists import ExceptionQuery, ExceptionRow
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.exceptions.words import DONE_WORDS, KIND_WORDS, age
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    Query,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Filter

STANDING: Final = "standing"
KIND: Final = "kind"
OPENED: Final = "opened"
CLOSED: Final = "closed"


def exception_columns(office: BackOffice) -> list[Column[ExceptionRow]]:
    """What, since when, how much, whose; and how it was settled."""
    return [
        status_column(KIND, tr("What"), lambda row: KIND_WORDS[row.kind].status, sortable=False, width=216),
        money_column("amount", tr("Amount"), lambda row: row.amount, sortable=False, width=124),
        text_column("age", tr("Open for"), lambda row: age(office, row), sortable=False, width=132),
        text_column("payment", tr("Payment"), _payment, sortable=False, width=112, strong=True, minor=True),
        text_column(
            "customer", tr("Customer"), lambda row: row.payer_name, sortable=False, width=140, stretch=True, minor=True
        ),
        text_column(
            "provider", tr("Through"), lambda row: provider_name(row.provider), sortable=False, width=110, minor=True
        ),
        instant_column(OPENED, tr("Since"), lambda row: row.opened_at, width=168, minor=True),
        text_column("settled", tr("Settled"), _settled, sortable=False, width=220, minor=True),
    ]


def _payment(row: ExceptionRow) -> str:
    return f"#{row.payment_id}" if row.payment_id is not None else ""


def _settled(row: ExceptionRow) -> str:
    if row.action is None:
        return ""
    action = tr(DONE_WORDS[row.action])
    return tr("{action} by {name}", action=action, name=row.closed_by) if row.closed_by else action


def exception_filters() -> list[Filter]:
    """Open or settled, and by kind."""
    kinds = [Choice(kind.value, KIND_WORDS[kind].status.text) for kind in ExceptionKind]
    return [
        ChoiceFilter(STANDING, tr("Settled"), [Choice(CLOSED, tr("Settled ones"))]),
        ChoiceFilter(KIND, tr("What"), kinds),
    ]


def exception_query(query: Query) -> ExceptionQuery:
    """What the list asks for, in the service's terms."""
    kind = query.choice(KIND)
    return ExceptionQuery(
        text=query.text,
        closed=query.choice(STANDING) == CLOSED,
        kind=ExceptionKind(kind) if kind else None,
        descending=query.sort.descending if query.sort else True,
    )
