"""What is free goes back to the system where the C library can be asked."""

from __future__ import annotations

import sys

import psutil
import pytest

from tillgate.app.memory import give_back


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps it")
def test_memory_that_was_needed_for_a_moment_goes_back() -> None:
    process = psutil.Process()
    # Pieces too small for a mapping of their own, the last of which keeps the rest from going back by itself.
    pieces = [bytes(60_000) for _ in range(1_000)]
    kept = pieces[-1]
    del pieces
    before = process.memory_info().rss
    assert give_back()
    assert process.memory_info().rss < before - 30_000_000
    assert len(kept) == 60_000


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not give_back()
