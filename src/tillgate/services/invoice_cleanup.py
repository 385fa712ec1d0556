"""Clean up payment invoices whose time is over: their provider is asked first, and what was paid is never touched.

A prompt that is over without money is EXPIRED; one that was paid and made no order goes to Exceptions (ruling 18).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import bindparam, select, text

from tillgate.domain.payment import WAITING, AttemptState
from tillgate.domain.payment_invoice import OPEN, InvoiceStatus, is_past
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.services.access import authorize
from tillgate.services.apply import end_attempt
from tillgate.services.invoice_rows import PaymentInvoiceRecord, change_invoice, load_invoice
from tillgate.services.invoice_settling import refer_if_over
from tillgate.services.payment_rows import find_live_attempt, list_captures, load_attempt, load_payment
from tillgate.services.settle import check_attempt
from tillgate.services.till import Till
from tillgate.store.models import payment_invoice
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.invoices")
_REASON: Final = "invoice_expired"
# With so many at once the provider is asked for minutes: the rest waits for the next round.
MOST: Final = 200


def _over(condition: str) -> Statement:
    before = payment_invoice.c.expires_at < bindparam("now", type_=payment_invoice.c.expires_at.type)
    query = select(payment_invoice.c.id).where(before, text(condition)).order_by(payment_invoice.c.expires_at)
    return Statement(query.limit(bindparam("most")))


# Written out, so that the partial indexes serve them.
_OPEN: Final = _over("payment_invoice.state IN ('CREATED', 'PENDING')")
_LYING: Final = _over(
    "payment_invoice.state = 'COMPLETE' AND payment_invoice.referred_at IS NULL "
    "AND payment_invoice.let_in_at IS NULL AND payment_invoice.late = 0"
)


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What a run did: `expired` are over, `referred` were paid and went to Exceptions, `paid` turned out paid just now,
    `unheard` wait for their provider's word, `failed` for the next run."""

    expired: int = 0
    referred: int = 0
    paid: int = 0
    unheard: int = 0
    failed: int = 0

    def __add__(self, other: CleanUp) -> CleanUp:
        return CleanUp(
            self.expired + other.expired,
            self.referred + other.referred,
            self.paid + other.paid,
            self.unheard + other.unheard,
            self.failed + other.failed,
        )


def cleanup_invoices(till: Till, actor: Actor) -> CleanUp:
    """The button: clean up now rather than when the timer does. Needs a manager."""
    authorize(till, actor, Action.SETTLE_EXCEPTION)
    return run_cleanup(till)


def run_cleanup(till: Till, *, limit: int = MOST) -> CleanUp:
    """Each in transactions of its own: one that fails holds up no other. A second run finds nothing."""
    now = till.clock.now()
    with till.db.read() as connection:
        over = [int(row[0]) for row in _OPEN.rows(connection, now=now, most=limit)]
        lying = [int(row[0]) for row in _LYING.rows(connection, now=now, most=limit)]
    done = CleanUp()
    for invoice_id in over:
        done += _one(invoice_id, partial(_end, till, invoice_id))
    for invoice_id in lying:
        done += _one(invoice_id, partial(_refer, till, invoice_id))
    return done


def _one(invoice_id: int, work: Callable[[], CleanUp]) -> CleanUp:
    try:
        return work()
    except Exception:
        log.exception("an invoice could not be cleaned up", extra={"invoice": invoice_id})
        return CleanUp(failed=1)


def _end(till: Till, invoice_id: int) -> CleanUp:
    with till.db.read() as connection:
        here = load_invoice(connection, invoice_id)
        attempt = find_live_attempt(connection, here.payment_id) if here.payment_id is not None else None
    if not is_past(here.expires_at, till.clock.now()):
        return CleanUp()
    was_heard = attempt is not None and check_attempt(till, attempt.id, "cleanup", resend=False).heard
    fp("prompt.after_asking")

    def work(uow: UnitOfWork) -> CleanUp:
        here = _hold(uow, invoice_id)
        if here.state not in OPEN:
            return _came_to(uow, here)
        if here.payment_id is None:
            # Nothing was sent for it, so there is nobody to ask.
            change_invoice(uow, here, state=InvoiceStatus.EXPIRED)
            uow.record("payment_invoice.expired", here.subject, number=here.number, reason="never_sent")
            return CleanUp(expired=1)
        owner = load_payment(uow.connection, here.payment_id)
        asked = find_live_attempt(uow.connection, owner.id)
        if asked is None or owner.state not in WAITING or list_captures(uow.connection, owner.id):
            return CleanUp(unheard=1)
        heard = load_attempt(uow.connection, asked.id, lock=True)
        # While somebody may be typing the PIN it is not over, whatever the time.
        if heard.provider_id is None or not was_heard or heard.state is not AttemptState.OPEN:
            return CleanUp(unheard=1)
        # The provider was heard just now, and has no money for it; what comes all the same is late, and watched for.
        end_attempt(uow, owner, heard, AttemptState.EXPIRED, _REASON)
        uow.record("payment_invoice.expired", here.subject, number=here.number, reason="unpaid")
        return CleanUp(expired=1)

    return till.db.transact(till.system, work)


def _refer(till: Till, invoice_id: int) -> CleanUp:
    def work(uow: UnitOfWork) -> CleanUp:
        return CleanUp(referred=int(refer_if_over(uow, _hold(uow, invoice_id))))

    return till.db.transact(till.system, work)


def _came_to(uow: UnitOfWork, here: PaymentInvoiceRecord) -> CleanUp:
    if here.state is InvoiceStatus.COMPLETE:
        return CleanUp(paid=1, referred=int(refer_if_over(uow, here) or here.referred_at is not None))
    return CleanUp(expired=int(here.state is InvoiceStatus.EXPIRED))


def _hold(uow: UnitOfWork, invoice_id: int) -> PaymentInvoiceRecord:
    """The invoice, held after its payment as everybody holds them."""
    found = load_invoice(uow.connection, invoice_id)
    if found.payment_id is not None:
        load_payment(uow.connection, found.payment_id, lock=True)
    return load_invoice(uow.connection, invoice_id, lock=True)
