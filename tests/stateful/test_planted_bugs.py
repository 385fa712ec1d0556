"""Ten bugs, each found by the machine within the examples that find nothing without it."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import PaymentLife
from tests.stateful.plants import PLANTS, planted

# Found within some tens of lives; many more are tried before one is called missed.
EXAMPLES: Final = 5_000 if os.environ.get("TILLGATE_CAMPAIGN") else 1_500
QUICKLY: Final = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


class Hurried(PaymentLife):
    """The same, without the days that it takes everything to come to rest: what is wrong is seen at once."""

    def come_to_rest(self) -> None:
        return None


@pytest.mark.parametrize("name", PLANTS)
def test_a_bug_planted_on_purpose_is_found(name: str) -> None:
    with planted(PLANTS[name]), pytest.raises(Exception) as found:
        run_state_machine_as_test(Hurried, settings=QUICKLY)
    assert "FlakyStrategy" not in type(found.value).__name__, found.value
