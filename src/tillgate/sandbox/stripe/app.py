"""Stripe's routes: the API and the hosted page, below /stripe."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from tillgate.sandbox.stripe.account import StripeAccount
from tillgate.sandbox.stripe.api import Api
from tillgate.sandbox.stripe.hosted import SessionPages


def stripe_routes(account: StripeAccount) -> list[BaseRoute]:
    """Everything below the account's base URL."""
    return [Mount("/stripe", routes=[Mount("/v1", routes=Api(account).routes()), *SessionPages(account).routes()])]
