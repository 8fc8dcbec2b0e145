"""Weeks of a site where fewer people answer than the rule expects, or more: seats fill, and each release is fair.

Every release of these plays is held against a reading of its own: who waits in what order, how many can be booked by
the maximum flow, how many answers are expected of whom. CRS_CAMPAIGNS plays more random campaigns than the suite does.
"""

import os
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from attrs import define, evolve, field
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import crs_core as crs
from crs_core.domain import gate, regulator
from crs_core.domain.campaign import ResponseRule
from crs_core.domain.order import Order, Priority, PriorityGroup
from crs_core.domain.plans import Key
from crs_core.domain.priority import compile_segments
from crs_core.domain.registration import Registration
from crs_core.domain.releases import Place, place_of
from crs_core.domain.rules import always
from crs_core.domain.sites import Site, supplies
from crs_core.domain.terms import InvitationRule, Then, Window
from crs_core.domain.time import days_between
from crs_core.rounds import calling
from examples.incidents.town import Town
from examples.policies import response
from examples.policies.response import POLICIES, SHARES, Policy, play
from tests.pairing_oracles import by_flow

NAMED = {policy.name: policy for policy in POLICIES}
AGAIN, LAPSED = "60 % and falling, 72 hours, then queued again", "60 % and falling, 72 hours, then lapsed"


@define
class Watch:
    """A round of invitations that is held against what it should do.

    Attributes:
        silent: Since when each of those invited so far has not answered; nobody cancels here.
        releases: How many invited somebody.
    """

    silent: dict[str, date] = field(factory=dict)
    releases: int = 0

    def __call__(self, town: Town) -> Sequence[str]:
        """The round."""
        today = town.clock.now().in_timezone("Europe/Prague").date()
        waiting, outstanding, room = self._before(town, today)
        invited = list(response.release(town))
        assert invited == waiting[: len(invited)], "somebody was passed over"
        for name in invited:
            outstanding += self._share(town, name, today)
            self.silent.setdefault(name, today)
        assert not invited or outstanding <= room, "more answers are expected than the rule allows"
        rest = waiting[len(invited) :]
        if rest and outstanding < room:
            assert outstanding + self._share(town, rest[0], today) > room, "somebody more could have been invited"
        self.releases += bool(invited)
        return invited

    def _before(self, town: Town, today: date) -> tuple[list[str], int, int]:
        """The queue in order, the answers expected of those invited, and how many may be; in hundredths."""
        campaign, now = town.system.campaign, town.clock.now()
        rule, declared = campaign.response.at(now), campaign.priority.at(now)
        with town.system._office.storage.read() as view:
            site = view.get(Key(Site, "north"))
            assert site is not None
            free = supplies(site.value, view.days("north"), campaign, now).values()
            people = list(view.scan(Registration))
        queue: list[tuple[Place, str]] = []
        outstanding = 0
        for one in people:
            place = place_of(declared, one, today)
            if one.gate.value == "queued" and one.reservation_id is None and place is not None:
                queue.append((place, one.id))
            elif one.gate.value == "invited" and one.reservation_id is None:
                outstanding += self._share(town, one.id, today)
        return [name for _, name in sorted(queue)], outstanding, rule.over_invitation * sum(map(by_flow, free))

    def _share(self, town: Town, name: str, today: date) -> int:
        days = days_between(self.silent.get(name, today), today)
        curve = town.system.campaign.response.at(town.clock.now()).percent
        return [share for since, share in curve if since <= days][-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "answers"), [*((AGAIN, share) for share in SHARES), (LAPSED, SHARES[0]), (LAPSED, SHARES[-1])]
)
def test_nine_seats_of_ten_fill_by_their_day_whatever_share_answers(name: str, answers: float) -> None:
    """The rule expects six of ten at first, and fewer with every day of silence. The silent keep nobody waiting."""
    watch = Watch()
    found = play(NAMED[name], answers, release=watch)

    assert found.filled >= 0.9
    assert found.starved <= 1
    assert found.violations == 0
    assert watch.releases >= 10


@pytest.mark.parametrize(
    ("name", "least_starved"),
    [("100 %, for ever", 7), ("60 %, for ever", 7), ("60 %, 72 hours, then queued again", 7)],
)
def test_a_rule_that_never_gives_up_hope_leaves_seats_empty(name: str, least_starved: int) -> None:
    """What a declared curve does that is wrong by half and never falls: the negative control of the test above."""
    found = play(NAMED[name], 0.3)

    assert found.filled < 0.5
    assert found.starved >= least_starved
    assert found.violations == 0


def test_a_rule_that_is_wrong_by_half_is_put_right_by_an_end() -> None:
    """60 of 100 are expected for three days, 30 answer: seats fill once the term takes the others away."""
    assert play(NAMED["60 %, 72 hours, then lapsed"], 0.3).filled >= 0.9


def test_whoever_was_silent_is_not_expected_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the guard taken out, the same silent people at the head of the queue keep the places of the others."""
    real: Any = gate.passed

    def forgets(*given: Any) -> Registration:
        one: Registration = real(*given)
        return evolve(one, invitation=one.invitation and evolve(one.invitation, silent_since=None))

    monkeypatch.setattr(gate, "passed", forgets)
    found = play(NAMED[AGAIN], 0.3)

    assert found.filled < 0.9
    assert found.starved >= 7


groups = st.builds(
    PriorityGroup,
    minimum_age=st.none() | st.integers(80, 88),
    maximum_age=st.none() | st.none() | st.integers(83, 90),
    score=st.integers(0, 3),
    opens=st.none() | st.dates(date(2021, 2, 1), date(2021, 2, 20)),
)
orders = st.builds(
    Priority,
    groups=st.lists(groups, min_size=1, max_size=4).map(lambda some: (*some, PriorityGroup())),
    then=st.sampled_from(Order),
)
curves = st.lists(st.integers(0, 100), min_size=1, max_size=4).map(
    lambda shares: tuple(enumerate(sorted((max(10, *shares, 10), *shares), reverse=True)))
)
rules = st.builds(ResponseRule, percent=curves, over_invitation=st.sampled_from([80, 100, 115, 150]))
terms = st.lists(st.sampled_from([24, 48, 72]), min_size=1, max_size=3).flatmap(
    lambda hours: st.builds(
        lambda last: InvitationRule(windows=(*(Window(each) for each in hours[:-1]), Window(hours[-1], (), last))),
        st.sampled_from([Then.RETURN, Then.LAPSE]),
    )
)


@pytest.mark.slow
@given(
    answers=st.sampled_from(SHARES),
    declared=orders,
    policy=st.builds(Policy, name=st.just("drawn"), response=rules, invitation=terms | st.just(InvitationRule())),
    seed=st.integers(0, 999),
)
@settings(
    deadline=None,
    max_examples=int(os.environ.get("CRS_CAMPAIGNS", "5")),
    phases=[Phase.generate],  # a play takes a second: what fails is printed as it is
    suppress_health_check=list(HealthCheck),
)
def test_in_random_campaigns_every_release_is_fair_and_keeps_its_rule(
    answers: float, declared: Priority, policy: Policy, seed: int
) -> None:
    watch = Watch()
    campaign = evolve(crs.example_campaign(), priority=always(declared))
    found = play(policy, answers, seed=seed, days=12, release=watch, campaign=campaign)

    assert found.violations == 0
    assert watch.releases >= 1


@pytest.mark.parametrize(
    ("module", "guard", "broken", "message"),
    [
        (regulator, "expected", lambda *_: 0, "more answers are expected"),
        (regulator, "bookable", lambda supply: 2 * sum(supply.seats[0].values()), "more answers are expected"),
        (calling, "compile_segments", lambda *given: compile_segments(*given)[::-1], "passed over"),
    ],
)
def test_the_watch_sees_a_guard_taken_out(
    monkeypatch: pytest.MonkeyPatch, module: Any, guard: str, broken: Any, message: str
) -> None:
    declared = Priority((PriorityGroup(86, score=2), PriorityGroup(score=1)))
    campaign = evolve(crs.example_campaign(), priority=always(declared))
    monkeypatch.setattr(module, guard, broken)

    with pytest.raises(AssertionError, match=message):
        play(NAMED["100 %, for ever"], 0.6, days=12, release=Watch(), campaign=campaign)
