"""Razorpay's routes: the API, the hosted pages and checkout.js, below /razorpay."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from tillgate.sandbox.razorpay.account import RazorpayAccount
from tillgate.sandbox.razorpay.api import Api
from tillgate.sandbox.razorpay.checkout import CheckoutPages
from tillgate.sandbox.razorpay.hosted import LinkPages


def razorpay_routes(account: RazorpayAccount) -> list[BaseRoute]:
    """Everything below the account's base URL."""
    version_1 = [*CheckoutPages(account).routes(), *Api(account).routes()]
    return [Mount("/razorpay", routes=[Mount("/v1", routes=version_1), *LinkPages(account).routes()])]
