"""The columns and filters of the payments, and what a query of the list means to the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.i18n import mark, ntr, tr
from tillgate.labels import provider_name
from tillgate.services.payment_lists import GROUPS, Group, PaymentQuery, PaymentRow, PaymentSummary
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DayFilter,
    Query,
    Summary,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Filter
from tillgate.ui.widgets.data_table.source import Total
from tillgate.ui.widgets.status_badge import LATE, PAYMENT_STATUS, Status, payment_status

STATE: Final = "state"
CREATED: Final = "created"
PROVIDER: Final = "provider"
_FLAG: Final = "flag"
_LATE: Final = "late"
_METHODS: Final = {
    "link": mark("Link"),
    "order": mark("Page"),
    "session": mark("Card checkout"),
    "web": mark("Web checkout"),
    "prompt": mark("M-Pesa prompt"),
    "checkout": mark("Hosted checkout"),
}
# Groups first; the words of single states are those of their badges.
_GROUP_WORDS: Final[dict[Group, str]] = {
    Group.UNDER_WAY: mark("Money not certain yet"),
    Group.TAKEN: mark("Money came"),
    Group.NOT_PAID: mark("Not paid"),
    Group.GIVEN_BACK: mark("Money given back"),
}
_SINGLE: Final = (
    PaymentState.PENDING,
    PaymentState.PROCESSING,
    PaymentState.CAPTURED,
    PaymentState.PARTIALLY_REFUNDED,
    PaymentState.REFUND_PENDING,
    PaymentState.REFUNDED,
    PaymentState.FAILED,
    PaymentState.EXPIRED,
    PaymentState.CANCELLED,
)
_ATTENTION: Final = Status(Tone.WAITING, "triangle-alert", mark("On Exceptions"))


def payment_columns() -> list[Column[PaymentRow]]:
    """Which, when, how it stands, how much, and whose."""
    return [
        text_column("id", tr("Payment"), lambda row: f"#{row.id}", sortable=False, width=112, strong=True),
        instant_column(CREATED, tr("Started"), lambda row: row.created_at, width=168, minor=True),
        status_column(STATE, tr("State"), row_status, sortable=False, width=200),
        money_column("amount", tr("Amount"), lambda row: row.amount, width=124),
        text_column(
            "customer", tr("Customer"), lambda row: row.payer_name, sortable=False, width=150, stretch=True, minor=True
        ),
        money_column("refunded", tr("Given back"), _refunded, sortable=False, width=116, minor=True),
        text_column("through", tr("Through"), _through, sortable=False, width=130, minor=True),
        text_column("orders", tr("Orders"), lambda row: _orders(row.orders), sortable=False, width=150, minor=True),
        text_column("reference", tr("Reference"), lambda row: row.reference, sortable=False, width=290, minor=True),
    ]


def row_status(row: PaymentRow) -> Status:
    """The state, unless something must be settled or heard first."""
    if row.exceptions:
        return LATE if row.late else _ATTENTION
    return payment_status(row.state, unsure=row.unsure)


def _refunded(row: PaymentRow) -> Money | None:
    return row.refunded or None


def _through(row: PaymentRow) -> str:
    method = tr(_METHODS[row.method]) if row.method in _METHODS else row.method
    return " · ".join(filter(None, (provider_name(row.provider), method)))


def _orders(numbers: Sequence[str]) -> str:
    if len(numbers) <= 1:
        return "".join(numbers)
    return ntr("{first} and {count} more", "{first} and {count} more", len(numbers) - 1, first=numbers[0])


def payment_filters(providers: Sequence[str]) -> list[Filter]:
    """By state, day, lateness, and by provider where there are several."""
    groups = [Choice(group.value, tr(words)) for group, words in _GROUP_WORDS.items()]
    states = [Choice(state.value, PAYMENT_STATUS[state].text) for state in _SINGLE]
    filters: list[Filter] = [
        ChoiceFilter(STATE, tr("State"), [*groups, *states]),
        DayFilter(CREATED, tr("Started")),
        ChoiceFilter(_FLAG, tr("Lateness"), [Choice(_LATE, tr("Came late"))]),
    ]
    if len(providers) > 1:
        named = [Choice(provider, provider_name(provider)) for provider in providers]
        filters.append(ChoiceFilter(PROVIDER, tr("Provider"), named))
    return filters


def payment_query(query: Query) -> PaymentQuery:
    """What the list asks for, in the service's terms."""
    days = query.days(CREATED)
    sort = query.sort
    return PaymentQuery(
        text=query.text,
        states=_states(query.choice(STATE)),
        late=query.choice(_FLAG) == _LATE,
        provider=query.choice(PROVIDER) or "",
        first_day=days.first if days else None,
        last_day=days.last if days else None,
        sort=sort.key if sort else CREATED,
        descending=sort.descending if sort else True,
    )


def _states(choice: str | None) -> frozenset[PaymentState]:
    if choice is None:
        return frozenset()
    if choice in {group.value for group in Group}:
        return GROUPS[Group(choice)]
    return frozenset({PaymentState(choice)})


def group_query(group: Group, query: Query | None = None) -> Query:
    """A query of the list for a group of states: what a figure or the status bar opens."""
    return (query or Query()).with_filter(STATE, group.value)


def table_summary(office: BackOffice, summary: PaymentSummary) -> Summary:
    """The count, and under the amounts what the store has of them: a payment that waits adds nothing."""
    return Summary(summary.count, total_of("amount", summary.totals, office), tr("Received, less what was given back"))


def total_of(key: str, totals: Mapping[str, Money], office: BackOffice) -> dict[str, Total]:
    """One total, or one for each currency beside each other: amounts of different currencies never add."""
    if not totals:
        return {}
    if len(totals) == 1:
        return {key: next(iter(totals.values()))}
    return {key: " · ".join(office.money(each) for each in totals.values())}
