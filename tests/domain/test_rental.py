"""Units and days: no unit is let twice on a day, and what is let is let to one for the whole period."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.factories.carts import TODAY
from tillgate.domain.rental import Span, Wanted, allot_units, span_of

days = st.integers(0, 8).map(lambda offset: TODAY + timedelta(days=offset))
spans = st.builds(span_of, days, st.integers(1, 4))
taken = st.dictionaries(st.integers(1, 5), st.sets(days, max_size=4), max_size=5)
wishes = st.lists(st.tuples(st.integers(1, 3), spans), max_size=6).map(
    lambda found: [Wanted(key, quantity, span) for key, (quantity, span) in enumerate(found)]
)


def test_a_span_holds_its_first_and_its_last_day() -> None:
    assert list(span_of(date(2028, 2, 28), 3)) == [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]
    assert span_of(TODAY, 1) == Span(TODAY, TODAY)


@given(st.integers(0, 5), taken, wishes)
def test_no_unit_is_let_twice_on_a_day(units: int, busy: dict[int, set[date]], wanted: list[Wanted[int]]) -> None:
    given_units = allot_units(units, busy, wanted)
    let = [(unit, day) for unit, used in busy.items() for day in used]
    for wish in wanted:
        chosen = given_units[wish.key]
        assert len(set(chosen)) == len(chosen) <= wish.quantity
        assert all(1 <= unit <= units for unit in chosen)
        if len(chosen) == wish.quantity:
            let += [(unit, day) for unit in chosen for day in wish.span]
    assert len(let) == len(set(let))


@given(st.integers(0, 5), taken, st.integers(1, 5), spans)
def test_a_wish_fails_only_where_there_are_not_enough_whole_units(
    units: int, busy: dict[int, set[date]], quantity: int, span: Span
) -> None:
    free = [unit for unit in range(1, units + 1) if not busy.get(unit, set()) & set(span)]
    assert allot_units(units, busy, [Wanted("it", quantity, span)]) == {"it": tuple(free[:quantity])}


def test_a_day_here_and_a_day_there_is_not_a_period() -> None:
    tomorrow = TODAY + timedelta(days=1)
    wanted = [Wanted("it", 1, Span(TODAY, tomorrow))]
    assert allot_units(2, {1: {TODAY}, 2: {tomorrow}}, wanted) == {"it": ()}
