"""Lives that stand still: held against walking second by second."""

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.maintenance import Maintenance, deadline, refuse_during, under_way
from crs_core.domain.time import later
from crs_core.errors import Busy

START = pendulum.datetime(2021, 1, 21, 23)
windows = st.lists(
    st.tuples(st.integers(-20, 60), st.integers(1, 30)).map(
        lambda pair: Maintenance(later(START, seconds=pair[0]), later(START, seconds=sum(pair)))
    ),
    max_size=4,
)


@given(windows, st.integers(0, 50))
def test_a_life_counts_only_seconds_outside_maintenance(found: list[Maintenance], seconds: int) -> None:
    left, passed = seconds, 0
    while left:
        left -= under_way(found, later(START, seconds=passed)) is None
        passed += 1

    assert deadline(START, seconds, found) == later(START, seconds=passed)


def test_maintenance_refuses_until_its_end_and_no_longer() -> None:
    window = Maintenance(START, later(START, hours=1))

    with pytest.raises(Busy) as refusal:
        refuse_during([window], later(START, minutes=59))
    refuse_during([window], later(START, hours=1))
    refuse_during([window], later(START, seconds=-1))

    assert (refusal.value.code, refusal.value.retry_at) == ("maintenance", window.end)


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="a window ends after it starts"):
        Maintenance(START, START)
