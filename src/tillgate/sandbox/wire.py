"""Answers that are broken below HTTP: resets, half bodies, drips.

`BreakableProtocol` hands each request its transport, so that an answer can bypass HTTP altogether.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "sandbox_transport"


class BreakableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the connection's transport in every request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, _TRANSPORT: transport}
        super().connection_made(transport)


class Wire:
    """The bare connection under a request."""

    def __init__(self, scope: Scope, receive: Receive, closing: asyncio.Event) -> None:
        self._transport: asyncio.Transport = scope["state"][_TRANSPORT]
        self._receive = receive
        self._closing = closing

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._transport.write(data)

    async def hold(self, seconds: float) -> bool:
        """Wait, answering nothing; False when the caller or the server goes away first."""
        gone = asyncio.ensure_future(self._gone())
        closing = asyncio.ensure_future(self._closing.wait())
        done, pending = await asyncio.wait({gone, closing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return not done

    async def reset(self) -> None:
        """End the connection with a TCP RST."""
        plug: socket.socket = self._transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self._gone()

    async def close(self) -> None:
        """End the connection with a FIN, after what was written."""
        self._transport.close()
        await self._gone()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


class RawAnswer(Response):
    """An answer played on the wire by a script, which ends the connection."""

    def __init__(self, script: Callable[[Wire], Awaitable[None]], closing: asyncio.Event) -> None:
        super().__init__()
        self._script = script
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._script(Wire(scope, receive, self._closing))


def head(status: int, length: int, media_type: str = "application/json") -> bytes:
    """The status line and headers of an answer that ends its connection."""
    phrase = HTTPStatus(status).phrase
    return (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: {media_type}\r\n"
        f"content-length: {length}\r\nconnection: close\r\n\r\n"
    ).encode()
