"""The verbs: each turns a request into one exchange, and what came back into facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
from tillgate.providers.http import ApiClient, Reply, nothing_held
from tillgate.providers.json_strict import Fields, Malformed, parse
from tillgate.providers.outcome import Calls, Ended, Found
from tillgate.providers.redaction import Redactor
from tillgate.providers.rules import (
    CREATE_DEADLINE_MS,
    HOLDS_MONEY,
    REFERENCE,
    STATUS_DEADLINE_MS,
    SWEEP_DEADLINE_MS,
)
from tillgate.providers.wompi import answers, facts, parameters
from tillgate.providers.wompi.asking import Asking

_BY_HAND = "give it back under Transactions in Wompi's dashboard, then note that here"


class Wompi:
    """A Wompi merchant. `key_id` is the public key, which names the account; `key_secret` the private one, with which
    everything is asked. `integrity` signs Web Checkouts; without it there are payment links alone.

    The deadlines are totals in milliseconds: creating, cancelling and voiding get the first, looking up the second, the
    sweep of the last days the third. Raises Invalid for keys of another mode or form.
    """

    name = facts.NAME

    def __init__(
        self,
        key_id: str,
        key_secret: Secret,
        *,
        mode: Mode,
        integrity: Secret | None = None,
        base_url: str | None = None,
        before_send: Callable[[], None] = nothing_held,
        create_deadline_ms: int = CREATE_DEADLINE_MS,
        status_deadline_ms: int = STATUS_DEADLINE_MS,
        sweep_deadline_ms: int = SWEEP_DEADLINE_MS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        facts.check_credentials(key_id, key_secret, integrity, mode)
        address = facts.address_of(mode, base_url)
        self.mode = mode
        self.account = key_id
        self.capabilities = facts.capabilities(address, integrity, create_deadline_ms, status_deadline_ms)
        self._now = now
        self._integrity = integrity
        self._checkout_url = facts.checkout_address(address)
        self._redactor = Redactor([key_secret, *([] if integrity is None else [integrity])])
        hosts = self.capabilities.checkout_hosts
        self._reader = answers.Reader(key_id, mode, self._checkout_url, hosts, self._redactor)
        authorization = Secret(f"Bearer {key_secret.reveal()}")
        self._client = ApiClient(self.name, address, authorization, answers.outcome_of_refusal, before_send)
        self._calls = Calls(
            self._client, self.capabilities, sweep_deadline_ms, lambda call: Asking(call, self._reader, now())
        )

    def __repr__(self) -> str:
        return f"Wompi({self.account!r}, mode={self.mode.value!r})"

    # --- opening and ending a checkout ---

    def parameters(self, request: CheckoutRequest) -> str:
        """What `create` will send, as canonical JSON. Raises Invalid for what Wompi would refuse."""
        return parameters.checkout_body(request, self.capabilities.methods, self._now())

    def create(self, method: str, parameters: str) -> Answer:
        """Open a link; the same body again opens another one, which nobody can pay who was never told its id.

        A Web Checkout is an address that the till signs. Wompi is asked whether it is there, whether it knows the keys
        by which the payment will be found, and whether anybody has paid under this reference before.
        """
        if method not in self.capabilities.methods:
            raise Bug("method_unknown", provider=facts.NAME, method=method)
        open_checkout = self._open_link if method == facts.LINK else self._open_web
        fields, amount = _sent(method, parameters)
        return self._calls.writing("create", lambda asking: Found((open_checkout(asking, parameters, fields, amount),)))

    def cancel(self, attempt: AttemptRef) -> Answer:
        """Deactivate a link; DECLINED where it was paid before. A Web Checkout can't be ended: DECLINED unasked."""
        if attempt.method != facts.LINK:
            return Answer(Outcome.DECLINED, message="Wompi has no way to close a Web Checkout")
        link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)

        def ask(asking: Asking) -> Found:
            closed = asking.close_link(link_id)
            if closed.active:
                raise Malformed("a link that was closed is open")
            found = asking.with_tries_of(closed)
            if found.status is CheckoutStatus.PAID:
                raise Ended(Outcome.DECLINED, "the link was paid before it was closed")
            return Found((found,))

        return self._calls.writing("cancel", ask)

    # --- looking ---

    def find(self, attempt: AttemptRef) -> Answer:
        """What was paid, or tried, under our reference. A link that nobody knows of can't be looked up: its payments
        bear names of Wompi's own. It can't be paid either, so NOT_FOUND is safe to go on from.
        """

        def ask(asking: Asking) -> Found:
            found = asking.with_reference(attempt.reference)
            checkouts = {one.checkout_id: one for one in found}
            if not found:
                raise Ended(Outcome.NOT_FOUND, "")
            if set(checkouts) != {attempt.reference}:
                raise Malformed("our reference stands on somebody else's payment")
            return Found((answers.with_tries(asking.read.web_checkout(attempt.reference, attempt.amount), found),))

        return self._calls.reading("find", ask)

    def fetch(self, attempt: AttemptRef) -> Answer:
        """The checkout with every transaction of it, the declined and the pending ones too."""
        if attempt.method == facts.LINK:
            link_id = facts.checked_id(attempt.provider_id, facts.LINK_ID)
            return self._calls.reading("fetch", lambda asking: Found((asking.link(link_id),)))
        reference = facts.checked_id(attempt.provider_id, REFERENCE)
        return self._calls.reading("fetch", lambda asking: Found((asking.web_checkout(reference, attempt.amount),)))

    def find_refunds(self, payment_ref: str) -> Answer:
        """The void of a transaction, if it was voided; money that went back by hand Wompi does not tell of."""
        facts.checked_id(payment_ref, facts.TRANSACTION_ID)

        def ask(asking: Asking) -> Found:
            money = asking.transaction(payment_ref).money
            return Found(refunds=(answers.void_of(money),) if money.status is TryStatus.REFUNDED else ())

        return self._calls.reading("find_refunds", ask)

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        """Every transaction and void since then; the checkouts of those that hold money and are not `known`."""

        def ask(asking: Asking) -> Found:
            found = tuple(asking.transactions(since, max(since, self._now())))
            strange = [one for one in found if one.money.status in HOLDS_MONEY and one.money.provider_ref not in known]
            ids = {one.checkout_id: one.link_id for one in strange}
            belong = [
                asking.checkout_of(link_id, [one for one in found if one.checkout_id == checkout_id])
                for checkout_id, link_id in ids.items()
            ]
            checkouts = tuple(one for one in belong if one is not None)
            voided = [one.money for one in found if one.money.status is TryStatus.REFUNDED]
            payments = tuple(one.money for one in found)
            return Found(checkouts, tuple(answers.void_of(one) for one in voided), payments)

        return self._calls.sweeping("list_recent", ask)

    def page(self, attempt: AttemptRef, store: str, description: str, payer: Payer) -> CheckoutPage | None:
        """None: links and Web Checkouts are Wompi's own pages."""
        return None

    def test_connection(self) -> Answer:
        """Read the merchant by the public key, and search with the private one: both must be known here."""

        def ask(asking: Asking) -> Found:
            reply = asking.sent(lambda: asking.call.get(f"/v1/merchants/{self.account}"))
            if reply.outcome in (Outcome.NOT_FOUND, Outcome.DECLINED):
                raise Ended(Outcome.MISCONFIGURED, asking.words_of(reply))
            merchant = Fields(answers.one_of(asking.value(reply)), "merchant")
            if (merchant.text_or_none("public_key") or self.account) != self.account:
                raise Ended(Outcome.MISCONFIGURED, "the public key is another merchant's")
            asking.with_reference("tillgate-connection-test")
            return Found()

        return self._calls.reading("test_connection", ask)

    # --- moving money ---

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        """An approved transaction is captured already, SUCCESS for this very amount; nothing ever waits for it."""
        facts.checked_id(payment_ref, facts.TRANSACTION_ID)

        def ask(asking: Asking) -> Found:
            money = asking.transaction(payment_ref).money
            if not money.took_money or money.amount != amount:
                raise Ended(Outcome.DECLINED, "this amount of this payment does not wait to be captured")
            return Found(payments=(money,))

        return self._calls.writing("capture", ask)

    def refund(self, request: RefundRequest) -> Answer:
        """Void a card payment whole, which Wompi does until it is settled, the same day. DECLINED for everything else:
        there is no refund in its API, so a person gives it back in the dashboard.
        """
        facts.checked_id(request.payment_ref, facts.TRANSACTION_ID)
        if request.amount.minor <= 0:
            raise Bug("refund_amount", provider=facts.NAME)
        return self._calls.writing("refund", lambda asking: Found(refunds=(_void(asking, request),)))

    # --- without a call ---

    def check_return(self, attempt: AttemptRef, fields: Mapping[str, str]) -> bool:
        """False: Wompi signs no return, so that none of them is more than a hint."""
        return False

    def redact(self, text: str) -> str:
        """The text without the secrets and without card or personal data."""
        return self._redactor.redact(text)

    def close(self) -> None:
        """Drop the client."""
        self._client.close()

    # --- inside a call ---

    def _open_link(self, asking: Asking, body: str, fields: Fields, amount: Money) -> CheckoutFacts:
        made = asking.open_link(body)
        if made.checkout.account != self.account:
            raise Ended(Outcome.MISCONFIGURED, "the public key and the private one are of different merchants")
        named = (made.checkout.reference, made.checkout.amount, made.checkout.mode)
        if named != (fields.text("sku"), amount, self.mode) or not (made.single_use and made.active):
            raise Malformed("what was made is not what was asked for")
        if made.checkout.url is None:
            raise Malformed("the link's address is not one of Wompi's")
        return made.checkout

    def _open_web(self, asking: Asking, body: str, fields: Fields, amount: Money) -> CheckoutFacts:
        if self._integrity is None:
            raise Bug("method_unknown", provider=facts.NAME, method=facts.WEB)
        query = _query(body)
        url = parameters.web_address(self._checkout_url, self.account, self._integrity, query, amount)
        made = asking.read.web_checkout(fields.text(parameters.REFERENCE), amount, url)
        return answers.with_tries(made, asking.with_reference(made.reference))


def _query(body: str) -> dict[str, str | int]:
    value = parse(body.encode())
    pairs = value.items() if type(value) is dict else ()
    return {name: each for name, each in pairs if type(each) is str or type(each) is int}


def _sent(method: str, body: str) -> tuple[Fields, Money]:
    """A body made by `parameters`, and the amount that must come back. Raises Bug for any other body."""
    try:
        fields = Fields(parse(body.encode()), "parameters")
        link = method == facts.LINK
        fields.text("sku" if link else parameters.REFERENCE, REFERENCE)
        minor = fields.integer("amount_in_cents" if link else parameters.AMOUNT, least=1)
        return fields, Money(minor, fields.text(parameters.CURRENCY, facts.CODE))
    except Malformed as error:
        raise Bug("provider_parameters_malformed", provider=facts.NAME, method=method) from error


def _void(asking: Asking, request: RefundRequest) -> RefundFacts:
    money = asking.transaction(request.payment_ref).money
    if money.status is not TryStatus.REFUNDED:
        _check_voidable(money, request.amount)
        reply = asking.post(f"/v1/transactions/{money.provider_ref}/void")
        there = asking.if_heard(lambda: asking.transaction(request.payment_ref).money)
        if there is None:
            raise Ended(Outcome.UNKNOWN, asking.words_of(reply))
        if there.status is not TryStatus.REFUNDED:
            raise _not_voided(asking, reply)
        money = there
    if money.amount != request.amount:
        raise Malformed("what was voided is not what was asked for")
    return answers.void_of(money, request.key)


def _check_voidable(money: ProviderTry, amount: Money) -> None:
    """Raises Ended where Wompi's API can't give this back."""
    if money.status is not TryStatus.CAPTURED:
        raise Ended(Outcome.DECLINED, "this payment was not approved")
    if money.amount != amount:
        raise Ended(Outcome.DECLINED, f"Wompi voids whole payments only: {_BY_HAND}")
    if money.method != facts.CARD:
        raise Ended(Outcome.DECLINED, f"Wompi voids card payments only: {_BY_HAND}")


def _not_voided(asking: Asking, reply: Reply) -> Ended:
    """The transaction stands after a void was asked for: what the answer said of it counts."""
    if reply.outcome is Outcome.DECLINED:
        return Ended(Outcome.DECLINED, f"{asking.words_of(reply)} ({_BY_HAND})")
    if reply.outcome is Outcome.SUCCESS and not answers.void_went_through(reply.value):
        words = asking.read.plain(answers.words_of_void(reply.value))
        return Ended(Outcome.DECLINED, f"{words or 'Wompi did not void it'} ({_BY_HAND})")
    # Accepted, and not there yet; or not heard at all.
    outcome = Outcome.UNKNOWN if reply.outcome is Outcome.SUCCESS else reply.outcome
    return Ended(outcome, asking.words_of(reply), reply.retry_after_s)


if TYPE_CHECKING:

    def _keeps_the_promises(provider: Wompi) -> PaymentProvider:
        return provider
