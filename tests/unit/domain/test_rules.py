"""Dated values: which one is in force, to the microsecond."""

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Instant, from_micros, to_micros

moments = st.integers(0, 2 * 10**15).map(from_micros)
steps = st.lists(moments, min_size=1, max_size=6, unique=True).map(
    lambda some: tuple((moment, number) for number, moment in enumerate(sorted(some)))
)


@given(steps, moments)
def test_the_last_step_that_has_begun_is_in_force(steps: tuple[tuple[Instant, int], ...], now: Instant) -> None:
    begun = [value for since, value in steps if since <= now]
    rule = Dated(steps)

    assert rule.at(now) == (begun[-1] if begun else 0)
    assert rule.version(now) == rule.at(now)
    assert list(rule) == [value for _, value in steps]


@given(steps)
def test_a_step_begins_at_its_microsecond(steps: tuple[tuple[Instant, int], ...]) -> None:
    rule = Dated(steps)
    for since, value in steps:
        assert rule.at(since) == value
        assert rule.at(from_micros(to_micros(since) - 1)) == max(0, value - 1)


@pytest.mark.parametrize("days", [[], [2, 1], [1, 1], [1, 3, 2], [1, 2, 2]])
def test_steps_rise_and_there_is_one(days: list[int]) -> None:
    with pytest.raises(ValueError, match="dated rule") as caught:
        Dated(tuple((pendulum.datetime(2021, 1, day), day) for day in days))

    assert "steps" in str(caught.value)


@given(moments)
def test_always_is_always(now: Instant) -> None:
    assert always("x").at(now) == "x"
    assert always("x").version(now) == 0
