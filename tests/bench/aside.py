"""The time that a fake provider takes, which a figure leaves out: "provider excluded" (performance.md)."""

from __future__ import annotations

import time

from tests.factories.fake_provider import FakeProvider
from tillgate.domain.checkout_facts import CheckoutFacts


class Aside:
    """`seconds` that calls to the provider have taken so far."""

    def __init__(self, provider: FakeProvider) -> None:
        self.seconds = 0.0
        self._begun = 0.0
        self._before = provider.before
        provider.before, provider.twist = self._begin, self._end

    def _begin(self, verb: str) -> None:
        self._before(verb)
        self._begun = time.perf_counter()

    def _end(self, facts: CheckoutFacts) -> CheckoutFacts:
        self.seconds += time.perf_counter() - self._begun
        return facts
