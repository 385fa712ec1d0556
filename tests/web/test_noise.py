"""Mutated requests: none is let in, none stops the page. The campaign sends 100,000."""

from __future__ import annotations

import os
import random

from tests.web.caller import Caller
from tests.web.conftest import Page

MANY = 100_000 if os.environ.get("TILLGATE_CAMPAIGN") else 1_500
ODD = (b"\r\n", b"\0", b"Host: x\r\n", b"Transfer-Encoding: chunked\r\n", b"%00", b"//")


def mutated(good: bytes, chance: random.Random) -> bytes:
    """A good request with bytes changed, cut, doubled, moved or put in, until it is another one."""
    raw = bytearray(good)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(raw) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(raw):
            raw[at] = chance.randrange(256)
        elif kind == 1:
            del raw[at : at + chance.randint(1, 30)]
        elif kind == 2:
            raw[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 40)))
        elif kind == 3:
            raw[at:at] = raw[max(0, at - 20) : at]
        else:
            raw[at:at] = chance.choice(
                [b"\r\n", b"\0", b"Host: x\r\n", b"Transfer-Encoding: chunked\r\n", b"%00", b"//"]
            )
        raw = raw or bytearray(b"x")
    return bytes(raw) + b"\r\n\r\n"


def test_noise_is_refused(page: Page) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    port = page.caller.port
    # A token that is nobody's: whatever gets through to a page finds nothing behind it.
    good = f"GET /cb/{'A' * 43}?a=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nSec-Fetch-Mode: navigate".encode()
    statuses: dict[int, int] = {}
    for _ in range(MANY):
        status = Caller(port).send(mutated(good, chance), timeout_s=3).status
        statuses[status] = statuses.get(status, 0) + 1
    assert set(statuses) <= {0, 400, 403, 404, 405, 414, 421, 431, 503}, f"seed {seed}: {statuses}"
    assert page.returns() == []
    assert page.woken == []
    assert page.caller.get(f"/cb/{page.token}").status == 200
