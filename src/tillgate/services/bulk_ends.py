"""A bulk order's first payment is verified, or the bulk order ends without it: given up, or its time is over.

Whoever ends one, the provider is asked first: what was paid a moment before is never cancelled (ruling 13).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select, text

from tillgate.domain.errors import NotFound, Refused, Unavailable
from tillgate.domain.instalments import BulkState, CancelReason, clean_bulk_number
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.services.access import authorize
from tillgate.services.bulk_orders import Placed, load_placed
from tillgate.services.cancel import Ended, give_up
from tillgate.services.instalment_rows import find_bulk, load_bulk
from tillgate.services.instalment_settling import cancel_unpaid
from tillgate.services.payment_rows import list_attempts, load_payment
from tillgate.services.records import AttemptRecord
from tillgate.services.returns import Verdict, hear_return
from tillgate.services.settle import check_attempt
from tillgate.services.till import Till
from tillgate.store.models import bulk_order, payment_attempt
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.instalments")
# With so many at once the provider is asked for minutes: the rest waits for the next round.
MOST: Final = 200
# Money that came, whether or not what it is for is made yet.
_CAME: Final = frozenset({Fulfilment.PENDING, Fulfilment.DONE})
# Written out, so that the partial indexes serve it. A checkout that was given up and is not heard of is closed where it
# is settled, at the pace that its provider is asked: it is not given up again, nor holds up the bulk orders behind it.
_GIVEN_UP: Final = (
    select(payment_attempt.c.id)
    .where(payment_attempt.c.payment_id == bulk_order.c.first_payment_id)
    .where(text("payment_attempt.live = 1 AND payment_attempt.ending = 1 AND payment_attempt.state <> 'CAPTURED'"))
)
_OVER: Final = Statement(
    select(bulk_order.c.id)
    .where(bulk_order.c.expires_at < bindparam("now", type_=bulk_order.c.expires_at.type))
    .where(text("bulk_order.state = 'PENDING'"), ~_GIVEN_UP.exists())
    .order_by(bulk_order.c.expires_at)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class VerifyBulk:
    """What the browser brought back from Razorpay's checkout, as the document names it."""

    number: str
    razorpay_order_id: str
    razorpay_payment_id: str
    razorpay_signature: str

    @property
    def fields(self) -> dict[str, str]:
        """As a return of the checkout has them."""
        return {
            "razorpay_order_id": self.razorpay_order_id,
            "razorpay_payment_id": self.razorpay_payment_id,
            "razorpay_signature": self.razorpay_signature,
        }


def find_bulk_order(till: Till, actor: Actor, number: str) -> Placed:
    """By its number, however it was typed. Raises NotFound("bulk_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        clean = clean_bulk_number(number)
        found = find_bulk(connection, clean) if clean is not None else None
    if found is None:
        raise NotFound("bulk_unknown", bulk=number.strip()[:40])
    return load_placed(till, found.id)


def verify_bulk_order(till: Till, actor: Actor, asked: VerifyBulk) -> Placed:
    """Verify the first payment: its orders are active when this returns. A second time it is the same answer.

    The provider's own word counts; a signature that is wrong is audited, and refused whatever that says. Raises
    NotFound("bulk_unknown"), Refused("return_not_ours") for a Razorpay order that is not this bulk order's,
    Refused("signature_bad" | "payment_not_verified"), Unavailable("payment_checking") while nobody was heard.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    found = find_bulk_order(till, actor, asked.number)
    attempt = _attempt(till, found, asked)
    verdict = hear_return(till, attempt, asked.fields)

    def note(uow: UnitOfWork) -> None:
        uow.record("payment.return", f"payment:{attempt.payment_id}", attempt=attempt.id, verdict=verdict.value)

    till.db.transact(actor, note)
    if verdict is not Verdict.SIGNED:
        raise Refused("signature_bad", number=found.bulk.number)
    now = load_placed(till, found.bulk.id)
    if now.bulk.state is BulkState.ACTIVE:
        return now
    if now.payment is not None and (now.payment.state in WAITING or now.payment.fulfilment is Fulfilment.PENDING):
        raise Unavailable("payment_checking", number=now.bulk.number)
    raise Refused("payment_not_verified", number=now.bulk.number)


def _attempt(till: Till, found: Placed, asked: VerifyBulk) -> AttemptRecord:
    if found.payment is not None:
        with till.db.read() as connection:
            attempts = list_attempts(connection, found.payment.id)
        for each in attempts:
            if each.provider_id == asked.razorpay_order_id:
                return each
    raise Refused("return_not_ours", number=found.bulk.number)


def check_bulk_order(till: Till, actor: Actor, bulk_id: int) -> Placed:
    """The cashier's Check now: asks the provider at once. Raises NotFound("bulk_unknown")."""
    authorize(till, actor, Action.TAKE_PAYMENT)
    found = load_placed(till, bulk_id)
    if found.payment is not None and found.payment.state in WAITING:
        with till.db.read() as connection:
            live = [each for each in list_attempts(connection, found.payment.id) if each.live]
        for each in live:
            check_attempt(till, each.id, "check_now")
    return load_placed(till, bulk_id)


def cancel_bulk_order(till: Till, actor: Actor, bulk_id: int) -> Ended:
    """Give up a bulk order that waits for its first payment. PAID or CHECKING: it was not.

    CHECKING means that the provider has not been heard: nothing is cancelled, nothing may be charged again.
    Raises NotFound("bulk_unknown").
    """
    authorize(till, actor, Action.CANCEL_PAYMENT)
    return _end(till, bulk_id, CancelReason.NOT_STARTED, actor)


def run_expiry(till: Till, *, limit: int = MOST) -> int:
    """Cancel bulk orders whose time for the first payment is over; how many. One that fails holds up no other."""
    with till.db.read() as connection:
        over = [int(row[0]) for row in _OVER.rows(connection, now=till.clock.now(), most=limit)]
    return sum(_expire(till, bulk_id) for bulk_id in over)


def _expire(till: Till, bulk_id: int) -> bool:
    try:
        return _end(till, bulk_id, CancelReason.UNPAID, till.system) is Ended.CANCELLED
    except Exception:
        log.exception("a bulk order could not be ended", extra={"bulk": bulk_id})
        return False


def _end(till: Till, bulk_id: int, reason: CancelReason, by: Actor) -> Ended:
    found = load_placed(till, bulk_id)
    if found.bulk.state is not BulkState.PENDING:
        return Ended.PAID if found.bulk.state is BulkState.ACTIVE else Ended.CANCELLED
    waited_for = found.bulk.first_payment_id
    if waited_for is not None and found.payment is not None and found.payment.state in WAITING:
        try:
            give_up(till, waited_for, by)
        except Refused:
            # It ended a moment before: what it came to is read below.
            log.info("a bulk order's payment had ended", extra={"bulk": bulk_id})
    fp("bulk.after_giving_up")

    def work(uow: UnitOfWork) -> Ended:
        if waited_for is not None:
            owner = load_payment(uow.connection, waited_for, lock=True)
            if owner.state in WAITING:
                return Ended.CHECKING
            if owner.fulfilment in _CAME and owner.state is not PaymentState.REFUNDED:
                return Ended.PAID
        if cancel_unpaid(uow, bulk_id, waited_for, reason.value):
            return Ended.CANCELLED
        ended = load_bulk(uow.connection, bulk_id).state is BulkState.CANCELLED
        return Ended.CANCELLED if ended else Ended.CHECKING

    return till.db.transact(by, work)
