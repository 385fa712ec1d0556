"""Once a day, compare the books with what the provider says of the last three days (reliability.md 1.3, rule 10).

Where a provider says that a refund may come back after it was done, that is watched for as long as it says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from tillgate.domain.checkout_facts import ProviderTry, RefundFacts
from tillgate.domain.exceptions import CaptureDisposition, ExceptionKind
from tillgate.domain.ledger import UNAPPLIED, clearing, pair
from tillgate.domain.payment import RefundState
from tillgate.ports import Answer, Outcome, PaymentProvider
from tillgate.services.exception_rows import open_exception
from tillgate.services.outside_refunds import take_outside
from tillgate.services.payment_rows import find_capture, hold_money, load_attempt, note_receipt
from tillgate.services.records import CaptureRecord, columns, record
from tillgate.services.settle import check_attempt
from tillgate.services.till import Till
from tillgate.store.ledger import post
from tillgate.store.models import capture, payment_attempt, refund
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

WINDOW: Final = timedelta(days=3)
# Money this young may be on its way to our books by the ordinary path.
SETTLING: Final = timedelta(minutes=10)
_EVERY_DAYS: Final = 3


def sweep(till: Till, provider: PaymentProvider) -> bool:
    """Report money without a record, and records without money, on Exceptions. False if the provider was not heard."""
    since = till.clock.now() - WINDOW
    ours = _ours(till, provider, since)
    answer = provider.list_recent(since, tuple(each.provider_ref for each in ours))
    if answer.outcome is not Outcome.SUCCESS:
        return False
    known = {each.provider_ref for each in ours}
    for money in answer.payments:
        if money.took_money and money.provider_ref not in known:
            _unrecorded(till, provider, answer, money)
    theirs = {money.provider_ref: money for money in answer.payments}
    for each in ours:
        told = theirs[each.provider_ref].receipt if each.provider_ref in theirs else None
        if told and each.receipt is None:
            till.db.transact(till.system, partial(_note_receipt, each, told))
        young = each.seen_at >= till.clock.now() - SETTLING
        if each.provider_ref not in theirs and not young and not _is_there(till, provider, each):
            till.db.transact(till.system, partial(_report_missing, each))
    refunds = [*answer.refunds]
    for payment_ref in _may_come_back(till, provider, since):
        refunds += provider.find_refunds(payment_ref).refunds
    for given_back in refunds:
        till.db.transact(till.system, partial(_take_outside, till, provider.name, given_back))
    return True


def _may_come_back(till: Till, provider: PaymentProvider, since: datetime) -> list[str]:
    """Money whose refunds were done before the window and may come back yet; each is asked about every third day."""
    watched = till.clock.now() - provider.capabilities.refunds_return_within - timedelta(days=_EVERY_DAYS)
    turn = till.clock.now().toordinal() % _EVERY_DAYS
    query = (
        select(capture.c.provider_ref)
        .join(refund, refund.c.capture_id == capture.c.id)
        .where(refund.c.provider == provider.name, refund.c.state == RefundState.DONE)
        .where(refund.c.ended_at >= watched, refund.c.ended_at < since, capture.c.id % _EVERY_DAYS == turn)
        .distinct()
        .order_by(capture.c.provider_ref)
    )
    if not provider.capabilities.refunds_return_within:
        return []
    with till.db.read() as connection:
        return list(connection.execute(query).scalars())


def _note_receipt(found: CaptureRecord, told: str, uow: UnitOfWork) -> None:
    note_receipt(uow, found, told)


def _is_there(till: Till, provider: PaymentProvider, lost: CaptureRecord) -> bool:
    """Whether its checkout shows it, or can't be heard: money that was paid before the window was seen inside it."""
    if lost.attempt_id is None:
        return False
    with till.db.read() as connection:
        attempt = load_attempt(connection, lost.attempt_id)
    answer = provider.fetch(attempt.ref)
    if answer.outcome is not Outcome.SUCCESS or answer.checkout is None:
        return True
    return any(each.provider_ref == lost.provider_ref for each in answer.checkout.tries)


def _ours(till: Till, provider: PaymentProvider, since: datetime) -> list[CaptureRecord]:
    query = select(*columns(CaptureRecord, capture)).where(
        capture.c.provider == provider.name, capture.c.seen_at >= since
    )
    with till.db.read() as connection:
        return [record(CaptureRecord, row) for row in connection.execute(query)]


def _unrecorded(till: Till, provider: PaymentProvider, answer: Answer, money: ProviderTry) -> None:
    """Through the checkout it belongs to, if that is ours; else it is unknown money."""
    belongs = [facts for facts in answer.checkouts if any(t.provider_ref == money.provider_ref for t in facts.tries)]
    keys = [facts.reference for facts in belongs]
    ids = [facts.provider_id for facts in belongs] + [money.checkout_id or ""]
    ours = payment_attempt.c.reference.in_(keys) | payment_attempt.c.provider_id.in_(ids)
    query = select(payment_attempt.c.id, payment_attempt.c.heard_sha256).where(
        payment_attempt.c.provider == provider.name, ours
    )
    with till.db.read() as connection:
        found = [int(row.id) for row in connection.execute(query)]
    for attempt_id in found:
        check_attempt(till, attempt_id, "sweep")
    with till.db.read() as connection:
        heard = [row.heard_sha256 or "" for row in connection.execute(query)]
    # Ours, and its checkout is silent now: the money comes into the books with that, not as somebody's.
    if all(each.startswith(Outcome.SUCCESS) for each in heard):
        till.db.transact(till.system, lambda uow: _report_unknown(uow, till, provider, money))


def _report_unknown(uow: UnitOfWork, till: Till, provider: PaymentProvider, money: ProviderTry) -> None:
    if find_capture(uow.connection, provider.name, money.provider_ref) is not None:
        return
    if money.created_at is not None and money.created_at > till.clock.now() - SETTLING:
        return
    row = {
        "provider": provider.name,
        "provider_ref": money.provider_ref,
        "amount_minor": money.amount.minor,
        "currency": money.amount.currency,
        "method": money.method,
        "receipt": money.receipt,
        "disposition": CaptureDisposition.ON_EXCEPTIONS,
        "seen_at": uow.now,
    }
    capture_id = insert_row(uow.connection, capture, row)
    key = f"capture:{provider.name}:{money.provider_ref}"
    entries = pair(clearing(provider.name), UNAPPLIED, money.amount)
    post(uow.connection, "capture", key, payment_id=None, now=uow.now, entries=entries)
    open_exception(
        uow,
        ExceptionKind.UNKNOWN_MONEY,
        f"capture:{capture_id}",
        capture_id=capture_id,
        evidence={"came": str(money.amount), "provider_ref": money.provider_ref, "checkout": money.checkout_id or ""},
    )


def _take_outside(till: Till, provider: str, found: RefundFacts, uow: UnitOfWork) -> None:
    take_outside(uow, till, provider, (found,))


def _report_missing(lost: CaptureRecord, uow: UnitOfWork) -> None:
    hold_money(uow.connection, lost.payment_id, lost.id)
    open_exception(
        uow,
        ExceptionKind.MISSING_MONEY,
        f"missing:{lost.id}",
        payment_id=lost.payment_id,
        capture_id=lost.id,
        evidence={"recorded": str(lost.amount), "provider_ref": lost.provider_ref, "seen": lost.seen_at},
    )
