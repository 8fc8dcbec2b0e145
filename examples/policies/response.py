"""How full seats get where fewer people answer their invitation than the rule expects, or more.

    python -m examples.policies.response

One site publishes a day of seats every morning; everybody is registered, and each release invites as many as the rule
allows. A share of the people answers, most within two days, and takes the first offer; the others never answer, however
often they are invited. Only those people are made up: the desks, the messages, PIN2, the rounds and the audit are real.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pendulum
from attrs import define, evolve, field, frozen
from rich.console import Console
from rich.table import Table

import crs_core as crs
from crs_core.domain.campaign import ResponseRule
from crs_core.domain.rules import always
from crs_core.domain.terms import InvitationRule, Then, Window
from examples.incidents.town import Citizen, Town, citizen, open_town

__all__ = ["POLICIES", "SHARES", "Outcome", "Policy", "play", "release"]

SHARES = (0.3, 0.45, 0.6, 0.75, 0.9)

_MORNING = pendulum.datetime(2021, 2, 1, 6)
_FIRST = date(2021, 2, 5)
_DAYS, _AHEAD, _SEATS = 24, 10, 6  # of so many, so long before, so many first doses a day
_ROUNDS = (0, 6, 12)  # hours after the morning
_ANSWER_HOURS = 20.0  # after the message, on average
_OVER = {"not_invited", "invitation_expired", "invitation_lapsed"}


@frozen
class Policy:
    """What a campaign file says of responses, and of the term of an invitation."""

    name: str
    response: ResponseRule = field(factory=ResponseRule)
    invitation: InvitationRule = field(factory=InvitationRule)


_FLAT, _FALLING = ResponseRule(((0, 60),)), ResponseRule(((0, 60), (1, 35), (2, 20), (4, 8), (7, 0)))
_RETURN = InvitationRule(windows=(Window(72),))
_LAPSE = InvitationRule(windows=(Window(72, (), Then.LAPSE),))
_THRICE = InvitationRule(windows=(Window(72), Window(72), Window(72, (), Then.LAPSE)))

POLICIES = (
    Policy("100 %, for ever"),
    Policy("60 %, for ever", _FLAT),
    Policy("60 %, 72 hours, then lapsed", _FLAT, _LAPSE),
    Policy("60 %, 72 hours, then queued again", _FLAT, _RETURN),
    Policy("60 % and falling, for ever", _FALLING),
    Policy("60 % and falling, 72 hours, then lapsed", _FALLING, _LAPSE),
    Policy("60 % and falling, thrice 72 hours, then lapsed", _FALLING, _THRICE),
    Policy("60 % and falling, 72 hours, then queued again", _FALLING, _RETURN),
)


@frozen
class Outcome:
    """How a play ended.

    Attributes:
        filled: The part of the published first doses that were reserved before their day was over.
        invitations: How many were sent.
        people: How many different people they went to.
        full: How often somebody came and found the site full, and kept their PIN2.
        starved: The longest run of days on which a seat stayed empty and nobody was invited for the first time,
            although people waited for that who would have answered.
        violations: What the audit found.
    """

    filled: float
    invitations: int
    people: int
    full: int
    starved: int
    violations: int


def release(town: Town) -> Sequence[str]:
    """One round of invitations; the registrations that were invited."""
    return [name for each in town.system.operations.release_all() for name in each.invited]


@define
class _Play:
    town: Town
    answers: float
    chance: random.Random
    release: Callable[[Town], Sequence[str]]
    people: dict[str, Citizen] = field(factory=dict)
    answering: set[str] = field(factory=set)
    visits: list[tuple[pendulum.DateTime, str]] = field(factory=list)
    called: list[str] = field(factory=list)
    reserved: list[date] = field(factory=list)
    full: int = 0

    def registers(self, number: int) -> None:
        """So many people, a second after one another; who is going to answer nobody knows."""
        for each in range(1, number + 1):
            one = citizen(each)
            self.people[self.town.register(one)] = one
            self.town.clock.move(seconds=1)
        self.answering = {name for name in self.people if self.chance.random() < self.answers}

    def publishes(self, days: int) -> None:
        """The calendars of the first so many days, each with its second doses three weeks later."""
        site = self.town.system.site("north")
        for name, dose, after in (("V1", 1, 0), ("V2", 2, 21)):
            dates = [_FIRST + timedelta(after + day) for day in range(days)]
            slots = [slot for day in dates for slot in crs.even_slots(day, _SEATS)]
            site.publish([crs.Calendar(name, "comirnaty", dose, slots)])

    def passes(self, days: int) -> int:
        """Day after day, until all seats are behind; see `Outcome.starved`."""
        longest = run = 0
        for day in range((_FIRST - _MORNING.date()).days + days):
            before = len(set(self.called))
            if 0 < day <= days - _AHEAD:
                self.publishes(_AHEAD + day)
            for hours in _ROUNDS:
                self.until(_MORNING.add(days=day, hours=hours))
                self.round()
            self.until(_MORNING.add(days=day, hours=17))
            today = (_MORNING + timedelta(day)).date()
            empty = today >= _FIRST and self.reserved.count(today) < _SEATS
            nobody_new = len(set(self.called)) == before and not self.answering <= set(self.called)
            run = run + 1 if empty and nobody_new else 0
            longest = max(longest, run)
        return longest

    def round(self) -> None:
        """Windows, invitations, messages; whoever is going to answer plans a visit."""
        self.town.system.operations.tick()
        invited = self.release(self.town)
        self.called += invited
        while self.town.system.operations.dispatch().sent:
            self.town.clock.move(seconds=1)
        for name in invited:
            if name in self.answering:
                self.visits.append((self._after(_ANSWER_HOURS), name))

    def _after(self, mean: float) -> pendulum.DateTime:
        return self.town.clock.now().add(minutes=5 + int(60 * self.chance.expovariate(1 / mean)))

    def until(self, moment: pendulum.DateTime) -> None:
        """Everybody who comes before a moment, in order."""
        while due := sorted(each for each in self.visits if each[0] < moment):
            self.visits.remove(due[0])
            self.town.clock.set(max(due[0][0], self.town.clock.now()))
            self._visits(due[0][1])
        self.town.clock.set(max(moment, self.town.clock.now()))

    def _visits(self, name: str) -> None:
        """Steps 5 to 8; who finds the site full comes again the next day."""
        try:
            entry = self.town.enter(self.people[name])
            page = self.town.desk.offers(entry)
            if page.offers:
                self.reserved.append(self.town.desk.reserve(entry, page.offers[0]).doses[0].day)
                return
        except crs.Refused as refusal:
            if refusal.code not in _OVER | {"already_reserved"}:
                raise
            return
        self.full += 1
        self.visits.append((self._after(24), name))


def play(
    policy: Policy,
    answers: float,
    *,
    seed: int = 1,
    days: int = _DAYS,
    release: Callable[[Town], Sequence[str]] = release,
    campaign: crs.Campaign | None = None,
) -> Outcome:
    """Some weeks of a site where a share of the people ever answers.

    Args:
        answers: 0.1 to 1.
        days: For which seats are published, at least 11.
        release: One round of invitations; it returns the registrations that were invited.
        campaign: What the policy is put into; the example's where None.
    """
    rules = evolve(
        campaign or crs.example_campaign(), response=always(policy.response), invitation=always(policy.invitation)
    )
    with open_town(start=_MORNING.subtract(hours=6), campaign=rules) as town:
        weeks = _Play(town, answers, random.Random(seed), release)  # noqa: S311 - a play is replayed by its seed
        weeks.publishes(_AHEAD)
        town.system.site("north").open()
        weeks.registers(min(980, 40 + round(1.3 * days * _SEATS / answers)))
        starved = weeks.passes(days)
        return Outcome(
            filled=len(weeks.reserved) / (days * _SEATS),
            invitations=len(weeks.called),
            people=len(set(weeks.called)),
            full=weeks.full,
            starved=starved,
            violations=len(town.system.operations.audit()),
        )


def main() -> int:
    """Plays every policy with every share, and prints how full the seats got; 1 where the audit found anything."""
    parser = argparse.ArgumentParser(description="How full seats get, by the rule and by how many answer.")
    parser.add_argument("--seeds", type=int, default=1, help="plays of each; the worst counts (default: %(default)s)")
    given = parser.parse_args()
    if given.seeds < 1:
        parser.error(f"--seeds {given.seeds}: must be a whole number from 1")
    console = Console(width=120)
    table = Table("the rule expects", title=f"Of {_DAYS * _SEATS} seats, filled by their day", title_justify="left")
    for share in SHARES:
        table.add_column(f"{share:.0%} answer", justify="right")
    violations = 0
    for policy in POLICIES:
        cells = []
        for share in SHARES:
            outcomes = [play(policy, share, seed=seed) for seed in range(given.seeds)]
            worst = min(outcomes, key=lambda each: each.filled)
            violations += sum(each.violations for each in outcomes)
            cells.append(f"{worst.filled:.0%} ({worst.invitations}, {worst.full}, {worst.starved})")
        table.add_row(policy.name, *cells)
    console.print(table)
    console.print("In brackets: invitations; visits that found the site full; most days in a row with empty seats and")
    console.print(f"nobody new invited, although some waited. Violations found by the audit: {violations}")
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main())
