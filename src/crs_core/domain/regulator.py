"""How many to invite at a site now: as many as can still be fully booked, less the invitations not yet answered."""

from attrs import frozen

from crs_core.domain.campaign import Access, Campaign
from crs_core.domain.ledger import SiteDays
from crs_core.domain.pairing import bookable
from crs_core.domain.sites import Site
from crs_core.domain.sites import supplies as supplies_of
from crs_core.domain.time import Instant

__all__ = ["Room", "room"]


@frozen
class Room:
    """What a site can take.

    Attributes:
        people: How many can still be given all their doses.
        outstanding: Invitations not yet answered.
        free: How many more may be invited.
        held_by: The first rule that holds back the next invitation.
    """

    people: int
    outstanding: int
    free: int
    held_by: str


def room(site: Site | None, days: SiteDays, campaign: Campaign, now: Instant) -> Room:
    """How many may be invited, and what holds back the next one."""
    outstanding = sum(days.invited.values())
    if site is None or not site.is_open:
        return Room(0, outstanding, 0, "site_closed")
    people = sum(bookable(supply) for supply in supplies_of(site, days, campaign, now).values())
    if campaign.access.at(now) is Access.IMMEDIATE:
        return Room(people, outstanding, 0, "immediate_access")
    free = max(0, people - outstanding)
    return Room(people, outstanding, free, "outstanding_invitations" if outstanding else "no_free_pair")
