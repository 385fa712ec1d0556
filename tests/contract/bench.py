"""The providers on their benches.

A new provider joins the suite by one subclass of Bench and one line in `BENCHES`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tests.contract.base import CALM_MS, HASTY_MS, Bench, Truth, deadlines, surroundings
from tests.contract.intasend_bench import IntaSendCheckoutBench, IntaSendPromptBench
from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef
from tillgate.providers.razorpay import Razorpay
from tillgate.providers.stripe import Stripe
from tillgate.providers.wompi import Wompi
from tillgate.sandbox import CardChoice, Choice, SandboxServer, TestCard, Verb, WompiChoice, WompiOutcome
from tillgate.sandbox import Outcome as BankSays


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
    refunds_wait = False
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
    # A prompt is its invoice, which one request tells whether it was paid or not.
    "intasend-prompt": Place(IntaSendPromptBench, 0, closes=False, verbs={"fetch tries": Verb.FETCH, "capture": None}),
    "intasend-checkout": Place(
        IntaSendCheckoutBench, 1, closes=False, verbs={"find": None, "fetch": None, "capture": None}
    ),
    "wompi-web": Place(
        WompiWebBench, 1, closes=False, verbs={"create": Verb.LOOKUP, "find": None, "fetch": None, "capture": None}
    ),
}


def having(flag: str, value: bool = True, unless: str = "") -> list[str]:
    """The ways to pay whose bench says so, and does not say the other thing."""
    found = [name for name, place in sorted(BENCHES.items()) if getattr(place.kind, flag) is value]
    return [name for name in found if not (unless and getattr(BENCHES[name].kind, unless))]


def verb_of(bench: Bench, row: str, usual: Verb) -> Verb:
    """What the fault menu calls the request behind a row."""
    return BENCHES[str(bench)].verbs.get(row) or usual
