"""Razorpay: payment links, and orders paid in its standard checkout.

facts -> parameters (what is sent) -> answers (what comes back) -> signatures -> provider (credentials, verbs).
"""

from tillgate.providers.razorpay.provider import Razorpay

__all__ = ["Razorpay"]
