"""A provider with a truth of its own: it lags, lies, loses answers and pays late, and never forgets a payment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tillgate.domain.checkout_facts import (
    CheckoutFacts,
    CheckoutStatus,
    ProviderTry,
    RefundFacts,
    RefundStatus,
    TryStatus,
)
from tillgate.domain.money import Money
from tillgate.ports import Answer, AttemptRef, Outcome, RefundRequest

# What may go wrong with each verb; "+" means: after the provider has acted.
FAULTS: Final = {
    "create": ("unknown", "+unknown", "not_sent", "rate_limited", "declined", "misconfigured"),
    "find": ("unknown", "not_sent", "rate_limited"),
    "fetch": ("unknown", "not_sent", "rate_limited", "misconfigured"),
    "cancel": ("unknown", "+unknown", "not_sent"),
    "capture": ("unknown", "+unknown", "not_sent"),
    "refund": ("unknown", "+unknown", "not_sent", "rate_limited", "declined"),
    "find_refunds": ("unknown", "not_sent"),
    "list_recent": ("unknown",),
}
# Lists lag behind this long: less than the till waits before it believes that there is nothing.
LAG: Final = timedelta(seconds=4)


@dataclass(slots=True)
class Bank(FakeProvider):
    """`made_at` says when each checkout was opened; refunds stay pending while `slow_refunds`."""

    clock: FakeClock = field(default_factory=FakeClock)
    made_at: dict[str, datetime] = field(default_factory=dict)
    slow_refunds: bool = False
    # Payments of which it has told the truth, at least once.
    told: set[str] = field(default_factory=set)

    def create(self, method: str, parameters: str) -> Answer:
        body = json.loads(parameters)

        def act() -> Answer:
            # A link's reference is taken once; an order's receipt is not.
            if method == "link" and any(c.reference == body["reference"] for c in self.checkouts.values()):
                return Answer(Outcome.UNKNOWN, message="reference exists")
            self.count += 1
            made = CheckoutFacts(
                provider_id=f"{method}_{self.count:06d}",
                reference=body["reference"],
                status=CheckoutStatus.OPEN,
                amount=Money(body["amount"], "INR"),
                account=self.account,
                mode=self.mode,
                url=f"https://pay.example/{self.count}",
            )
            self.checkouts[made.provider_id] = made
            self.made_at[made.provider_id] = self.clock.now()
            return self._said(made)

        return self._call("create", body["reference"], act)

    def find(self, attempt: AttemptRef) -> Answer:
        def act() -> Answer:
            seen = self.clock.now() - LAG
            found = [
                c
                for c in self.checkouts.values()
                if c.reference == attempt.reference and self.made_at[c.provider_id] <= seen
            ]
            return self._said(*found) if found else Answer(Outcome.NOT_FOUND)

        return self._call("find", attempt.reference, act)

    def refund(self, request: RefundRequest) -> Answer:
        def act() -> Answer:
            known = self.refunds.get(request.key)
            if known is None:
                if self.refunded(request.payment_ref) + request.amount.minor > self.taken(request.payment_ref):
                    return Answer(Outcome.DECLINED, message="more than was captured")
                status = RefundStatus.PENDING if self.slow_refunds else RefundStatus.DONE
                ref = f"rfnd_{len(self.refunds) + 1:06d}"
                known = RefundFacts(ref, request.payment_ref, status, request.amount, request.key)
                self.refunds[request.key] = known
            return Answer(Outcome.SUCCESS, refunds=(known,))

        return self._call("refund", request.key, act)

    def _said(self, *facts: CheckoutFacts) -> Answer:
        for each in facts:
            if self.twist(each) == each:
                self.told |= {t.provider_ref for t in each.tries if t.took_money}
        # Not super(): with slots the class is made anew.
        return FakeProvider._said(self, *facts)

    # --- what the oracles ask ---

    def tries(self) -> dict[str, ProviderTry]:
        """Every provider payment by its name."""
        return {t.provider_ref: t for c in self.checkouts.values() for t in c.tries}

    def taken(self, payment_ref: str) -> int:
        """What a payment took."""
        found = self.tries()[payment_ref]
        return found.amount.minor if found.took_money else 0

    def refunded(self, payment_ref: str) -> int:
        """What of a payment went back or is on its way."""
        mine = (r for r in self.refunds.values() if r.payment_ref == payment_ref)
        return sum(r.amount.minor for r in mine if r.status is not RefundStatus.FAILED)

    # --- what happens at the bank ---

    def press(self, provider_id: str, amount: Money, status: TryStatus) -> None:
        """A customer pays through a checkout, or tries to."""
        found = self.checkouts[provider_id]
        self.count += 1
        made = ProviderTry(f"pay_{self.count:06d}", status, amount, provider_id, "upi", created_at=self.clock.now())
        over = CheckoutStatus.PAID if status is TryStatus.CAPTURED else found.status
        self.checkouts[provider_id] = replace(found, status=over, tries=(*found.tries, made))

    def close(self) -> None:
        """Nothing to close: one bank serves every till and outlives their restarts."""

    def shut(self, provider_id: str, status: CheckoutStatus) -> None:
        """A checkout ends by itself."""
        self.checkouts[provider_id] = replace(self.checkouts[provider_id], status=status)

    def finish_refunds(self, *, well: bool) -> None:
        """Refunds on their way arrive, or come back."""
        for key, facts in self.refunds.items():
            if facts.status is RefundStatus.PENDING:
                self.refunds[key] = replace(facts, status=RefundStatus.DONE if well else RefundStatus.FAILED)

    def heal(self) -> None:
        """From here on nothing goes wrong."""
        self.faults.clear()
        self.twist = _truthful
        self.slow_refunds = False
        self.finish_refunds(well=True)


def _truthful(facts: CheckoutFacts) -> CheckoutFacts:
    return facts
