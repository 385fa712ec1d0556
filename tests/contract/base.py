"""A provider on the bench: the adapter under test, the customer's side, and the provider's own truth."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.money import Money
from tillgate.ports import AttemptRef, CheckoutRequest, Outcome, PaymentProvider, RefundRequest
from tillgate.sandbox import Fault, FaultKind, SandboxServer, Verb

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
    # What opens a checkout is a try to pay already, and the only one.
    one_try: ClassVar[bool] = False
    # The checkout's id is our reference.
    named_by_us: ClassVar[bool] = False
    # How long an absence says nothing; a look for what was paid tells what went back.
    silent_for: ClassVar[timedelta] = timedelta(0)
    fetch_tells_refunds: ClassVar[bool] = True
    # A refund may take its time, or fail.
    refunds_wait: ClassVar[bool] = True
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

    @property
    def on_wire(self) -> str:
        """The amount as a create's body has it."""
        return str(self.amount.minor)

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
