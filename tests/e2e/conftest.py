"""A counter for each test, on a screen of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.counter import Counter, virtual_screen
from tests.e2e.watched import WatchedCounter

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            # A till, a browser and a driver start in each; what waits in vain says so long before.
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with virtual_screen() as display:
        made = Counter(display, tmp_path / "counter")
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedCounter]:
    """One whose window tells what it shows."""
    with virtual_screen() as display:
        made = WatchedCounter(display, tmp_path / "counter")
        try:
            yield made
        finally:
            made.close()
