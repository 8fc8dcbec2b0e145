"""Pairing against an exhaustive search that knows nothing of sweeps."""

from functools import cache
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain import pairing
from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply

days = st.integers(0, 7)
pools = st.dictionaries(days, st.integers(0, 2), max_size=4)
intervals = st.builds(lambda first, more: Interval(first, first + more), st.integers(1, 3), st.integers(0, 2))


def most_people(supply: Supply) -> int:
    """The most people that can be booked, by trying every chain of days for every person."""
    chains = [
        chain
        for chain in product(*(sorted(free) for free in supply.seats))
        if supply.interval is None
        or all(
            supply.interval.earliest <= after - before <= supply.interval.latest for before, after in pairwise(chain)
        )
    ]
    names = [(dose, day) for dose, free in enumerate(supply.seats) for day in sorted(free)]
    place = {name: number for number, name in enumerate(names)}

    @cache
    def best(start: int, left: tuple[int, ...], used: tuple[int, ...]) -> int:
        found = 0
        for number in range(start, len(chains)):
            chain = chains[number]
            rest = list(left)
            for dose, day in enumerate(chain):
                rest[place[dose, day]] -= 1
            taken = tuple(sorted((*used, *chain))) if supply.doses is not None else ()
            if min(rest) >= 0 and _delivered(supply, taken):
                found = max(found, 1 + best(number, tuple(rest), taken))
        return found

    return best(0, tuple(supply.seats[dose][day] for dose, day in names), ())


def _delivered(supply: Supply, used: tuple[int, ...]) -> bool:
    if supply.doses is None:
        return True
    return all(
        number <= sum(doses for arrival, doses in supply.doses.items() if arrival <= day)
        for number, day in enumerate(used, start=1)
    )


@pytest.mark.parametrize("doses", [1, 2, 3])
@given(data=st.data())
def test_bookable_is_the_most_that_any_booking_reaches(doses: int, data: st.DataObject) -> None:
    """Without stock and with it, for one to three doses."""
    seats = [data.draw(pools) for _ in range(doses)]
    stock = data.draw(st.none() | st.dictionaries(days, st.integers(0, 3), max_size=3))
    supply = Supply(seats, data.draw(intervals) if doses > 1 else None, stock)

    assert pairing.bookable(supply) == most_people(supply)


@given(seats=st.tuples(pools, pools), interval=intervals, stock=st.none() | st.dictionaries(days, st.integers(0, 3)))
def test_an_offered_pair_lowers_what_is_left_by_exactly_one(
    seats: tuple[dict[int, int], dict[int, int]], interval: Interval, stock: dict[int, int] | None
) -> None:
    """Whatever is offered strands nobody; without stock every first day with a free partner offers something."""
    supply = Supply(seats, interval, stock)
    most = most_people(supply)
    for day in seats[0]:
        offered = pairing.partners(supply, day)
        first = pairing.safe_chain(supply, day)

        assert (first is None) == (not offered)
        assert first is None or first in offered
        for chain in offered:
            dose_days = pairing.deliveries_for(stock, (day, *chain))
            assert most_people(supply.without((day, *chain), dose_days)) == most - 1
        if stock is None and seats[0][day] and pairing.reachable(supply, day):
            assert offered
