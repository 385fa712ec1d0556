"""The audit's columns and filters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, tzinfo
from typing import Final

from tillgate.i18n import mark, tr
from tillgate.services.audit_log import AuditArea, AuditQuery, AuditRecord
from tillgate.ui.screens.settings.audit_words import event_text
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DayFilter,
    Query,
    instant_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Filter

AREA_WORDS: Final[Mapping[AuditArea, str]] = {
    AuditArea.SIGN_IN: mark("Signing in"),
    AuditArea.STAFF: mark("People"),
    AuditArea.APPROVALS: mark("Approvals"),
    AuditArea.SETTINGS: mark("Settings and keys"),
    AuditArea.MONEY: mark("Sales and money"),
}


def values_text(row: AuditRecord) -> str:
    """The values of an entry in one line."""
    return ", ".join(f"{name}: {_plain(value)}" for name, value in row.values.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def who(row: AuditRecord) -> str:
    """The person, or the till itself."""
    return row.person or tr("The till itself")


def audit_columns() -> list[Column[AuditRecord]]:
    """Newest first; the list is not sorted otherwise."""
    return [
        instant_column("at", tr("When"), lambda row: row.at, sortable=False),
        text_column("event", tr("What"), lambda row: event_text(row.event), sortable=False, width=204, strong=True),
        text_column("person", tr("Who"), who, sortable=False, width=126),
        text_column("subject", tr("About"), lambda row: row.subject, sortable=False, width=134),
        text_column("values", tr("Values"), values_text, sortable=False, stretch=True, minor=True),
        text_column("till", tr("Till"), lambda row: row.till_id, sortable=False, width=70, minor=True),
        text_column("seq", tr("Number"), lambda row: str(row.seq), sortable=False, width=90, minor=True),
    ]


def audit_filters() -> list[Filter]:
    """By area and day."""
    choices = [Choice(area.value, tr(words)) for area, words in AREA_WORDS.items()]
    return [ChoiceFilter("area", tr("Area"), choices), DayFilter("at", tr("Day"))]


def audit_query(query: Query, zone: tzinfo) -> AuditQuery:
    """What the list asks for, in the service's terms: the store's days become instants."""
    area, days = query.choice("area"), query.days("at")
    since = until = None
    if days is not None and days.first is not None:
        since = datetime.combine(days.first, time(), zone).astimezone(UTC)
    if days is not None and days.last is not None:
        until = datetime.combine(days.last.fromordinal(days.last.toordinal() + 1), time(), zone).astimezone(UTC)
    return AuditQuery(query.text, AuditArea(area) if area else None, since, until)
