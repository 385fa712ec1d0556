"""A provider on the bench: the adapter under test, the customer's side, and the provider's own truth.

A new provider joins the suite by one subclass of Bench and one line in `BENCHES`.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef, CheckoutRequest, Outcome, PaymentProvider, RefundRequest
from tillgate.providers.razorpay import Razorpay
from tillgate.providers.stripe import Stripe
from tillgate.providers.wompi import Wompi
from tillgate.sandbox import (
    CardChoice,
    Choice,
    Fault,
    FaultKind,
    SandboxServer,
    TestCard,
    Verb,
    WompiChoice,
    WompiOutcome,
)
from tillgate.sandbox import Outcome as BankSays

AMOUNT: Final = Money(118_000, "INR")
# Long enough for a busy machine, and short enough to be waited for.
CALM_MS: Final = 10_000
HASTY_MS: Final = 400


@dataclass(frozen=True)
class Truth:
    """What the provider itself holds for one attempt: ids of checkouts and captures, refunds as (key, minor units)."""

    checkouts: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    refunds: tuple[tuple[str | None, int], ...] = ()


@dataclass
class Bench(ABC):
    """One way to pay at one provider. `provider` has time, `hasty` a fifth of a second, `stranger` a wrong key."""

    sandbox: SandboxServer
    method: str
    provider: PaymentProvider
    hasty: PaymentProvider
    stranger: PaymentProvider
    # What stands between a thread and a request, as the application wires it.
    guard: list[Callable[[], None]] = field(default_factory=list)

    # How the provider's documents differ, where the promises allow for it.
    # The same create again gives the first answer again; else it is refused, and looked up.
    replays: ClassVar[bool] = False
    # Checkouts can be asked for by reference; else a list is read, in which nothing need be ours.
    finds_by_reference: ClassVar[bool] = True
    # A browser's return is signed.
    signs: ClassVar[bool] = True
    # The shortest life of a checkout, and how long authorised money is held.
    shortest_life: ClassVar[timedelta] = timedelta(minutes=30)
    held_for: ClassVar[timedelta] = timedelta(days=3)
    # What a late success is until it comes.
    late_is: ClassVar[TryStatus] = TryStatus.FAILED
    # Requests of the fetching kind that a capture makes before it captures.
    looks_before_capture: ClassVar[int] = 0
    # How often a request that was not processed is sent, at most.
    sendings: ClassVar[int] = 1
    # What is collected, and the part of it that a refund may be.
    amount: ClassVar[Money] = AMOUNT
    part: ClassVar[Money] = Money(40_000, "INR")
    # A checkout is there as soon as it is opened; else the provider knows of it once somebody tries to pay.
    there_at_once: ClassVar[bool] = True
    # It can be found by our reference before anybody paid.
    finds_unpaid: ClassVar[bool] = True
    # The same create again makes another one.
    makes_another: ClassVar[bool] = False
    # A failure is kept under the key of a create, and said again.
    keeps_failures: ClassVar[bool] = False
    # Money may wait to be captured; refunds bear our key and may be parts.
    captures: ClassVar[bool] = True
    refunds_by_key: ClassVar[bool] = True
    # How long after its end a checkout is open still, and what a sweep looks up for one strange payment.
    lingers: ClassVar[timedelta] = timedelta(0)
    sweep_looks: ClassVar[int] = 3

    @classmethod
    @abstractmethod
    def at(cls, sandbox: SandboxServer) -> list[Bench]:
        """A bench for each way to pay."""

    @abstractmethod
    def pay(self, attempt: AttemptRef) -> str:
        """The customer pays; the payment's id."""

    @abstractmethod
    def decline(self, attempt: AttemptRef) -> str:
        """The customer's bank says no."""

    @abstractmethod
    def hold_captures(self, held: bool) -> None:
        """Whether payments stay authorised until they are captured."""

    @abstractmethod
    def signed_return(self, attempt: AttemptRef) -> dict[str, str]:
        """The customer pays, and this is what the browser brings back."""

    @abstractmethod
    def truth(self, attempt: AttemptRef) -> Truth:
        """What the provider holds."""

    def arm(self, kind: FaultKind, verb: Verb = Verb.ANY, **options: Any) -> Fault:
        """Have something go wrong at this provider."""
        return self.sandbox.faults.arm(kind, verb, provider=self.provider.name, **options)

    def __str__(self) -> str:
        return f"{self.provider.name}-{self.method}"

    def request(self, amount: Money | None = None) -> CheckoutRequest:
        """A checkout to open, under a reference of its own."""
        return CheckoutRequest(
            reference="t" + secrets.token_urlsafe(24),
            method=self.method,
            amount=self.amount if amount is None else amount,
            description="Contract",
            return_url="http://127.0.0.1:9/cb/x",
        )

    def planned(self) -> tuple[AttemptRef, str]:
        """An attempt before its create, and the body that will be sent."""
        request = self.request()
        attempt = AttemptRef(request.reference, self.method, self.amount, None, self.sandbox_now())
        return attempt, self.provider.parameters(request)

    def opened(self) -> AttemptRef:
        """An open checkout."""
        attempt, body = self.planned()
        answer = self.provider.create(self.method, body)
        assert answer.outcome is Outcome.SUCCESS, answer
        assert answer.checkout is not None
        return replace(attempt, provider_id=answer.checkout.provider_id)

    def authorised(self) -> tuple[AttemptRef, str]:
        """A checkout whose money is authorised, and the payment."""
        self.hold_captures(True)
        attempt = self.opened()
        payment = self.pay(attempt)
        self.hold_captures(False)
        return attempt, payment

    def captured(self) -> tuple[AttemptRef, str]:
        """A paid checkout, and the payment."""
        attempt = self.opened()
        return attempt, self.pay(attempt)

    def refund_of(self, payment: str, amount: Money | None = None) -> RefundRequest:
        """A refund under a key of its own."""
        return RefundRequest(
            "r" + secrets.token_urlsafe(24), payment, self.amount if amount is None else amount, "Contract"
        )

    def verb_of(self, row: str, usual: Verb) -> Verb:
        """What the fault menu calls the request behind a row."""
        return BENCHES[str(self)].verbs.get(row) or usual

    def kept_key(self, request: RefundRequest) -> str | None:
        """The key of a refund as the provider tells it."""
        return request.key if self.refunds_by_key else None

    def sandbox_now(self) -> datetime:
        """The provider's clock."""
        return datetime.fromtimestamp(self.sandbox.clock.now_ms() / 1000, UTC)

    def calm(self) -> None:
        """Nothing goes wrong from here on."""
        self.sandbox.faults.clear()
        self.hold_captures(False)
        self.guard.clear()


def surroundings(sandbox: SandboxServer) -> tuple[list[Callable[[], None]], dict[str, Any]]:
    """What every adapter is given: the guard, which a test fills, and the provider's clock."""
    guard: list[Callable[[], None]] = []

    def before_send() -> None:
        for check in guard:
            check()

    def now() -> datetime:
        return datetime.fromtimestamp(sandbox.clock.now_ms() / 1000, UTC)

    return guard, {"before_send": before_send, "now": now}


def deadlines(total_ms: int) -> dict[str, Any]:
    """One for every kind of call."""
    return dict.fromkeys(("create_deadline_ms", "status_deadline_ms", "sweep_deadline_ms"), total_ms)


class RazorpayBench(Bench):
    """Payment links, and orders paid in the standard checkout."""

    @classmethod
    def at(cls, sandbox: SandboxServer) -> list[Bench]:
        guard, place = surroundings(sandbox)

        def account(word: str, deadline_ms: int) -> Razorpay:
            return Razorpay(
                sandbox.razorpay.key_id,
                Secret(word),
                mode=Mode.TRAINING,
                base_url=sandbox.razorpay.base_url,
                **place,
                **deadlines(deadline_ms),
            )

        good = sandbox.razorpay.key_secret
        three = account(good, CALM_MS), account(good, HASTY_MS), account("wrongSecret0000000000001", CALM_MS)
        return [cls(sandbox, method, *three, guard) for method in three[0].capabilities.methods]

    def pay(self, attempt: AttemptRef) -> str:
        return self._press(attempt, Choice())

    def decline(self, attempt: AttemptRef) -> str:
        return self._press(attempt, Choice(BankSays.DECLINE))

    def _press(self, attempt: AttemptRef, choice: Choice) -> str:
        press = self.sandbox.customer.pay_link if self.method == "link" else self.sandbox.customer.pay_order
        return press(attempt.provider_id or "", choice).payment_id

    def hold_captures(self, held: bool) -> None:
        if self.sandbox.razorpay.settings.auto_capture is held:
            self.sandbox.razorpay.configure(auto_capture=not held)

    def signed_return(self, attempt: AttemptRef) -> dict[str, str]:
        if self.method == "link":
            paid = self.sandbox.customer.pay_link(attempt.provider_id or "")
            return dict(parse_qsl(urlsplit(paid.return_url or "").query))
        return dict(self.sandbox.customer.pay_order(attempt.provider_id or "").response or {})

    def truth(self, attempt: AttemptRef) -> Truth:
        known = self.sandbox.money_facts()
        mine = known.links if self.method == "link" else known.orders
        checkouts = tuple(fact.id for fact in mine if fact.reference == attempt.reference)
        orders = {fact.id for fact in known.orders if fact.id in checkouts or fact.parent_id in checkouts}
        captures = tuple(fact.id for fact in known.captures if fact.parent_id in orders)
        refunds = tuple((fact.reference, fact.amount_minor) for fact in known.refunds if fact.parent_id in captures)
        return Truth(checkouts, captures, refunds)


class StripeBench(Bench):
    """Hosted checkout sessions."""

    replays = True
    keeps_failures = True
    finds_by_reference = False
    signs = False
    shortest_life = timedelta(minutes=40)
    held_for = timedelta(days=7)
    late_is = TryStatus.CREATED
    looks_before_capture = 1
    sendings = 3

    @classmethod
    def at(cls, sandbox: SandboxServer) -> list[Bench]:
        guard, place = surroundings(sandbox)

        def account(word: str, deadline_ms: int) -> Stripe:
            return Stripe(
                sandbox.stripe.key_id,
                Secret(word),
                mode=Mode.TRAINING,
                base_url=sandbox.stripe.base_url,
                **place,
                **deadlines(deadline_ms),
                sleep=lambda _seconds: None,
            )

        good = sandbox.stripe.key_secret
        three = account(good, CALM_MS), account(good, HASTY_MS), account("sk_test_51wrongSecret00000000001", CALM_MS)
        return [cls(sandbox, method, *three, guard) for method in three[0].capabilities.methods]

    def pay(self, attempt: AttemptRef) -> str:
        return self.sandbox.card_holder.pay_session(attempt.provider_id or "").payment_id

    def decline(self, attempt: AttemptRef) -> str:
        choice = CardChoice(card=TestCard.INSUFFICIENT_FUNDS)
        return self.sandbox.card_holder.pay_session(attempt.provider_id or "", choice).payment_id

    def hold_captures(self, held: bool) -> None:
        if self.sandbox.stripe.settings.manual_capture is not held:
            self.sandbox.stripe.configure(manual_capture=held)

    def signed_return(self, attempt: AttemptRef) -> dict[str, str]:
        paid = self.sandbox.card_holder.pay_session(attempt.provider_id or "")
        return dict(parse_qsl(urlsplit(paid.return_url or "").query))

    def truth(self, attempt: AttemptRef) -> Truth:
        known = self.sandbox.money_facts()
        checkouts = tuple(fact.id for fact in known.links if fact.reference == attempt.reference)
        intents = {fact.id for fact in known.orders if fact.parent_id in checkouts}
        captures = tuple(fact.id for fact in known.captures if fact.parent_id in intents)
        refunds = tuple((fact.reference, fact.amount_minor) for fact in known.refunds if fact.parent_id in captures)
        return Truth(checkouts, captures, refunds)


class WompiBench(Bench):
    """Payment links, and Web Checkouts."""

    signs = False
    amount = Money(118_000, "COP")
    part = amount
    shortest_life = timedelta(minutes=10)
    lingers = timedelta(minutes=5)
    late_is = TryStatus.CREATED
    finds_unpaid = False
    captures = False
    refunds_by_key = False
    sweep_looks = 1

    @classmethod
    def at(cls, sandbox: SandboxServer) -> list[Bench]:
        guard, place = surroundings(sandbox)

        def account(word: str, deadline_ms: int) -> Wompi:
            return Wompi(
                sandbox.wompi.key_id,
                Secret(word),
                mode=Mode.TRAINING,
                integrity=Secret(sandbox.wompi.keys.integrity),
                base_url=sandbox.wompi.base_url,
                **place,
                **deadlines(deadline_ms),
            )

        good = sandbox.wompi.key_secret
        three = account(good, CALM_MS), account(good, HASTY_MS), account("prv_test_wrongSecret000000001", CALM_MS)
        return [WompiLinkBench(sandbox, "link", *three, guard), WompiWebBench(sandbox, "web", *three, guard)]

    @abstractmethod
    def url_of(self, attempt: AttemptRef) -> str:
        """Where the customer pays."""

    def pay(self, attempt: AttemptRef) -> str:
        return self.sandbox.wompi_payer.pay(self.url_of(attempt)).payment_id

    def decline(self, attempt: AttemptRef) -> str:
        return self.sandbox.wompi_payer.pay(self.url_of(attempt), WompiChoice(WompiOutcome.DECLINE)).payment_id

    def hold_captures(self, held: bool) -> None:
        return None

    def signed_return(self, attempt: AttemptRef) -> dict[str, str]:
        paid = self.sandbox.wompi_payer.pay(self.url_of(attempt))
        return dict(parse_qsl(urlsplit(paid.return_url or "").query))

    def truth(self, attempt: AttemptRef) -> Truth:
        known = self.sandbox.money_facts()
        checkouts = tuple(fact.id for fact in known.links if fact.reference == attempt.reference)
        captures = tuple(fact.id for fact in known.captures if fact.parent_id in {*checkouts, attempt.reference})
        refunds = tuple((fact.reference, fact.amount_minor) for fact in known.refunds if fact.parent_id in captures)
        return Truth(checkouts, captures, refunds)


class WompiLinkBench(WompiBench):
    """Payment links: made by each create, and paid under names of Wompi's own."""

    makes_another = True

    def url_of(self, attempt: AttemptRef) -> str:
        return attempt.provider_id or ""


class WompiWebBench(WompiBench):
    """Web Checkouts: an address that the till signs."""

    replays = True
    there_at_once = False

    def url_of(self, attempt: AttemptRef) -> str:
        # The same body is the same address.
        request = replace(self.request(), reference=attempt.reference)
        answer = self.provider.create(self.method, self.provider.parameters(request))
        assert answer.checkout is not None, answer
        return answer.checkout.url or ""


@dataclass(frozen=True)
class Place:
    """Where a way to pay is tried: its bench, which of the provider's ways it is, and whether it can be closed.

    `verbs` is what the fault menu calls the request of each row, where it differs; None where the row is not tried.
    """

    kind: type[Bench]
    number: int
    closes: bool
    verbs: Mapping[str, Verb | None] = field(default_factory=dict)


BENCHES: Final = {
    "razorpay-link": Place(RazorpayBench, 0, closes=True),
    "razorpay-order": Place(RazorpayBench, 1, closes=False),
    "stripe-session": Place(StripeBench, 0, closes=True),
    # A link is looked for by the very request with which a Web Checkout is.
    "wompi-link": Place(
        WompiLinkBench, 0, closes=True, verbs={"find": None, "capture": None, "find refunds": Verb.FETCH}
    ),
    "wompi-web": Place(
        WompiWebBench, 1, closes=False, verbs={"create": Verb.LOOKUP, "find": None, "fetch": None, "capture": None}
    ),
}


def having(flag: str, value: bool = True) -> list[str]:
    """The ways to pay whose bench says so."""
    return [name for name, place in sorted(BENCHES.items()) if getattr(place.kind, flag) is value]
