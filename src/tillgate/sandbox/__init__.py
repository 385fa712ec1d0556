"""The providers played on loopback: training mode, demo and test bed.

    with SandboxServer() as sandbox:
        sandbox.razorpay.base_url, sandbox.razorpay.key_id, sandbox.razorpay.key_secret
        sandbox.stripe.base_url, sandbox.stripe.key_id, sandbox.stripe.key_secret
        sandbox.wompi.base_url, sandbox.wompi.key_id, sandbox.wompi.key_secret, sandbox.wompi.keys.integrity
        sandbox.intasend.base_url, sandbox.intasend.key_id, sandbox.intasend.key_secret
        sandbox.faults.arm(FaultKind.TIMEOUT, Verb.CREATE, when=When.AFTER, provider="stripe")
        sandbox.money_facts()

One server plays every provider; each has a base URL of its own under it, so an official SDK can be pointed
at it unchanged. The ledger is durable and is the oracle: what the providers know about the money.
"""

from tillgate.sandbox.bank import Outcome
from tillgate.sandbox.facts import Fact, MoneyFacts
from tillgate.sandbox.faults import Fault, FaultKind, FaultMenu, Verb, When
from tillgate.sandbox.intasend.account import IntaSendKeys, IntaSendSettings
from tillgate.sandbox.intasend.customer import PhoneChoice, PhoneOutcome, PhonePaid
from tillgate.sandbox.razorpay.account import DuplicateReceipt, RazorpayKeys, RazorpaySettings
from tillgate.sandbox.razorpay.customer import Choice, Paid
from tillgate.sandbox.server import SandboxServer, run_sandbox
from tillgate.sandbox.stripe.account import StripeKeys, StripeSettings
from tillgate.sandbox.stripe.customer import CardChoice, SessionPaid, TestCard
from tillgate.sandbox.wompi.account import WompiKeys, WompiSettings
from tillgate.sandbox.wompi.customer import WompiChoice, WompiOutcome, WompiPaid

__all__ = [
    "CardChoice",
    "Choice",
    "DuplicateReceipt",
    "Fact",
    "Fault",
    "FaultKind",
    "FaultMenu",
    "IntaSendKeys",
    "IntaSendSettings",
    "MoneyFacts",
    "Outcome",
    "Paid",
    "PhoneChoice",
    "PhoneOutcome",
    "PhonePaid",
    "RazorpayKeys",
    "RazorpaySettings",
    "SandboxServer",
    "SessionPaid",
    "StripeKeys",
    "StripeSettings",
    "TestCard",
    "Verb",
    "When",
    "WompiChoice",
    "WompiKeys",
    "WompiOutcome",
    "WompiPaid",
    "WompiSettings",
    "run_sandbox",
]
