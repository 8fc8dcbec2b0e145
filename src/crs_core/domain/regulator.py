"""How many to invite at a site now: who can still be fully booked, less whom the unanswered invitations stand for.

An invitation counts for the share of people who still answer at its age, by a dated curve. So a site invites more than
one person a seat where fewer answer, and those who never answer give way as the days pass. By a dated factor a site
expects more people than it has places for. Nobody is overbooked: a seat is taken by a reservation alone, and who finds
the site full keeps PIN2.

Sources: about 60 of 100 invited people booked (press, February 2021); Prague invited 110 to 120 a hundred slots.
"""

from collections.abc import Mapping

from attrs import field, frozen

from crs_core.domain.campaign import Access, Campaign, ResponseRule
from crs_core.domain.ledger import SiteDays
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.sites import Site
from crs_core.domain.sites import supplies as supplies_of
from crs_core.domain.time import Day, Instant, day_of, days_between

__all__ = ["Room", "expected", "room"]


@frozen
class Room:
    """What a site can take.

    Attributes:
        people: How many can still be given all their doses.
        outstanding: Invitations not yet answered.
        free: How many more may be invited.
        held_by: The first rule that holds back the next invitation.
        supplies: What is free, by product; empty where the site is closed.
        invited: The unanswered invitations, by the day they were made.
    """

    people: int
    outstanding: int
    free: int
    held_by: str
    supplies: Mapping[str, Supply] = field(factory=dict, repr=False)
    invited: Mapping[Day, int] = field(factory=dict, repr=False)


def expected(invited: Mapping[Day, int], rule: ResponseRule, today: Day) -> int:
    """How many of the unanswered invitations are still expected to be answered, in hundredths of a person.

    >>> expected({Day(2021, 2, 1): 10, Day(2021, 2, 5): 10}, ResponseRule(((0, 60), (3, 20))), Day(2021, 2, 5))
    800
    """
    return sum(number * rule.at(days_between(day, today)) for day, number in invited.items())


def room(site: Site | None, days: SiteDays, campaign: Campaign, now: Instant) -> Room:
    """How many may be invited, and what holds back the next one."""
    outstanding = sum(days.invited.values())
    if site is None or not site.is_open:
        return Room(0, outstanding, 0, "site_closed")
    supplies = supplies_of(site, days, campaign, now)
    people = sum(bookable(supply) for supply in supplies.values())
    if campaign.access.at(now) is Access.IMMEDIATE:
        return Room(people, outstanding, 0, "immediate_access")
    rule = campaign.response.at(now)
    left = rule.most(people) - expected(days.invited, rule, day_of(now, campaign.zone))
    free = max(0, left // rule.at(0))
    held_by = "outstanding_invitations" if people else "no_free_pair"
    return Room(people, outstanding, free, held_by, supplies, days.invited)
