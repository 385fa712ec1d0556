"""The verbs: each turns a request into one exchange, and what came back into facts."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tillgate.domain.checkout_facts import ProviderTry, RefundFacts, TryStatus
from tillgate.domain.errors import Bug
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import (
    Answer,
    AttemptRef,
    CheckoutPage,
    CheckoutRequest,
    Outcome,
    Payer,
    PaymentProvider,
    RefundRequest,
)
from tillgate.providers.http import ApiClient, Reply, nothing_held
from tillgate.providers.json_strict import Fields, Json, Malformed, parse
from tillgate.providers.outcome import Calls, Ended, Found
from tillgate.providers.redaction import Redactor
from tillgate.providers.rules import (
    CREATE_DEADLINE_MS,
    HOLDS_MONEY,
    REFERENCE,
    STATUS_DEADLINE_MS,
    SWEEP_DEADLINE_MS,
)
from tillgate.providers.stripe import answers, facts, parameters
from tillgate.providers.stripe.asking import Asking


class Stripe:
    """A Stripe account. `key_id` is the publishable key, which names the account; `key_secret` the secret or
    restricted key that everything is asked with.

    The deadlines are totals in milliseconds: creating, cancelling, capturing and refunding get the first, looking up
    the second, the sweep of the last days the third. Raises Invalid for keys of another mode or form.
    """

    name = facts.NAME

    def __init__(
        self,
        key_id: str,
        key_secret: Secret,
        *,
        mode: Mode,
        base_url: str = facts.BASE_URL,
        before_send: Callable[[], None] = nothing_held,
        create_deadline_ms: int = CREATE_DEADLINE_MS,
        status_deadline_ms: int = STATUS_DEADLINE_MS,
        sweep_deadline_ms: int = SWEEP_DEADLINE_MS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        facts.check_credentials(key_id, key_secret, mode)
        facts.check_address(base_url, mode)
        self.mode = mode
        self.account = key_id
        self.capabilities = facts.capabilities(base_url, create_deadline_ms, status_deadline_ms)
        self._now = now
        self._redactor = Redactor([key_secret])
        self._reader = answers.Reader(key_id, mode, self.capabilities.checkout_hosts, self._redactor, now)
        self._client = ApiClient(
            self.name,
            base_url,
            Secret(f"Bearer {key_secret.reveal()}"),
            answers.outcome_of_refusal,
            before_send,
            headers={"Stripe-Version": facts.API_VERSION},
        )
        self._calls = Calls(
            self._client, self.capabilities, sweep_deadline_ms, lambda call: Asking(call, self._reader, sleep)
        )

    def __repr__(self) -> str:
        return f"Stripe({self.account!r}, mode={self.mode.value!r})"

    # --- opening and ending a checkout ---

    def parameters(self, request: CheckoutRequest) -> str:
        """What `create` will send, as canonical JSON. Raises Invalid for what Stripe would refuse."""
        return parameters.checkout_body(request, self._now())

    def create(self, method: str, parameters: str) -> Answer:
        """Open a session, under our reference as its idempotency key: the same body again gives the same session.

        DECLINED only when Stripe refused it, or failed at it for good, and has nothing that bears our reference.
        """
        wanted = _sent(method, parameters)
        return self._calls.writing("create", lambda asking: self._create(asking, wanted))

    def cancel(self, attempt: AttemptRef) -> Answer:
        """Close the session. One that is paid or closed already is DECLINED."""
        session_id = _session_id(attempt)

        def ask(asking: Asking) -> Found:
            closed = asking.read.session(asking.value(asking.post(f"/v1/checkout/sessions/{session_id}/expire")))
            if closed.checkout.provider_id != session_id:
                raise Malformed("another checkout than the one asked for")
            return Found(checkouts=(closed.checkout,))

        return self._calls.writing("cancel", ask)

    # --- looking ---

    def find(self, attempt: AttemptRef) -> Answer:
        """Every session with our reference, without its tries; Stripe keeps no index of it, so the list is read."""

        def ask(asking: Asking) -> Found:
            found = asking.with_reference(attempt.reference, self._since(attempt))
            if not found:
                raise Ended(Outcome.NOT_FOUND, "")
            return Found(checkouts=found)

        return self._calls.reading("find", ask)

    def fetch(self, attempt: AttemptRef) -> Answer:
        """The session with every try in it, the failed and the authorised ones too."""
        session_id = _session_id(attempt)
        return self._calls.reading("fetch", lambda asking: Found((asking.session(session_id),)))

    def find_refunds(self, payment_ref: str) -> Answer:
        """Every refund of a charge, page after page."""
        facts.checked_id(payment_ref, facts.CHARGE_ID)
        return self._calls.reading("find_refunds", lambda asking: Found(refunds=asking.refunds_of(payment_ref)))

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        """Every charge and refund since then; the sessions of those that hold money and are not `known`."""

        def ask(asking: Asking) -> Found:
            payments, refunds = asking.charges_since(since), asking.refunds_since(since)
            strange = [one for one in payments if one.status in HOLDS_MONEY and one.provider_ref not in known]
            checkouts = {one.provider_id: one for payment in strange for one in asking.checkouts_of(payment)}
            return Found(tuple(checkouts.values()), refunds, payments)

        return self._calls.sweeping("list_recent", ask)

    def page(self, attempt: AttemptRef, store: str, description: str, payer: Payer) -> CheckoutPage | None:
        """None: a session is Stripe's own page."""
        return None

    def test_connection(self) -> Answer:
        """Read one session of the account, whichever: the key must be able to, and be of this mode."""

        def ask(asking: Asking) -> Found:
            items, _ = answers.page_of(asking.get("/v1/checkout/sessions", {"limit": "1"}))
            if any(answers.boolean(Fields(item, "session"), "livemode") is not self._live for item in items):
                raise Ended(Outcome.MISCONFIGURED, "the key is of the other mode")
            return Found()

        return self._calls.reading("test_connection", ask)

    # --- moving money ---

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        """Take money that is authorised, all of it; taken before, for this very amount, is SUCCESS.

        Our own sessions take it by themselves. Only what waits is asked for: the payment intent, by which Stripe
        captures, may hold another try than this one.
        """
        facts.checked_id(payment_ref, facts.CHARGE_ID)

        def ask(asking: Asking) -> Found:
            charge = asking.charge(payment_ref)
            if charge.took_money and charge.amount == amount:
                return Found(payments=(charge,))
            if charge.status is not TryStatus.AUTHORIZED or charge.amount != amount or charge.checkout_id is None:
                raise Ended(Outcome.DECLINED, "this amount of this payment does not wait to be captured")
            reply = asking.post(f"/v1/payment_intents/{charge.checkout_id}/capture")
            if reply.outcome is not Outcome.DECLINED:
                return Found(payments=(_captured(charge, asking.value(reply)),))
            there = asking.if_heard(lambda: asking.charge(payment_ref))
            if there is None or not there.took_money or there.amount != amount:
                raise Ended(Outcome.UNKNOWN if there is None else Outcome.DECLINED, asking.words_of(reply))
            return Found(payments=(there,))

        return self._calls.writing("capture", ask)

    def refund(self, request: RefundRequest) -> Answer:
        """Give money back under an idempotency key. DECLINED only when no refund of the charge bears the key; a key
        that is being worked on, was used for another amount, or that Stripe failed at for good, is UNKNOWN.
        """
        form = parameters.form_of(parse(parameters.refund_body(request).encode()))

        def ask(asking: Asking) -> Found:
            reply = asking.post("/v1/refunds", form, request.key)
            if reply.outcome is Outcome.DECLINED or _failed_for_good(reply):
                made = _refund_made_before(asking, request, reply)
            else:
                made = asking.read.refund(asking.value(reply))
            if (made.payment_ref, made.amount, made.key) != (request.payment_ref, request.amount, request.key):
                raise Malformed("what was refunded is not what was asked for")
            return Found(refunds=(made,))

        return self._calls.writing("refund", ask)

    # --- without a call ---

    def check_return(self, attempt: AttemptRef, fields: Mapping[str, str]) -> bool:
        """False: Stripe signs no return, so that none of them is more than a hint."""
        return False

    def redact(self, text: str) -> str:
        """The text without the secret key and without card or personal data."""
        return self._redactor.redact(text)

    def close(self) -> None:
        """Drop the client."""
        self._client.close()

    # --- inside a call ---

    @property
    def _live(self) -> bool:
        return self.mode is Mode.LIVE

    def _since(self, attempt: AttemptRef) -> datetime:
        if attempt.planned_at is None:
            return self._now() - facts.LOOK_BACK
        return attempt.planned_at - facts.CLOCK_ERROR

    def _create(self, asking: Asking, wanted: _Sent) -> Found:
        reply = asking.post("/v1/checkout/sessions", wanted.form, wanted.reference)
        if reply.outcome is Outcome.DECLINED or _failed_for_good(reply):
            # An unseen session moves no money, yet what an earlier sending made must be known before this is an end.
            since = self._now() - facts.LOOK_BACK
            there = asking.if_heard(lambda: asking.with_reference(wanted.reference, since))
            raise Ended(Outcome.DECLINED if there == () else Outcome.UNKNOWN, asking.words_of(reply))
        made = asking.read.session(asking.value(reply)).checkout
        if (made.reference, made.amount, made.mode) != (wanted.reference, wanted.amount, self.mode):
            raise Malformed("what was made is not what was asked for")
        if made.url is None and made.status.value == "open":
            raise Malformed("the session's address is not one of Stripe's")
        return Found(checkouts=(made,))


@dataclass(frozen=True, slots=True)
class _Sent:
    """A body made by `parameters` as it goes over the wire, and what must come back in the answer."""

    form: str
    reference: str
    amount: Money


def _sent(method: str, body: str) -> _Sent:
    if method not in facts.METHODS:
        raise Bug("method_unknown", provider=facts.NAME, method=method)
    try:
        value = parse(body.encode())
        fields = Fields(value, "parameters")
        line = fields.objects("line_items")[0]
        amount = answers.amount_from(Fields(line.raw("price_data"), "price_data"), "unit_amount")
        reference = fields.text("client_reference_id", REFERENCE)
    except (Malformed, IndexError) as error:
        raise Bug("provider_parameters_malformed", provider=facts.NAME, method=method) from error
    return _Sent(parameters.form_of(value), reference, amount)


def _session_id(attempt: AttemptRef) -> str:
    return facts.checked_id(attempt.provider_id, facts.SESSION_ID)


def _failed_for_good(reply: Reply) -> bool:
    """A failure that Stripe keeps under the key and will say again for a day, whatever is sent."""
    return (reply.status or 0) >= 500 and reply.headers.get("idempotent-replayed") == "true"


def _captured(charge: ProviderTry, value: Json) -> ProviderTry:
    """The charge as it is after its payment intent was captured, if that is what the answer says."""
    intent = Fields(value, "payment_intent")
    named = (intent.text("id"), intent.text("latest_charge"), intent.text("status"))
    taken = answers.amount_from(intent, "amount_received")
    if named != (charge.checkout_id, charge.provider_ref, "succeeded") or taken != charge.amount:
        raise Malformed("what was captured is not what was asked for")
    return replace(charge, status=TryStatus.CAPTURED)


def _refund_made_before(asking: Asking, request: RefundRequest, reply: Reply) -> RefundFacts:
    """The refund that an earlier sending made, whose answer was lost: "already refunded" may be its own doing."""
    there = asking.if_heard(lambda: asking.refunds_of(request.payment_ref))
    for refund in there or ():
        if refund.key == request.key:
            return refund
    certain = there is not None and reply.outcome is Outcome.DECLINED
    raise Ended(Outcome.DECLINED if certain else Outcome.UNKNOWN, asking.words_of(reply))


if TYPE_CHECKING:

    def _keeps_the_promises(provider: Stripe) -> PaymentProvider:
        return provider
