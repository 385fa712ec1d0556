"""Give money back: approved, written down with its key, then driven to its end (reliability.md 1.3, rule 9)."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tillgate.domain.cadence import next_refund_check
from tillgate.domain.checkout_facts import RefundFacts
from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.notes import check_note
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.ports import Answer, Outcome, PaymentProvider, RefundRequest
from tillgate.services import calls
from tillgate.services.access import authorize
from tillgate.services.attempt_lease import claim, due_ids
from tillgate.services.exception_rows import open_again
from tillgate.services.giving_back import answer_failed_refunds, give_back
from tillgate.services.metrics import observe
from tillgate.services.outside_refunds import take_outside
from tillgate.services.payment_rows import find_main_capture, load_attempt, load_capture, load_payment
from tillgate.services.records import CaptureRecord, RefundRecord
from tillgate.services.refund_rows import (
    OPEN_REFUNDS,
    OTHER_AMOUNT,
    apply_refund_facts,
    change_refund,
    load_refund,
    lock_refund,
    refund_failed,
)
from tillgate.services.till import Till
from tillgate.store.models import refund
from tillgate.store.unit_of_work import UnitOfWork


class Heard(StrEnum):
    """What a look-up of a refund told."""

    FOUND = "found"
    ABSENT = "absent"
    SILENT = "silent"


log: Final = logging.getLogger("tillgate.refunds")
_REFUNDABLE: Final = (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUND_PENDING)
# How long the same key may be sent again where the provider does not say (rule 9).
RESEND_FOR: Final = timedelta(hours=24)
LOOK_AGAIN_AFTER: Final = timedelta(seconds=5)


def request_refund(
    till: Till,
    actor: Actor,
    payment_id: int,
    amount: Money,
    reason: str,
    *,
    approval_token: str | None = None,
    return_goods: bool = False,
    into_wallet: bool = False,
) -> RefundRecord:
    """Plan a refund of a payment, in full or in part; `drive_refund` sends it. Needs a manager or an approval.

    `return_goods`: what was sold is back and goes into stock once the refund is done; of a part nothing comes back.
    `into_wallet`: the money goes into the customer's wallet instead of back where it came from, at once; what a wallet
    paid goes there anyway.

    What waits on Exceptions about the same money is settled by it. Raises NotAllowed, Invalid("reason_missing") and
    those of `check_note`, Refused("refund_exceeds" | "refund_failed_open" | "payment_not_refundable" |
    "partial_unsupported" | "customer_needed" | "already_in_wallet" | "insufficient_balance").
    """
    subject = f"payment:{payment_id}"
    if approval_token is None:
        authorize(till, actor, Action.REFUND, subject=subject, amount=amount)

    def work(uow: UnitOfWork) -> RefundRecord:
        approver = authorize(uow, actor, Action.REFUND, subject=subject, amount=amount, approval_token=approval_token)
        if not reason.strip():
            raise Invalid("reason_missing", field="reason")
        words = check_note(reason, field="reason", shortest=1)
        source = _source(uow, till, payment_id, amount, into_wallet=into_wallet)
        answer_failed_refunds(uow, source, amount, words)
        return give_back(
            uow, till, source, amount, words, approved_by=approver, return_goods=return_goods, into_wallet=into_wallet
        )

    return till.db.transact(actor, work)


def _source(uow: UnitOfWork, till: Till, payment_id: int, amount: Money, *, into_wallet: bool) -> CaptureRecord:
    owner = load_payment(uow.connection, payment_id, lock=True)
    source = find_main_capture(uow.connection, payment_id)
    # While its orders are still to be written, whether there is anything to refund a part of is not known.
    if owner.state not in _REFUNDABLE or owner.fulfilment is Fulfilment.PENDING or source is None:
        raise Refused("payment_not_refundable", payment=payment_id, state=owner.state.value)
    provider = None if into_wallet else till.providers.get(source.provider)
    if provider is not None and not provider.capabilities.partial_refund and amount != source.amount:
        raise Refused("partial_unsupported", provider=source.provider)
    return load_capture(uow.connection, source.id, lock=True)


def list_due_refunds(till: Till, *, limit: int = 50) -> list[int]:
    """Refunds to drive now, that nobody is driving."""
    return due_ids(till, refund, refund.c.next_at, limit)


def settle_refund(till: Till, refund_id: int) -> None:
    """Drive one that is due; what goes wrong is logged and tried again later."""
    try:
        drive_refund(till, refund_id)
    except Exception:
        log.exception("a refund could not be driven", extra={"refund": refund_id})


def settle_refunds(till: Till, *, limit: int = 50) -> int:
    """Drive every refund that is due; one that fails never stops the others. How many were driven."""
    ids = list_due_refunds(till, limit=limit)
    for refund_id in ids:
        settle_refund(till, refund_id)
    return len(ids)


def drive_refund(till: Till, refund_id: int) -> RefundRecord:
    """One step towards the refund's end: send it, or look it up. Never a second refund for one key."""
    with till.db.read() as connection:
        found = load_refund(connection, refund_id)
    if found.state not in OPEN_REFUNDS or not claim(till, refund, refund_id):
        return found
    provider = till.providers.get(found.provider)
    if provider is None:
        _later(till, refund_id, "provider_off")
    else:
        _step(till, provider, refund_id)
    with till.db.read() as connection:
        return load_refund(connection, refund_id)


def _step(till: Till, provider: PaymentProvider, refund_id: int) -> None:
    with till.db.read() as connection:
        found = load_refund(connection, refund_id)
        source = load_capture(connection, found.capture_id)
        first_sent = calls.sent_since(connection, "refund", refund_id=refund_id)
        last_sent = calls.last_sent(connection, "refund", refund_id=refund_id)
    if first_sent is None and not found.outside:
        _send(till, provider, found, source)
        return
    heard = _look_up(till, provider, found, source)
    absent = heard is Heard.ABSENT and found.provider_ref is None
    if (
        absent
        and first_sent is not None
        and last_sent is not None
        and _may_resend(till, first_sent, last_sent, provider)
    ):
        _send(till, provider, found, source)


def _may_resend(till: Till, first_sent: datetime, last_sent: datetime, provider: PaymentProvider) -> bool:
    window = RESEND_FOR
    if provider.capabilities.idem_ttl_s is not None:
        window = min(window, timedelta(seconds=provider.capabilities.idem_ttl_s))
    now = till.clock.now()
    return now - last_sent >= LOOK_AGAIN_AFTER and now - first_sent < window


def _send(till: Till, provider: PaymentProvider, found: RefundRecord, source: CaptureRecord) -> None:
    request = RefundRequest(found.key, source.provider_ref, found.amount, found.reason)
    body = json.dumps({"key": found.key, "payment": source.provider_ref, "amount": found.amount_minor})
    call_id = till.db.transact(
        till.system, lambda uow: calls.plan_call(uow, provider.name, "refund", body, refund_id=found.id)
    )
    fp("refund.after_intent")
    calls.mark_sent(till, call_id, "refund")
    answer = provider.refund(request)
    fp("refund.after_answer")
    till.db.transact(till.system, lambda uow: calls.note_answer(uow, call_id, answer, _ref(answer)))
    if answer.outcome is Outcome.SUCCESS and answer.refund is not None:
        _take(till, found.id, answer.refund)
    elif answer.outcome is Outcome.DECLINED:
        _declined(till, provider, found, source, answer)
    else:
        _later(till, found.id, answer.message or answer.outcome.value, answer.retry_after_s)
    fp("refund.after_outcome")


def _declined(
    till: Till, provider: PaymentProvider, found: RefundRecord, source: CaptureRecord, answer: Answer
) -> None:
    """A refusal may come because an earlier try with this key went through: look before it is believed."""
    looked = provider.find_refunds(source.provider_ref)
    if looked.outcome is not Outcome.SUCCESS or not _same_account(till, provider, source):
        _later(till, found.id, answer.message)
        return
    ours = _named(found, looked)
    if ours is not None:
        _take(till, found.id, ours)
        return

    def work(uow: UnitOfWork) -> None:
        current = lock_refund(uow, found.id)
        if current.state in OPEN_REFUNDS:
            refund_failed(uow, till, current, answer.message)
        # It was refused, perhaps because somebody gave the money back on the provider's own pages.
        take_outside(uow, till, provider.name, looked.refunds)

    till.db.transact(till.system, work)


def _look_up(till: Till, provider: PaymentProvider, found: RefundRecord, source: CaptureRecord) -> Heard:
    """What the provider has under our key. Silence proves nothing, so nothing is sent again on the strength of it."""
    answer = provider.find_refunds(source.provider_ref)
    ours = _named(found, answer)
    if answer.outcome is Outcome.SUCCESS and ours is not None:
        _take(till, found.id, ours)
        return Heard.FOUND
    absent = answer.outcome is Outcome.SUCCESS and _same_account(till, provider, source)
    _later(till, found.id, answer.message, answer.retry_after_s)
    return Heard.ABSENT if absent else Heard.SILENT


def _same_account(till: Till, provider: PaymentProvider, source: CaptureRecord) -> bool:
    """Whether the money was taken with the keys of now: of other keys' money, silence and refusals prove nothing."""
    if source.attempt_id is None:
        return True
    with till.db.read() as connection:
        return load_attempt(connection, source.attempt_id).account == provider.account


def _named(found: RefundRecord, answer: Answer) -> RefundFacts | None:
    """The refund among those of a payment: by our key, or by the provider's name where that is known."""
    same = (each for each in answer.refunds if each.key == found.key or each.provider_ref == found.their_name)
    return next(same, None)


def _take(till: Till, refund_id: int, facts: RefundFacts) -> None:
    def work(uow: UnitOfWork) -> None:
        found = apply_refund_facts(uow, till, refund_id, facts)
        if found.state in OPEN_REFUNDS:
            _schedule(uow, found, found.message if found.message == OTHER_AMOUNT else None, None)

    till.db.transact(till.system, work)


def _later(till: Till, refund_id: int, message: str, retry_after_s: int | None = None) -> None:
    def work(uow: UnitOfWork) -> None:
        found = lock_refund(uow, refund_id)
        if found.state in OPEN_REFUNDS:
            observe(uow, till, "error", "refund_not_heard", 0)
            told = found.message if found.message == OTHER_AMOUNT else message or None
            _schedule(uow, found, told, retry_after_s)

    till.db.transact(till.system, work)


def _schedule(uow: UnitOfWork, found: RefundRecord, message: str | None, retry_after_s: int | None) -> None:
    due = next_refund_check(found.created_at, uow.now)
    values: dict[str, object] = {}
    if due is None:
        values["state"] = RefundState.PARKED
        open_again(
            uow,
            ExceptionKind.REFUND_STUCK,
            f"refund-stuck:{found.id}",
            payment_id=found.payment_id,
            capture_id=found.capture_id,
            refund_id=found.id,
            evidence={"amount": str(found.amount), "key": found.key, "provider_says": message or ""},
        )
        due = uow.now + timedelta(days=1)
    elif retry_after_s is not None:
        due = uow.now + timedelta(seconds=retry_after_s)
    change_refund(uow, found, next_at=due, tries=found.tries + 1, message=message, lease_until=None, **values)


def _ref(answer: Answer) -> str | None:
    return answer.refund.provider_ref if answer.refund else None
