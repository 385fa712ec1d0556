"""How bulk orders, instalment orders and their days stand, in words, tones and signs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tillgate.domain.instalments import BulkState, CancelReason, InstalmentOrderState, InstalmentState
from tillgate.i18n import mark, tr
from tillgate.services.instalment_dues import OrderDues, ScheduleDay
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import Status

BULK_STATUS: Final[dict[BulkState, Status]] = {
    BulkState.PENDING: Status(Tone.WAITING, "clock", mark("Not paid yet")),
    BulkState.ACTIVE: Status(Tone.SETTLED, "circle-check", mark("Placed")),
    BulkState.CANCELLED: Status(Tone.DRAFT, "ban", mark("Cancelled")),
}
ORDER_STATUS: Final[dict[InstalmentOrderState, Status]] = {
    InstalmentOrderState.PENDING: Status(Tone.WAITING, "clock", mark("Waiting")),
    InstalmentOrderState.ACTIVE: Status(Tone.ACCENT, "circle-dot", mark("Being paid off")),
    InstalmentOrderState.COMPLETED: Status(Tone.SETTLED, "circle-check", mark("Paid off")),
    InstalmentOrderState.CANCELLED: Status(Tone.DRAFT, "ban", mark("Cancelled")),
}
OVERDUE: Final = Status(Tone.FAILED, "triangle-alert", mark("Overdue"))
DUE_TODAY: Final = Status(Tone.WAITING, "bell", mark("Due today"))
TO_COME: Final = Status(Tone.NEUTRAL, "calendar-days", mark("To come"))
BEING_PAID: Final = Status(Tone.WAITING, "clock", mark("Being paid"))
CANCEL_REASONS: Final[dict[str, str]] = {
    CancelReason.UNPAID: mark("The first payment did not come in time."),
    CancelReason.NOT_STARTED: mark("It was given up before the first payment."),
    CancelReason.REFUNDED: mark("All that was paid went back."),
}


class DayMark(StrEnum):
    """How a day of a schedule stands on the calendar."""

    PAID = "paid"
    PAYING = "paying"
    OVERDUE = "overdue"
    TODAY = "today"
    TO_COME = "to_come"
    CANCELLED = "cancelled"


DAY_STATUS: Final[dict[DayMark, Status]] = {
    DayMark.PAID: Status(Tone.SETTLED, "check", mark("Paid")),
    DayMark.PAYING: BEING_PAID,
    DayMark.OVERDUE: OVERDUE,
    DayMark.TODAY: DUE_TODAY,
    DayMark.TO_COME: Status(Tone.NEUTRAL, "circle-dashed", mark("To come")),
    DayMark.CANCELLED: Status(Tone.DRAFT, "x", mark("Cancelled")),
}


def status_of_dues(row: OrderDues) -> Status:
    """How an order of the list of dues stands."""
    if row.paying is not None:
        return BEING_PAID
    if row.overdue_days:
        return OVERDUE
    return DUE_TODAY if row.today else TO_COME


def mark_of(day: ScheduleDay, *, today: bool) -> DayMark:
    """How a day stands; `today` where it is the store's day."""
    if day.state is not InstalmentState.DUE:
        return DayMark.PAID if day.state is InstalmentState.PAID else DayMark.CANCELLED
    if day.paying is not None:
        return DayMark.PAYING
    if day.overdue:
        return DayMark.OVERDUE
    return DayMark.TODAY if today else DayMark.TO_COME


def reason_text(reason: str | None) -> str:
    """Why an order ended: the till's own words, or those a person wrote down."""
    if not reason:
        return ""
    return tr(CANCEL_REASONS[reason]) if reason in CANCEL_REASONS else reason
