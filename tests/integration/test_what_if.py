"""The demonstration's people under other rules: what the page on invitations says of them holds at a small scale."""

from functools import cache

import pytest

from examples.policies.what_if import GROUPS, RULES, Found, play, table

SCALE = 2000

pytestmark = pytest.mark.slow


@cache
def found(rule: str) -> Found:
    return play(RULES[rule], scale=SCALE)


def test_invited_people_look_once_and_hunters_many_times() -> None:
    assert found("the fastest win").searches > 4
    assert found("invited by age").searches < 1.5


def test_called_by_age_the_older_have_the_larger_share() -> None:
    """Of a town large enough that one person more or less changes nothing."""
    share = play(RULES["invited by age"], scale=SCALE // 2).share

    assert list(share) == list(GROUPS)
    assert min(share["85-89"], share["90+"]) > 1.2 * share["80-84"]


def test_one_seed_plays_the_same_and_a_line_says_it() -> None:
    one, again = (play(RULES["invited by age"], scale=2 * SCALE, seed=7) for _ in range(2))
    line = list(table([("invited by age", again)], 2 * SCALE))[-1]

    assert one == again
    assert line.split()[3] == f"{again.reserved * 2 * SCALE:,}"
