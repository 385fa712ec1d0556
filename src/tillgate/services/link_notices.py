"""The payment link sent to whoever pays, while it can be paid: in the till's own mail, or as the provider's text.

At most one a minute by each way, and few in all: a provider limits them too, and nobody wants to be hounded.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.staff import Action, Actor
from tillgate.ports import AttemptRef, Outcome, TextsPayers
from tillgate.services.access import authorize
from tillgate.services.outbox import MAIL, Later, OutboxRecord, list_work
from tillgate.services.payment_rows import load_payment
from tillgate.services.payment_views import PaymentView, read_view
from tillgate.services.records import AttemptRecord
from tillgate.services.till import Till
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork

# Ways to pay whose address any phone can open; the till's own page is on this computer alone.
FOR_PHONES: Final = frozenset({"link", "session", "web", "checkout"})
SPACING: Final = timedelta(minutes=1)
MOST: Final = 5
# The template of the mail, and the outbox's kind of a text message.
LINK: Final = "payment_link"
TEXT: Final = "text"
_BUSY_WAIT: Final = timedelta(minutes=1)
# Of a payment that was paid, or given up, meanwhile.
OVER: Final = "link_over"
UNSURE: Final = "unsure"


class Way(StrEnum):
    """How a link is sent, by the outbox's kinds."""

    MAIL = MAIL
    TEXT = TEXT


def link_of(view: PaymentView) -> AttemptRecord | None:
    """The checkout that a customer's phone can open now."""
    attempt = view.attempt
    return attempt if attempt is not None and view.url and attempt.method in FOR_PHONES else None


def address_of(till: Till, view: PaymentView, way: Way) -> str:
    """Where a link would go by a way; "" where it can't be sent by it, or nobody said where to."""
    attempt = link_of(view)
    if attempt is None:
        return ""
    if way is Way.MAIL:
        return view.payment.payer_email
    texts = isinstance(till.providers.get(attempt.provider), TextsPayers) and attempt.provider_id is not None
    return view.payment.payer_phone if texts else ""


def send_link(till: Till, actor: Actor, payment_id: int, way: Way) -> str:
    """Have the link sent; the address that it goes to.

    Raises NotFound, Refused("link_not_open" | "link_no_address" | "link_sent_lately" | "link_sent_enough").
    """
    authorize(till, actor, Action.TAKE_PAYMENT)

    def work(uow: UnitOfWork) -> str:
        authorize(uow, actor, Action.TAKE_PAYMENT)
        owner = load_payment(uow.connection, payment_id, lock=True)
        view = read_view(uow.connection, payment_id)
        attempt, address = link_of(view), address_of(till, view, way)
        if attempt is None:
            raise Refused("link_not_open", payment=payment_id)
        if not address:
            raise Refused("link_no_address", payment=payment_id)
        key = f"{way}:{LINK}:{payment_id}:{_next_number(uow, payment_id, way)}"
        enqueue(uow, way, key, {"template": LINK, "payment_id": payment_id}, payment_id=payment_id)
        uow.record("payment.link_sent", owner.subject, way=way.value, attempt=attempt.id)
        return address

    return till.db.transact(actor, work)


def send_text(till: Till, row: OutboxRecord) -> str | Later:
    """Outbox work of kind "text": ask the provider for its text message. Raises Refused, Unavailable."""
    with till.db.read() as connection:
        view = read_view(connection, int(row.payload["payment_id"]))
    attempt = link_of(view)
    if attempt is None:
        return OVER
    provider: object = till.providers.get(attempt.provider)
    if not isinstance(provider, TextsPayers):
        raise Unavailable("provider_off", provider=attempt.provider)
    asked = AttemptRef(attempt.reference, attempt.method, attempt.amount, attempt.provider_id, attempt.created_at)
    answer = provider.text_payer(asked)
    if answer.outcome in {Outcome.DECLINED, Outcome.NOT_FOUND}:
        raise Refused("link_text_refused", provider=attempt.provider, words=answer.message)
    if answer.outcome is Outcome.RATE_LIMITED:
        return Later(timedelta(seconds=answer.retry_after_s) if answer.retry_after_s else _BUSY_WAIT, "rate_limited")
    if answer.outcome is Outcome.UNKNOWN:
        # It may have gone out; a second one would only confuse.
        return UNSURE
    if answer.outcome is not Outcome.SUCCESS:
        raise Unavailable("provider_off", provider=attempt.provider)
    return ""


def _next_number(uow: UnitOfWork, payment_id: int, way: Way) -> int:
    sent = [row for row in list_work(uow.connection, payment_id) if row.dedupe_key.startswith(f"{way}:{LINK}:")]
    if len(sent) >= MOST:
        raise Refused("link_sent_enough", most=MOST)
    ready = max((row.created_at for row in sent), default=uow.now - SPACING) + SPACING
    if uow.now < ready:
        raise Refused("link_sent_lately", wait_s=-(-(ready - uow.now) // timedelta(seconds=1)))
    return len(sent) + 1
