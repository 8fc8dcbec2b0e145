"""A re-plan against every way tried, and against an integer programme."""

from hypothesis import event, given

from crs_core.domain.replanning.bounds import least_cost
from crs_core.domain.replanning.problem import Problem
from crs_core.domain.replanning.search import cost_of, solved
from tests.replanning_oracles import by_milp, by_search, faults, problems


@given(problem=problems())
def test_few_people_are_moved_at_the_least_cost(problem: Problem) -> None:
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
