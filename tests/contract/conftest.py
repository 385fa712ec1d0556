"""The sandbox, and each provider on its bench."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.base import Bench
from tests.contract.bench import BENCHES
from tillgate.sandbox import IntaSendSettings, SandboxServer, WompiSettings


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    # Any amount may be collected: the least one of each provider is tried too.
    with SandboxServer(
        wompi_settings=WompiSettings(smallest_minor=1), intasend_settings=IntaSendSettings(refund_seconds=0)
    ) as server:
        yield server


@pytest.fixture(scope="session")
def benches(sandbox: SandboxServer) -> Iterator[dict[str, Bench]]:
    made = {kind: kind.at(sandbox) for kind in {place.kind for place in BENCHES.values()}}
    yield {name: made[place.kind][place.number] for name, place in BENCHES.items()}
    for kind in made.values():
        for bench in kind:
            for provider in (bench.provider, bench.hasty, bench.stranger):
                provider.close()


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, benches: dict[str, Bench]) -> Iterator[Bench]:
    found: Bench = benches[request.param]
    found.calm()
    yield found
    found.calm()
