"""The number of people that can be fully booked, against three oracles: flow, integer programme, exhaustive search."""

from random import Random

import pytest
from attrs import evolve
from hypothesis import given

from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply, bookable
from tests.pairing_oracles import by_flow, by_milp, by_search, crossing_supplies, season, supplies


@given(supplies())
def test_bookable_is_the_most_of_the_integer_programme(supply: Supply) -> None:
    """Without stock and with it, for one to three doses."""
    assert bookable(supply) == by_milp(supply)


@given(supplies(stock=False))
def test_bookable_is_the_maximum_flow(supply: Supply) -> None:
    """Where stock does not count, three doses are a flow too, as each is bound to the one before."""
    assert bookable(supply) == by_flow(supply)


@given(supplies())
def test_bookable_is_the_most_that_any_booking_reaches(supply: Supply) -> None:
    few = [dict(sorted(free.items())[:3]) for free in supply.seats]

    assert bookable(evolve(supply, seats=few)) == by_search(evolve(supply, seats=few))


@given(crossing_supplies())
def test_bookable_is_exact_where_windows_cross(supply: Supply) -> None:
    """Two doses without stock: earliest deadline first."""
    assert bookable(supply) == by_flow(supply) == by_milp(supply)


@pytest.mark.slow
@pytest.mark.parametrize(("doses", "number"), [(1, 60), (2, 300), (3, 150)])
@pytest.mark.parametrize("seed", range(4))
def test_bookable_is_exact_on_thousands_of_seasons(doses: int, number: int, seed: int) -> None:
    """Weeks of a site around the changes of the clocks, with weekends and holidays: 2,040 without stock, 2,040 with."""
    chance = Random(f"{doses}-{seed}")
    for _ in range(number):
        supply = season(chance, doses, stock=False)
        stocked = season(chance, doses, stock=True)

        assert bookable(supply) == (by_flow(supply) if doses > 1 else sum(supply.seats[0].values())), supply
        assert bookable(stocked) == by_milp(stocked), stocked


def test_a_window_that_ends_before_that_of_an_earlier_day_is_no_matter_for_a_sweep() -> None:
    """42 days until some Monday and 21 from then on: the sweep would give the only late partner away."""
    early, late = {0: 1, 7: 1}, {28: 1, 42: 1}
    supply = Supply([early, late], Interval(21, 42), windows={0: Interval(42, 42)})

    assert supply.crossing
    assert bookable(supply) == 2


@pytest.mark.parametrize("more", [{"doses": {0: 9}}, {"seats": [{0: 1, 7: 1}, {28: 1, 42: 1}, {70: 2}]}])
def test_windows_that_cross_are_refused_where_nothing_exact_is_known(more: dict[str, object]) -> None:
    supply = Supply([{0: 1, 7: 1}, {28: 1, 42: 1}], Interval(21, 42), windows={0: Interval(42, 42)})

    with pytest.raises(ValueError, match="windows: some cross"):
        evolve(supply, **more)  # type: ignore[arg-type]


def test_who_begins_last_is_counted_first() -> None:
    """Two doses now and more on day 50: two people who begin on day 31, or one who ends on it."""
    supply = Supply([{10: 1, 31: 2}, {31: 1, 52: 2}], Interval(21, 21), doses={0: 2, 50: 9})

    assert bookable(supply) == 2 == by_milp(supply)


def test_doses_that_expire_break_the_sweep() -> None:
    """Why doses do not expire here: the last chains need not be the ones that the doses can serve.

    Of three doses that last to day 21, (1, 22), whom the sweep calls first, can use only one; (0, 21) could use two.
    """
    supply = Supply([{0: 1, 1: 1}, {21: 1, 22: 1}], Interval(21, 21), doses={0: 3})

    assert bookable(supply) == 1 == by_milp(supply)
    assert by_milp(supply, through=(1, 22), expires={0: 21}) == -1
    assert by_milp(supply, through=(0, 21), expires={0: 21}) == 1


def test_a_season_of_the_oracle_is_scarce_and_keeps_closed_days() -> None:
    """The random calendars are worth their time: stock holds some back, seats others, and nobody works on Sunday."""
    chance = Random(1)
    drawn = [season(chance, 2, stock=True) for _ in range(100)]
    seats = [evolve(supply, doses=None) for supply in drawn]

    assert sum(bookable(supply) < bookable(without) for supply, without in zip(drawn, seats, strict=True)) > 30
    assert sum(bookable(supply) < sum(supply.seats[0].values()) for supply in seats) > 50
    assert not {day % 7 for supply in drawn for free in supply.seats for day in free} & {0, 6}
