"""The table of moves: what product.md draws, and that the states fit together."""

from __future__ import annotations

from typing import Final

import pytest

from tillgate.domain.payment import (
    ATTEMPT_ENDED,
    ATTEMPT_LIVE,
    DEAD,
    ENDED_UNPAID,
    LIVE,
    MOVES,
    WAITING,
    AttemptState,
    PaymentState,
    is_late,
    may_move,
)

# product.md, Payment, typed a second time.
DRAWN: Final = {
    "CREATED": "PENDING PROCESSING CAPTURED FAILED EXPIRED CANCELLED",
    "PENDING": "PROCESSING CAPTURED FAILED EXPIRED CANCELLED",
    "PROCESSING": "PENDING CAPTURED FAILED EXPIRED CANCELLED",
    "CAPTURED": "REFUND_PENDING",
    "REFUND_PENDING": "REFUNDED PARTIALLY_REFUNDED CAPTURED",
    "PARTIALLY_REFUNDED": "REFUND_PENDING",
    "FAILED": "CAPTURED",
    "EXPIRED": "CAPTURED",
    "CANCELLED": "CAPTURED",
    "REFUNDED": "",
}


@pytest.mark.parametrize("source", PaymentState)
@pytest.mark.parametrize("target", PaymentState)
def test_exactly_the_moves_that_are_drawn(source: PaymentState, target: PaymentState) -> None:
    assert may_move(source, target) is (target.value in DRAWN[source.value].split())


def test_every_state_has_its_row_and_belongs_to_one_side() -> None:
    assert set(MOVES) == set(PaymentState)
    assert set(PaymentState) == LIVE | DEAD
    assert not LIVE & DEAD
    assert {state.value for state in DEAD} == {"FAILED", "EXPIRED", "CANCELLED", "REFUNDED"}
    assert WAITING <= LIVE
    assert set(AttemptState) == ATTEMPT_LIVE | ATTEMPT_ENDED
    assert not ATTEMPT_LIVE & ATTEMPT_ENDED


def test_money_that_came_once_is_never_forgotten() -> None:
    """From CAPTURED no way leads back to a state in which nothing was paid."""
    reached, to_look = {PaymentState.CAPTURED}, [PaymentState.CAPTURED]
    while to_look:
        fresh = MOVES[to_look.pop()] - reached
        reached |= fresh
        to_look += fresh
    assert not reached & (WAITING | ENDED_UNPAID)


def test_an_end_without_money_leads_to_late_money_and_nowhere_else() -> None:
    for state in ENDED_UNPAID:
        assert MOVES[state] == {PaymentState.CAPTURED}
        assert is_late(state, PaymentState.CAPTURED)
    for state in WAITING:
        assert not is_late(state, PaymentState.CAPTURED)


def test_an_attempt_ends_in_words_that_a_payment_has() -> None:
    assert {state.value for state in ATTEMPT_ENDED} == {state.value for state in ENDED_UNPAID}
