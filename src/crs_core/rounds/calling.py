"""Whom a site calls next, why nobody more, and why one person not yet."""

from attrs import evolve, frozen

from crs_core.domain import regulator
from crs_core.domain.maintenance import under_way
from crs_core.domain.order import Order, Priority, PriorityGroup
from crs_core.domain.plans import Key, Versioned
from crs_core.domain.priority import all_open, compile_segments, group_of, rank
from crs_core.domain.registration import Registration, Standing, standing
from crs_core.domain.regulator import Room
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant
from crs_core.office.commands import Office
from crs_core.office.vacancies import vacancies
from crs_core.ports.storage import View

__all__ = ["Turn", "called", "room", "turn", "uncalled"]

_EVERYBODY = Priority()
_ANYBODY = 1_000_000


@frozen
class Turn:
    """Where one person stands in the order of invitations.

    Attributes:
        why_not: The first rule that keeps them from being invited now: that they are ``invited``, ``reserved``,
            ``lapsed``, ``blocked`` or ``withdrawn``; that ``no_group`` takes them, or ``group_not_open``; what holds
            back everybody at the site, as in `Release`; or that ``others_first``. Empty where the next release
            invites them.
        group: The open group by which they are called, else the one that opens first for them; None where none does.
        rank: How many of the declared scores are higher than theirs; None while no open group takes them.
    """

    why_not: str
    group: PriorityGroup | None = None
    rank: int | None = None


def room(office: Office, view: View, site_id: str, now: Instant) -> Room:
    """How many may be invited at a site."""
    site = view.get(Key(Site, site_id))
    days = vacancies(office, view, site_id, now)
    found = regulator.room(None if site is None else site.value, days, office.campaign, now)
    return found if under_way(office.pauses, now) is None else evolve(found, left=0, held_by="maintenance")


def called(
    office: Office, view: View, site_id: str, found: Room, most: int, now: Instant
) -> tuple[list[Versioned[Registration]], bool]:
    """The next of a site whom an open group takes, in the declared order, and whether there is room for more of those.

    Args:
        found: The room of the site; answers of those called fit into it.
        most: At most so many.
    """
    campaign, today = office.campaign, office.today(now)
    declared, rule = campaign.priority.at(now), campaign.response.at(now)
    number = min(most, found.left // rule.at(0) + 1)
    while found.left > 0:
        first = _head(view, site_id, declared, number, today, declared.then)
        fits, left = regulator.fitting((each.value for each in first), found.left, rule, today)
        if fits < number or number == most:
            return first[:fits], len(first) < number and left >= rule.at(0)
        number = min(most, 2 * number)
    return [], False


def uncalled(office: Office, view: View, site_id: str, number: int, now: Instant) -> str:
    """Why nobody but the so many `called` is called: ``queue_empty``, ``groups_not_open`` or ``no_group``."""
    declared, today = office.campaign.priority.at(now), office.today(now)
    if len(_head(view, site_id, all_open(declared), number + 1, today)) > number:
        return "groups_not_open"
    return "no_group" if len(_head(view, site_id, _EVERYBODY, number + 1, today)) > number else "queue_empty"


def _head(
    view: View, site_id: str, declared: Priority, number: int, today: Day, order: Order = Order.AGE
) -> list[Versioned[Registration]]:
    return list(view.head(site_id, compile_segments(declared, view.claims(site_id), today), number, order))


def turn(office: Office, view: View, one: Registration, now: Instant) -> Turn:
    """Where somebody stands in the order, and the first rule that keeps them from being invited now."""
    declared, today = office.campaign.priority.at(now), office.today(now)
    group = group_of(declared, claims=one.claims, born=one.birth_date, today=today)
    if group is None:
        waits_for = _first_to_open(declared, one, today)
        return Turn(_stands(one) or ("no_group" if waits_for is None else "group_not_open"), waits_for)
    segments = compile_segments(declared, (one.claims,), today)
    place = rank(segments, claims=one.claims, born=one.birth_date)
    return Turn(_stands(one) or _held(office, view, one, now), group, place)


def _stands(one: Registration) -> str:
    stands = standing(one)
    return "" if stands is Standing.QUEUED else stands.value


def _held(office: Office, view: View, one: Registration, now: Instant) -> str:
    found = room(office, view, one.site_id, now)
    if found.left <= 0:
        return found.held_by
    first, _ = called(office, view, one.site_id, found, _ANYBODY, now)
    return "" if any(each.value.id == one.id for each in first) else "others_first"


def _first_to_open(declared: Priority, one: Registration, today: Day) -> PriorityGroup | None:
    days = sorted({group.opens for group in declared.groups if group.opens is not None and group.opens > today})
    found = (group_of(declared, claims=one.claims, born=one.birth_date, today=day) for day in days)
    return next((group for group in found if group is not None), None)
