"""How batches, their rows, devices and invoices stand, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tillgate.domain.batch import BatchState, Shown, SkipReason
from tillgate.domain.devices import DeviceInvoiceState, DeviceStatus, InvoiceOrigin
from tillgate.domain.payment import PaymentState
from tillgate.domain.payment_end import End
from tillgate.i18n import mark, ntr, tr
from tillgate.services.batch_views import BatchRow, BatchView, ItemView
from tillgate.ui.message_text import message_for
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import Status

CHOSEN: Final = Status(Tone.ACCENT, "check", mark("In this batch"))
LATER: Final = Status(Tone.DRAFT, "clock", mark("Later"))
BEING_PAID: Final = Status(Tone.WAITING, "link", mark("Link is open"))
REUSED: Final = Status(Tone.WAITING, "link", mark("Open link reused"))
SHOWN: Final[dict[Shown, Status]] = {
    Shown.WAITING: Status(Tone.DRAFT, "circle-dashed", mark("Waits its turn")),
    Shown.CREATING: Status(Tone.ACCENT, "loader-circle", mark("Creating the link")),
    Shown.CHECKING: Status(Tone.WAITING, "refresh-cw", mark("Checking")),
    Shown.LINK_OPEN: Status(Tone.WAITING, "link", mark("Link open")),
    Shown.BEING_PAID: Status(Tone.WAITING, "loader-circle", mark("Processing")),
    Shown.PAID: Status(Tone.SETTLED, "circle-check", mark("Paid")),
    Shown.ENDED: Status(Tone.FAILED, "hourglass", mark("Link ended unpaid")),
    Shown.FAILED: Status(Tone.FAILED, "circle-x", mark("Failed")),
    Shown.SKIPPED: Status(Tone.DRAFT, "arrow-right", mark("Skipped")),
    Shown.GIVEN_BACK: Status(Tone.NEUTRAL, "corner-up-left", mark("Given back")),
}
SKIPPED: Final[dict[SkipReason, Status]] = {
    SkipReason.PAID: Status(Tone.SETTLED, "circle-check", mark("Skipped: already paid")),
    SkipReason.CLOSED: Status(Tone.DRAFT, "circle-minus", mark("Skipped: not owed")),
    SkipReason.ON_EXCEPTIONS: Status(Tone.WAITING, "triangle-alert", mark("Skipped: on Exceptions")),
    SkipReason.BY_HAND: Status(Tone.DRAFT, "arrow-right", mark("Skipped by you")),
}
_ENDS: Final[dict[PaymentState, End]] = {
    PaymentState.CAPTURED: End.PAID,
    PaymentState.FAILED: End.FAILED,
    PaymentState.EXPIRED: End.EXPIRED,
    PaymentState.CANCELLED: End.CANCELLED,
}
# Rows that say how their payment stands; of the others somebody must hear otherwise.
_TELL: Final = frozenset({Shown.LINK_OPEN, Shown.BEING_PAID, Shown.CHECKING, Shown.PAID, Shown.ENDED})
INTERRUPTED: Final = Status(Tone.WAITING, "triangle-alert", mark("Interrupted"))
BATCH: Final[dict[BatchState, Status]] = {
    BatchState.RUNNING: Status(Tone.ACCENT, "loader-circle", mark("Running")),
    BatchState.STOPPED: Status(Tone.WAITING, "pause", mark("Stopped")),
    BatchState.DONE: Status(Tone.DRAFT, "circle-minus", mark("Not all paid")),
}
# One that was gone through stands as its money does.
LINKS_OPEN: Final = Status(Tone.WAITING, "link", mark("Links open"))
ALL_PAID: Final = Status(Tone.SETTLED, "circle-check", mark("All paid"))
DEVICE: Final[dict[DeviceStatus, Status]] = {
    DeviceStatus.ACTIVE: Status(Tone.SETTLED, "circle-check", mark("Active")),
    DeviceStatus.PAUSED: Status(Tone.DRAFT, "circle-pause", mark("Paused")),
    DeviceStatus.RETIRED: Status(Tone.DRAFT, "archive", mark("Retired")),
}
INVOICE: Final[dict[DeviceInvoiceState, Status]] = {
    DeviceInvoiceState.OPEN: Status(Tone.ACCENT, "circle-dot", mark("To be paid")),
    DeviceInvoiceState.PAID: Status(Tone.SETTLED, "circle-check", mark("Paid")),
    DeviceInvoiceState.REFUNDED: Status(Tone.NEUTRAL, "corner-up-left", mark("Refunded")),
    DeviceInvoiceState.CANCELLED: Status(Tone.DRAFT, "circle-minus", mark("Cancelled")),
}
ORIGIN: Final[dict[InvoiceOrigin, str]] = {
    InvoiceOrigin.DAILY: mark("Daily run"),
    InvoiceOrigin.IMPORTED: mark("Imported"),
}


def status_of(item: ItemView) -> Status:
    """How a row of a batch stands."""
    if item.shown is Shown.SKIPPED and item.skipped is not None:
        return SKIPPED[item.skipped]
    if item.shown is Shown.LINK_OPEN and item.reused:
        return REUSED
    return SHOWN[item.shown]


def standing(batch: BatchRow | BatchView) -> Status:
    """How a batch stands; one whose process is gone was interrupted, and only one whose money is there is settled."""
    state = batch.state if isinstance(batch, BatchRow) else batch.batch.state
    if state is BatchState.RUNNING and not batch.at_work:
        return INTERRUPTED
    if state is not BatchState.DONE:
        return BATCH[state]
    return LINKS_OPEN if batch.open_count else BATCH[state] if batch.unpaid_count else ALL_PAID


def told(item: ItemView) -> str:
    """What there is to say of a row beside its state: why it failed, or whose link it reuses."""
    if item.problem is not None:
        words = message_for(item.problem)
        return " ".join(part for part in (words.what, words.next) if part)
    if item.reused and item.url:
        whose = item.taken_by or item.till_id
        return tr("The link was opened before by {person}; no second one is made.", person=whose)
    return ""


def fronts_of(items: Sequence[ItemView]) -> dict[int, End | None]:
    """The payments that the rows tell of, with how they ended; None where one is still awaited."""
    return {
        item.payment_id: _ENDS.get(item.payment_state)
        for item in items
        if item.payment_id is not None and item.payment_state is not None and item.shown in _TELL
    }


def age_text(days: int) -> str:
    """How old an invoice is."""
    if days <= 0:
        return tr("today")
    return ntr("{count} day old", "{count} days old", days)
