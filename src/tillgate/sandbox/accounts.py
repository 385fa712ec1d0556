"""The accounts of one sandbox, and what they know together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tillgate.sandbox.facts import MoneyFacts
from tillgate.sandbox.intasend.account import IntaSendAccount
from tillgate.sandbox.intasend.facts import money_facts as intasend_facts
from tillgate.sandbox.razorpay.account import RazorpayAccount
from tillgate.sandbox.razorpay.facts import money_facts as razorpay_facts
from tillgate.sandbox.stripe.account import StripeAccount
from tillgate.sandbox.stripe.facts import money_facts as stripe_facts
from tillgate.sandbox.wompi.account import WompiAccount
from tillgate.sandbox.wompi.facts import money_facts as wompi_facts


@dataclass(frozen=True)
class Accounts:
    """An account at each provider."""

    razorpay: RazorpayAccount
    stripe: StripeAccount
    wompi: WompiAccount
    intasend: IntaSendAccount

    def __iter__(self) -> Iterator[RazorpayAccount | StripeAccount | WompiAccount | IntaSendAccount]:
        return iter((self.razorpay, self.stripe, self.wompi, self.intasend))

    def money_facts(self) -> MoneyFacts:
        """What the providers know about the money now."""
        return (
            razorpay_facts(self.razorpay)
            + stripe_facts(self.stripe)
            + wompi_facts(self.wompi)
            + intasend_facts(self.intasend)
        )
