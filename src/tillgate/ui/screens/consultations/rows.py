"""The columns and filters of the consultations, and what a query of the list means to the service."""

from __future__ import annotations

from typing import Final

from tillgate.domain.consultation import ConsultationState
from tillgate.i18n import tr
from tillgate.services.consultation_lists import ConsultationQuery, ConsultationRow
from tillgate.ui.screens.consultations.words import STATUS, status_of
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    Query,
    Sort,
    instant_column,
    money_column,
    status_column,
    text_column,
)

HELD: Final = "held"
STATE: Final = "state"


def columns() -> list[Column[ConsultationRow]]:
    """Whose, by whom, how it stands, how much, and when."""
    return [
        text_column("patient", tr("Patient"), lambda row: row.patient, sortable=False, width=170, stretch=True,
                    strong=True),
        money_column("fee", tr("Fee"), lambda row: row.fee, sortable=False, width=120),
        status_column(STATE, tr("State"), status_of, sortable=False, width=150),
        instant_column(HELD, tr("Held"), lambda row: row.held_at, width=168, minor=True),
        text_column("practitioner", tr("Practitioner"), lambda row: row.practitioner, sortable=False, width=160,
                    minor=True),
        text_column("code", tr("Visit"), lambda row: row.code, sortable=False, width=150, minor=True),
        text_column("invoice", tr("Invoice"), lambda row: row.invoice_number, sortable=False, width=220, minor=True),
    ]  # fmt: skip


def filters() -> list[ChoiceFilter]:
    """By state."""
    return [ChoiceFilter(STATE, tr("State"), [Choice(state.value, STATUS[state].text) for state in ConsultationState])]


def open_fees(text: str = "") -> Query:
    """What is owed, the oldest first."""
    return Query(text, Sort(HELD), ((STATE, ConsultationState.OPEN.value),))


def of_code(code: str) -> Query:
    """The visit of a number, whatever became of it."""
    return Query(code, Sort(HELD))


def service_query(query: Query) -> ConsultationQuery:
    """What the list asks for, in the service's terms."""
    chosen = query.choice(STATE)
    states = frozenset({ConsultationState(chosen)}) if chosen else frozenset[ConsultationState]()
    return ConsultationQuery(query.text, states, descending=query.sort.descending if query.sort else False)
