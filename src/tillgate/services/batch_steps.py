"""One step of a batch: an invoice gets a link, or keeps the open one that it has, or is passed over, or fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection

from tillgate.domain.batch import ItemState, SkipReason
from tillgate.domain.devices import DEVICE_INVOICE_THING, DeviceInvoiceState
from tillgate.domain.errors import NotAllowed, Refused, TillgateError, Unavailable
from tillgate.domain.payment import ENDED_UNPAID, WAITING, PaymentState, Purpose
from tillgate.domain.staff import Actor
from tillgate.failpoints import fp
from tillgate.i18n import tr
from tillgate.ports import Payer
from tillgate.services import payments
from tillgate.services.apply import CreateAnswer, apply_create_answer, take_create_answer
from tillgate.services.batch_rows import BatchRecord, ItemRecord, change_item, load_batch, load_item, write_error
from tillgate.services.device_invoices import check_open
from tillgate.services.device_rows import DeviceInvoiceRecord, Owner, load_device_invoice, load_owner
from tillgate.services.payment_rows import find_live_payment, find_payment_by_key, load_payment
from tillgate.services.payments import Planned, StartPayment, Thing
from tillgate.services.records import PaymentRecord
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork

_Came = TypeVar("_Came")
# What keeps the whole batch from going on rather than this one invoice.
_STOPS_ALL: Final = frozenset(
    {
        *("till_blocked", "batch_at_work", "lock_not_won", "commit_unknown"),
        *("database_busy", "database_lost", "database_read_only", "database_damaged", "disk_failed"),
    }
)
_MISCONFIGURED: Final = "misconfigured"
# An ended link makes room for a new one; more often than this nothing ends while a step looks.
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to: the item's new state with its columns, and the words of the log."""

    state: ItemState
    invoice: str
    said: str
    values: Mapping[str, object] = field(default_factory=dict)
    payment_id: int | None = None
    reason: str = ""
    keys_refused: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An invoice whose turn it is, as it stands: whose it is, the payment that this very try wrote down before a kill,
    the live one that holds it, and the attempt that is written down for it already."""

    batch: BatchRecord
    item: ItemRecord
    invoice: DeviceInvoiceRecord
    owner: Owner
    cut_off: PaymentRecord | None
    held: PaymentRecord | None
    planned: Planned | None = None


def read_turn(connection: Connection, batch: BatchRecord, item: ItemRecord, *, resumed: bool) -> Turn:
    """How an item stands whose turn it is, its invoice locked; only a try that is `resumed` can have been cut off."""
    invoice = load_device_invoice(connection, item.invoice_id, lock=True)
    cut_off = find_payment_by_key(connection, item.payment_key) if resumed else None
    held = find_live_payment(connection, DEVICE_INVOICE_THING, invoice.id)
    return Turn(batch, item, invoice, load_owner(connection, invoice.customer_id), cut_off and cut_off[0], held)


def write_plain(uow: UnitOfWork, till: Till, turn: Turn, actor: Actor) -> Turn:
    """Write down the payment of an open invoice that nothing stands in the way of, so that it needs no transaction of
    its own. Raises as `payments.write_intent`."""
    if turn.cut_off or turn.held or turn.invoice.state is not DeviceInvoiceState.OPEN:
        return turn
    step = _Step(till, actor, turn)
    planned = payments.write_intent(uow, till, actor, step.command(known=turn.item))
    return replace(turn, planned=planned, item=step.item)


def is_its_own(error: Exception) -> bool:
    """Whether what went wrong is one invoice's failure, rather than what keeps the whole batch from going on."""
    if not isinstance(error, (Refused, Unavailable)) or isinstance(error, NotAllowed):
        return False
    return error.code not in _STOPS_ALL


@dataclass(frozen=True, slots=True)
class Replied:
    """What the provider answered for an invoice; written with the next one's beginning, to what the step came to."""

    till: Till
    step: _Step
    created: CreateAnswer

    def write(self, uow: UnitOfWork) -> Outcome:
        """Write it down in a transaction that is open already."""
        with uow.acting(self.till.system):
            return self.step.answered(take_create_answer(uow, self.till, self.created))

    def write_alone(self) -> Outcome:
        """Write it down in a transaction of its own. Raises as `take_up`."""
        return self.step.guarded(lambda: self.step.answered(apply_create_answer(self.till, self.created)))


def take_up(till: Till, turn: Turn, actor: Actor) -> Outcome | Replied:
    """Take up one invoice; every failure of its own is its outcome.

    Raises what keeps the whole batch from going on: NotAllowed, and Unavailable of the database or the till.
    """
    step = _Step(till, actor, turn)
    return step.guarded(step.take)


class _Step:
    def __init__(self, till: Till, actor: Actor, turn: Turn) -> None:
        self._till = till
        self._actor = actor
        self._batch = turn.batch
        self.item = turn.item
        self._invoice = turn.invoice
        self._owner = turn.owner
        self._held = turn.held
        self._planned = turn.planned
        # A kill came after this try's payment was written: whatever became of it is heard before anything else.
        self._cut_off = turn.cut_off

    def guarded(self, way: Callable[[], _Came]) -> _Came | Outcome:
        """What a way through the step comes to, its own failure included. Raises as `take_up`."""
        try:
            return way()
        except TillgateError as error:
            if not is_its_own(error):
                raise
            return self._failed(error)

    def take(self) -> Outcome | Replied:
        if self._planned is not None:
            fp("start.after_intent")
            came = payments.call_create(self._till, self._planned)
            if isinstance(came, PaymentRecord):
                return self.answered(came)
            replied = Replied(self._till, self, came)
            # Money brings orders along, and what is wrong its exceptions: these have a transaction of their own.
            return replied if came.is_plain else replied.write_alone()
        if self._cut_off is not None:
            heard = check_now(self._till, self._actor, self._cut_off.id)
            if heard.state not in ENDED_UNPAID:
                return self._taken(heard, reused=False)
            self._try_anew()
            self._look_again()
        for _ in range(_ROUNDS):
            if self._held is None:
                return self._open_link()
            # Its provider is asked: a link that ended meanwhile is no link.
            heard = check_now(self._till, self._actor, self._held.id)
            if heard.state in WAITING:
                return self._taken(heard, reused=True)
            if heard.state not in ENDED_UNPAID:
                return self._skipped(self._why_held())
            self._look_again()
        raise Refused("batch_link_ended", number=self._invoice.number)

    def _failed(self, error: TillgateError) -> Outcome:
        """The invoice is left without a link; the batch goes on with the next."""
        said = f"failed for {self._invoice.number}: {error}"
        values = {**write_error(error), "payment_id": None, "reused": 0}
        return Outcome(ItemState.FAILED, self._invoice.number, said, values, reason=error.code)

    def _look_again(self) -> None:
        with self._till.db.read() as connection:
            self._invoice = load_device_invoice(connection, self._invoice.id)
            self._held = find_live_payment(connection, DEVICE_INVOICE_THING, self._invoice.id)

    def _why_held(self) -> SkipReason:
        self._look_again()
        return SkipReason.ON_EXCEPTIONS if self._invoice.state is DeviceInvoiceState.OPEN else SkipReason.PAID

    def _open_link(self) -> Outcome:
        """A payment of its own, and its link."""
        if self._invoice.state is not DeviceInvoiceState.OPEN:
            paid = self._invoice.state is DeviceInvoiceState.PAID
            return self._skipped(SkipReason.PAID if paid else SkipReason.CLOSED)
        try:
            return self.answered(payments.start(self._till, self._actor, self.command()).payment)
        except Refused as refused:
            return self._lost(refused)

    def answered(self, made: PaymentRecord) -> Outcome:
        """What a payment came to whose create was answered."""
        if made.state in ENDED_UNPAID:
            return self._refused(made)
        return self._taken(made, reused=False)

    def _lost(self, refused: Refused) -> Outcome:
        """Another till took the invoice between our look and our write: it is told whose link that is."""
        live = refused.values.get("payment")
        if refused.code == "device_invoice_paid":
            return self._skipped(SkipReason.PAID)
        if refused.code == "device_invoice_closed":
            return self._skipped(SkipReason.CLOSED)
        if refused.code != "already_being_paid" or not isinstance(live, int):
            raise refused
        with self._till.db.read() as connection:
            return self._taken(load_payment(connection, live), reused=True)

    def _refused(self, made: PaymentRecord) -> Outcome:
        misconfigured = made.ended_reason == _MISCONFIGURED
        code = "batch_keys_refused" if misconfigured else "batch_link_refused"
        error = Refused(code, provider=self._batch.provider, reason=made.ended_reason or made.state.value)
        outcome = self._failed(error)
        values = {**outcome.values, "payment_id": made.id}
        return Outcome(
            outcome.state, outcome.invoice, outcome.said, values, made.id, reason=code, keys_refused=misconfigured
        )

    def _taken(self, made: PaymentRecord, *, reused: bool) -> Outcome:
        known = made.state is not PaymentState.CREATED
        what = "link reused" if reused else ("payment created" if known else "payment is being looked up")
        said = f"{what} for {self._invoice.number}: payment {made.id}"
        values = {"payment_id": made.id, "reused": int(reused), "reason": None, "error_values": None}
        reason = "reused" if reused else ""
        return Outcome(ItemState.TAKEN, self._invoice.number, said, values, made.id, reason)

    def _skipped(self, why: SkipReason) -> Outcome:
        said = f"skipped {self._invoice.number}: {why.value}"
        values = {"payment_id": None, "reason": why.value, "error_values": None}
        return Outcome(ItemState.SKIPPED, self._invoice.number, said, values, reason=why.value)

    def command(self, known: ItemRecord | None = None) -> StartPayment:
        """The press of Pay for this invoice; its item is `known` where the same transaction has just read it."""
        invoice, batch = self._invoice, self._batch
        return StartPayment(
            key=self.item.payment_key,
            purpose=Purpose.DEVICE_INVOICE,
            amount=invoice.amount,
            things=(Thing(DEVICE_INVOICE_THING, invoice.id, invoice.amount),),
            description=tr("Invoice {number}", number=invoice.number),
            provider=batch.provider,
            method=batch.method,
            customer_id=invoice.customer_id,
            payer=Payer(self._owner.name, batch.email, self._owner.phone),
            guard=self._guard,
            attach=partial(self._attach, known),
        )

    def _guard(self, uow: UnitOfWork) -> None:
        check_open(load_device_invoice(uow.connection, self._invoice.id, lock=True))

    def _attach(self, known: ItemRecord | None, uow: UnitOfWork, made: PaymentRecord) -> None:
        """The item knows its payment from the payment's first moment."""
        fp("batch.inside_intent")
        self.item = change_item(uow, known or load_item(uow.connection, self.item.id), payment_id=made.id)
        uow.record("device_invoice.put_up", made.subject, invoice=self._invoice.number, batch=self._batch.id)

    def _try_anew(self) -> None:
        """The try that was cut off came to nothing: another one, with a key of its own."""

        def work(uow: UnitOfWork) -> ItemRecord:
            load_batch(uow.connection, self._batch.id, lock=True)
            item = load_item(uow.connection, self.item.id)
            return change_item(uow, item, payment_id=None, tries=item.tries + 1)

        self.item = self._till.db.transact(self._actor, work)
