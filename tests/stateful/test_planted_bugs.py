"""Ten bugs, each found by the machine within the examples that find nothing without it.

The campaign looks for all ten. CI looks for the two that show within a few lives, from a fixed seed.
"""

from __future__ import annotations

import pytest

from tests.stateful.hunting import changes_what_it_says, hunt, looked_for
from tests.stateful.machine import PaymentLife
from tests.stateful.plants import PLANTS

# With any seed these two took from 5 to 57 lives: a thousand and a half do not miss them.
QUICK = ("money heard twice is written twice", "a thing may have two live payments")


class Hurried(PaymentLife):
    """The same, without the days that it takes everything to come to rest: what is wrong is seen at once."""

    def come_to_rest(self) -> None:
        return None


@pytest.mark.parametrize("name", looked_for(PLANTS, QUICK))
def test_a_bug_planted_on_purpose_is_found(name: str) -> None:
    hunt(Hurried, PLANTS[name])


@pytest.mark.parametrize("name", PLANTS)
def test_each_still_finds_the_text_that_it_changes(name: str) -> None:
    changes_what_it_says(PLANTS[name])


def test_there_are_ten_of_them() -> None:
    assert len(PLANTS) == 10
