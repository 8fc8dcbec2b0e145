"""How many are invited: against a small town in which fewer or more answer than the rule expects."""

import random
from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.campaign import ResponseRule
from crs_core.domain.registration import Invitation, Registration
from crs_core.domain.regulator import expected, fitting
from crs_core.domain.terms import InvitationRule
from crs_core.domain.time import add_days, midnight
from crs_core.testing.invented import registration

TODAY = date(2021, 2, 10)
CURVE = ResponseRule(((0, 60), (1, 35), (2, 20), (4, 8), (7, 0)))
NOW = midnight(TODAY, "Europe/Prague")
ANYBODY = registration(NOW)
percents = st.lists(st.integers(10, 100), min_size=1, max_size=5)


@given(percents, st.dictionaries(st.integers(0, 30), st.integers(0, 50), max_size=8))
def test_expected_is_the_sum_of_shares_by_age(found: list[int], ages: dict[int, int]) -> None:
    found.sort(reverse=True)
    rule = ResponseRule(tuple((2 * place, share) for place, share in enumerate(found)))
    invited = {add_days(TODAY, -age): number for age, number in ages.items()}

    by_hand = sum(number * found[min(age // 2, len(found) - 1)] for age, number in ages.items())
    assert expected(invited, rule, TODAY) == by_hand


def test_without_a_curve_every_unanswered_invitation_counts_whole() -> None:
    assert expected({TODAY: 3, date(2021, 1, 1): 4}, ResponseRule(), TODAY) == 700


def queued(silent: int | None) -> Registration:
    """Somebody in a queue who has been silent for so many days; None: who was never invited."""
    if silent is None:
        return ANYBODY
    last = Invitation(1, NOW, TODAY, "one", InvitationRule(), silent_since=add_days(TODAY, -silent))
    return evolve(ANYBODY, invitation=last)


@given(st.lists(st.none() | st.integers(1, 9), max_size=8), st.integers(-50, 400))
def test_as_many_fit_as_answers_are_left_in_order(silent: list[int | None], left: int) -> None:
    """Nobody is passed over for somebody who would fit, and whoever was silent counts by how long."""
    shares = [CURVE.at(days or 0) for days in silent]
    number, rest = fitting(map(queued, silent), left, CURVE, TODAY)

    assert rest == left - sum(shares[:number])
    assert rest >= min(0, left)
    if number < len(shares):
        assert rest <= 0 or shares[number] > rest
    assert number == 0 or left - sum(shares[: number - 1]) > 0


def play(response: float, rule: ResponseRule, seed: int) -> tuple[float, int, int]:
    """Four weeks of one site that publishes 40 seats a day, two weeks ahead.

    Returns:
        The share of the seats of the last two weeks that were taken by their day, the most people that were ever
        invited beyond the free seats, and how many of the first hundred in the queue were never invited.
    """
    chance = random.Random(seed)
    free: dict[int, int] = {}
    pending: dict[int, list[int]] = {}  # answers by day
    invited: dict[date, int] = {}
    called, most, last = 0, 0, 28
    lost = 0
    for day in range(last):
        free[day + 14] = 40
        for made in sorted(pending.pop(day, [])):
            seat = next((each for each in sorted(free) if each > day and free[each]), None)
            if seat is not None:
                free[seat] -= 1
                invited[add_days(TODAY, made)] -= 1
        if day > 14:
            lost += free.pop(day, 0)
        today = add_days(TODAY, day)
        room = 100 * sum(free.values()) - expected(invited, rule, today)
        number = max(0, room // rule.at(0))
        invited[today] = number
        called += number
        for _ in range(number):
            if chance.random() < response:
                pending.setdefault(day + 1 + min(int(chance.expovariate(1.0)), 5), []).append(day)
        most = max(most, sum(invited.values()) - sum(free.values()))
    return 1 - lost / (40 * (last - 15)), most, max(0, 100 - called)


@pytest.mark.parametrize("response", [0.3, 0.45, 0.6, 0.75, 0.9])
def test_nine_seats_of_ten_fill_by_their_day_whatever_share_answers(response: float) -> None:
    """The rule expects six of ten; between three and nine of ten answer."""
    for seed in range(5):
        filled, _, never = play(response, CURVE, seed)

        assert filled >= 0.9
        assert never == 0


def test_an_invitation_a_seat_that_counts_for_ever_leaves_seats_empty() -> None:
    """The old way, so that the test above proves something: who never answers holds a seat for ever."""
    filled, _, _ = play(0.3, ResponseRule(), 0)

    assert filled < 0.9
