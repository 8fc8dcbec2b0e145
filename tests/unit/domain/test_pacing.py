"""What a gateway takes, at rates that change by date."""

from hypothesis import given
from hypothesis import strategies as st
from pendulum import datetime

from crs_core.domain.campaign import Sending
from crs_core.domain.pacing import Pace, leaves_at, taken
from crs_core.domain.rules import Dated
from crs_core.domain.time import Instant, later

EIGHT = datetime(2021, 1, 15, 8)
RATES = st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 50)), min_size=1, max_size=4)


def dated(rates: list[tuple[int, int]]) -> Dated[Sending]:
    """Rates, each for so many seconds from eight o'clock on."""
    steps, since = [], EIGHT
    for seconds, rate in rates:
        steps.append((since, Sending(per_second=rate)))
        since = later(since, seconds=seconds)
    return Dated(tuple(steps))


def by_the_second(rule: Dated[Sending], since: Instant, seconds: int) -> int:
    """What is taken, added up a second at a time."""
    return sum(rule.at(later(since, seconds=each)).per_second for each in range(seconds))


@given(RATES, st.integers(-100, 3000), st.integers(0, 5000))
def test_a_span_takes_what_its_seconds_take(rates: list[tuple[int, int]], start: int, seconds: int) -> None:
    rule, since = dated(rates), later(EIGHT, seconds=start)

    assert round(taken(rule, since, later(since, seconds=seconds)), 3) == by_the_second(rule, since, seconds)
    assert taken(rule, since, later(since, seconds=-seconds)) == 0


@given(RATES, st.integers(0, 3000), st.integers(0, 5000))
def test_a_message_leaves_when_those_before_it_and_itself_are_taken(
    rates: list[tuple[int, int]], start: int, before: int
) -> None:
    rule, now = dated(rates), later(EIGHT, seconds=start)

    assert abs(taken(rule, now, leaves_at(rule, before, now)) - before - 1) < 1e-3


@given(RATES, st.lists(st.integers(0, 3_000_000), min_size=2, max_size=30))
def test_a_pace_never_lets_more_leave_than_is_taken_and_a_second_more(
    rates: list[tuple[int, int]], moments: list[int]
) -> None:
    rule = dated(rates)
    most = max(each.per_second for each in rule)
    times = [later(EIGHT, seconds=each / 1000) for each in sorted(moments)]
    pace, left = Pace(times[0]), 0
    for now in times:
        pace = pace.until(rule, now)
        left += pace.due
        pace = pace.spent(pace.due)

    assert left <= taken(rule, times[0], times[-1]) + most


def test_a_pace_asked_every_half_second_uses_all_that_is_taken() -> None:
    rule = dated([(3600, 3), (1, 20)])
    pace, left = Pace(EIGHT), 0
    for number in range(2 * 3600 + 1):
        pace = pace.until(rule, later(EIGHT, seconds=number / 2))
        left, pace = left + pace.due, pace.spent(pace.due)

    assert left == 3 * 3600


def test_a_clock_that_steps_back_gives_nothing() -> None:
    pace = Pace(EIGHT).until(dated([(1, 2)]), later(EIGHT, seconds=-60))

    assert pace.due == 0
