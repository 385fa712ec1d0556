"""What the providers' APIs have alike: an answer that a fault spoils, and one that comes late."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.responses import Response

from tillgate.sandbox.faults import Fault, FaultKind, Verb, When
from tillgate.sandbox.spoil import Answer, Spoiling, Voice, spoil


def comes_before(fault: Fault | None) -> bool:
    """Whether the provider never gets to act on the call. A refund is refused by the provider itself."""
    return fault is not None and fault.when is When.BEFORE and fault.kind is not FaultKind.REFUND_REFUSED


class Spoiled:
    """How one account's answers are spoiled. Calls act one after another; only their answers overlap."""

    def __init__(self, voice: Voice, closing: asyncio.Event) -> None:
        self.voice = voice
        self._closing = closing

    def answer(self, verb: Verb, fault: Fault, answer: Answer | None) -> Response:
        """What is sent instead; `answer` is None where the provider has not acted."""
        return spoil(Spoiling(fault, verb, answer, self.voice, self._closing))

    async def wait(self, fault: Fault | None) -> None:
        """Act later than asked, where the fault is that; at once when the server stops."""
        if fault is not None and fault.kind is FaultKind.SLOW:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), fault.seconds or 0)
