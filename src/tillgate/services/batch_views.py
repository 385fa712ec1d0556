"""Batches as a screen shows them, and in the document's shape (seed 000): each row from what the batch did with its
invoice and where its payment stands now, so that rows fill in as payments settle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, case, func, select

from tillgate.domain.batch import (
    OPEN,
    OPEN_BY,
    PAID_BY,
    BatchState,
    ItemState,
    Shown,
    SkipReason,
    Totals,
    count_items,
    is_payable,
    shown_as,
)
from tillgate.domain.errors import TillgateError
from tillgate.domain.money import Money
from tillgate.domain.payment import ENDED_UNPAID, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.batch_rows import BatchRecord, load_batch, read_error
from tillgate.services.device_rows import DeviceRecord, Owner, load_device, load_owner
from tillgate.services.records import columns, record
from tillgate.services.return_tokens import unmasked
from tillgate.services.till import Till
from tillgate.store.models import device, device_invoice, payment, payment_attempt, payment_batch, payment_batch_item
from tillgate.store.models import staff as people

# Whether its link was opened is not known yet; until it is, the invoice is neither paid for nor free.
LINK_UNKNOWN: Final = "batch_link_unknown"
ENDED: Final = "batch_link_ended"


@dataclass(frozen=True, slots=True)
class ItemView:
    """One row. `state` is what the batch did, `shown` what the row says. `url` is there while its link can be paid;
    `problem` fills the words of its code; `reused` links were open before, by `taken_by` at `till_id`."""

    id: int
    position: int
    invoice_id: int
    invoice_number: str
    day: date
    amount: Money
    state: ItemState
    shown: Shown
    payment_id: int | None
    payment_state: PaymentState | None
    provider: str
    reference: str
    url: str | None
    reused: bool
    taken_by: str
    till_id: str
    skipped: SkipReason | None
    problem: TillgateError | None
    ended_reason: str
    tries: int
    page_opened_at: datetime | None

    @property
    def succeeded(self) -> bool:
        """Whether there is a link for it, or its money came already."""
        return self.state is ItemState.TAKEN and self.shown not in (Shown.CHECKING, Shown.ENDED)

    @property
    def may_skip(self) -> bool:
        """Whether it can still be passed over."""
        return self.state is ItemState.WAITING

    @property
    def may_retry(self) -> bool:
        """Whether it can be tried again: it failed, was skipped by hand, or its link ended without money."""
        by_hand = self.state is ItemState.SKIPPED and self.skipped is SkipReason.BY_HAND
        return self.state is ItemState.FAILED or by_hand or self.shown is Shown.ENDED


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with its rows in the order of paying. `at_work` means that a process is running it now; RUNNING without
    it is a batch that was interrupted."""

    batch: BatchRecord
    device: DeviceRecord
    owner: Owner
    items: tuple[ItemView, ...]
    taken_by: str
    at_work: bool

    @property
    def totals(self) -> Totals:
        """What it came to so far (ruling 8)."""
        return count_items(self.items)

    @property
    def progress(self) -> tuple[int, int]:
        """The "2/3" of the document: the row that it is at, or the last that it tried, and how many there are."""
        begun = [each.position for each in self.items if each.state is not ItemState.WAITING]
        return max(begun, default=0), len(self.items)

    @property
    def interrupted(self) -> bool:
        """Whether it was being run by a process that is gone."""
        return self.batch.state is BatchState.RUNNING and not self.at_work

    @property
    def may_resume(self) -> bool:
        """Whether Resume has something to do."""
        left = any(each.state in (ItemState.WAITING, ItemState.WORKING) for each in self.items)
        return left and not self.at_work

    @property
    def settled(self) -> bool:
        """Whether nothing of it can change any more by itself."""
        moving = OPEN | {Shown.WAITING, Shown.CREATING}
        return not any(each.shown in moving for each in self.items)

    @property
    def open_count(self) -> int:
        """How many rows' money may still come."""
        return sum(each.shown in OPEN for each in self.items)

    @property
    def unpaid_count(self) -> int:
        """How many rows' money is not there; one that was found paid already is paid."""
        return sum(each.shown is not Shown.PAID and each.skipped is not SkipReason.PAID for each in self.items)

    @property
    def total(self) -> Money:
        """Of all its invoices."""
        return Money(sum(each.amount.minor for each in self.items), self.device.currency)

    @property
    def paid(self) -> Money:
        """What came for it."""
        came = (each.amount.minor for each in self.items if each.shown is Shown.PAID)
        return Money(sum(came), self.device.currency)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in a list. `open_count` are the invoices whose money may still come, `unpaid_count` those whose money is
    not there; `paid` is what came for it."""

    id: int
    device_code: str
    device_name: str
    state: BatchState
    at_work: bool
    created_at: datetime
    taken_by: str
    till_id: str
    count: int
    total: Money
    open_count: int
    unpaid_count: int
    paid: Money


_BATCH: Final = columns(BatchRecord, payment_batch)
# The newest checkout of an item's payment; the one before it was closed when the payment was moved.
_EACH: Final = payment_attempt.alias()
_NEWEST: Final = (
    select(func.max(_EACH.c.id))
    .where(_EACH.c.payment_id == payment_batch_item.c.payment_id)
    .correlate(payment_batch_item)
    .scalar_subquery()
)
# Of a batch's items, as their rows say it.
_TAKEN: Final = payment_batch_item.c.state.in_((ItemState.TAKEN, ItemState.WORKING))
_PAID: Final = _TAKEN & payment.c.state.in_(PAID_BY)
_FOUND_PAID: Final = (payment_batch_item.c.state == ItemState.SKIPPED) & (
    payment_batch_item.c.reason == SkipReason.PAID
)
_SUMS: Final = (
    func.count(payment_batch_item.c.id).label("items"),
    func.sum(device_invoice.c.amount_minor).label("total_minor"),
    func.sum(case((_TAKEN & payment.c.state.in_(OPEN_BY), 1), else_=0)).label("open_items"),
    func.sum(case((_PAID | _FOUND_PAID, 0), else_=1)).label("unpaid_items"),
    func.sum(case((_PAID, device_invoice.c.amount_minor), else_=0)).label("paid_minor"),
)
_ITEMS: Final = (
    select(
        payment_batch_item,
        device_invoice.c.number,
        device_invoice.c.day,
        device_invoice.c.amount_minor,
        device_invoice.c.currency,
        payment.c.state.label("payment_state"),
        payment.c.ended_reason,
        payment.c.provider,
        payment.c.till_id,
        payment_attempt.c.state.label("attempt_state"),
        payment_attempt.c.reference,
        payment_attempt.c.url,
        func.coalesce(people.c.name, "").label("taken_by"),
    )
    .join(device_invoice, device_invoice.c.id == payment_batch_item.c.invoice_id)
    .join(payment, payment.c.id == payment_batch_item.c.payment_id, isouter=True)
    .join(payment_attempt, payment_attempt.c.id == _NEWEST, isouter=True)
    .join(people, people.c.id == payment.c.created_by, isouter=True)
    .order_by(payment_batch_item.c.position)
)


def view_batch(till: Till, actor: Actor, batch_id: int) -> BatchView:
    """A batch as it stands. Raises NotFound("batch_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        return read_batch(till, connection, batch_id)


def read_batch(till: Till, connection: Connection, batch_id: int) -> BatchView:
    """The same on an open connection."""
    found = load_batch(connection, batch_id)
    here = load_device(connection, found.device_id)
    by = connection.execute(select(people.c.name).where(people.c.id == found.created_by)).scalar_one_or_none()
    rows = connection.execute(_ITEMS.where(payment_batch_item.c.batch_id == batch_id))
    at_work = found.at_work(till.clock.now())
    return BatchView(
        batch=found,
        device=here,
        owner=load_owner(connection, here.customer_id),
        items=tuple(_item(till, row, at_work=at_work) for row in rows),
        taken_by=by or "",
        at_work=at_work,
    )


def list_batches(
    till: Till, actor: Actor, *, device_id: int | None = None, unfinished: bool = False, limit: int = 50
) -> tuple[BatchRow, ...]:
    """Batches, newest first: of a device, or only those that were stopped or interrupted."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    query: Any = (
        select(*_BATCH, device.c.code, device.c.name, device.c.currency, people.c.name.label("by"), *_SUMS)
        .join(device, device.c.id == payment_batch.c.device_id)
        .join(people, people.c.id == payment_batch.c.created_by, isouter=True)
        .join(payment_batch_item, payment_batch_item.c.batch_id == payment_batch.c.id)
        .join(device_invoice, device_invoice.c.id == payment_batch_item.c.invoice_id)
        .join(payment, payment.c.id == payment_batch_item.c.payment_id, isouter=True)
        .group_by(payment_batch.c.id, device.c.id, people.c.id)
        .order_by(payment_batch.c.id.desc())
        .limit(limit)
    )
    if device_id is not None:
        query = query.where(payment_batch.c.device_id == device_id)
    if unfinished:
        query = query.where(payment_batch.c.state != BatchState.DONE)
    with till.db.read() as connection:
        return tuple(_row(till, row) for row in connection.execute(query))


def document_of(view: BatchView) -> dict[str, Any]:
    """The answer in the document's shape. Amounts are in centavos; `skipped` and `waiting` are additions of ours."""
    tried = [each for each in view.items if each.state in (ItemState.TAKEN, ItemState.FAILED)]
    totals = view.totals
    return {
        "success": True,
        "data": {
            "results": [_result(each) for each in tried],
            "errors": [_error(each) for each in tried if not each.succeeded],
            "totalProcessed": totals.total_processed,
            "successCount": totals.success_count,
            "errorCount": totals.error_count,
            "skipped": [
                {"invoiceId": each.invoice_number, "reason": _skipped(each)}
                for each in view.items
                if each.state is ItemState.SKIPPED
            ],
            "waiting": totals.waiting,
        },
    }


def _result(item: ItemView) -> dict[str, Any]:
    invoice = {"invoiceId": item.invoice_number, "amount": item.amount.minor}
    if not item.succeeded:
        return {"success": False, "invoice": invoice, "error": _error(item)["error"]}
    state = item.payment_state.value if item.payment_state else ""
    payment_said = {"paymentReference": item.reference, "status": state}
    result = {"success": True, "invoice": invoice, "payment": payment_said, "checkoutUrl": item.url}
    return result | ({"reused": True} if item.reused else {})


def _error(item: ItemView) -> dict[str, str]:
    return {"invoiceId": item.invoice_number, "error": item.problem.code if item.problem else ""}


def _skipped(item: ItemView) -> str:
    return item.skipped.value if item.skipped else ""


def _item(till: Till, row: Row[Any], *, at_work: bool) -> ItemView:
    state: PaymentState | None = row.payment_state
    shown = shown_as(row.state, state, at_work=at_work)
    url = row.url if is_payable(state, row.attempt_state) else None
    return ItemView(
        id=row.id,
        position=row.position,
        invoice_id=row.invoice_id,
        invoice_number=row.number,
        day=row.day,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        shown=shown,
        payment_id=row.payment_id,
        payment_state=state,
        provider=row.provider or "",
        reference=row.reference or "",
        url=unmasked(till, url, row.reference) if url else None,
        reused=bool(row.reused),
        taken_by=row.taken_by,
        till_id=row.till_id or "",
        skipped=SkipReason(row.reason) if row.state is ItemState.SKIPPED else None,
        problem=_problem(row, shown),
        ended_reason=row.ended_reason or "",
        tries=row.tries,
        page_opened_at=row.page_opened_at,
    )


def _problem(row: Row[Any], shown: Shown) -> TillgateError | None:
    if row.state is ItemState.FAILED:
        return read_error(row.reason, row.error_values)
    if shown is Shown.CHECKING:
        return read_error(LINK_UNKNOWN, None)
    if row.state is ItemState.TAKEN and row.payment_state in ENDED_UNPAID:
        return read_error(ENDED, None)
    return None


def _row(till: Till, row: Row[Any]) -> BatchRow:
    found = record(BatchRecord, row)
    return BatchRow(
        id=found.id,
        device_code=row.code,
        device_name=row.name,
        state=found.state,
        at_work=found.at_work(till.clock.now()),
        created_at=found.created_at,
        taken_by=row.by or "",
        till_id=found.till_id,
        count=row.items,
        total=Money(int(row.total_minor), row.currency),
        open_count=int(row.open_items),
        unpaid_count=int(row.unpaid_items),
        paid=Money(int(row.paid_minor), row.currency),
    )
