"""Fork servers for the tests of a process: for shops in files, and for shops on a PostgreSQL server of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import IN_CI
from tests.crash.harness import House, open_house
from tests.postgres import PostgresUnavailable, running_postgres


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with open_house() as found:
        yield found


@pytest.fixture(scope="session")
def house_on_server() -> Iterator[House]:
    """With a server that may be killed, which no other test has. Left out only where there is none, never in CI."""
    try:
        with running_postgres(mortal=True) as server, open_house(server) as found:
            yield found
    except PostgresUnavailable as reason:
        if IN_CI:
            raise
        pytest.skip(str(reason))
