"""Shortages prove how many first doses are stranded: no more can be booked, and the proof adds up to just that."""

from itertools import combinations
from random import Random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Addition, Supply, bookable, doses_short, shortages
from tests.pairing_oracles import by_flow, by_milp, chains_of, crossing_supplies, season, supplies


def total(supply: Supply) -> int:
    return sum(supply.seats[0].values())


@given(supplies(stock=False) | crossing_supplies())
def test_shortages_add_up_to_the_stranded_seats(supply: Supply) -> None:
    """Strong duality, for one to three doses, whatever the windows."""
    found = shortages(supply)

    assert sum(each.stranded for each in found) == total(supply) - by_flow(supply)
    assert all(each.stranded > 0 for each in found)


@given(supplies() | crossing_supplies())
def test_a_shortage_is_a_proof(supply: Supply) -> None:
    """Everybody from its days needs a seat of its bottlenecks, no seat stands in two, and the numbers are right."""
    found = shortages(supply)
    for each in found:
        needed = {(stage.dose - 1, day) for stage in each.bottlenecks for day in stage.days}
        assert each.seats == sum(supply.seats[0][day] for day in each.days)
        assert each.seats - each.stranded == sum(supply.seats[dose][day] for dose, day in needed)
        for chain in chains_of(supply):
            assert chain[0] not in each.days or needed & set(enumerate(chain))
    for one, other in combinations(found, 2):
        assert not {*one.days} & {*other.days}
        for mine, theirs in zip(one.bottlenecks, other.bottlenecks, strict=True):
            assert not {*mine.days} & {*theirs.days}


def bound(supply: Supply, first: int, last: int) -> int:
    """Seats of an interval of dose-1 days, less the dose-2 seats that can be reached from it."""
    assert supply.interval is not None
    own = sum(free for day, free in supply.seats[0].items() if first <= day <= last)
    reach = range(first + supply.interval.earliest, last + supply.interval.latest + 1)
    return own - sum(free for day, free in supply.seats[1].items() if day in reach)


def most_over_disjoint_intervals(supply: Supply) -> int:
    """The maximum over disjoint intervals of dose-1 days of their bounds, by looking at every one."""
    days = sorted(supply.seats[0])
    best = [0]
    for place, last in enumerate(days, start=1):
        begun = (best[start] + bound(supply, days[start], last) for start in range(place))
        best.append(max(best[-1], *begun))
    return best[-1]


@given(supplies(2, stock=False).map(lambda supply: evolve(supply, windows={})))
def test_with_one_window_shortages_are_the_best_disjoint_intervals_of_days(supply: Supply) -> None:
    stranded = total(supply) - by_flow(supply)

    assert most_over_disjoint_intervals(supply) == stranded
    for each in shortages(supply):
        first, last = each.days[0], each.days[-1]
        assert each.days == tuple(sorted(day for day, free in supply.seats[0].items() if free and first <= day <= last))
        assert each.stranded == bound(supply, first, last)


@given(supplies(2, stock=False).map(lambda supply: evolve(supply, windows={})))
def test_no_interval_of_days_strands_more_than_are_stranded(supply: Supply) -> None:
    """Weak duality: any interval that somebody looks at gives a lower bound."""
    for first in supply.seats[0]:
        for last in supply.seats[0]:
            assert first > last or bound(supply, first, last) <= total(supply) - bookable(supply)


@given(supplies(stock=False) | crossing_supplies(), st.randoms(use_true_random=False))
def test_the_additions_are_enough_and_for_two_doses_no_more_than_needed(supply: Supply, chance: Random) -> None:
    found = shortages(supply)
    seats = [dict(free) for free in supply.seats]
    additions = [addition for each in found for addition in each.additions]
    for addition in additions:
        for _ in range(addition.seats):
            day = chance.randint(addition.first, addition.last)
            seats[addition.dose - 1][day] = seats[addition.dose - 1].get(day, 0) + 1

    if not (supply.windows and len(seats) > 2):  # new days could make windows of three doses cross
        assert by_flow(evolve(supply, seats=seats)) == total(supply)
    if len(seats) == 2:
        assert sum(addition.seats for addition in additions) == sum(each.stranded for each in found)


@given(supplies(stock=True))
def test_the_doses_short_are_enough_as_few_and_as_late_as_possible(supply: Supply) -> None:
    assert supply.doses is not None
    needed = doses_short(supply)
    everybody = bookable(evolve(supply, doses=None))
    enough = dict(supply.doses)
    for each in needed:
        enough[each.day] = enough.get(each.day, 0) + each.doses

    assert by_milp(evolve(supply, doses=enough)) == everybody
    assert (needed == ()) == (bookable(supply) == everybody)
    for each in needed:
        late = {**enough, each.day: enough[each.day] - 1}
        late[each.day + 1] = late.get(each.day + 1, 0) + 1
        assert by_milp(evolve(supply, doses=late)) < everybody
    if needed:
        early = {**supply.doses, -9: sum(each.doses for each in needed) - 1}
        assert by_milp(evolve(supply, doses=early)) < everybody


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_shortages_of_a_thousand_seasons(seed: int) -> None:
    chance = Random(seed)
    stranded = 0
    for number in range(500):
        supply = season(chance, 2 + number % 2, stock=False)
        found = sum(each.stranded for each in shortages(supply))

        assert found == total(supply) - by_flow(supply)
        stranded += found

    assert stranded > 10_000


def test_a_shortage_names_days_numbers_and_what_would_help() -> None:
    """Five first doses in two days, three second ones in reach; the days after are well."""
    supply = Supply([{1: 3, 2: 2, 20: 4}, {23: 3, 45: 9}], Interval(21, 28))
    [short] = shortages(supply)

    assert (short.days, short.seats, short.stranded) == ((1, 2), 5, 2)
    assert [(stage.dose, stage.days, stage.seats) for stage in short.bottlenecks] == [(2, (23,), 3)]
    assert short.additions == (Addition(2, 22, 29, 2),)


def test_days_with_no_partner_at_all_are_one_shortage_where_their_windows_touch() -> None:
    supply = Supply([{1: 3, 2: 2, 15: 4}, {}], Interval(21, 28))

    assert [each.days for each in shortages(supply)] == [(1, 2), (15,)]


def test_three_doses_lack_the_one_that_is_short() -> None:
    """Three people find a second dose, one of them a third."""
    supply = Supply([{0: 3}, {21: 5}, {42: 1}], Interval(21, 21))
    [short] = shortages(supply)

    assert [(stage.dose, stage.seats) for stage in short.bottlenecks if stage.days] == [(3, 1)]
    assert short.stranded == 2
    assert short.additions == (Addition(3, 42, 42, 2),)
