"""Bugs planted on purpose: the harness has to find them, or it proves nothing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tillgate.ports import Answer, PaymentProvider, RefundRequest
from tillgate.providers.razorpay import Razorpay
from tillgate.services import calls, outbox, refunds, settle
from tillgate.services.records import AttemptRecord
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork


def _sent_before_committed() -> None:
    """The call goes out before it is written down that it does."""

    def nothing(_uow: UnitOfWork, _call_id: int) -> None:
        return None

    swap(calls, "note_sent", nothing)


def _sent_again_without_looking() -> None:
    """A refund whose outcome is not known is sent again under a new key, without a look at the provider."""
    told: Callable[[Razorpay, RefundRequest], Answer] = Razorpay.refund

    def anew(bank: Razorpay, request: RefundRequest) -> Answer:
        return told(bank, replace(request, key=secrets.token_hex(16)))

    swap(refunds, "_look_up", lambda *_: refunds.Heard.ABSENT)
    swap(refunds, "_may_resend", lambda *_: True)
    swap(Razorpay, "refund", anew)


def _created_again_under_another_name() -> None:
    """A create whose outcome is not known is sent again without a look, so that the bank can't know it for the same."""
    told: Callable[[Razorpay, str, str], Answer] = Razorpay.create

    def renamed(bank: Razorpay, method: str, parameters: str) -> Answer:
        body = json.loads(parameters)
        return told(bank, method, json.dumps(body | {"reference_id": secrets.token_hex(8)}))

    def again(till: Till, provider: PaymentProvider, attempt: AttemptRecord, *_: object, **__: object) -> bool:
        swap(Razorpay, "create", renamed)
        settle._send_again(till, provider, attempt)
        return False

    swap(settle, "_hear_create", again)


def _done_before_sent() -> None:
    """A mail is ticked off before it is handed over."""
    claim = outbox._claim

    def claim_and_tick(till: Till, row_id: int) -> outbox.OutboxRecord | None:
        row = claim(till, row_id)
        if row is not None and row.kind == outbox.MAIL:
            till.db.transact(till.system, lambda uow: outbox._settle(uow, row, done_at=uow.now, next_at=None))
        return row

    swap(outbox, "_claim", claim_and_tick)


PLANTS: Final[dict[str, Callable[[], None]]] = {
    "sent_before_committed": _sent_before_committed,
    "sent_again_without_looking": _sent_again_without_looking,
    "created_again_under_another_name": _created_again_under_another_name,
    "done_before_sent": _done_before_sent,
}


def apply(name: str | None) -> None:
    """Plant one in this process; None leaves the code as it is."""
    if name is not None:
        PLANTS[name]()


def swap(place: object, name: str, other: object) -> None:
    """Put another function in the place of one."""
    setattr(place, name, other)
