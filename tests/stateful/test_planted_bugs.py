"""Ten bugs, each found by the machine within the examples that find nothing without it.

The campaign looks for all ten. CI looks for the two that show within a few lives, from a fixed seed.
"""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import PaymentLife
from tests.stateful.plants import PLANTS, planted

CAMPAIGN: Final = bool(os.environ.get("TILLGATE_CAMPAIGN"))
# With any seed these two took from 5 to 57 lives: a thousand and a half do not miss them.
QUICK: Final = ("money heard twice is written twice", "a thing may have two live payments")
NAMES: Final = tuple(PLANTS) if CAMPAIGN else QUICK
EXAMPLES: Final = 5_000 if CAMPAIGN else 1_500
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


@pytest.mark.parametrize("name", NAMES)
def test_a_bug_planted_on_purpose_is_found(name: str) -> None:
    machine = Hurried if CAMPAIGN else seed(1)(Hurried)
    with planted(PLANTS[name]), pytest.raises(Exception) as found:
        run_state_machine_as_test(machine, settings=QUICKLY)
    assert "FlakyStrategy" not in type(found.value).__name__, found.value


@pytest.mark.parametrize("name", PLANTS)
def test_each_still_finds_the_text_that_it_changes(name: str) -> None:
    changed = [function for function, _, _ in PLANTS[name].changes]
    before = [function.__code__ for function in changed]
    with planted(PLANTS[name]):
        assert all(function.__code__ is not code for function, code in zip(changed, before, strict=True))
    assert [function.__code__ for function in changed] == before


def test_there_are_ten_of_them() -> None:
    assert len(PLANTS) == 10
    assert set(QUICK) <= PLANTS.keys()
