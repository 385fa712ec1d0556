"""The rows of a figure of payment invoices: the columns and filters of their list, and of the verifications'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tillgate.domain.invoice_checks import Reason
from tillgate.domain.money import Money
from tillgate.domain.mpesa import CURRENCY
from tillgate.domain.payment_invoice import OPEN, InvoiceStatus
from tillgate.i18n import mark, tr
from tillgate.labels import provider_name
from tillgate.services.invoice_lists import InvoiceQuery, InvoiceRow, VerificationQuery, VerificationRow
from tillgate.ui.screens.payment_invoices.words import GOOD, REASONS, STATUS, status_of
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DayFilter,
    Query,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Filter
from tillgate.ui.widgets.status_badge import Status

STATE: Final = "state"
MADE: Final = "made"
FLAG: Final = "flag"
LATE: Final = "late"
CASHIER: Final = "cashier"
PROVIDER: Final = "provider"
VERDICT: Final = "verdict"
AT: Final = "at"
# What no chip shows: the rows of a finding.
IDS: Final = "ids"
SINCE: Final = "since"
UNTIL: Final = "until"
PAID: Final = "paid"
UNPAID: Final = "unpaid"
ASKED: Final = "asked"
BAD: Final = "bad"
# States that figures count together; the words of single ones are those of their badges.
GROUPS: Final[Mapping[str, frozenset[InvoiceStatus]]] = {
    PAID: frozenset({InvoiceStatus.COMPLETE, InvoiceStatus.USED}),
    UNPAID: frozenset({InvoiceStatus.FAILED, InvoiceStatus.EXPIRED}),
    ASKED: OPEN,
}
_GROUP_WORDS: Final = {PAID: mark("Money came"), UNPAID: mark("Not paid"), ASKED: mark("Being asked")}


def by_the_till() -> str:
    """Who made what nobody pressed for."""
    return tr("The till by itself")


def invoice_columns() -> list[Column[InvoiceRow]]:
    """Which, when, how it stands, for how much, whose, and what came of it."""
    return [
        text_column("number", tr("Invoice"), lambda row: row.invoice.number, sortable=False, width=178, strong=True),
        instant_column(MADE, tr("Made"), lambda row: row.invoice.created_at, width=168, minor=True),
        status_column(STATE, tr("State"), lambda row: status_of(row.invoice), sortable=False, width=188),
        money_column("amount", tr("Amount"), lambda row: row.invoice.amount, sortable=False, width=124),
        text_column("phone", tr("Phone"), lambda row: row.phone, sortable=False, width=132, stretch=True, minor=True),
        money_column(
            "expected", tr("With fees"), lambda row: row.invoice.expected, sortable=False, width=124, minor=True
        ),
        text_column(
            CASHIER, tr("Asked by"), lambda row: row.cashier or by_the_till(), sortable=False, width=140, minor=True
        ),
        instant_column("paid", tr("Paid"), lambda row: row.invoice.paid_at, sortable=False, width=168, minor=True),
        text_column("order", tr("Order"), lambda row: row.order, sortable=False, width=130, minor=True),
        text_column(
            "id", tr("Provider’s id"), lambda row: row.invoice.provider_id or "", sortable=False, width=120, minor=True
        ),
        text_column(
            PROVIDER, tr("Provider"), lambda row: provider_name(row.invoice.provider), sortable=False, minor=True
        ),
    ]


def invoice_filters(providers: Sequence[str]) -> list[Filter]:
    """By state, day, lateness, cashier (offered as the figures name them), and by provider where there are several."""
    groups = [Choice(key, tr(words)) for key, words in _GROUP_WORDS.items()]
    filters: list[Filter] = [
        ChoiceFilter(STATE, tr("State"), [*groups, *(Choice(each.value, STATUS[each].text) for each in InvoiceStatus)]),
        DayFilter(MADE, tr("Made")),
        ChoiceFilter(FLAG, tr("Lateness"), [Choice(LATE, tr("Paid late"))]),
        ChoiceFilter(CASHIER, tr("Cashier"), []),
    ]
    if len(providers) > 1:
        named = [Choice(each, provider_name(each)) for each in providers]
        filters.append(ChoiceFilter(PROVIDER, tr("Provider"), named))
    return filters


def invoice_query(query: Query) -> InvoiceQuery:
    """What the list asks for, in the service's terms."""
    days, cashier, ids = query.days(MADE), query.choice(CASHIER), query.choice(IDS)
    return InvoiceQuery(
        text=query.text,
        ids=tuple(int(each) for each in ids.split(",")) if ids else (),
        currency=CURRENCY,
        states=_states(query.choice(STATE)),
        late=query.choice(FLAG) == LATE,
        provider=query.choice(PROVIDER) or "",
        staff_id=int(cashier) if cashier else None,
        first=days.first if days else None,
        last=days.last if days else None,
        descending=query.sort.descending if query.sort else True,
    )


def _states(choice: str | None) -> frozenset[InvoiceStatus]:
    if choice is None:
        return frozenset()
    return GROUPS[choice] if choice in GROUPS else frozenset({InvoiceStatus(choice)})


def log_columns() -> list[Column[VerificationRow]]:
    """Which, when, what came of it, and who looked."""
    return [
        text_column(
            "invoice", tr("Invoice"), lambda row: row.number or row.asked, sortable=False, stretch=True, strong=True
        ),
        instant_column(AT, tr("Verified"), lambda row: row.verified_at, width=168, minor=True),
        status_column(VERDICT, tr("Verdict"), verdict, sortable=False, width=180),
        money_column("amount", tr("Expected"), lambda row: row.amount, sortable=False, width=124),
        money_column("found", tr("Paid"), found, sortable=False, width=124, minor=True),
        text_column(CASHIER, tr("Verified by"), lambda row: row.cashier, sortable=False, width=140, minor=True),
        text_column("till", tr("Till"), lambda row: row.till_id, sortable=False, width=80, minor=True),
    ]


def log_filters() -> list[Filter]:
    """By what came of it, who looked, and day."""
    verdicts = [Choice(BAD, tr("Refused")), *(Choice(each.value, REASONS[each].text) for each in Reason)]
    return [
        ChoiceFilter(VERDICT, tr("Verdict"), verdicts),
        DayFilter(AT, tr("Verified")),
        ChoiceFilter(CASHIER, tr("Cashier"), []),
    ]


def log_query(query: Query) -> VerificationQuery:
    """What the log is asked for, in the service's terms."""
    verdict, days, cashier = query.choice(VERDICT), query.days(AT), query.choice(CASHIER)
    return VerificationQuery(
        query.text,
        staff_id=int(cashier) if cashier else None,
        since=_instant(query.choice(SINCE)),
        until=_instant(query.choice(UNTIL)),
        good=False if verdict == BAD else None,
        reason=Reason(verdict) if verdict and verdict != BAD else None,
        first=days.first if days else None,
        last=days.last if days else None,
        descending=query.sort.descending if query.sort else True,
    )


def verdict(row: VerificationRow) -> Status:
    """How a verification ended."""
    return GOOD if row.reason is None else REASONS[row.reason]


def found(row: VerificationRow) -> Money | None:
    """What had been paid."""
    return Money(row.found_minor, row.amount.currency) if row.found_minor is not None else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
