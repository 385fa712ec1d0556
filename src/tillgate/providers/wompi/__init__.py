"""Wompi (Colombia): a payment link for each payment, or its Web Checkout.

facts -> signatures -> parameters (what is sent) -> answers (what comes back) -> asking (the steps of a call)
-> provider (credentials, verbs). A fact that nobody has tried out against Wompi itself is marked [A], and [F] where
only one developer reports it; the rest is in Wompi's documents or its own plug-ins' source.
"""

from tillgate.providers.wompi.provider import Wompi

__all__ = ["Wompi"]
