"""Razorpay: payment links, and orders paid in its standard checkout.

facts -> parameters (what is sent) -> answers (what comes back) -> asking (the steps of a call) -> signatures
-> provider (credentials, verbs).
"""

from tillgate.providers.razorpay.provider import Razorpay

__all__ = ["Razorpay"]
