"""Ask until final: what is due lives in rows, so a restart loses nothing (house.md; reliability.md 1.3, rules 4, 10).

The timer, the start-up, the browser's return and the cashier's Check now all look through `check_attempt`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from tillgate.domain.cadence import next_check, next_look, next_watch
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry
from tillgate.domain.payment import WAITING, AttemptState, Fulfilment, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.domain.verification import Expected, judge
from tillgate.failpoints import fp
from tillgate.ports import Answer, CancelWay, Outcome, PaymentProvider
from tillgate.services import calls
from tillgate.services.access import authorize
from tillgate.services.apply import Applied, apply_facts, end_attempt, fulfil
from tillgate.services.attempt_lease import claim, due_ids, is_due, release
from tillgate.services.exception_rows import open_unanswered
from tillgate.services.metrics import observe
from tillgate.services.payment_rows import change_attempt, find_live_attempt, load_attempt, load_payment
from tillgate.services.payments import Planned, send_create
from tillgate.services.records import AttemptRecord, PaymentRecord
from tillgate.services.till import Till
from tillgate.store.models import payment, payment_attempt
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.settle")
# A create that never got through is sent again this long; then the thing is free for a new press.
RESEND_FOR: Final = timedelta(minutes=2)
# "Not found" right after a time-out is no proof: the first request may still be running (A13).
LOOK_AGAIN_AFTER: Final = timedelta(seconds=5)
GONE_AFTER: Final = timedelta(seconds=60)
WAIT_FOR_LEASE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to: whether the checkout is over without money, and whether the provider was heard by this very
    look, and believed. Times don't tell: another till's clock may be ahead."""

    over: bool
    heard: bool


_SILENT: Final = Looked(over=False, heard=False)


def list_due_attempts(till: Till, *, limit: int = 50) -> list[int]:
    """Attempts to look at now, that nobody is looking at."""
    return due_ids(till, payment_attempt, payment_attempt.c.next_check_at, limit)


def settle_attempt(till: Till, attempt_id: int) -> None:
    """Look at one that is due; what goes wrong is logged and looked at again later."""
    try:
        check_attempt(till, attempt_id, "timer")
    except Exception:
        log.exception("an attempt could not be settled", extra={"attempt": attempt_id})


def settle_attempts(till: Till, *, limit: int = 50) -> int:
    """Look at every attempt that is due; one that fails never stops the others. How many were looked at."""
    ids = list_due_attempts(till, limit=limit)
    for attempt_id in ids:
        settle_attempt(till, attempt_id)
    return len(ids)


def settle_fulfilments(till: Till, *, limit: int = 50) -> int:
    """Make what captured payments still owe: orders that a kill or a failure kept from being written."""
    now = till.clock.now()
    with till.db.read() as connection:
        query = select(payment.c.id).where(is_due(payment.c.fulfil_at, now)).order_by(payment.c.id).limit(limit)
        ids = [int(row.id) for row in connection.execute(query)]
    for payment_id in ids:
        till.db.transact(till.system, partial(_fulfil_one, till, payment_id))
    return len(ids)


def check_now(till: Till, actor: Actor, payment_id: int) -> PaymentRecord:
    """The cashier's Check now: asks the provider at once. Raises NotFound."""
    return look_now(till, actor, payment_id)[0]


def look_now(till: Till, actor: Actor, payment_id: int) -> tuple[PaymentRecord, bool]:
    """The same, with whether the provider was heard."""
    looked = _SILENT
    with till.db.together():
        with till.db.read() as connection:
            authorize(till, actor, Action.TAKE_PAYMENT, on=connection)
            attempt = find_live_attempt(connection, payment_id)
        if attempt is not None and attempt.state is not AttemptState.CAPTURED:
            looked = check_attempt(till, attempt.id, "check_now")
        with till.db.read() as connection:
            return load_payment(connection, payment_id), looked.heard


def check_attempt(till: Till, attempt_id: int, source: str, *, resend: bool = True, hold_end: bool = False) -> Looked:
    """Hear the provider about one attempt and apply it.

    With `hold_end` an end is only told, not applied: the caller moves the payment to another checkout.
    """
    if not claim(till, payment_attempt, attempt_id, wait_s=0 if source == "timer" else WAIT_FOR_LEASE_S):
        return _SILENT
    fp("settle.after_claim")
    with till.db.read() as connection:
        attempt = load_attempt(connection, attempt_id)
    provider = till.providers.get(attempt.provider)
    if provider is None:
        _look_later(till, attempt)
        return _SILENT
    if attempt.provider_id is None:
        may_send = resend and bool(attempt.live) and not attempt.ending
        looked = _hear_create(till, provider, attempt, source, resend=may_send, hold_end=hold_end)
    else:
        looked = _hear_checkout(till, provider, attempt, source, hold_end=hold_end)
    fp("settle.after_outcome")
    return looked


def _hear_checkout(
    till: Till, provider: PaymentProvider, attempt: AttemptRecord, source: str, *, hold_end: bool = False
) -> Looked:
    answer = _sure(provider, attempt, provider.fetch(attempt.ref))
    fp("settle.after_answer")
    _note_fetch(till, attempt, answer)
    if answer.outcome is not Outcome.SUCCESS or answer.checkout is None:
        _not_heard(till, attempt, answer)
        return _SILENT
    return _take(till, provider, attempt, answer.checkout, source, hold_end=hold_end)


def _take(
    till: Till, provider: PaymentProvider, attempt: AttemptRecord, facts: CheckoutFacts, source: str, *, hold_end: bool
) -> Looked:
    if hold_end and _is_over(provider, attempt, facts):
        release(till, payment_attempt, attempt.id)
        return Looked(over=True, heard=True)
    applied = apply_facts(till, attempt.id, facts, source)
    if applied.to_capture:
        applied = _capture_all(till, provider, applied, source)
    unwanted = attempt.ending or not applied.attempt.live
    # An answer that was not believed leaves no name by which to close anything.
    closable = facts.status is CheckoutStatus.OPEN and applied.attempt.provider_id is not None
    if unwanted and closable and not applied.to_capture:
        _close_again(till, provider, applied.attempt, believed=applied.believed)
    return Looked(not applied.attempt.live, applied.believed)


def _is_over(provider: PaymentProvider, attempt: AttemptRecord, facts: CheckoutFacts) -> bool:
    expected = Expected(attempt.reference, attempt.provider_id, attempt.amount, facts.account, facts.mode)
    reading = judge(expected, facts)
    if reading.faults or reading.captured or reading.trying:
        return False
    local = provider.capabilities.methods[attempt.method] is CancelWay.LOCAL_ONLY
    return reading.ended is not None or local


def _capture_all(till: Till, provider: PaymentProvider, applied: Applied, source: str) -> Applied:
    """Authorised money is taken, then the checkout is heard again: only that says that it was."""
    for money in applied.to_capture:
        _send_capture(till, provider, applied.attempt, money)
    answer = provider.fetch(applied.attempt.ref)
    _note_fetch(till, applied.attempt, answer, after_act=True)
    if answer.outcome is Outcome.SUCCESS and answer.checkout is not None:
        return apply_facts(till, applied.attempt.id, answer.checkout, source)
    return applied


def _send_capture(till: Till, provider: PaymentProvider, attempt: AttemptRecord, money: ProviderTry) -> None:
    body = f'{{"payment":"{money.provider_ref}","amount":{money.amount.minor}}}'
    call_id = till.db.transact(
        till.system, lambda uow: calls.plan_call(uow, provider.name, "capture", body, attempt_id=attempt.id)
    )
    calls.mark_sent(till, call_id, "capture")
    answer = provider.capture(money.provider_ref, money.amount)
    fp("capture.after_answer")
    till.db.transact(till.system, lambda uow: calls.note_answer(uow, call_id, answer, money.provider_ref))


def _close_again(till: Till, provider: PaymentProvider, attempt: AttemptRecord, *, believed: bool) -> None:
    """It was given up while the provider was silent: close it now that it is known. Where the provider can't, only an
    answer that was believed ends it."""
    if provider.capabilities.methods[attempt.method] is CancelWay.CLOSES:
        send_cancel(till, provider, attempt)
        answer = provider.fetch(attempt.ref)
        _note_fetch(till, attempt, answer, after_act=True)
        if answer.outcome is Outcome.SUCCESS and answer.checkout is not None:
            apply_facts(till, attempt.id, answer.checkout, "cancel")
    elif believed and attempt.live and attempt.state is AttemptState.OPEN:
        _end(till, attempt, "cancelled_at_till")


def send_cancel(till: Till, provider: PaymentProvider, attempt: AttemptRecord) -> None:
    """Ask the provider to close a checkout; what came of it is heard by a fetch."""
    call_id = till.db.transact(
        till.system,
        lambda uow: calls.plan_call(uow, provider.name, "cancel", attempt.provider_id or "", attempt_id=attempt.id),
    )
    calls.mark_sent(till, call_id, "cancel")
    answer = provider.cancel(attempt.ref)
    fp("cancel.after_answer")
    till.db.transact(till.system, lambda uow: calls.note_answer(uow, call_id, answer, attempt.provider_id))


def _hear_create(
    till: Till, provider: PaymentProvider, attempt: AttemptRecord, source: str, *, resend: bool, hold_end: bool
) -> Looked:
    """The create's outcome is not known, or nothing was sent: look it up before anything is sent again."""
    with till.db.read() as connection:
        call = calls.last_call(connection, "create", attempt_id=attempt.id)
        sent = calls.last_sent(connection, "create", attempt_id=attempt.id)
    young = till.clock.now() - attempt.created_at < RESEND_FOR
    if sent is None:
        may_send = resend and young and attempt.account == provider.account
        if call is not None and call.outcome != calls.PLANNED and may_send:
            answered = _send_again(till, provider, attempt).state is not PaymentState.CREATED
            return Looked(over=False, heard=answered)
        if not hold_end:
            _end(till, attempt, "never_sent")
        else:
            release(till, payment_attempt, attempt.id)
        return Looked(over=not may_send, heard=True)
    answer = _sure(provider, attempt, provider.find(attempt.ref))
    fp("settle.after_answer")
    _note_fetch(till, attempt, answer)
    if answer.outcome is Outcome.SUCCESS and answer.checkouts:
        return _take(till, provider, attempt, _paid_or_newest(answer.checkouts), source, hold_end=hold_end)
    if answer.outcome is not Outcome.NOT_FOUND:
        _not_heard(till, attempt, answer)
        return _SILENT
    if call is not None and call.outcome == Outcome.SUCCESS.value:
        # The provider said that it made one, in an answer that was not believed: its silence now proves nothing.
        _not_heard(till, attempt, answer)
        return _SILENT
    again = resend and young and attempt.method not in provider.capabilities.sent_once
    over = _missed(till, provider, attempt, till.clock.now() - sent, resend=again, hold_end=hold_end)
    return Looked(over, heard=over)


def _sure(provider: PaymentProvider, attempt: AttemptRecord, answer: Answer) -> Answer:
    """ "No such thing" from other keys than the checkout was opened with may be another account's word: it proves
    nothing, and nothing is charged again on the strength of it.
    """
    if answer.outcome is Outcome.NOT_FOUND and attempt.account != provider.account:
        return replace(answer, outcome=Outcome.UNKNOWN, message=calls.OTHER_KEYS)
    return answer


def _missed(
    till: Till, provider: PaymentProvider, attempt: AttemptRecord, since: timedelta, *, resend: bool, hold_end: bool
) -> bool:
    """Not found `since` it was last sent. Twice and some seconds apart: send the same bytes again; for a minute on
    end: it never arrived.
    """
    if resend and attempt.missed >= 1 and since >= LOOK_AGAIN_AFTER:
        _send_again(till, provider, attempt)
        return False
    if attempt.missed >= 2 and since >= GONE_AFTER and not hold_end:
        _end(till, attempt, "never_arrived")
        return True

    def work(uow: UnitOfWork) -> None:
        found = load_attempt(uow.connection, attempt.id, lock=True)
        due = next_check(found.created_at, uow.now) or uow.now + GONE_AFTER
        change_attempt(uow, found, missed=found.missed + 1, next_check_at=due, lease_until=None)

    till.db.transact(till.system, work)
    return False


def _send_again(till: Till, provider: PaymentProvider, attempt: AttemptRecord) -> PaymentRecord:
    call_id = till.db.transact(
        till.system,
        lambda uow: calls.plan_call(uow, provider.name, "create", attempt.parameters, attempt_id=attempt.id),
    )
    return send_create(till, Planned(attempt.id, call_id))


def _paid_or_newest(found: tuple[CheckoutFacts, ...]) -> CheckoutFacts:
    """With several under one reference only one was ever shown; one that holds money comes first."""
    return max(found, key=lambda facts: any(each.took_money for each in facts.tries))


def _note_fetch(till: Till, attempt: AttemptRecord, answer: Answer, *, after_act: bool = False) -> None:
    """A journal row for an answer that says something new, as each does that is heard after something was done."""
    heard = f"{answer.outcome.value}:{answer.response_sha256}"
    if heard == attempt.heard_sha256 and not after_act:
        return

    def work(uow: UnitOfWork) -> None:
        found = load_attempt(uow.connection, attempt.id, lock=True)
        call_id = calls.plan_call(uow, found.provider, "fetch", found.provider_id or "", attempt_id=found.id)
        calls.note_answer(uow, call_id, answer, found.provider_id)
        change_attempt(uow, found, heard_sha256=heard)

    till.db.transact(till.system, work)


def _not_heard(till: Till, attempt: AttemptRecord, answer: Answer) -> None:
    """No word from the provider: nothing moves, look again later."""

    def work(uow: UnitOfWork) -> None:
        # What may come to stand on Exceptions names the payment.
        load_payment(uow.connection, attempt.payment_id, lock=True)
        found = load_attempt(uow.connection, attempt.id, lock=True)
        observe(uow, till, "error", f"provider_{answer.outcome.value}", 0)
        due = _due(found, uow)
        if answer.retry_after_s is not None:
            due = uow.now + timedelta(seconds=answer.retry_after_s)
        if found.live and next_check(found.created_at, uow.now) is None:
            open_unanswered(uow, found, answer.message)
        change_attempt(uow, found, next_check_at=due, checks=found.checks + 1, lease_until=None)

    till.db.transact(till.system, work)


def _look_later(till: Till, attempt: AttemptRecord) -> None:
    def work(uow: UnitOfWork) -> None:
        found = load_attempt(uow.connection, attempt.id, lock=True)
        change_attempt(uow, found, next_check_at=_due(found, uow), lease_until=None)

    till.db.transact(till.system, work)


def _due(found: AttemptRecord, uow: UnitOfWork) -> datetime | None:
    if found.ended_at is not None:
        return next_watch(found.ended_at, uow.now)
    return next_look(found.created_at, uow.now)


def _end(till: Till, attempt: AttemptRecord, reason: str) -> None:
    def work(uow: UnitOfWork) -> None:
        owner = load_payment(uow.connection, attempt.payment_id, lock=True)
        found = load_attempt(uow.connection, attempt.id, lock=True)
        if found.live and owner.state in WAITING:
            end_attempt(uow, owner, found, AttemptState.CANCELLED, reason)

    till.db.transact(till.system, work)


def _fulfil_one(till: Till, payment_id: int, uow: UnitOfWork) -> None:
    owner = load_payment(uow.connection, payment_id, lock=True)
    if owner.state is PaymentState.CAPTURED and owner.fulfilment is Fulfilment.PENDING:
        fulfil(uow, till, owner)
