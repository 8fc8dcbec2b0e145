"""A re-plan against every way tried, and against an integer programme."""

from random import Random

from hypothesis import assume, event, given

from crs_core.domain.replanning.bounds import least_cost
from crs_core.domain.replanning.exchange import is_flow
from crs_core.domain.replanning.problem import Holder, Place, Problem
from crs_core.domain.replanning.search import cost_of, solved
from tests.replanning_oracles import by_milp, by_search, faults, problems


@given(problem=problems())
def test_few_people_are_moved_at_the_least_cost(problem: Problem) -> None:
    """One to three doses, intervals and stock as they fall."""
    found = solved(problem)
    least = by_search(problem)
    event(f"cost {least}")

    assert faults(problem, found.places) == []
    assert found.cost == cost_of(problem, found.places)
    assert found.cost == least
    assert found.proven


@given(problem=problems(most=12, alike=True))
def test_what_is_said_to_be_proven_is(problem: Problem) -> None:
    found = solved(problem)
    least = by_milp(problem)
    event(f"proven {found.proven}, least {found.cost == least}")

    assert faults(problem, found.places) == []
    assert found.cost >= least >= least_cost(problem, least)
    assert not found.proven or found.cost == least


@given(problem=problems(most=16, alike=True))
def test_without_stock_the_answer_is_exact_whatever_the_size(problem: Problem) -> None:
    assume(is_flow(problem))
    found = solved(problem)

    assert faults(problem, found.places) == []
    assert (found.cost, found.proven) == (by_milp(problem), True)


def test_a_large_site_closes_a_day() -> None:
    """Two thousand people, hardly a seat to spare: proven all the same."""
    problem = large(2000)
    found = solved(problem)

    assert found.proven
    assert found.cost[0] == 0
    assert found.cost[1] + found.cost[2] >= sum(
        problem.seats[0][each.places[0]] == 0 for each in problem.holders if not each.begun
    )


def large(people: int) -> Problem:
    """A season of a site with sixteen times a day; its first Monday is closed."""
    chance = Random(1)
    days = [[day for day in range(10, last) if day % 7 < 5] for last in (60, 90)]
    holders = []
    held: dict[Place, int] = {}
    for _ in range(people):
        begun = chance.random() < 0.3
        first = chance.choice(range(-15, 10)) if begun else chance.choice(days[0])
        second = chance.choice([day for day in days[1] if 21 <= day - first <= 28])
        places = (("V1", first, 480 + 30 * chance.randrange(16)), ("V2", second, 480 + 30 * chance.randrange(16)))
        movable = (1,) if begun else (0, 1)
        holders.append(Holder(places, movable, frozenset(), (21, 28), begun=begun, stocked=(False, False)))
        for dose in movable:
            held[places[dose]] = held.get(places[dose], 0) + 1
    seats = tuple(
        {
            place: 0 if (dose, day) == (0, 14) else held.get(place, 0) + (chance.random() < 0.02)
            for day in days[dose]
            for place in ((f"V{dose + 1}", day, 480 + 30 * number) for number in range(16))
        }
        for dose in range(2)
    )
    return Problem(tuple(holders), seats, None, 11)
