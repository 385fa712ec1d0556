"""The columns of the people, and how a person stands."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from tillgate.domain.staff import Role
from tillgate.i18n import mark, tr
from tillgate.services.credentials import StaffRecord
from tillgate.ui.screens.sign_in.tiles import ROLE_WORDS
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    Query,
    instant_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Filter
from tillgate.ui.widgets.status_badge import Status


class Standing(StrEnum):
    """Whether a person can sign in."""

    ACTIVE = "active"
    LOCKED = "locked"
    LEFT = "left"


STANDING: Final = {
    Standing.ACTIVE: Status(Tone.SETTLED, "circle-check", mark("Active")),
    Standing.LOCKED: Status(Tone.FAILED, "lock", mark("Locked")),
    Standing.LEFT: Status(Tone.DRAFT, "log-out", mark("Left")),
}


def standing(person: StaffRecord) -> Standing:
    """How a person stands."""
    if not person.active:
        return Standing.LEFT
    return Standing.LOCKED if person.locked_at else Standing.ACTIVE


def role_text(role: Role) -> str:
    """The role in words."""
    return tr(ROLE_WORDS[role])


def staff_columns() -> list[Column[StaffRecord]]:
    """Name, role, standing and when they came."""
    return [
        text_column("name", tr("Name"), lambda row: row.name, stretch=True, strong=True),
        text_column("role", tr("Role"), lambda row: role_text(row.role), width=130),
        status_column("standing", tr("State"), lambda row: STANDING[standing(row)], sortable=False),
        instant_column("created_at", tr("Since"), lambda row: row.created_at, minor=True),
    ]


def staff_filters() -> list[Filter]:
    """By role and standing."""
    roles = [Choice(role.value, role_text(role)) for role in Role]
    states = [Choice(one.value, STANDING[one].text) for one in Standing]
    return [ChoiceFilter("role", tr("Role"), roles), ChoiceFilter("standing", tr("State"), states)]


def narrowed(people: Sequence[StaffRecord], query: Query) -> list[StaffRecord]:
    """The people that a query asks for, in its order."""
    words = query.text.casefold().split()
    role, state = query.choice("role"), query.choice("standing")
    found = [
        person
        for person in people
        if all(word in person.name.casefold() for word in words)
        and role in {None, person.role.value}
        and state in {None, standing(person).value}
    ]
    if query.sort is not None:
        key = query.sort.key
        found.sort(key=lambda person: str(getattr(person, key)).casefold(), reverse=query.sort.descending)
    return found
