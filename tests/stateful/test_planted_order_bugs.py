"""Ten bugs of instalments, wallets, coupons and commission, each found by the machine of orders.

The campaign looks for all ten. CI looks for the one that shows in the first lives, from a fixed seed.
"""

from __future__ import annotations

import pytest

from tests.stateful.hunting import changes_what_it_says, hunt, looked_for
from tests.stateful.order_machine import OrderLife
from tests.stateful.order_plants import ORDER_PLANTS

QUICK = ("commission is not taken back",)


class Hurried(OrderLife):
    """The same, without the days that it takes everything to come to rest: what is wrong is seen at once."""

    def come_to_rest(self) -> None:
        return None


@pytest.mark.parametrize("name", looked_for(ORDER_PLANTS, QUICK))
def test_a_bug_planted_on_purpose_is_found(name: str) -> None:
    hunt(Hurried, ORDER_PLANTS[name])


@pytest.mark.parametrize("name", ORDER_PLANTS)
def test_each_still_finds_the_text_that_it_changes(name: str) -> None:
    changes_what_it_says(ORDER_PLANTS[name])


def test_there_are_ten_of_them() -> None:
    assert len(ORDER_PLANTS) == 10
