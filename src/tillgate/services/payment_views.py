"""One payment as a screen shows it: where it stands, every checkout, all money, and the whole story."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.payment import WAITING, AttemptState, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.ports import Outcome
from tillgate.services import calls
from tillgate.services.access import authorize
from tillgate.services.declined_tries import DeclinedTry, list_declined
from tillgate.services.payment_rows import list_attempts, list_captures, load_payment
from tillgate.services.records import AttemptRecord, CaptureRecord, PaymentRecord, RefundRecord
from tillgate.services.refund_rows import list_refunds
from tillgate.services.return_tokens import unmasked
from tillgate.services.till import Till
from tillgate.store.models import audit, money_exception, payment, provider_call, return_inbox

# As the return of the page's way out is kept (templates/web/checkout.html.j2); the same one is kept once.
_DISMISSED: Final = json.dumps({"dismissed": "1"})


@dataclass(frozen=True, slots=True)
class PaymentView:
    """`checking` means that it is not known what the provider has: do not charge again. `unsent` that nothing got
    through, `offline` that the last call found no way to the provider, and `keys_refused` that it was turned away.
    `declined` are the tries that its open checkout saw fail, oldest first: nothing was taken, and the customer may try
    again. `left_at` is when the till's own page with its checkout was left without paying: a browser says so, and only
    the provider's word counts."""

    payment: PaymentRecord
    attempts: tuple[AttemptRecord, ...]
    captures: tuple[CaptureRecord, ...]
    refunds: tuple[RefundRecord, ...]
    open_exceptions: tuple[ExceptionKind, ...]
    checking: bool
    unsent: bool
    offline: bool
    keys_refused: bool
    last_message: str
    declined: tuple[DeclinedTry, ...] = ()
    left_at: datetime | None = None

    @property
    def attempt(self) -> AttemptRecord | None:
        """The checkout that counts: the live one, else the last."""
        live = next((each for each in self.attempts if each.live), None)
        return live or (self.attempts[-1] if self.attempts else None)

    @property
    def waiting(self) -> bool:
        """Whether the payment still waits for money."""
        return self.payment.state in WAITING

    @property
    def url(self) -> str | None:
        """Where the customer pays, while it is open."""
        found = self.attempt
        open_now = found is not None and found.state in (AttemptState.OPEN, AttemptState.PROCESSING)
        return found.url if found is not None and open_now and self.waiting else None


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One audited event of a payment's story."""

    at: datetime
    actor: str
    event: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One provider call of a payment's story."""

    at: datetime
    provider: str
    kind: str
    outcome: str
    http_status: int | None
    elapsed_ms: int | None
    message: str | None


def view_payment(till: Till, actor: Actor, payment_id: int) -> PaymentView:
    """Where a payment stands. Raises NotFound."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        return with_addresses(till, read_view(connection, payment_id))


def with_addresses(till: Till, view: PaymentView) -> PaymentView:
    """The same with the till's own addresses whole: their secret is nowhere in the database."""
    whole = (
        replace(each, url=unmasked(till, each.url, each.reference)) if each.url else each for each in view.attempts
    )
    return replace(view, attempts=tuple(whole))


def read_view(connection: Connection, payment_id: int) -> PaymentView:
    """The same on an open connection, the till's own addresses as they are stored."""
    owner = load_payment(connection, payment_id)
    attempts = list_attempts(connection, payment_id)
    live = next((each for each in attempts if each.live), None)
    last = _last_call(connection, live.id) if live is not None else None
    exceptions = connection.execute(
        select(money_exception.c.kind).where(
            money_exception.c.payment_id == payment_id, money_exception.c.closed_at.is_(None)
        )
    ).scalars()
    waiting = owner.state in WAITING
    outcome = last[0] if last else ""
    unnamed = live if live is not None and live.provider_id is None else None
    # Whatever was said since of a checkout that may have been made and is not known here, it is looked for.
    sent = unnamed is not None and calls.last_sent(connection, "create", attempt_id=unnamed.id) is not None
    unsent = waiting and unnamed is not None and not sent and outcome in calls.PROVEN_IDLE
    checking = waiting and (outcome in calls.UNSURE or sent)
    return PaymentView(
        payment=owner,
        attempts=tuple(attempts),
        captures=tuple(list_captures(connection, payment_id)),
        refunds=tuple(list_refunds(connection, payment_id)),
        open_exceptions=tuple(exceptions),
        checking=checking,
        unsent=unsent,
        offline=waiting and outcome == Outcome.NOT_SENT.value,
        keys_refused=waiting and outcome == Outcome.MISCONFIGURED.value,
        last_message=last[1] if last else "",
        declined=list_declined(connection, live.id) if waiting and live is not None else (),
        left_at=_left(connection, live.id) if waiting and live is not None else None,
    )


def _left(connection: Connection, attempt_id: int) -> datetime | None:
    query = select(return_inbox.c.received_at).where(
        return_inbox.c.attempt_id == attempt_id, return_inbox.c.fields_json == _DISMISSED
    )
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


def list_story(till: Till, actor: Actor, payment_id: int) -> tuple[list[StoryEvent], list[CallEvent]]:
    """Everything that happened to a payment, oldest first: audited events, and calls to its provider."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        query = select(money_exception.c.id).where(money_exception.c.payment_id == payment_id)
        return read_story(connection, payment_id, [int(row.id) for row in connection.execute(query)])


def read_story(
    connection: Connection, payment_id: int, exception_ids: Sequence[int]
) -> tuple[list[StoryEvent], list[CallEvent]]:
    """The same on an open connection, with what was said of its exceptions under their own names."""
    attempts = [each.id for each in list_attempts(connection, payment_id)]
    refunds = [each.id for each in list_refunds(connection, payment_id)]
    subjects = [f"payment:{payment_id}", *(f"exception:{each}" for each in exception_ids)]
    # Of one moment, the order in which they were written.
    events = connection.execute(
        select(audit).where(audit.c.subject.in_(subjects)).order_by(audit.c.at, audit.c.till_id, audit.c.seq)
    )
    story = [StoryEvent(row.at, row.actor, row.event, json.loads(row.data)) for row in events]
    mine = provider_call.c.attempt_id.in_(attempts) | provider_call.c.refund_id.in_(refunds)
    rows = connection.execute(select(provider_call).where(mine).order_by(provider_call.c.id))
    made = [
        CallEvent(r.planned_at, r.provider, r.kind, r.outcome, r.http_status, r.elapsed_ms, r.message) for r in rows
    ]
    return story, made


def count_waiting(till: Till) -> int:
    """How many payments still wait for money or for a refund: the status bar's figure."""
    states = (*WAITING, PaymentState.REFUND_PENDING)
    with till.db.read() as connection:
        query = select(func.count()).select_from(payment).where(payment.c.state.in_(states))
        return int(connection.execute(query).scalar_one())


def _last_call(connection: Connection, attempt_id: int) -> tuple[str, str] | None:
    row = connection.execute(
        select(provider_call.c.outcome, provider_call.c.message)
        .where(provider_call.c.attempt_id == attempt_id)
        .order_by(provider_call.c.id.desc())
        .limit(1)
    ).one_or_none()
    return (row.outcome, row.message or "") if row else None
