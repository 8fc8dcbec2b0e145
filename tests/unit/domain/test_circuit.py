"""A gateway that fails several in a row is left alone for a while, and then tried with one message."""

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.campaign import Sending
from crs_core.domain.circuit import Circuit, failed, may_try, took
from crs_core.domain.time import later

NOW = pendulum.datetime(2021, 1, 15, 8)
RULE = Sending(pause_seconds=60)
FRACTIONS = st.floats(0, 1, exclude_max=True)


def after(failures: int) -> Circuit:
    circuit = Circuit("sms")
    for _ in range(failures):
        circuit = failed(circuit, RULE, 0.5, NOW)
    return circuit


def test_it_breaks_at_the_third_failure_in_a_row() -> None:
    assert [after(failures).broken for failures in range(5)] == [False, False, False, True, True]


@pytest.mark.parametrize("failures", [0, 1, 2, 3, 50])
def test_one_message_taken_closes_it(failures: int) -> None:
    assert took(after(failures)) == Circuit("sms")


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [(found.retry_at - NOW).total_seconds() for found in map(after, range(3, 12)) if found.retry_at]

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(failures=st.integers(3, 10_000), fraction=FRACTIONS, seconds=st.floats(0, 200))
def test_it_is_tried_once_its_pause_is_over_and_never_before(failures: int, fraction: float, seconds: float) -> None:
    broken = failed(Circuit("sms", failures - 1), RULE, fraction, NOW)
    moment = later(NOW, seconds=seconds)

    assert broken.retry_at is not None
    assert NOW < broken.retry_at <= later(NOW, seconds=1.5 * RULE.pause_seconds)
    assert may_try(broken, RULE, moment) == (moment >= broken.retry_at)


def test_a_clock_put_back_by_an_hour_does_not_keep_it_broken() -> None:
    assert may_try(after(9), RULE, later(NOW, minutes=-60))
