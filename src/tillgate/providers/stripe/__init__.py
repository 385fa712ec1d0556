"""Stripe: a hosted Checkout Session for each payment.

facts -> currencies -> parameters (what is sent) -> words -> answers (what comes back) -> asking (the steps of a call)
-> provider (credentials, verbs).
"""

from tillgate.providers.stripe.provider import Stripe

__all__ = ["Stripe"]
