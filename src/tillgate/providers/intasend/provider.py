"""The verbs: each turns a request into one exchange, and what came back into facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tillgate.domain.checkout_facts import CheckoutFacts, RefundFacts, RefundStatus, TryStatus
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
from tillgate.providers.intasend import answers, asking, facts, parameters
from tillgate.providers.intasend.answers import Invoice
from tillgate.providers.intasend.asking import Asking
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

_NOBODYS: Final = "AAAAAAA"


class IntaSend:
    """An IntaSend account. `key_id` is the publishable key, which names the account; `key_secret` is what asks.

    The deadlines are totals in milliseconds: sending a prompt and asking money back get the first, looking up the
    second, the sweep of the last days the third. Raises Invalid for keys of another mode or form.
    """

    name = facts.NAME

    def __init__(
        self,
        key_id: str,
        key_secret: Secret,
        *,
        mode: Mode,
        base_url: str | None = None,
        before_send: Callable[[], None] = nothing_held,
        create_deadline_ms: int = CREATE_DEADLINE_MS,
        status_deadline_ms: int = STATUS_DEADLINE_MS,
        sweep_deadline_ms: int = SWEEP_DEADLINE_MS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        facts.check_credentials(key_id, key_secret, mode)
        address = facts.address_of(mode, base_url)
        self.mode = mode
        self.account = key_id
        self.capabilities = facts.capabilities(address, create_deadline_ms, status_deadline_ms)
        self._now = now
        self._redactor = Redactor([key_secret])
        self._reader = answers.Reader(key_id, mode, self.capabilities.checkout_hosts, self._redactor)
        self._client = ApiClient(
            self.name,
            address,
            Secret(f"Bearer {key_secret.reveal()}"),
            answers.outcome_of_refusal,
            before_send,
            headers={facts.KEY_HEADER: key_id},
        )
        self._calls = Calls(
            self._client, self.capabilities, sweep_deadline_ms, lambda call: Asking(call, self._reader, key_id)
        )

    def __repr__(self) -> str:
        return f"IntaSend({self.account!r}, mode={self.mode.value!r})"

    # --- opening and ending a checkout ---

    def parameters(self, request: CheckoutRequest) -> str:
        """What `create` will send, as canonical JSON. Raises Invalid for what IntaSend or M-Pesa would refuse."""
        return parameters.checkout_body(request, self.account)

    def create(self, method: str, parameters: str) -> Answer:
        """Send a prompt to the customer's phone, or open a hosted checkout.

        Neither can be told from an earlier one: the same body again is another prompt on the phone.
        """
        wanted = _sent(method, parameters)
        make = _push if method == facts.PROMPT else _open_hosted
        return self._calls.writing("create", lambda call: Found((make(call, parameters, *wanted),)))

    def cancel(self, attempt: AttemptRef) -> Answer:
        """DECLINED unasked: IntaSend takes no prompt back, and closes no checkout."""
        return Answer(Outcome.DECLINED, message="IntaSend has no way to take back what was sent")

    # --- looking ---

    def find(self, attempt: AttemptRef) -> Answer:
        """Every prompt that bears our reference, or the hosted checkout that somebody tried to pay.

        A prompt may be on the phone before it is in the list: its absence says nothing (UNKNOWN) until the phone must
        have given up. A hosted checkout whose address nobody has can't be paid, so its absence is believed at once.
        """

        def ask(call: Asking) -> Found:
            found = call.named(_api_ref(attempt), self._since(attempt))
            if attempt.method == facts.PROMPT:
                if not found:
                    raise self._absent(attempt)
                return Found(tuple(self._reader.prompt(one, attempt.amount) for one in found))
            if not any(one.was_tried for one in found):
                raise Ended(Outcome.NOT_FOUND, "")
            return Found((self._reader.hosted(attempt.reference, attempt.amount, found),))

        return self._calls.reading("find", ask)

    def fetch(self, attempt: AttemptRef) -> Answer:
        """The prompt by its invoice; a hosted checkout by every invoice that bears its name."""
        if attempt.method == facts.PROMPT:
            invoice_id = facts.checked_id(attempt.provider_id, facts.INVOICE_ID)
            return self._calls.reading("fetch", lambda call: Found((self._prompt(call, invoice_id, attempt.amount),)))
        reference = facts.checked_id(attempt.provider_id, REFERENCE)

        def ask(call: Asking) -> Found:
            found = call.named(f"{reference}{facts.HOSTED_MARK}", self._since(attempt))
            return Found((self._reader.hosted(reference, attempt.amount, found),))

        return self._calls.reading("fetch", ask)

    def find_refunds(self, payment_ref: str) -> Answer:
        """Every chargeback that was asked for of an invoice, those called off too."""
        facts.checked_id(payment_ref, facts.INVOICE_ID)
        return self._calls.reading("find_refunds", lambda call: Found(refunds=call.refunds_of(payment_ref)))

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        """Every try and chargeback since then; the checkouts of those that hold money and are not `known`."""

        def ask(call: Asking) -> Found:
            invoices = [one for one in call.invoices(since) if one.was_tried]
            refunds = [one for one in call.chargebacks(since) if one.invoice_id is not None]
            back: dict[str, int] = {}
            for one in refunds:
                if one.status is RefundStatus.DONE:
                    back[str(one.invoice_id)] = back.get(str(one.invoice_id), 0) + one.amount.minor
            payments = tuple(
                self._reader.tried(one, _checkout_id(one), back.get(one.invoice_id, 0)) for one in invoices
            )
            strange = {each.provider_ref for each in payments if each.status in HOLDS_MONEY} - set(known)
            return Found(
                tuple(self._checkouts_of(invoices, strange)),
                tuple(one.as_refund(str(one.invoice_id)) for one in refunds),
                payments,
            )

        return self._calls.sweeping("list_recent", ask)

    def page(self, attempt: AttemptRef, store: str, description: str, payer: Payer) -> CheckoutPage | None:
        """None: a prompt is on the phone, and the hosted checkout is IntaSend's own page."""
        return None

    def test_connection(self) -> Answer:
        """Read the list with the secret key, and ask after nobody's invoice with the publishable one."""

        def ask(call: Asking) -> Found:
            call.first_page()
            reply = call.status_of(_NOBODYS)
            # Whatever it says of that invoice, it knows the key.
            if reply.outcome not in (Outcome.SUCCESS, Outcome.DECLINED):
                raise Ended(reply.outcome, call.words_of(reply), reply.retry_after_s)
            return Found()

        return self._calls.reading("test_connection", ask)

    # --- moving money ---

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        """An invoice that is complete is captured already, SUCCESS for this very amount; nothing ever waits for it."""
        facts.checked_id(payment_ref, facts.INVOICE_ID)

        def ask(call: Asking) -> Found:
            invoice = call.invoice(payment_ref)
            if invoice.status is not TryStatus.CAPTURED or invoice.amount != amount:
                raise Ended(Outcome.DECLINED, "this amount of this payment does not wait to be captured")
            return Found(payments=(self._reader.tried(invoice, _checkout_id(invoice)),))

        return self._calls.writing("capture", ask)

    def refund(self, request: RefundRequest) -> Answer:
        """Ask the whole of a payment back. IntaSend keeps no key, so one that stands already is taken for it."""
        facts.checked_id(request.payment_ref, facts.INVOICE_ID)
        if request.amount.minor <= 0:
            raise Bug("refund_amount", provider=facts.NAME)
        return self._calls.writing("refund", lambda call: Found(refunds=(_refund(call, request),)))

    # --- without a call ---

    def check_return(self, attempt: AttemptRef, fields: Mapping[str, str]) -> bool:
        """False: the return's signature is a token for IntaSend's own status call, with a key that nobody has."""
        return False

    def redact(self, text: str) -> str:
        """The text without the secrets and without card or personal data."""
        return self._redactor.redact(text)

    def close(self) -> None:
        """Drop the client."""
        self._client.close()

    # --- inside a call ---

    def _prompt(self, call: Asking, invoice_id: str, asked: Money) -> CheckoutFacts:
        invoice, answered_at = call.dated_invoice(invoice_id)
        return self._reader.prompt(invoice, asked, answered_at)

    def _since(self, attempt: AttemptRef) -> datetime:
        return (attempt.planned_at or self._now() - facts.LOOK_BACK) - facts.CLOCKS_APART

    def _absent(self, attempt: AttemptRef) -> Ended:
        planned = attempt.planned_at
        if planned is None or self._now() < planned + facts.SILENT_FOR:
            return Ended(Outcome.UNKNOWN, "not in IntaSend's list yet; the customer's phone may show the prompt")
        return Ended(Outcome.NOT_FOUND, "")

    def _checkouts_of(self, invoices: list[Invoice], strange: set[str]) -> list[CheckoutFacts]:
        """What the strange ones belong to, where that could be ours."""
        found = {one.reference: one for one in invoices if one.invoice_id in strange and one.is_ours and one.hosted}
        hosted = [
            self._reader.hosted(name, one.amount, [each for each in invoices if each.api_ref == one.api_ref])
            for name, one in found.items()
        ]
        prompts = [one for one in invoices if one.invoice_id in strange and one.is_ours and not one.hosted]
        return [*(self._reader.prompt(one) for one in prompts), *hosted]


def _api_ref(attempt: AttemptRef) -> str:
    return attempt.reference if attempt.method == facts.PROMPT else f"{attempt.reference}{facts.HOSTED_MARK}"


def _checkout_id(invoice: Invoice) -> str:
    """What the checkout is called that it belongs to."""
    return invoice.reference if invoice.hosted else invoice.invoice_id


def _sent(method: str, body: str) -> tuple[str, Money]:
    """The name and the amount that must come back. Raises Bug for a body that `parameters` did not make."""
    try:
        fields = Fields(parse(body.encode()), "parameters")
        if method not in facts.METHODS:
            raise Malformed("no such method")
        amount = answers.amount_from(fields, "amount", fields.text("currency", facts.CODE))
        return fields.text("api_ref"), amount
    except Malformed as error:
        raise Bug("provider_parameters_malformed", provider=facts.NAME, method=method) from error


def _push(call: Asking, body: str, api_ref: str, amount: Money) -> CheckoutFacts:
    made = call.read.invoice(Fields(call.value(call.post(asking.PUSH, body)), "answer").raw("invoice"))
    if (made.api_ref, made.amount) != (api_ref, amount):
        raise Malformed("what was sent to the phone is not what was asked for")
    return call.read.prompt(made)


def _open_hosted(call: Asking, body: str, api_ref: str, amount: Money) -> CheckoutFacts:
    made = Fields(call.value(call.post(asking.CHECKOUT, body)), "checkout")
    made.text("id", facts.CHECKOUT_ID)
    told = (made.text("api_ref"), answers.amount_from(made, "amount", made.text("currency", facts.CODE)))
    if told != (api_ref, amount):
        raise Malformed("what was made is not what was asked for")
    opened = call.read.hosted(api_ref.removesuffix(facts.HOSTED_MARK), amount, url=made.text_or_none("url"))
    if opened.url is None:
        raise Malformed("the checkout's address is not one of IntaSend's")
    return opened


def _refund(call: Asking, request: RefundRequest) -> RefundFacts:
    invoice = call.invoice(request.payment_ref)
    (standing,) = call.standing_refund(request.payment_ref)
    if standing is None:
        _check_refundable(invoice, request.amount)
        standing = _ask_back(call, request)
    if standing.amount != request.amount:
        raise Malformed("what is being given back is not what was asked for")
    return _keyed(standing, request.key)


def _ask_back(call: Asking, request: RefundRequest) -> RefundFacts:
    reply = call.post(asking.CHARGEBACKS, parameters.refund_body(request))
    if reply.outcome is Outcome.SUCCESS:
        made = call.if_heard(lambda: call.read.chargeback(reply.value))
        if made is not None and (made.invoice_id, made.amount) == (request.payment_ref, request.amount):
            return made.as_refund(request.payment_ref)
    there = call.if_heard(lambda: call.standing_refund(request.payment_ref))
    if there is None:
        raise Ended(Outcome.UNKNOWN, call.words_of(reply))
    (standing,) = there
    if standing is not None:
        return standing
    # Accepted, and not there yet; or refused; or not heard at all.
    outcome = Outcome.UNKNOWN if reply.outcome is Outcome.SUCCESS else reply.outcome
    raise Ended(outcome, call.words_of(reply), reply.retry_after_s)


def _check_refundable(invoice: Invoice, amount: Money) -> None:
    """Raises Ended where it can't be asked back."""
    if invoice.status is not TryStatus.CAPTURED:
        raise Ended(Outcome.DECLINED, "this payment is not complete")
    if invoice.amount != amount:
        raise Ended(Outcome.DECLINED, "only the whole of a payment is asked back from IntaSend")


def _keyed(found: RefundFacts, key: str) -> RefundFacts:
    return RefundFacts(found.provider_ref, found.payment_ref, found.status, found.amount, key, found.reason)


if TYPE_CHECKING:

    def _keeps_the_promises(provider: IntaSend) -> PaymentProvider:
        return provider
