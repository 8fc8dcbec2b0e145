"""How many to invite at a site now: who can still be fully booked, less whom the unanswered invitations stand for.

An invitation counts for the share of people who still answer so long after it, by a dated curve. So a site invites more
than one person a seat where fewer answer, and those who never answer give way as the days pass. Whoever let the term of
an invitation pass and is invited again counts by the days since the first of those, not anew: else the same silent
people at the head of the queue would keep the places of everybody behind them. By a dated factor a site expects more
people than it has places for. Nobody is overbooked: a seat is taken by a reservation alone, and who finds the site full
keeps PIN2.

Sources: about 60 of 100 invited people booked (press, February 2021); Prague invited 110 to 120 a hundred slots.
"""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from crs_core.domain.campaign import Access, Campaign, ResponseRule
from crs_core.domain.ledger import SiteDays
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.registration import Registration
from crs_core.domain.sites import Site
from crs_core.domain.sites import supplies as supplies_of
from crs_core.domain.time import Day, Instant, day_of, days_between

__all__ = ["Room", "expected", "fitting", "room", "silent_since"]


@frozen
class Room:
    """What a site can take.

    Attributes:
        people: How many can still be given all their doses.
        outstanding: Invitations not yet answered.
        left: How many answers more may be expected, in hundredths of a person; below 0 where too many are already.
        held_by: The first rule that holds back the next invitation.
        supplies: What is free, by product; empty where the site is closed.
        invited: The unanswered invitations, by the day since which their people have not answered.
    """

    people: int
    outstanding: int
    left: int
    held_by: str
    supplies: Mapping[str, Supply] = field(factory=dict, repr=False)
    invited: Mapping[Day, int] = field(factory=dict, repr=False)


def expected(invited: Mapping[Day, int], rule: ResponseRule, today: Day) -> int:
    """How many of the unanswered invitations are still expected to be answered, in hundredths of a person.

    >>> expected({Day(2021, 2, 1): 10, Day(2021, 2, 5): 10}, ResponseRule(((0, 60), (3, 20))), Day(2021, 2, 5))
    800
    """
    return sum(number * rule.at(days_between(day, today)) for day, number in invited.items())


def silent_since(one: Registration, today: Day) -> Day:
    """The day by which an invitation counts that somebody is given today."""
    return (one.invitation and one.invitation.silent_since) or today


def fitting(queue: Iterable[Registration], left: int, rule: ResponseRule, today: Day) -> tuple[int, int]:
    """How many people from the head of a queue may be invited, and how many answers may still be expected then.

    Args:
        left: How many answers more may be expected, in hundredths of a person; from 0 on nobody is invited.
    """
    number = 0
    for one in queue:
        share = rule.at(days_between(silent_since(one, today), today))
        if left <= 0 or share > left:
            break
        number, left = number + 1, left - share
    return number, left


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
    held_by = "outstanding_invitations" if people else "no_free_pair"
    return Room(people, outstanding, left, held_by, supplies, days.invited)
