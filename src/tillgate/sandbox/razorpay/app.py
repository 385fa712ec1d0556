"""Razorpay's routes."""

from __future__ import annotations

from starlette.routing import BaseRoute

from tillgate.sandbox.razorpay.account import RazorpayAccount


def razorpay_routes(account: RazorpayAccount) -> list[BaseRoute]:
    """The API, the hosted pages and checkout.js."""
    del account
    return []
