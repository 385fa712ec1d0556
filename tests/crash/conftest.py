"""One fork server for the tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.harness import House, open_house


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with open_house() as found:
        yield found
