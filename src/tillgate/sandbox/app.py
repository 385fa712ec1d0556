"""The sandbox as one ASGI application: a mount for each provider, and the control room."""

from __future__ import annotations

from email.utils import formatdate

from starlette.responses import PlainTextResponse
from starlette.routing import Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tillgate.sandbox.accounts import Accounts
from tillgate.sandbox.clock import SandboxClock
from tillgate.sandbox.control import ControlRoom
from tillgate.sandbox.intasend.app import intasend_routes
from tillgate.sandbox.razorpay.app import razorpay_routes
from tillgate.sandbox.stripe.app import stripe_routes
from tillgate.sandbox.wompi.app import wompi_routes


class LoopbackOnly:
    """Refuses a Host that is not this loopback address, so that no web page reaches the sandbox by rebinding."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value for name, value in scope.get("headers", []) if name == b"host"]
        port = scope["server"][1]
        if hosts in ([f"127.0.0.1:{port}".encode()], [f"localhost:{port}".encode()]):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("Misdirected Request", 421)(scope, receive, send)


class ProviderTime:
    """Every answer tells the time, as any server's does; here it is the providers' own."""

    def __init__(self, app: ASGIApp, clock: SandboxClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now_ms() / 1000, usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await self._app(scope, receive, send_dated)


def build_app(accounts: Accounts, control: ControlRoom, clock: SandboxClock) -> ASGIApp:
    """The application that the server runs."""
    pages = Router(
        [
            *razorpay_routes(accounts.razorpay),
            *stripe_routes(accounts.stripe),
            *wompi_routes(accounts.wompi),
            *intasend_routes(accounts.intasend),
            *control.routes(),
        ]
    )
    return LoopbackOnly(ProviderTime(pages, clock))
