"""What the services need from outside, written as promises.

A provider transforms and never stores: it turns a request into one HTTP exchange and the answer into facts. It keeps
no state besides its client, opens no transaction, shows nothing, and never retries by itself, but for what its
documents say was not processed and is to be sent again at once, within the same deadline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from tillgate.domain.checkout_facts import CheckoutFacts, ProviderTry, RefundFacts
from tillgate.domain.documents import BatchSlip, FeeInvoice, InvoiceDocument, ReceiptDocument, VerificationSlip
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode


class Outcome(StrEnum):
    """What is known of one call (reliability.md 1.3, rule 3). Unknown is the default; only an explicit answer ends it.

    SUCCESS       the provider answered and the answer was understood
    DECLINED      the provider explicitly refused it (4xx that is neither 401, 403 nor 429)
    NOT_FOUND     a look-up that the provider answered with "no such thing"
    NOT_SENT      provably nothing was sent: refused connection, DNS, TLS, no free connection
    RATE_LIMITED  429: not processed; may be sent again after `retry_after_s`
    MISCONFIGURED 401 or 403: our keys are wrong; an alarm, never a decline
    UNKNOWN       anything else: it may or may not have happened
    """

    SUCCESS = "success"
    DECLINED = "declined"
    NOT_FOUND = "not_found"
    NOT_SENT = "not_sent"
    RATE_LIMITED = "rate_limited"
    MISCONFIGURED = "misconfigured"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one provider call, with what was learned.

    `message` is the provider's own words, plain text made safe for logs. `response_sha256` is of the raw body.
    `checkouts` holds the facts of a create, fetch, find or cancel; `refunds` those of a refund or its look-up,
    `payments` the one captured, or those of `list_recent`.
    """

    outcome: Outcome
    checkouts: tuple[CheckoutFacts, ...] = ()
    refunds: tuple[RefundFacts, ...] = ()
    payments: tuple[ProviderTry, ...] = ()
    message: str = ""
    http_status: int | None = None
    response_sha256: str | None = None
    retry_after_s: int | None = None
    elapsed_ms: int = 0

    @property
    def checkout(self) -> CheckoutFacts | None:
        """The one checkout of a create, fetch or cancel."""
        return self.checkouts[0] if self.checkouts else None

    @property
    def refund(self) -> RefundFacts | None:
        """The one refund of a refund call."""
        return self.refunds[0] if self.refunds else None


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom the checkout is for; every field may be missing for a walk-in."""

    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What to collect. `reference` is ours: unique, at least 128 random bits, at most 40 characters.

    `method` is one of the provider's `capabilities.methods`. `return_url` is where the browser comes back to, or None
    for polling alone.
    """

    reference: str
    method: str
    amount: Money
    description: str
    payer: Payer = field(default_factory=Payer)
    return_url: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """What identifies an attempt at the provider; `provider_id` is None while a create's outcome is not known.

    `planned_at` is when it was written down, before anything was sent: where a provider can't be asked by reference,
    its list is read from there.
    """

    reference: str
    method: str
    amount: Money
    provider_id: str | None
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What the till's own page needs to show a provider's checkout: its script, called as `new <constructor>(options)`.

    `sources` are the only origins that the page may load from. The script hands the signed fields to `handler`.
    """

    script_url: str
    constructor: str
    sources: tuple[str, ...]
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back. `key` is the idempotency key: letters, digits, - and _, stored before it is sent."""

    key: str
    payment_ref: str
    amount: Money
    reason: str = ""


class CancelWay(StrEnum):
    """What the provider offers to end an open checkout."""

    CLOSES = "closes"
    LOCAL_ONLY = "local_only"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, as data.

    `methods` maps each way to pay to how it can be cancelled. `smallest_minor` per currency; currencies not in it are
    refused before any call. `idem_ttl_s` is how long a refund key is honoured; None means the documents don't say.
    """

    methods: Mapping[str, CancelWay]
    default_method: str
    smallest_minor: Mapping[str, int]
    partial_refund: bool
    idem_ttl_s: int | None
    create_deadline_ms: int
    status_deadline_ms: int
    # The hosts a checkout URL may have; nothing else is ever opened.
    checkout_hosts: frozenset[str]
    # Methods whose create reaches a person at once, as a prompt on a phone: after a doubt it is never sent again.
    sent_once: frozenset[str] = frozenset()
    # For how long a refund that is done may still come back from the customer's bank; nothing where done is the end.
    refunds_return_within: timedelta = timedelta(0)


class PaymentProvider(Protocol):
    """One provider with one account.

    Every method but `parameters`, `check_return` and the attributes makes exactly one total-deadline exchange (a fetch
    may need one more per try inside the checkout, all within one deadline), is called with no transaction open, may be
    called from any thread, and returns an Answer whatever the network does. It raises only Bug.
    """

    name: str
    mode: Mode
    account: str
    capabilities: Capabilities

    def parameters(self, request: CheckoutRequest) -> str:
        """The exact body that `create` will send, as canonical JSON; pure. Raises Invalid for what can't be sent."""

    def create(self, method: str, parameters: str) -> Answer:
        """Open the checkout. SUCCESS carries its facts, with `url` where the customer pays (if the method has one)."""

    def find(self, attempt: AttemptRef) -> Answer:
        """Look it up by our reference: SUCCESS with every checkout that bears it, or NOT_FOUND."""

    def fetch(self, attempt: AttemptRef) -> Answer:
        """The checkout's present facts, tries included. Needs `provider_id`."""

    def cancel(self, attempt: AttemptRef) -> Answer:
        """Ask to close it. The caller fetches afterwards, whatever the answer: it may have been paid just before."""

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        """Take money that is authorised. "Already captured" is SUCCESS; the caller fetches afterwards."""

    def refund(self, request: RefundRequest) -> Answer:
        """Give money back. The same key and body never refund twice within `idem_ttl_s`."""

    def find_refunds(self, payment_ref: str) -> Answer:
        """Every refund of a payment, with our key where the provider keeps it; look here before a refund is re-sent."""

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        """For the daily sweep: SUCCESS has every payment and every refund of the account since then, or it isn't one.

        `known` are the payments in our books. For the other ones that hold money, `checkouts` has what they belong to,
        as far as the provider can tell. Has a longer deadline of its own; it may need many requests.
        """

    def check_return(self, attempt: AttemptRef, fields: Mapping[str, str]) -> bool:
        """Whether a browser's return is signed by the provider for this very attempt; pure, constant time.

        True proves who answered, never that money moved.
        """

    def page(self, attempt: AttemptRef, store: str, description: str, payer: Payer) -> CheckoutPage | None:
        """What the till's page shows for an open checkout; None where the provider hosts it. Pure."""

    def test_connection(self) -> Answer:
        """A harmless authenticated read, for the settings screen."""

    def redact(self, text: str) -> str:
        """The text without this provider's secrets and without card or personal data."""

    def close(self) -> None:
        """Drop the client."""


@runtime_checkable
class TextsPayers(Protocol):
    """A provider that also sends its link to the payer's phone by itself."""

    def text_payer(self, attempt: AttemptRef) -> Answer:
        """Have a text message with the open checkout's address sent to the phone number that its create was given.

        SUCCESS says that it was sent, DECLINED that it won't be: no number, or the checkout is over.
        """


@dataclass(frozen=True, slots=True)
class EmailAttachment:
    """A file that goes with a mail."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """A mail to one address; `message_id` is stable over retries so that a repeat can be told."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[EmailAttachment, ...] = ()


class Notifier(Protocol):
    """Sends mail. Raises Unavailable where trying later may work, Refused where it never will (a bad address)."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over, within the notifier's own total deadline."""


class DocumentRenderer(Protocol):
    """Turns documents into PDF files; pure: the same document and language give the same bytes."""

    def invoice_pdf(self, document: InvoiceDocument, language: str) -> bytes:
        """A sales invoice on A4."""

    def fee_invoice_pdf(self, document: FeeInvoice, language: str) -> bytes:
        """A consultation's invoice on A4."""

    def receipt_pdf(self, document: ReceiptDocument, language: str) -> bytes:
        """A receipt on an 80 mm roll."""

    def batch_slip_pdf(self, document: BatchSlip, language: str) -> bytes:
        """A batch's summary on an 80 mm roll."""

    def verification_slip_pdf(self, document: VerificationSlip, language: str) -> bytes:
        """A verification of a payment invoice on an 80 mm roll."""


class PageOpener(Protocol):
    """Shows a web page to whoever is at the till."""

    def __call__(self, url: str, hosts: frozenset[str]) -> bool:
        """Open an address in the system's browser. False where it is on none of these hosts, or nothing could open."""


class SecretStore(Protocol):
    """Keeps secrets. Raises Unavailable("keyring_locked" | "keyring_absent" | "keyring_slow")."""

    def load(self, name: str) -> str | None:
        """The secret, or None if there is none."""

    def save(self, name: str, secret: str) -> None:
        """Keep it, replacing an older one."""

    def delete(self, name: str) -> None:
        """Forget it; no error if there is none."""


class Clock(Protocol):
    """Time: the wall clock for records, the monotonic one for waiting."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
