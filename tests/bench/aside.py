"""The time that a fake provider takes, which a figure leaves out: "provider excluded" (performance.md)."""

from __future__ import annotations

import dataclasses
import time

from tests.factories.fake_provider import FakeProvider
from tests.factories.payments import Desk
from tillgate.ports import Answer
from tillgate.store.unit_of_work import refuse_inside_transaction


@dataclasses.dataclass(slots=True)
class TimedProvider(FakeProvider):
    """`seconds` that its creates have taken so far."""

    seconds: float = 0.0

    def create(self, method: str, parameters: str) -> Answer:
        # The till's own part of a call.
        refuse_inside_transaction()
        begun = time.perf_counter()
        try:
            return FakeProvider.create(self, method, parameters)
        finally:
            self.seconds += time.perf_counter() - begun


def timed(desk: Desk) -> TimedProvider:
    """The desk's provider, from now on one whose time is taken."""
    values = {each.name: getattr(desk.provider, each.name) for each in dataclasses.fields(FakeProvider)}
    provider = TimedProvider(**values)
    desk.provider = provider
    desk.till = dataclasses.replace(desk.till, providers={provider.name: provider})
    return provider
