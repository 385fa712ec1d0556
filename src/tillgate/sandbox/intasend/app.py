"""IntaSend's routes: the API, the hosted pages and the phones, below /intasend."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from tillgate.sandbox.intasend.account import IntaSendAccount
from tillgate.sandbox.intasend.api import Api
from tillgate.sandbox.intasend.hosted import Pages


def intasend_routes(account: IntaSendAccount) -> list[BaseRoute]:
    """Everything below the account's base URL."""
    return [Mount("/intasend", routes=[Mount("/api/v1", routes=Api(account).routes()), *Pages(account).routes()])]
