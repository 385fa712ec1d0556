"""IntaSend (Kenya): a prompt on the customer's phone for each payment by M-Pesa, or its hosted checkout.

facts -> parameters (what is sent) -> answers (what comes back) -> asking (the steps of a call) -> provider
(credentials, verbs). A fact that nobody has tried out against IntaSend itself is marked [A], and [F] where only
developers report it; the rest is in IntaSend's documents or its own SDKs' source.
"""

from tillgate.providers.intasend.provider import IntaSend

__all__ = ["IntaSend"]
