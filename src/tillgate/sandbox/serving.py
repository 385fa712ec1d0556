"""The web server under the sandbox. Loaded with its first call: a till where nobody sells needs none of it."""

from __future__ import annotations

import asyncio
import threading

import uvicorn

from tillgate.sandbox.accounts import Accounts
from tillgate.sandbox.app import build_app
from tillgate.sandbox.clock import SandboxClock
from tillgate.sandbox.control import ControlRoom
from tillgate.sandbox.wire import BreakableProtocol


class Serving(uvicorn.Server):
    """uvicorn in a thread: says when it listens, and stops at once rather than at its next tick."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._closing = closing
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        ticks = 0
        while not self._closing.is_set():
            await self.on_tick(ticks)
            ticks += 1
            try:
                await asyncio.wait_for(self._closing.wait(), timeout=0.1)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """From another thread: stop listening, let go of every held connection."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._closing.set)


def serving(accounts: Accounts, control_token: str, clock: SandboxClock) -> Serving:
    """The server, not yet running; what stops it lets go of what the accounts hold open."""
    config = uvicorn.Config(
        build_app(accounts, ControlRoom(accounts, control_token), clock),
        http=BreakableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    return Serving(config, accounts.razorpay.closing)
