"""The steps of one call: each asks, and reads the answer; whatever is not an understood answer ends the call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry, RefundFacts
from tillgate.ports import Outcome
from tillgate.providers.http import Call, Reply
from tillgate.providers.json_strict import Fields, Json, Malformed
from tillgate.providers.outcome import Steps
from tillgate.providers.stripe import answers, facts

_FORM: Final = "application/x-www-form-urlencoded"
_NOT_PROCESSED: Final = frozenset({409, 429})


class Asking(Steps):
    """One call to Stripe."""

    def __init__(self, call: Call, reader: answers.Reader, sleep: Callable[[float], None]) -> None:
        super().__init__(call, reader)
        self.read = reader
        self._sleep = sleep

    # --- requests ---

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """A reading's body."""
        return self.value(self.sent(lambda: self._patiently(lambda: self.call.get(path, **(query or {})))))

    def post(self, path: str, form: str = "", key: str = "") -> Reply:
        """A writing, under an idempotency key where one is given."""
        headers = {"Content-Type": _FORM, **({"Idempotency-Key": key} if key else {})}
        return self.sent(lambda: self._patiently(lambda: self.call.post(path, form, **headers)))

    def _patiently(self, send: Callable[[], Reply]) -> Reply:
        """Send; what was not processed, being locked or too much at once, is sent again as the documents say."""
        in_use = False
        for pause_s in facts.PAUSES_S:
            reply = send()
            wait_s = self._wait_s(reply, pause_s)
            if wait_s is None:
                break
            in_use = in_use or reply.status == 409
            self._sleep(wait_s)
        else:
            reply = send()
        if in_use and reply.outcome is Outcome.NOT_SENT:
            # This time nothing was sent, but the first sending is still at work somewhere.
            return replace(reply, outcome=Outcome.UNKNOWN)
        return reply

    def _wait_s(self, reply: Reply, pause_s: float) -> float | None:
        """How long to wait before the same is sent again; None for not at all."""
        if reply.status not in _NOT_PROCESSED or reply.headers.get("stripe-should-retry") == "false":
            return None
        wait_s = max(pause_s * random.uniform(0.5, 1), 0.5, reply.retry_after_s or 0)
        return wait_s if wait_s <= facts.LONGEST_PAUSE_S and wait_s < self.call.exchange.left() else None

    # --- checkouts ---

    def session(self, session_id: str) -> CheckoutFacts:
        """A session with every try of it."""
        value = self.get(f"/v1/checkout/sessions/{session_id}", {"expand[0]": "payment_intent"})
        session = self.read.session(value)
        if session.checkout.provider_id != session_id:
            raise Malformed("another checkout than the one asked for")
        tries = () if session.intent_id is None else self.charges_of(session.intent_id)
        # One that names another intent keeps that, so that the verification refuses it.
        mine = tuple(
            replace(one, checkout_id=session_id) if one.checkout_id == session.intent_id else one for one in tries
        )
        return _agreeing(replace(session.checkout, tries=mine), paid=session.paid)

    def with_reference(self, reference: str, since: datetime) -> tuple[CheckoutFacts, ...]:
        """Every session that bears our reference, made since then; those of others are not even read."""
        items = self._pages("/v1/checkout/sessions", facts.SESSIONS_PAGE, _from(since))
        mine = (item for item in items if type(item) is dict and item.get("client_reference_id") == reference)
        return tuple(self.read.session(item).checkout for item in mine)

    def checkouts_of(self, charge: ProviderTry) -> Iterator[CheckoutFacts]:
        """The session that a charge belongs to, with all its tries; none for a charge made any other way."""
        if charge.checkout_id is None:
            return
        query = {"payment_intent": charge.checkout_id}
        for item in self._pages("/v1/checkout/sessions", facts.SESSIONS_PAGE, query):
            yield self.session(Fields(item, "session").text("id", facts.SESSION_ID))

    # --- charges and refunds ---

    def charge(self, charge_id: str) -> ProviderTry:
        """One charge, with its payment intent."""
        charge = self.read.charge(self.get(f"/v1/charges/{charge_id}"))
        if charge.provider_ref != charge_id:
            raise Malformed("another charge than the one asked for")
        return charge

    def charges_of(self, intent_id: str) -> tuple[ProviderTry, ...]:
        """Every try of one payment intent, the failed ones too."""
        items = self._pages("/v1/charges", facts.CHARGES_PAGE, {"payment_intent": intent_id})
        return tuple(self.read.charge(item) for item in items)

    def charges_since(self, since: datetime) -> tuple[ProviderTry, ...]:
        """Every charge of the account since then."""
        return tuple(self.read.charge(item) for item in self._pages("/v1/charges", facts.CHARGES_PAGE, _from(since)))

    def refunds_of(self, charge_id: str) -> tuple[RefundFacts, ...]:
        """Every refund of one charge."""
        items = self._pages("/v1/refunds", facts.REFUNDS_PAGE, {"charge": charge_id})
        refunds = tuple(self.read.refund(item) for item in items)
        if any(refund.payment_ref != charge_id for refund in refunds):
            raise Malformed("a refund of another payment")
        return refunds

    def refunds_since(self, since: datetime) -> tuple[RefundFacts, ...]:
        """Every refund of the account since then that is of a charge; what went back otherwise was never a sale's."""
        items = self._pages("/v1/refunds", facts.REFUNDS_PAGE, _from(since))
        return tuple(self.read.refund(item) for item in items if Fields(item, "refund").raw("charge") is not None)

    def _pages(self, path: str, size: int, query: Mapping[str, str]) -> Iterator[Json]:
        """Every entry of a list, newest first; the cursor is the last one seen, so that nothing is seen twice."""
        cursor: dict[str, str] = {}
        for _ in range(facts.MOST_PAGES):
            items, more = answers.page_of(self.get(path, {**query, "limit": str(size), **cursor}))
            yield from items
            if not more:
                return
            if not items:
                raise Malformed("an empty page with more behind it")
            cursor = {"starting_after": Fields(items[-1], "entry").text("id")}
        raise Malformed("a list without an end")


def _from(since: datetime) -> dict[str, str]:
    return {"created[gte]": str(int(since.timestamp()))}


def _agreeing(checkout: CheckoutFacts, *, paid: bool) -> CheckoutFacts:
    """The session and the list of its charges are read one after the other: until they agree there is no answer."""
    if paid is not any(one.took_money for one in checkout.tries):
        raise Malformed("paid, but by no payment" if paid else "paid by a payment, but the session does not say so")
    if paid and checkout.status is not CheckoutStatus.PAID:
        raise Malformed("paid, but not complete")
    return checkout
