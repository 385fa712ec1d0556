"""The verbs: each turns a request into one exchange, and what came back into facts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry, RefundFacts, TryStatus
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
from tillgate.providers.http import ApiClient, Call, Reply, nothing_held
from tillgate.providers.json_strict import Fields, Json, Malformed, parse
from tillgate.providers.razorpay import answers, facts, parameters, signatures
from tillgate.providers.redaction import Redactor

CREATE_DEADLINE_MS = 20_000
STATUS_DEADLINE_MS = 10_000
SWEEP_DEADLINE_MS = 60_000

# Of a later request of one call these would say too much about the call as a whole.
_ONLY_OF_THE_FIRST = frozenset({Outcome.NOT_SENT, Outcome.NOT_FOUND, Outcome.DECLINED})
_HOLDS_MONEY = frozenset({TryStatus.AUTHORIZED, TryStatus.CAPTURED, TryStatus.REFUNDED})


@dataclass(frozen=True, slots=True)
class _Found:
    """What an understood answer holds."""

    checkouts: tuple[CheckoutFacts, ...] = ()
    refunds: tuple[RefundFacts, ...] = ()
    payments: tuple[ProviderTry, ...] = ()


class _Ended(Exception):
    """A call that ended in anything but success, with what to say of it."""

    def __init__(self, outcome: Outcome, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.retry_after_s = retry_after_s


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
        self._sweep_deadline_ms = sweep_deadline_ms
        self._now = now
        self._secrets = (key_secret,) if previous_secret is None else (key_secret, previous_secret)
        token = Secret(base64.b64encode(f"{key_id}:{key_secret.reveal()}".encode()).decode())
        self._redactor = Redactor([*self._secrets, token])
        self._reader = answers.Reader(key_id, mode, self.capabilities.checkout_hosts, self._redactor)
        authorization = Secret(f"Basic {token.reveal()}")
        self._client = ApiClient(self.name, base_url, authorization, answers.outcome_of_refusal, before_send)

    def __repr__(self) -> str:
        return f"Razorpay({self.account!r}, mode={self.mode.value!r})"

    # --- opening and ending a checkout ---

    def parameters(self, request: CheckoutRequest) -> str:
        """The exact body that `create` will send. Raises Invalid for what Razorpay would refuse."""
        return parameters.checkout_body(request, self._now())

    def create(self, method: str, parameters: str) -> Answer:
        """Open a link or an order. DECLINED only when Razorpay refused it and has nothing that bears our reference."""
        wanted = _sent(method, parameters)
        return self._writing("create", lambda call: self._create(call, wanted))

    def _create(self, call: Call, wanted: _Sent) -> _Found:
        reply = call.post(_path_of(wanted.method), wanted.body)
        if reply.outcome is Outcome.DECLINED:
            # It may be refused because an earlier sending, whose answer was lost, had made it.
            there = self._if_heard(lambda: self._with_reference(call, wanted.method, wanted.reference))
            outcome = Outcome.DECLINED if there == () else Outcome.UNKNOWN
            raise _Ended(outcome, self._words_of(reply))
        made = self._checkout(wanted.method, self._value(call, reply))
        if (made.reference, made.amount) != (wanted.reference, wanted.amount):
            raise Malformed("what was made is not what was asked for")
        if wanted.method == facts.LINK and made.url is None:
            raise Malformed("the link's address is not one of Razorpay's")
        return _Found(checkouts=(made,))

    def cancel(self, attempt: AttemptRef) -> Answer:
        """Close a link. An order can't be closed: DECLINED without asking."""
        if attempt.method != facts.LINK:
            return Answer(Outcome.DECLINED, message="Razorpay has no way to close an order")
        link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)

        def ask(call: Call) -> _Found:
            value = self._value(call, call.post(f"/v1/payment_links/{link_id}/cancel"))
            return _Found(checkouts=(_same(self._reader.link(value), link_id),))

        return self._writing("cancel", ask)

    # --- looking ---

    def find(self, attempt: AttemptRef) -> Answer:
        """Every checkout with our reference, without its tries."""

        def ask(call: Call) -> _Found:
            found = self._with_reference(call, attempt.method, attempt.reference)
            if not found:
                raise _Ended(Outcome.NOT_FOUND, "")
            return _Found(checkouts=found)

        return self._reading("find", ask)

    def fetch(self, attempt: AttemptRef) -> Answer:
        """The checkout with every try in it, the failed and the authorised ones too."""
        if attempt.method == facts.LINK:
            link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)
            return self._reading("fetch", lambda call: self._fetch_link(call, link_id))
        order_id = facts.checked_id(attempt.provider_id, facts.ORDER_ID)
        return self._reading("fetch", lambda call: self._fetch_order(call, order_id))

    def _fetch_order(self, call: Call, order_id: str) -> _Found:
        order = _same(self._reader.order(self._get(call, f"/v1/orders/{order_id}")), order_id)
        whole = replace(order, tries=tuple(self._tries_of(call, order_id).values()))
        return _Found(checkouts=(_not_paid_by_nobody(whole),))

    def _fetch_link(self, call: Call, link_id: str) -> _Found:
        value = self._get(call, f"/v1/payment_links/{link_id}")
        link, fields = _same(self._reader.link(value), link_id), Fields(value, "link")
        # The link lists captured payments only; the order behind it has every try.
        order_id = answers.order_id_of(fields)
        tries = {} if order_id is None else self._tries_of(call, order_id)
        for item in fields.objects_or_none("payments"):
            payment_id = item.text("payment_id", facts.PAYMENT_ID)
            if payment_id not in tries:
                tries[payment_id] = self._payment(call, payment_id)
        return _Found(checkouts=(_not_paid_by_nobody(_with_tries(link, order_id, tries.values())),))

    def find_refunds(self, payment_ref: str) -> Answer:
        """Every refund of a payment, page after page."""
        facts.checked_id(payment_ref, facts.PAYMENT_ID)
        return self._reading("find_refunds", lambda call: _Found(refunds=self._refunds_of(call, payment_ref)))

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        """Every payment and refund since then; the checkouts of those that hold money and are not `known`."""
        window = {"from": str(int(since.timestamp())), "to": str(int(self._now().timestamp()))}

        def ask(call: Call) -> _Found:
            payments = [
                self._reader.payment(item) for item in self._pages(call, "/v1/payments", facts.PAYMENTS_PAGE, **window)
            ]
            refunds = tuple(
                self._reader.refund(item) for item in self._pages(call, "/v1/refunds", facts.PAGE, **window)
            )
            strange = [one for one in payments if one.status in _HOLDS_MONEY and one.provider_ref not in known]
            checkouts = {one.provider_id: one for payment in strange for one in self._checkouts_of(call, payment)}
            return _Found(tuple(checkouts.values()), refunds, tuple(payments))

        return self._run("list_recent", self._sweep_deadline_ms, ask)

    def _checkouts_of(self, call: Call, payment: ProviderTry) -> Iterator[CheckoutFacts]:
        """The link or order that a payment belongs to, with all its tries; none for one that has neither."""
        links = self._get(call, "/v1/payment_links", payment_id=payment.provider_ref)
        ids = [self._reader.link(item).provider_id for item in answers.items_from(links, "payment_links")]
        for link_id in ids:
            yield from self._fetch_link(call, link_id).checkouts
        if not ids and payment.checkout_id is not None:
            yield from self._fetch_order(call, payment.checkout_id).checkouts

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

        def ask(call: Call) -> _Found:
            answers.items_from(self._get(call, "/v1/payments", count="1"))
            return _Found()

        return self._reading("test_connection", ask)

    # --- moving money ---

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        """Take authorised money; a refusal because it was taken before, for this very amount, is SUCCESS."""
        path = f"/v1/payments/{facts.checked_id(payment_ref, facts.PAYMENT_ID)}/capture"

        def ask(call: Call) -> _Found:
            reply = call.post(path, parameters.capture_body(amount))
            if reply.outcome is Outcome.DECLINED:
                there = self._if_heard(lambda: self._payment(call, payment_ref))
                if there is None or not there.took_money or there.amount != amount:
                    outcome = Outcome.UNKNOWN if there is None else Outcome.DECLINED
                    raise _Ended(outcome, self._words_of(reply))
                return _Found(payments=(there,))
            taken = self._reader.payment(self._value(call, reply))
            if taken.provider_ref != payment_ref or not taken.took_money or taken.amount != amount:
                raise Malformed("what was captured is not what was asked for")
            return _Found(payments=(taken,))

        return self._writing("capture", ask)

    def refund(self, request: RefundRequest) -> Answer:
        """Give money back under an idempotency key. DECLINED only when no refund of the payment bears the key; a key
        that is being worked on, or was used for another amount, is UNKNOWN.
        """
        body = parameters.refund_body(request)
        path = f"/v1/payments/{facts.checked_id(request.payment_ref, facts.PAYMENT_ID)}/refund"

        def ask(call: Call) -> _Found:
            reply = call.post(path, body, **{"X-Refund-Idempotency": request.key})
            if reply.outcome is Outcome.DECLINED:
                made = self._refund_made_before(call, request, self._words_of(reply))
            else:
                made = self._reader.refund(self._value(call, reply))
            named = (made.payment_ref, made.amount, made.key or request.key)
            if named != (request.payment_ref, request.amount, request.key):
                raise Malformed("what was refunded is not what was asked for")
            return _Found(refunds=(made,))

        return self._writing("refund", ask)

    def _refund_made_before(self, call: Call, request: RefundRequest, words: str) -> RefundFacts:
        """The refund that an earlier sending made, whose answer was lost: "fully refunded" may be its own doing."""
        there = self._if_heard(lambda: self._refunds_of(call, request.payment_ref))
        for refund in there or ():
            if refund.key == request.key:
                return refund
        certain = there is not None and not answers.says_key_was_used(words)
        raise _Ended(Outcome.DECLINED if certain else Outcome.UNKNOWN, words)

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

    # --- one call ---

    def _writing(self, verb: str, ask: Callable[[Call], _Found]) -> Answer:
        return self._run(verb, self.capabilities.create_deadline_ms, ask)

    def _reading(self, verb: str, ask: Callable[[Call], _Found]) -> Answer:
        return self._run(verb, self.capabilities.status_deadline_ms, ask)

    def _run(self, verb: str, deadline_ms: int, ask: Callable[[Call], _Found]) -> Answer:
        call = self._client.call(verb, deadline_ms)
        outcome, found, message, retry_after_s = Outcome.SUCCESS, _Found(), "", None
        try:
            found = ask(call)
        except _Ended as ended:
            outcome, message, retry_after_s = ended.outcome, ended.message, ended.retry_after_s
        except Malformed as error:
            outcome, message = Outcome.UNKNOWN, str(error)
        return Answer(
            outcome,
            checkouts=found.checkouts,
            refunds=found.refunds,
            payments=found.payments,
            message=message,
            http_status=call.status,
            response_sha256=call.response_sha256,
            retry_after_s=retry_after_s,
            elapsed_ms=call.elapsed_ms,
        )

    def _get(self, call: Call, path: str, **query: str) -> Json:
        return self._value(call, call.get(path, **query))

    def _value(self, call: Call, reply: Reply) -> Json:
        """The understood body; anything else ends the call."""
        if reply.outcome is Outcome.SUCCESS:
            return reply.value
        later = call.requests > 1 and reply.outcome in _ONLY_OF_THE_FIRST
        raise _Ended(Outcome.UNKNOWN if later else reply.outcome, self._words_of(reply), reply.retry_after_s)

    def _words_of(self, reply: Reply) -> str:
        return self._reader.message_from(reply.value) or self._reader.plain(reply.why)

    def _if_heard(self, look: Callable[[], _T]) -> _T | None:
        """What a look found, or None if the answer did not come or was not understood."""
        try:
            return look()
        except (_Ended, Malformed):
            return None

    def _checkout(self, method: str, value: Json) -> CheckoutFacts:
        return self._reader.link(value) if method == facts.LINK else self._reader.order(value)

    def _with_reference(self, call: Call, method: str, reference: str) -> tuple[CheckoutFacts, ...]:
        if method == facts.LINK:
            value = self._get(call, _path_of(method), reference_id=reference)
            items = answers.items_from(value, "payment_links")
        else:
            items = answers.items_from(self._get(call, _path_of(method), receipt=reference))
        found = tuple(one for one in (self._checkout(method, item) for item in items) if one.reference == reference)
        if items and not found:
            raise Malformed("the list is not of what was asked for")
        return found

    def _payment(self, call: Call, payment_id: str) -> ProviderTry:
        payment = self._reader.payment(self._get(call, f"/v1/payments/{payment_id}"))
        if payment.provider_ref != payment_id:
            raise Malformed("another payment than the one asked for")
        return payment

    def _tries_of(self, call: Call, order_id: str) -> dict[str, ProviderTry]:
        tries: dict[str, ProviderTry] = {}
        for item in answers.items_from(self._get(call, f"/v1/orders/{order_id}/payments")):
            one = self._reader.payment(item)
            if tries.setdefault(one.provider_ref, one) != one:
                raise Malformed("one payment told in two ways")
        return tries

    def _refunds_of(self, call: Call, payment_id: str) -> tuple[RefundFacts, ...]:
        path = f"/v1/payments/{payment_id}/refunds"
        refunds = tuple(self._reader.refund(item) for item in self._pages(call, path, facts.PAGE))
        if any(refund.payment_ref != payment_id for refund in refunds):
            raise Malformed("a refund of another payment")
        return refunds

    def _pages(self, call: Call, path: str, size: int, **query: str) -> Iterator[Json]:
        """Every entry of a list, each once: a new one at its head pushes others onto the next page."""
        seen: set[str] = set()
        for page in range(facts.MOST_PAGES):
            items = answers.items_from(self._get(call, path, **query, count=str(size), skip=str(page * size)))
            for item in items:
                entry = Fields(item, "entry").text("id")
                if entry not in seen:
                    seen.add(entry)
                    yield item
            if len(items) < size:
                return
        raise Malformed("a list without an end")


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Sent:
    """A body made by `parameters`, and what must come back in the answer."""

    method: str
    body: str
    reference: str
    amount: Money


def _path_of(method: str) -> str:
    if method not in facts.METHODS:
        raise Bug("method_unknown", provider=facts.NAME, method=method)
    return "/v1/payment_links" if method == facts.LINK else "/v1/orders"


def _sent(method: str, body: str) -> _Sent:
    try:
        fields = Fields(parse(body.encode()), "parameters")
        reference = fields.text("receipt" if method == facts.ORDER else "reference_id", facts.REFERENCE)
        return _Sent(method, body, reference, answers.amount_from(fields))
    except Malformed as error:
        raise Bug("provider_parameters_malformed", provider=facts.NAME, method=method) from error


def _same(checkout: CheckoutFacts, provider_id: str) -> CheckoutFacts:
    if checkout.provider_id != provider_id:
        raise Malformed("another checkout than the one asked for")
    return checkout


def _with_tries(link: CheckoutFacts, order_id: str | None, tries: Iterable[ProviderTry]) -> CheckoutFacts:
    """The link with its payments. A payment names the order behind the link; where the link names none, its list rules.

    One that names another order keeps that, so that the verification refuses it.
    """
    mine = (replace(one, checkout_id=link.provider_id) if order_id in (None, one.checkout_id) else one for one in tries)
    return replace(link, tries=tuple(mine))


def _not_paid_by_nobody(checkout: CheckoutFacts) -> CheckoutFacts:
    """A list of payments can lag behind the status; without one there is nothing to verify yet."""
    if checkout.status is CheckoutStatus.PAID and not any(one.took_money for one in checkout.tries):
        raise Malformed("paid, but by no payment")
    return checkout


if TYPE_CHECKING:

    def _keeps_the_promises(provider: Razorpay) -> PaymentProvider:
        return provider
