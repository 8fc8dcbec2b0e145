"""Dated values: which one is in force, to the microsecond."""

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.composition.codec import codec
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Instant, from_micros, to_micros
from crs_core.testing.clock import VirtualClock

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


@given(steps, st.sampled_from(["Europe/Prague", "Asia/Kathmandu", "America/St_Johns"]))
def test_the_zone_of_a_step_is_lost_and_its_moment_kept(steps: tuple[tuple[Instant, int], ...], zone: str) -> None:
    """What is stored is microseconds of UTC: a wall clock taken for UTC would be hours off after a restart."""
    elsewhere = Dated(tuple((since.in_timezone(zone), value) for since, value in steps))

    assert codec().loads(Dated[int], codec().dumps(elsewhere)) == elsewhere == Dated(steps)
    assert [to_micros(since) for since, _ in elsewhere.steps] == [to_micros(since) for since, _ in steps]


def test_a_clock_set_in_another_zone_tells_the_same_moment() -> None:
    nine = pendulum.datetime(2021, 1, 23, 9, tz="Europe/Prague")

    for clock in (VirtualClock(nine), VirtualClock(pendulum.datetime(2021, 1, 1))):
        assert clock.set(nine) == nine
        assert to_micros(clock.now()) == to_micros(pendulum.datetime(2021, 1, 23, 8))
