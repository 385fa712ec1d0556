"""How a machine hunts for a bug that was planted on purpose."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.life import Life
from tests.stateful.plants import Plant, planted

CAMPAIGN: Final = bool(os.environ.get("TILLGATE_CAMPAIGN"))
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


def hunt(machine: type[Life], plant: Plant) -> None:
    """Fails unless the machine finds the bug: in the campaign with any seed, in CI with one that is known."""
    with planted(plant), pytest.raises(Exception) as found:
        run_state_machine_as_test(machine if CAMPAIGN else seed(1)(machine), settings=QUICKLY)
    assert "FlakyStrategy" not in type(found.value).__name__, found.value


def looked_for(every: Iterable[str], quick: tuple[str, ...]) -> tuple[str, ...]:
    """The campaign looks for all; CI for those that show within a few lives."""
    assert set(quick) <= set(every)
    return tuple(every) if CAMPAIGN else quick


def changes_what_it_says(plant: Plant) -> None:
    """Fails unless the texts that a bug changes are still there, and are there again afterwards."""
    changed = [function for function, _, _ in plant.changes]
    before = [function.__code__ for function in changed]
    with planted(plant):
        assert all(function.__code__ is not code for function, code in zip(changed, before, strict=True))
    assert [function.__code__ for function in changed] == before
