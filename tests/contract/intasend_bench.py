"""IntaSend on the bench."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from tests.contract.base import CALM_MS, HASTY_MS, Bench, Truth, deadlines, surroundings
from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef, CheckoutRequest, Payer
from tillgate.providers.intasend import IntaSend
from tillgate.sandbox import Fact, PhoneChoice, PhoneOutcome, PhonePaid, SandboxServer


class IntaSendBench(Bench):
    """M-Pesa prompts, and hosted checkouts."""

    signs = False
    amount = Money(118_000, "KES")
    part = amount
    late_is = TryStatus.CREATED
    captures = False
    refunds_by_key = False
    fetch_tells_refunds = False
    makes_another = True
    sweep_looks = 2

    @classmethod
    def at(cls, sandbox: SandboxServer) -> list[Bench]:
        guard, place = surroundings(sandbox)

        def account(word: str, deadline_ms: int) -> IntaSend:
            return IntaSend(
                sandbox.intasend.key_id,
                Secret(word),
                mode=Mode.TRAINING,
                base_url=sandbox.intasend.base_url,
                **place,
                **deadlines(deadline_ms),
            )

        good = sandbox.intasend.key_secret
        three = account(good, CALM_MS), account(good, HASTY_MS), account("ISSecretKey_test_wrongSecret01", CALM_MS)
        return [
            IntaSendPromptBench(sandbox, "prompt", *three, guard),
            IntaSendCheckoutBench(sandbox, "checkout", *three, guard),
        ]

    @property
    def on_wire(self) -> str:
        return str(self.amount.minor // 100)

    def request(self, amount: Money | None = None) -> CheckoutRequest:
        # A phone of its own: a second prompt takes the first one's place.
        phone = f"07{secrets.randbelow(10**8):08d}"
        return replace(super().request(amount), payer=Payer("Wanjiku Kamau", "wanjiku@example.co.ke", phone))

    def hold_captures(self, held: bool) -> None:
        return None


class IntaSendPromptBench(IntaSendBench):
    """A prompt is one try, on one phone."""

    one_try = True
    silent_for = timedelta(seconds=120)

    def pay(self, attempt: AttemptRef) -> str:
        return self.sandbox.mpesa_payer.answer(attempt.provider_id or "").payment_id

    def decline(self, attempt: AttemptRef) -> str:
        choice = PhoneChoice(PhoneOutcome.WRONG_PIN)
        return self.sandbox.mpesa_payer.answer(attempt.provider_id or "", choice).payment_id

    def signed_return(self, attempt: AttemptRef) -> dict[str, str]:
        return {"tracking_id": self.pay(attempt)}

    def truth(self, attempt: AttemptRef) -> Truth:
        known = self.sandbox.money_facts()
        mine = tuple(fact.id for fact in known.payments if fact.reference == attempt.reference)
        captures = tuple(fact.id for fact in known.captures if fact.id in mine)
        refunds = tuple((fact.reference, fact.amount_minor) for fact in known.refunds if fact.parent_id in captures)
        return Truth(mine, captures, refunds)


class IntaSendCheckoutBench(IntaSendBench):
    """A hosted checkout, which is known by the name that we gave it."""

    finds_unpaid = False
    finds_by_reference = False
    named_by_us = True

    def pay(self, attempt: AttemptRef) -> str:
        return self._press(attempt, PhoneChoice()).payment_id

    def decline(self, attempt: AttemptRef) -> str:
        return self._press(attempt, PhoneChoice(PhoneOutcome.NO_FUNDS)).payment_id

    def _press(self, attempt: AttemptRef, choice: PhoneChoice) -> PhonePaid:
        return self.sandbox.mpesa_payer.pay(self._known(attempt)[-1].id, choice)

    def signed_return(self, attempt: AttemptRef) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self._press(attempt, PhoneChoice()).return_url or "").query))

    def _known(self, attempt: AttemptRef) -> list[Fact]:
        links = self.sandbox.money_facts().links
        return [fact for fact in links if fact.reference == f"{attempt.reference}.co"]

    def truth(self, attempt: AttemptRef) -> Truth:
        known = self.sandbox.money_facts()
        mine = {fact.id for fact in self._known(attempt)}
        captures = tuple(fact.id for fact in known.captures if fact.parent_id in mine)
        refunds = tuple((fact.reference, fact.amount_minor) for fact in known.refunds if fact.parent_id in captures)
        return Truth((attempt.reference,) * len(mine), captures, refunds)
