"""Wompi's routes: the API and the hosted pages, below /wompi."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from tillgate.sandbox.wompi.account import WompiAccount
from tillgate.sandbox.wompi.api import Api
from tillgate.sandbox.wompi.hosted import CheckoutPages


def wompi_routes(account: WompiAccount) -> list[BaseRoute]:
    """Everything below the account's base URL."""
    return [Mount("/wompi", routes=[Mount("/v1", routes=Api(account).routes()), *CheckoutPages(account).routes()])]
