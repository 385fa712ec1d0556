"""A batch: up to ten invoices of a device, one after another, each with a payment of its own (product.md, rulings 6-9).

What is kept of an item is what the batch did with it. Where its payment stands is the payment's own business, so a row
that is shown is read from both (`shown_as`), and fills in by itself as payments settle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from tillgate.domain.errors import Invalid
from tillgate.domain.payment import ENDED_UNPAID, AttemptState, PaymentState

# The one for pesos; another can be named where a store has none (the document's own is Wompi).
DEFAULT_PROVIDER: Final = "wompi"
FEWEST: Final = 1
MOST: Final = 10
_COUNT: Final = re.compile(r"[+-]?[0-9]{1,9}")


class BatchState(StrEnum):
    """RUNNING until every item was tried or somebody stops it; a stopped one can be resumed. A batch whose process died
    is RUNNING with nobody's lease on it: interrupted, until a person resumes it."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class StopReason(StrEnum):
    """Why a batch stands still. With keys that the provider refuses every further invoice would fail the same way."""

    ASKED = "asked"
    KEYS_REFUSED = "keys_refused"


class ItemState(StrEnum):
    """What the batch did with an invoice: WORKING is the one it is at, TAKEN has a payment, new or found open."""

    WAITING = "waiting"
    WORKING = "working"
    TAKEN = "taken"
    SKIPPED = "skipped"
    FAILED = "failed"


class SkipReason(StrEnum):
    """Why an invoice was passed over."""

    PAID = "paid"
    CLOSED = "closed"
    # Money came for it that nobody has decided on yet.
    ON_EXCEPTIONS = "on_exceptions"
    BY_HAND = "by_hand"


class Shown(StrEnum):
    """Where a row stands, for the screen. CHECKING: whether its link was opened is not known yet, and is looked up;
    it is never opened twice meanwhile."""

    WAITING = "waiting"
    CREATING = "creating"
    CHECKING = "checking"
    LINK_OPEN = "link_open"
    BEING_PAID = "being_paid"
    PAID = "paid"
    ENDED = "ended"
    FAILED = "failed"
    SKIPPED = "skipped"
    GIVEN_BACK = "given_back"


# Rows whose money may still come.
OPEN: Final = frozenset({Shown.LINK_OPEN, Shown.BEING_PAID, Shown.CHECKING})
BATCH_MOVES: Final[dict[BatchState, frozenset[BatchState]]] = {
    BatchState.RUNNING: frozenset({BatchState.STOPPED, BatchState.DONE}),
    BatchState.STOPPED: frozenset({BatchState.RUNNING}),
    # An item of a batch that is done may be tried again.
    BatchState.DONE: frozenset({BatchState.RUNNING}),
}
_TRIED: Final = frozenset({ItemState.TAKEN, ItemState.SKIPPED, ItemState.FAILED})
ITEM_MOVES: Final[dict[ItemState, frozenset[ItemState]]] = {
    ItemState.WAITING: frozenset({ItemState.WORKING, ItemState.SKIPPED}),
    ItemState.WORKING: _TRIED,
    ItemState.TAKEN: frozenset({ItemState.WAITING}),
    ItemState.SKIPPED: frozenset({ItemState.WAITING}),
    ItemState.FAILED: frozenset({ItemState.WAITING}),
}
_OF_PAYMENT: Final = {
    PaymentState.CREATED: Shown.CHECKING,
    PaymentState.PENDING: Shown.LINK_OPEN,
    PaymentState.PROCESSING: Shown.BEING_PAID,
    PaymentState.CAPTURED: Shown.PAID,
    PaymentState.PARTIALLY_REFUNDED: Shown.PAID,
    PaymentState.FAILED: Shown.ENDED,
    PaymentState.EXPIRED: Shown.ENDED,
    PaymentState.CANCELLED: Shown.ENDED,
    PaymentState.REFUND_PENDING: Shown.GIVEN_BACK,
    PaymentState.REFUNDED: Shown.GIVEN_BACK,
}
# Payments whose money is there, and those whose money may still come.
PAID_BY: Final = frozenset(state for state, row in _OF_PAYMENT.items() if row is Shown.PAID)
OPEN_BY: Final = frozenset(state for state, row in _OF_PAYMENT.items() if row in OPEN)
_OF_ITEM: Final = {
    ItemState.WAITING: Shown.WAITING,
    ItemState.WORKING: Shown.CREATING,
    ItemState.TAKEN: Shown.CHECKING,
    ItemState.SKIPPED: Shown.SKIPPED,
    ItemState.FAILED: Shown.FAILED,
}
_PAYABLE: Final = frozenset({AttemptState.OPEN, AttemptState.PROCESSING})


def parse_count(count: int | str) -> int:
    """How many invoices, as typed. Raises Invalid("batch_count_malformed") for "3x", and Invalid("batch_count")
    outside 1 to 10 (ruling 8)."""
    if isinstance(count, str):
        text = count.strip()
        if not text.isascii() or not _COUNT.fullmatch(text):
            raise Invalid("batch_count_malformed", field="count", text=text[:20])
        count = int(text)
    if type(count) is not int or not FEWEST <= count <= MOST:
        raise Invalid("batch_count", field="count", lowest=FEWEST, highest=MOST)
    return count


def shown_as(item: ItemState, payment: PaymentState | None, *, at_work: bool = True) -> Shown:
    """What a row says, from what the batch did and where the payment stands. Where nobody is `at_work` no link is being
    created: what the run was at has its payment already, or waits for who resumes it."""
    if item is ItemState.WORKING and not at_work:
        return Shown.WAITING if payment is None or payment in ENDED_UNPAID else _OF_PAYMENT[payment]
    if item is ItemState.TAKEN and payment is not None:
        return _OF_PAYMENT[payment]
    return _OF_ITEM[item]


def is_payable(payment: PaymentState | None, attempt: AttemptState | None) -> bool:
    """Whether its link can be handed out: the payment waits, and its checkout is known to be open."""
    return payment in (PaymentState.PENDING, PaymentState.PROCESSING) and attempt in _PAYABLE


class Tried(Protocol):
    """An item, for counting."""

    @property
    def state(self) -> ItemState:
        """What the batch did with it."""

    @property
    def succeeded(self) -> bool:
        """Whether there is a link for it, or its money came already."""


@dataclass(frozen=True, slots=True)
class Totals:
    """`total_processed` are those attempted, `skipped` and those still waiting are not among them (ruling 8)."""

    total_processed: int
    success_count: int
    error_count: int
    skipped: int
    waiting: int


def count_items(items: Iterable[Tried]) -> Totals:
    """What a batch came to so far."""
    counted = list(items)
    attempted = [each for each in counted if each.state in (ItemState.TAKEN, ItemState.FAILED)]
    good = sum(each.succeeded for each in attempted)
    skipped = sum(each.state is ItemState.SKIPPED for each in counted)
    waiting = len(counted) - len(attempted) - skipped
    return Totals(len(attempted), good, len(attempted) - good, skipped, waiting)
