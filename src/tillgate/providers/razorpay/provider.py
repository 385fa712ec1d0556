"""The verbs: each turns a request into one exchange, and what came back into facts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tillgate.domain.checkout_facts import RefundFacts
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
from tillgate.providers.http import ApiClient, nothing_held
from tillgate.providers.json_strict import Fields, Malformed, parse
from tillgate.providers.outcome import Calls, Ended, Found
from tillgate.providers.razorpay import answers, facts, parameters, signatures
from tillgate.providers.razorpay.asking import Asking, path_of, same
from tillgate.providers.redaction import Redactor
from tillgate.providers.rules import (
    CREATE_DEADLINE_MS,
    HOLDS_MONEY,
    REFERENCE,
    STATUS_DEADLINE_MS,
    SWEEP_DEADLINE_MS,
)


class Razorpay:
    """A Razorpay account, by one key. `previous_secret` is still accepted in signatures while keys are changed over.

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
        previous_secret: Secret | None = None,
        before_send: Callable[[], None] = nothing_held,
        create_deadline_ms: int = CREATE_DEADLINE_MS,
        status_deadline_ms: int = STATUS_DEADLINE_MS,
        sweep_deadline_ms: int = SWEEP_DEADLINE_MS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        facts.check_credentials(key_id, key_secret, mode)
        facts.check_address(base_url, mode)
        self.mode = mode
        self.account = key_id
        self._base_url = base_url
        self.capabilities = facts.capabilities(base_url, create_deadline_ms, status_deadline_ms)
        self._now = now
        self._secrets = (key_secret,) if previous_secret is None else (key_secret, previous_secret)
        token = Secret(base64.b64encode(f"{key_id}:{key_secret.reveal()}".encode()).decode())
        self._redactor = Redactor([*self._secrets, token])
        self._reader = answers.Reader(key_id, mode, self.capabilities.checkout_hosts, self._redactor)
        authorization = Secret(f"Basic {token.reveal()}")
        self._client = ApiClient(self.name, base_url, authorization, answers.outcome_of_refusal, before_send)
        self._calls = Calls(self._client, self.capabilities, sweep_deadline_ms, lambda call: Asking(call, self._reader))

    def __repr__(self) -> str:
        return f"Razorpay({self.account!r}, mode={self.mode.value!r})"

    # --- opening and ending a checkout ---

    def parameters(self, request: CheckoutRequest) -> str:
        """The exact body that `create` will send. Raises Invalid for what Razorpay would refuse."""
        return parameters.checkout_body(request, self._now())

    def create(self, method: str, parameters: str) -> Answer:
        """Open a link or an order. DECLINED only when Razorpay refused it and has nothing that bears our reference."""
        wanted = _sent(method, parameters)
        return self._calls.writing("create", lambda asking: _create(asking, wanted))

    def cancel(self, attempt: AttemptRef) -> Answer:
        """Close a link. An order can't be closed: DECLINED without asking."""
        if attempt.method != facts.LINK:
            return Answer(Outcome.DECLINED, message="Razorpay has no way to close an order")
        link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)

        def ask(asking: Asking) -> Found:
            value = asking.value(asking.post(f"/v1/payment_links/{link_id}/cancel"))
            return Found(checkouts=(same(asking.read.link(value), link_id),))

        return self._calls.writing("cancel", ask)

    def text_payer(self, attempt: AttemptRef) -> Answer:
        """Have Razorpay text the link. DECLINED without asking for an order, which no phone can open."""
        if attempt.method != facts.LINK:
            return Answer(Outcome.DECLINED, message="Razorpay texts links only")
        link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)

        def ask(asking: Asking) -> Found:
            answers.check_done(asking.value(asking.post(f"/v1/payment_links/{link_id}/notify_by/sms")))
            return Found()

        return self._calls.writing("text", ask)

    # --- looking ---

    def find(self, attempt: AttemptRef) -> Answer:
        """Every checkout with our reference, without its tries."""

        def ask(asking: Asking) -> Found:
            found = asking.with_reference(attempt.method, attempt.reference)
            if not found:
                raise Ended(Outcome.NOT_FOUND, "")
            return Found(checkouts=found)

        return self._calls.reading("find", ask)

    def fetch(self, attempt: AttemptRef) -> Answer:
        """The checkout with every try in it, the failed and the authorised ones too."""
        if attempt.method == facts.LINK:
            link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)
            return self._calls.reading("fetch", lambda asking: Found((asking.link(link_id),)))
        order_id = facts.checked_id(attempt.provider_id, facts.ORDER_ID)
        return self._calls.reading("fetch", lambda asking: Found((asking.order(order_id),)))

    def find_refunds(self, payment_ref: str) -> Answer:
        """Every refund of a payment, page after page."""
        facts.checked_id(payment_ref, facts.PAYMENT_ID)
        return self._calls.reading("find_refunds", lambda asking: Found(refunds=asking.refunds_of(payment_ref)))

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        """Every payment and refund since then; the checkouts of those that hold money and are not `known`."""
        window = {"from": str(int(since.timestamp())), "to": str(int(self._now().timestamp()))}

        def ask(asking: Asking) -> Found:
            payments, refunds = asking.payments_of_window(window), asking.refunds_of_window(window)
            strange = [one for one in payments if one.status in HOLDS_MONEY and one.provider_ref not in known]
            checkouts = {one.provider_id: one for payment in strange for one in asking.checkouts_of(payment)}
            return Found(tuple(checkouts.values()), refunds, payments)

        return self._calls.sweeping("list_recent", ask)

    def page(self, attempt: AttemptRef, store: str, description: str, payer: Payer) -> CheckoutPage | None:
        """Standard checkout for an order; a payment link is Razorpay's own page."""
        if attempt.method != facts.ORDER or attempt.provider_id is None:
            return None
        script, sources = facts.checkout_script(self._base_url)
        options = {
            "key": self.account,
            "amount": attempt.amount.minor,
            "currency": attempt.amount.currency,
            "order_id": facts.checked_id(attempt.provider_id, facts.ORDER_ID),
            "name": store,
            "description": description,
            "prefill": {"name": payer.name, "email": payer.email, "contact": payer.phone},
        }
        return CheckoutPage(script, "Razorpay", sources, options)

    def test_connection(self) -> Answer:
        """Read one payment of the account, whichever."""

        def ask(asking: Asking) -> Found:
            answers.items_from(asking.get("/v1/payments", count="1"))
            return Found()

        return self._calls.reading("test_connection", ask)

    # --- moving money ---

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        """Take authorised money; a refusal because it was taken before, for this very amount, is SUCCESS."""
        path = f"/v1/payments/{facts.checked_id(payment_ref, facts.PAYMENT_ID)}/capture"

        def ask(asking: Asking) -> Found:
            reply = asking.post(path, parameters.capture_body(amount))
            if reply.outcome is Outcome.DECLINED:
                there = asking.if_heard(lambda: asking.payment(payment_ref))
                if there is None or not there.took_money or there.amount != amount:
                    outcome = Outcome.UNKNOWN if there is None else Outcome.DECLINED
                    raise Ended(outcome, asking.words_of(reply))
                return Found(payments=(there,))
            taken = asking.read.payment(asking.value(reply))
            if taken.provider_ref != payment_ref or not taken.took_money or taken.amount != amount:
                raise Malformed("what was captured is not what was asked for")
            return Found(payments=(taken,))

        return self._calls.writing("capture", ask)

    def refund(self, request: RefundRequest) -> Answer:
        """Give money back under an idempotency key. DECLINED only when no refund of the payment bears the key; a key
        that is being worked on, or was used for another amount, is UNKNOWN.
        """
        body = parameters.refund_body(request)
        path = f"/v1/payments/{facts.checked_id(request.payment_ref, facts.PAYMENT_ID)}/refund"

        def ask(asking: Asking) -> Found:
            reply = asking.post(path, body, **{"X-Refund-Idempotency": request.key})
            if reply.outcome is Outcome.DECLINED:
                made = _refund_made_before(asking, request, asking.words_of(reply))
            else:
                made = asking.read.refund(asking.value(reply))
            named = (made.payment_ref, made.amount, made.key or request.key)
            if named != (request.payment_ref, request.amount, request.key):
                raise Malformed("what was refunded is not what was asked for")
            return Found(refunds=(made,))

        return self._calls.writing("refund", ask)

    # --- without a call ---

    def check_return(self, attempt: AttemptRef, fields: Mapping[str, str]) -> bool:
        """Whether Razorpay signed this return for this attempt; our stored ids are what the signature must cover."""
        if attempt.provider_id is None:
            return False
        if attempt.method == facts.LINK:
            signed = signatures.link_message(attempt.provider_id, attempt.reference, fields)
        else:
            signed = signatures.order_message(attempt.provider_id, fields)
        return signed is not None and signatures.is_signed(self._secrets, *signed)

    def redact(self, text: str) -> str:
        """The text without the key's secret and without card or personal data."""
        return self._redactor.redact(text)

    def close(self) -> None:
        """Drop the client."""
        self._client.close()


@dataclass(frozen=True, slots=True)
class _Sent:
    """A body made by `parameters`, and what must come back in the answer."""

    method: str
    body: str
    reference: str
    amount: Money


def _sent(method: str, body: str) -> _Sent:
    try:
        fields = Fields(parse(body.encode()), "parameters")
        reference = fields.text("receipt" if method == facts.ORDER else "reference_id", REFERENCE)
        return _Sent(method, body, reference, answers.amount_from(fields))
    except Malformed as error:
        raise Bug("provider_parameters_malformed", provider=facts.NAME, method=method) from error


def _create(asking: Asking, wanted: _Sent) -> Found:
    reply = asking.post(path_of(wanted.method), wanted.body)
    if reply.outcome is Outcome.DECLINED:
        # It may be refused because an earlier sending, whose answer was lost, had made it.
        there = asking.if_heard(lambda: asking.with_reference(wanted.method, wanted.reference))
        raise Ended(Outcome.DECLINED if there == () else Outcome.UNKNOWN, asking.words_of(reply))
    made = asking.checkout(wanted.method, asking.value(reply))
    if (made.reference, made.amount) != (wanted.reference, wanted.amount):
        raise Malformed("what was made is not what was asked for")
    if wanted.method == facts.LINK and made.url is None:
        raise Malformed("the link's address is not one of Razorpay's")
    return Found(checkouts=(made,))


def _refund_made_before(asking: Asking, request: RefundRequest, words: str) -> RefundFacts:
    """The refund that an earlier sending made, whose answer was lost: "fully refunded" may be its own doing."""
    there = asking.if_heard(lambda: asking.refunds_of(request.payment_ref))
    for refund in there or ():
        if refund.key == request.key:
            return refund
    certain = there is not None and not answers.says_key_was_used(words)
    raise Ended(Outcome.DECLINED if certain else Outcome.UNKNOWN, words)


if TYPE_CHECKING:

    def _keeps_the_promises(provider: Razorpay) -> PaymentProvider:
        return provider
