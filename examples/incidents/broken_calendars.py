"""I3: a free slot that cannot be reserved.

Sites link a calendar of first doses with one of second doses. Linked wrongly, a first dose is shown as free, people
choose it, and at the last step there is no second dose within the interval.

Source: the operator's report of 20 January 2021 (dose-1 and dose-2 calendars linked wrongly by the site).

    python -m examples.incidents.broken_calendars
"""

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from attrs import evolve, frozen

import crs_core as crs
from crs_core.domain.findings import Finding

from .screen import Incident, Rule, play
from .town import BEFORE_THE_SWITCH, FIRST_DOSES, Town, calendars, citizen, open_town

SEATS = 12  # a day
INTERVAL = range(21, 29)
WRONG = (0, 1)  # days of the week whose second doses lie within the interval, as the site first linked them
MENDED = (0, 1, 2, 3)  # and as it linked them once it was told; one day is still left over
STRANDED = SEATS * (len(FIRST_DOSES) - len(WRONG))
POSSIBLE = SEATS * len(MENDED)
CROWD = SEATS * len(FIRST_DOSES)


@frozen
class End:
    """How it ended.

    Attributes:
        found: First doses that the site was told of before it opened, as nobody can complete them.
        opened: Whether the site opened all the same.
        hollow: Later, with one day still left over: first doses shown as free that nobody can complete.
        refused: Citizens who had chosen a time and were refused.
        booked: Citizens with all their doses.
        told: What the site read.
    """

    found: int
    opened: bool
    hollow: int
    refused: int
    booked: int
    told: str = ""


class LinkedByName:
    """The old way: whatever has a free first dose is shown; the second one is looked for at the last step."""

    def __init__(self, second: Iterable[int]) -> None:
        self.first = Counter(dict.fromkeys(FIRST_DOSES, SEATS))
        self._second = Counter({FIRST_DOSES[day] + timedelta(days=21): SEATS for day in second})
        self._chance = random.Random(2021)  # noqa: S311 - replayed on purpose

    def chosen(self) -> date:
        """The first dose that a citizen chooses."""
        return self._chance.choice([day for day in self.first if self.first[day]])

    def reserve(self, day: date) -> bool:
        """Whether there was a second dose too; the citizen takes any."""
        within = [day + timedelta(days=after) for after in INTERVAL]
        free = [each for each in within if self._second[each]]
        if not free:
            return False
        self.first[day] -= 1
        self._second[self._chance.choice(free)] -= 1
        return True


def old() -> End:
    """The site opens with what it linked; people learn at the last step."""
    system = LinkedByName(MENDED)
    booked = sum(system.reserve(system.chosen()) for _ in range(CROWD))
    return End(found=0, opened=True, hollow=CROWD - POSSIBLE, refused=CROWD - booked, booked=booked)


def ours() -> End:
    """The site is told before it opens; what is stranded is never offered."""
    with open_town(start=BEFORE_THE_SWITCH) as town:
        site = town.system.site("north")
        site.publish(calendars(SEATS, second=WRONG))
        findings = site.check_calendars()
        end = End(sum(each.stranded for each in findings), _opens(site), 0, 0, 0, _told(findings))
        site.publish(calendars(SEATS, second=MENDED))
        site.open()
        end = evolve(end, hollow=_shown(town) - POSSIBLE)
        return _all_try(town, end)


def _opens(site: crs.SiteDesk) -> bool:
    try:
        site.open()
    except crs.Refused:
        return False
    return True


def _told(findings: Iterable[Finding]) -> str:
    return next((f"{worst.text()} {worst.advice()}" for worst in findings), "")


def _shown(town: Town) -> int:
    """Free first doses as the page shows them to the first citizen."""
    first = citizen(CROWD + 1)
    town.register(first)
    return sum(free for _, free in town.desk.offers(town.enter(first)).days)


def _all_try(town: Town, end: End) -> End:
    """Everybody takes any of the times that the page shows them."""
    chance = random.Random(2021)  # noqa: S311 - replayed on purpose
    for number in range(1, CROWD + 1):
        each = citizen(number)
        town.register(each)
        entry = town.enter(each)
        page = town.desk.offers(entry)
        if not page.offers:
            continue
        page = town.desk.offers(entry, day=chance.choice(page.days)[0])
        try:
            town.desk.reserve(entry, chance.choice(page.offers or ("nothing",)))
        except crs.Refused:
            end = evolve(end, refused=end.refused + 1)
        else:
            end = evolve(end, booked=end.booked + 1)
    return end


def story(end: End) -> Iterator[str]:
    """What the site read when it asked to open."""
    yield f"The site asked to open and read: “{end.told}”"


INCIDENT = Incident(
    number="I3",
    title="A free slot that cannot be reserved",
    history=(
        f"A site shows {CROWD} free first doses. It linked its second doses wrongly: most lie outside the interval of "
        f"21 to 28 days. Once mended, one day of {SEATS} is still left without, and {CROWD} people come."
    ),
    old_way="a first dose that is free is shown; a second one is looked for at the last step.",
    our_way="calendars are checked before a site opens; of what is offered, everything can be completed.",
    old=old,
    ours=ours,
    rules=(
        Rule(text="stranded first doses that the site was told of", figure=lambda end: end.found, least=STRANDED),
        Rule(text=f"sites opened with {STRANDED} of {CROWD} stranded", figure=lambda end: end.opened, most=0),
        Rule(text="once mended: shown as free, but cannot be had", figure=lambda end: end.hollow, most=0),
        Rule(text="citizens refused at the last step", figure=lambda end: end.refused, most=0),
        Rule(text=f"citizens with both doses, of {POSSIBLE} possible", figure=lambda end: end.booked, least=POSSIBLE),
    ),
    story=story,
)

if __name__ == "__main__":
    sys.exit(play(INCIDENT))
