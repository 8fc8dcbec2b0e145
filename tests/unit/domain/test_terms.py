"""Terms as data: what an invitation opens, held against walking through its windows hour by hour."""

from typing import Any

import pytest
from hypothesis import given

from crs_core.domain.terms import InvitationRule, Then, Window
from crs_core.testing import strategies


def walked(rule: InvitationRule, first: int) -> tuple[int | None, list[int], Then, int | None]:
    """The same as `InvitationRule.stretch`, by the hand of a clock."""
    hour, place, inside, reminders = 0, first, 0, []
    while True:
        window = rule.windows[place]
        reminders += [hour] if inside in window.reminders_hours else []
        if window.hours is None and inside > max(window.reminders_hours, default=0):
            return None, reminders, window.then, None
        if inside == window.hours:
            if window.then is not Then.NEXT:
                left = place + 1 < len(rule.windows) and window.then is Then.RETURN
                return hour, reminders, window.then, place + 1 if left else None
            place, inside = place + 1, 0
            continue
        hour, inside = hour + 1, inside + 1


@given(strategies.invitation_rules)
def test_a_stretch_is_what_a_clock_would_find(rule: InvitationRule) -> None:
    place: int | None = 0
    while place is not None:
        found = rule.stretch(place)

        assert (found.hours, list(found.reminders_hours), found.then, found.resumes) == walked(rule, place)
        assert list(found.reminders_hours) == sorted(found.reminders_hours)
        place = found.resumes


@pytest.mark.parametrize(
    ("windows", "rule"),
    [
        ((), "at least one window"),
        ((Window(), Window(5)), "only the last one may have no end"),
        ((Window(5, (), Then.NEXT),), "no window follows the last"),
        ((Window(5, (), Then.LAPSE), Window(5)), "none follows a lapse"),
    ],
)
def test_windows_that_do_not_follow_one_another_are_refused(windows: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        InvitationRule(windows=windows)
