"""Pay a device's invoices one after another: the document's batch (seed 000; product.md, rulings 6 to 9).

A press writes the batch down with its invoices, oldest first, before anything is sent. Then one invoice after another
is taken up, each with a payment of its own by the core's way (services/payments.py), whose recovery holds here as
everywhere. What was answered for an invoice, the next one's turn and its payment's intent are one transaction, so that
a batch of ten costs fewer commits than ten payments do.

Of two tills on one device each invoice is taken by one: the database lets one live payment hold it, and the other till
is told whose link that is. After a kill the batch stands where it stood; who resumes it finds the payment of the step
that was cut off by the step's own key, and the core looks up what became of its link before anything is sent again.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import IntegrityError

from tillgate.domain.batch import DEFAULT_PROVIDER, BatchState, ItemState, SkipReason, StopReason, parse_count
from tillgate.domain.errors import Invalid, NotFound, Refused, Unavailable
from tillgate.domain.settings import WOMPI_METHOD
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.ports import PaymentProvider
from tillgate.services.access import authorize
from tillgate.services.attempt_lease import LEASE
from tillgate.services.batch_rows import (
    BatchRecord,
    ItemRecord,
    change_batch,
    change_item,
    find_batch_by_key,
    find_next,
    list_items,
    load_batch,
    load_item,
)
from tillgate.services.batch_steps import Outcome, Replied, Turn, is_its_own, read_turn, take_up, write_plain
from tillgate.services.batch_views import BatchView, read_batch
from tillgate.services.calls import sent_since
from tillgate.services.contacts import check_email
from tillgate.services.customers import cleaned
from tillgate.services.device_rows import (
    DeviceInvoiceRecord,
    DeviceRecord,
    find_by_code,
    list_open,
)
from tillgate.services.payment_rows import change_attempt, find_live_attempt
from tillgate.services.till import Till
from tillgate.store.models import payment_batch, payment_batch_item
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.batch")
_SHORTEST_KEY, _LONGEST_KEY = 8, 100


@dataclass(frozen=True, slots=True)
class StartBatch:
    """One press of Start. `key` is `new_batch_key`'s, made when the device was chosen: a second press with it is the
    same batch. `device` is the device's code as typed or scanned, `count` what stands in the field; `method` None is
    the provider's usual one."""

    key: str
    device: str
    count: int | str
    email: str
    provider: str = DEFAULT_PROVIDER
    method: str | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    device: DeviceRecord
    count: int
    email: str
    method: str


def new_batch_key() -> str:
    """A key made when the device is chosen, and kept until Start was answered."""
    return f"batch-{uuid.uuid4()}"


def pay_batch(till: Till, actor: Actor, command: StartBatch) -> BatchView:
    """Start a batch and see it through; `batch_views.document_of` says the answer as the document does.

    Raises as `start_batch`, and as `run_batch` where its run is kept from ending.
    """
    return run_batch(till, actor, start_batch(till, actor, command))


def start_batch(till: Till, actor: Actor, command: StartBatch) -> int:
    """Write a batch down; its number. Nothing is sent: `run_batch` does that. The same key gives the same batch.

    Where nothing is created the error says why: Invalid("batch_count_malformed" | "batch_count" | "email_malformed" |
    "batch_email_missing" | "key_malformed" | "method_unsupported" | "provider_keys_mixed" | "provider_keys_unusable"),
    NotFound("device_unknown"), Refused("batch_nothing_to_pay"), Unavailable("provider_keys_missing").
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    with till.db.read() as connection:
        there = find_batch_by_key(connection, command.key)
        if there is not None:
            return there.id
        here = find_by_code(connection, cleaned(command.device))
    checked = _check(till, command, here)

    def work(uow: UnitOfWork) -> int:
        existing = find_batch_by_key(uow.connection, command.key)
        if existing is not None:
            return existing.id
        invoices = list_open(uow.connection, checked.device.id, checked.count)
        if not invoices:
            raise Refused("batch_nothing_to_pay", device=checked.device.code)
        return _write(uow, till, command, checked, invoices)

    number = till.db.transact(actor, work)
    fp("batch.after_start")
    return number


def run_batch(till: Till, actor: Actor, batch_id: int) -> BatchView:
    """Take up one invoice after another until none waits, or somebody stops it; where the batch stands then.

    A batch that was stopped, or whose process died, goes on where it stood. Raises NotFound("batch_unknown"),
    Refused("batch_at_work") while another process runs it, and what keeps this one from going on: NotAllowed,
    Unavailable of the database. It can be resumed then.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    run = _Run(till, actor, batch_id)
    if run.begin():
        try:
            with till.db.together():
                while (turn := run.next()) is not None:
                    run.note(turn.item, take_up(till, turn, actor))
        except BaseException:
            run.give_up()
            raise
        return run.sum_up()
    with till.db.read() as connection:
        return read_batch(till, connection, batch_id)


def stop_batch(till: Till, actor: Actor, batch_id: int) -> BatchView:
    """Stop after the invoice that it is at; at once where no process runs it. Raises NotFound("batch_unknown")."""
    authorize(till, actor, Action.TAKE_PAYMENT)

    def work(uow: UnitOfWork) -> None:
        found = load_batch(uow.connection, batch_id, lock=True)
        if found.state is not BatchState.RUNNING or found.stop_asked:
            return
        uow.record("batch.stop_asked", found.subject)
        if found.at_work(till.clock.now()):
            change_batch(uow, found, stop_asked=1)
        else:
            _end(uow, found, BatchState.STOPPED, StopReason.ASKED.value)

    till.db.transact(actor, work)
    with till.db.read() as connection:
        return read_batch(till, connection, batch_id)


def skip_item(till: Till, actor: Actor, item_id: int) -> BatchView:
    """Pass an invoice over that the batch has not come to. Raises NotFound("batch_item_unknown"),
    Refused("batch_item_begun")."""
    authorize(till, actor, Action.TAKE_PAYMENT)

    def change(uow: UnitOfWork, found: BatchRecord, item: ItemRecord) -> None:
        if item.state is not ItemState.WAITING:
            raise Refused("batch_item_begun")
        change_item(uow, item, state=ItemState.SKIPPED, reason=SkipReason.BY_HAND.value)
        uow.record("batch.skipped", found.subject, position=item.position, invoice=item.invoice_id)

    return _change_one(till, actor, item_id, change)


def retry_item(till: Till, actor: Actor, item_id: int) -> BatchView:
    """Let an invoice be tried again that failed, was skipped by hand, or whose link ended without money. A batch that
    is at work comes to it; else `run_batch` does it.

    Raises NotFound("batch_item_unknown"), Refused("batch_item_not_over") for any other one: its link may still live.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)

    def change(uow: UnitOfWork, found: BatchRecord, item: ItemRecord) -> None:
        view = next(each for each in read_batch(till, uow.connection, found.id).items if each.id == item.id)
        if not view.may_retry:
            raise Refused("batch_item_not_over")
        waiting = {"reason": None, "error_values": None, "payment_id": None, "reused": 0, "page_opened_at": None}
        change_item(uow, item, state=ItemState.WAITING, **waiting)
        uow.record("batch.retried", found.subject, position=item.position, invoice=item.invoice_id)

    return _change_one(till, actor, item_id, change)


def _change_one(
    till: Till, actor: Actor, item_id: int, change: Callable[[UnitOfWork, BatchRecord, ItemRecord], None]
) -> BatchView:
    def work(uow: UnitOfWork) -> int:
        # The batch before its items, always, so that two of them never wait for each other.
        found = load_batch(uow.connection, load_item(uow.connection, item_id).batch_id, lock=True)
        change(uow, found, load_item(uow.connection, item_id))
        return found.id

    batch_id = till.db.transact(actor, work)
    with till.db.read() as connection:
        return read_batch(till, connection, batch_id)


def _check(till: Till, command: StartBatch, here: DeviceRecord | None) -> _Checked:
    """Everything that can be wrong with a press, each with a message of its own."""
    if not _SHORTEST_KEY <= len(command.key) <= _LONGEST_KEY or not command.key.isascii():
        raise Invalid("key_malformed", field="key")
    if here is None:
        raise NotFound("device_unknown", field="device", device=command.device.strip()[:40])
    count = parse_count(command.count)
    email = check_email(command.email)
    if not email:
        raise Invalid("batch_email_missing", field="email")
    provider = _provider(till, command.provider)
    method = command.method or _usual_method(till, provider)
    if method not in provider.capabilities.methods:
        raise Invalid("method_unsupported", field="method", method=method, provider=provider.name)
    return _Checked(here, count, email, method)


def _provider(till: Till, name: str) -> PaymentProvider:
    found, wrong = till.providers.get(name), till.refused_keys.get(name)
    if found is None and wrong is None:
        raise Unavailable("provider_keys_missing", field="provider", provider=name)
    if found is not None and found.mode is till.mode:
        return found
    if wrong is None or wrong.code.endswith("key_mode"):
        raise Invalid("provider_keys_mixed", field="provider", provider=name)
    raise Invalid("provider_keys_unusable", field="provider", provider=name)


def _usual_method(till: Till, provider: PaymentProvider) -> str:
    """What the store set, where the account can do it: Web Checkout needs a secret that may be missing (ruling 9)."""
    wanted = till.settings()[WOMPI_METHOD] if provider.name == DEFAULT_PROVIDER else ""
    return wanted if wanted in provider.capabilities.methods else provider.capabilities.default_method


def _write(
    uow: UnitOfWork, till: Till, command: StartBatch, checked: _Checked, invoices: list[DeviceInvoiceRecord]
) -> int:
    row: dict[str, object] = {
        "key": command.key,
        "device_id": checked.device.id,
        "wanted": checked.count,
        "email": checked.email,
        "provider": command.provider,
        "method": checked.method,
        "state": BatchState.RUNNING,
        "reason": "",
        "till_id": till.id,
        "created_by": uow.actor.staff_id,
        "created_at": uow.now,
    }
    number = insert_row(uow.connection, payment_batch, row)
    for position, each in enumerate(invoices, 1):
        item = {"batch_id": number, "position": position, "invoice_id": each.id, "state": ItemState.WAITING}
        insert_row(uow.connection, payment_batch_item, item)
    numbers = [each.number for each in invoices]
    uow.record("batch.started", f"batch:{number}", device=checked.device.code, wanted=checked.count, invoices=numbers)
    return number


def _end(uow: UnitOfWork, found: BatchRecord, state: BatchState, reason: str) -> None:
    """The batch stands still."""
    ended = {"state": state, "reason": reason, "stop_asked": 0, "ended_at": uow.now}
    change_batch(uow, found, **ended, lease_owner=None, lease_until=None)
    counts = {each.value: 0 for each in ItemState}
    for item in list_items(uow.connection, found.id):
        counts[item.state.value] += 1
    uow.record(f"batch.{state.value}", found.subject, reason=reason, **counts)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, Unavailable) and error.code == "database_busy"


def _why_to_stop(found: BatchRecord, before: Outcome | None) -> str:
    if before is not None and before.keys_refused:
        return StopReason.KEYS_REFUSED.value
    return StopReason.ASKED.value if found.stop_asked else ""


class _Run:
    """One process's hold on a batch: every step looks whether it still has it, and keeps it for another minute."""

    def __init__(self, till: Till, actor: Actor, batch_id: int) -> None:
        self._till = till
        self._actor = actor
        self._id = batch_id
        self._owner = f"{till.worker}:{secrets.token_hex(4)}"
        self._tried: tuple[ItemRecord, Outcome | Replied] | None = None
        self._count = 0

    def begin(self) -> bool:
        """Take the lease; False where nothing is left to do. Raises Refused("batch_at_work")."""

        def work(uow: UnitOfWork) -> bool:
            found = load_batch(uow.connection, self._id, lock=True)
            if found.at_work(self._till.clock.now()):
                raise Refused("batch_at_work", batch=found.id)
            items = list_items(uow.connection, found.id)
            self._count = len(items)
            if not any(each.state in (ItemState.WAITING, ItemState.WORKING) for each in items):
                return False
            fresh = {"state": BatchState.RUNNING, "reason": "", "stop_asked": 0, "ended_at": None}
            change_batch(uow, found, **fresh, lease_owner=self._owner, lease_until=uow.now + LEASE)
            if any(each.state is not ItemState.WAITING for each in items):
                uow.record("batch.resumed", found.subject)
            return True

        begun = self._till.db.transact(self._actor, work)
        if begun:
            said = {"batch": self._id, "count": self._count}
            log.info("creating a batch payment for %d invoices, one after another", self._count, extra=said)
        return begun

    def note(self, item: ItemRecord, came: Outcome | Replied) -> None:
        """What a step came to; written with the next one's beginning."""
        self._tried = (item, came)
        if isinstance(came, Outcome):
            self._say(item, came)
        fp("batch.after_item")

    def next(self) -> Turn | None:
        """The next invoice, now WORKING; one that a dead process was at comes first. None where the batch stands."""
        try:
            turn, before = self._till.db.transact(self._actor, self._step_with_intent)
        except Exception as error:
            # Whatever keeps the next one from beginning, a lost lease too, what was answered before it is written down.
            self._hear_alone()
            if not (isinstance(error, IntegrityError) or is_its_own(error) or _is_busy(error)):
                raise
            # What is wrong with this invoice's payment comes up again as its step's own outcome.
            turn, before = self._till.db.transact(self._actor, self._step)
        if self._tried is not None and isinstance(self._tried[1], Replied) and before is not None:
            self._say(self._tried[0], before)
        self._tried = None
        if turn is not None:
            position = turn.item.position
            extra = {"batch": self._id, "position": position}
            log.info("%d/%d taking up invoice %s", position, self._count, turn.invoice.number, extra=extra)
            fp("batch.after_step")
        return turn

    def give_up(self) -> None:
        """Something keeps the run from going on: the lease is given back, and what the step before came to is kept."""
        try:
            self._till.db.transact(self._till.system, self._let_go)
        except Exception:  # told here alone: what kept the run from going on is what its caller hears
            log.exception("a batch could not be left in order", extra={"batch": self._id})

    def _hear_alone(self) -> None:
        if self._tried is None:
            return
        item, came = self._tried
        if isinstance(came, Replied):
            # Where this fails as well, whoever resumes finds the payment by its key.
            self._tried = None
            outcome = came.write_alone()
            self._tried = (item, outcome)
            self._say(item, outcome)

    def _say(self, item: ItemRecord, outcome: Outcome) -> None:
        extra = {"batch": self._id, "position": item.position, "result": outcome.state.value}
        log.info("%d/%d %s", item.position, self._count, outcome.said, extra=extra)

    def _step_with_intent(self, uow: UnitOfWork) -> tuple[Turn | None, Outcome | None]:
        # An answer is durable soon, whoever holds the next invoice's row.
        uow.wait_briefly()
        turn, before = self._step(uow)
        return turn and write_plain(uow, self._till, turn, self._actor), before

    def _step(self, uow: UnitOfWork) -> tuple[Turn | None, Outcome | None]:
        """The next one's turn, and what the one before came to."""
        found = self._mine(uow)
        before = self._keep(uow, found)
        stop = _why_to_stop(found, before)
        item = None if stop else find_next(uow.connection, found.id)
        if item is None:
            state = BatchState.STOPPED if stop and find_next(uow.connection, found.id) else BatchState.DONE
            _end(uow, found, state, stop if state is BatchState.STOPPED else "")
            return None, before
        kept = change_batch(uow, found, lease_until=uow.now + LEASE)
        resumed = item.state is ItemState.WORKING
        item = item if resumed else change_item(uow, item, state=ItemState.WORKING, tries=item.tries + 1)
        return read_turn(uow.connection, kept, item, resumed=resumed), before

    def _mine(self, uow: UnitOfWork) -> BatchRecord:
        found = load_batch(uow.connection, self._id, lock=True)
        if found.lease_owner != self._owner:
            raise Refused("batch_at_work", batch=found.id)
        return found

    def _keep(self, uow: UnitOfWork, found: BatchRecord) -> Outcome | None:
        """Write down what the step before came to."""
        if self._tried is None:
            return None
        item, came = self._tried
        if isinstance(came, Replied):
            # Nobody changes an item whose answer is in no books yet.
            outcome = came.write(uow)
        else:
            outcome, item = came, load_item(uow.connection, item.id)
            if item.state is not ItemState.WORKING:
                # A commit that was told as lost has kept it.
                return outcome
        change_item(uow, item, state=outcome.state, tried_at=uow.now, **outcome.values)
        said = {"position": item.position, "invoice": outcome.invoice, "payment": outcome.payment_id}
        uow.record(f"batch.item_{outcome.state.value}", found.subject, **said, reason=outcome.reason)
        return outcome

    def _let_go(self, uow: UnitOfWork) -> None:
        found = load_batch(uow.connection, self._id, lock=True)
        if found.lease_owner == self._owner:
            self._keep(uow, found)
            self._leave_unsent(uow, found)
            change_batch(uow, found, lease_owner=None, lease_until=None)

    def _leave_unsent(self, uow: UnitOfWork, found: BatchRecord) -> None:
        """A link that was begun and never sent is nobody's: whoever resumes at once ends it, and begins another."""
        item = find_next(uow.connection, found.id)
        if item is None or item.payment_id is None or item.state is not ItemState.WORKING:
            return
        attempt = find_live_attempt(uow.connection, item.payment_id)
        mine = attempt is not None and attempt.lease_owner == self._till.worker
        if attempt and mine and not sent_since(uow.connection, "create", attempt_id=attempt.id):
            change_attempt(uow, attempt, lease_until=None)

    def sum_up(self) -> BatchView:
        """Where the batch stands now, said in the log as well."""
        with self._till.db.read() as connection:
            view = read_batch(self._till, connection, self._id)
        totals = view.totals
        said = (totals.success_count, totals.error_count, totals.skipped, totals.waiting)
        extra = {"batch": self._id, "state": view.batch.state.value}
        log.info("batch payment ends: %d successful, %d failed, %d skipped, %d left", *said, extra=extra)
        return view
