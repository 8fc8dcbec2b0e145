"""Why not: of a person, of a site, of a seat, for those who answer for the campaign. Reads only."""

from attrs import field, frozen

from crs_core.desks.offering import MOST_OFFERS, free_times
from crs_core.domain import calendar_check, holding
from crs_core.domain.campaign import Access
from crs_core.domain.findings import Finding, Severity
from crs_core.domain.holding import Rule, SeatCase
from crs_core.domain.journey import Journey
from crs_core.domain.journey import journey as journey_of
from crs_core.domain.maintenance import under_way
from crs_core.domain.people import mask
from crs_core.domain.plans import JournalEntry, Key
from crs_core.domain.registration import Block, Registration, Standing, standing
from crs_core.domain.regulator import Room
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site, supplies
from crs_core.domain.time import Day, Instant
from crs_core.errors import NotFound
from crs_core.office.commands import Office
from crs_core.office.vacancies import vacancies
from crs_core.ports.storage import View
from crs_core.rounds import calling
from crs_core.rounds.calling import Turn

__all__ = ["Explanation", "SeatExplanation", "SiteExplanation", "explain", "explain_seat", "explain_site"]

_MOST = 10_000


@frozen
class Explanation:
    """One registration, for those who answer for it: where it stands and how it came there.

    Attributes:
        history: The journal of the person, in order; by pseudonym.
        turn: Where they stand in the order of invitations, and why they are not invited now.
        rule: The first rule that holds them; its `text` says it.
        blocks: What keeps it out of the queue and from reserving, and why; empty if nothing does.
    """

    registration_id: str
    journey: Journey
    history: tuple[JournalEntry, ...] = field(repr=lambda entries: f"<{len(entries)} entries>")
    turn: Turn
    rule: Rule
    blocks: tuple[Block, ...] = ()


@frozen
class SiteExplanation:
    """One vaccination site.

    Attributes:
        opening: What keeps it from opening.
        inviting: What keeps it from inviting anybody.
        findings: What is wrong with its calendars, the worst first.
        people: How many it can still fully book.
        outstanding: Invitations not yet answered.
        short: Seats and doses that people hold although they are gone; a re-plan is owed.
        waiting: People whose next dose waits for a seat, when last re-planned.
    """

    site_id: str
    opening: Rule
    inviting: Rule
    findings: tuple[Finding, ...]
    people: int
    outstanding: int
    short: int
    waiting: int


@frozen
class SeatExplanation:
    """One time of a calendar.

    Attributes:
        free: Its seats that nobody holds.
        seats: All of its seats.
        rule: The first rule that keeps them from being offered.
    """

    site_id: str
    calendar: str
    day: Day
    minute: int
    free: int
    seats: int
    rule: Rule


def explain(office: Office, registration_id: str) -> Explanation:
    """See `OperationsDesk.explain`."""
    now = office.now()
    with office.storage.read() as view:
        stored = view.get(Key(Registration, registration_id))
        if stored is None:
            message = f"registration={mask(registration_id)}: there is none"
            raise NotFound("unknown_registration", message, remedy="copy the id once more")
        found = stored.value
        held = None if found.reservation_id is None else view.get(Key(Reservation, found.reservation_id))
        history = tuple(view.journal(found.person))
        turn = calling.turn(office, view, found, now)
        reservation = None if held is None else held.value
        rule = _of_person(office, view, found, reservation, turn, now)
    journey = journey_of(found, reservation, office.campaign, now, office.pauses)
    return Explanation(found.id, journey, history, turn, rule, found.blocks)


def _of_person(
    office: Office, view: View, one: Registration, held: Reservation | None, turn: Turn, now: Instant
) -> Rule:
    site = None if held is None else view.get(Key(Site, held.site_id))
    found = holding.of_person(one, held, None if site is None else site.value, now, office.pauses)
    if found is not None and not _asks_no_gate(office, one, now):
        return found
    if turn.why_not == "group_not_open" and turn.group is not None and turn.group.opens is not None:
        return Rule("group_not_open", {"opens": turn.group.opens})
    if turn.why_not in {"", "no_group", "others_first"}:
        return Rule(turn.why_not or "next")
    return _of_room(office, calling.room(office, view, one.site_id, now), now) or Rule("others_first")


def _asks_no_gate(office: Office, one: Registration, now: Instant) -> bool:
    """Whether nothing but their gate holds somebody, while everybody registered may reserve."""
    return office.campaign.access.at(now) is Access.IMMEDIATE and standing(one) in {Standing.INVITED, Standing.LAPSED}


def _of_room(office: Office, room: Room, now: Instant) -> Rule | None:
    rest = under_way(office.pauses, now)
    return holding.of_room(room) if rest is None else Rule("maintenance", {"end": rest.end.isoformat()})


def explain_site(office: Office, site_id: str) -> SiteExplanation:
    """See `OperationsDesk.explain_site`."""
    office.campaign.place(site_id)
    now = office.now()
    with office.storage.read() as view:
        site = _site(view, site_id)
        free = supplies(site, vacancies(office, view, site_id, now), office.campaign, now)
        published = calendar_check.published_seats(view.accounts(site_id))
        findings = calendar_check.check(site, free, published, office.campaign, now)
        room = calling.room(office, view, site_id, now)
        inviting = _of_room(office, room, now) or _of_queue(office, view, room, site_id, now)
    blocking = next((each for each in findings if each.severity is Severity.BLOCKS), None)
    short = sum(each.seats for each in site.short_slots) + sum(each.short for each in site.deliveries)
    opening = holding.of_opening(site, blocking)
    return SiteExplanation(site_id, opening, inviting, findings, room.people, room.outstanding, short, site.lost)


def _site(view: View, site_id: str) -> Site:
    stored = view.get(Key(Site, site_id))
    return Site(site_id) if stored is None else stored.value


def _of_queue(office: Office, view: View, room: Room, site_id: str, now: Instant) -> Rule:
    found, exhausted = calling.called(office, view, site_id, room, _MOST, now)
    if found:
        return Rule("invites", {"number": len(found)})
    if not exhausted:
        return holding.of_full_room(room)
    why = calling.uncalled(office, view, site_id, 0, now)
    return Rule("nobody_in_a_group" if why == "no_group" else why)


def explain_seat(office: Office, site_id: str, calendar: str, day: Day, minute: int) -> SeatExplanation:
    """See `OperationsDesk.explain_seat`."""
    office.campaign.place(site_id)
    now = office.now()
    with office.storage.read() as view:
        site = _site(view, site_id)
        head = next((each for each in site.calendars if each.name == calendar), None)
        free = supplies(site, vacancies(office, view, site_id, now), office.campaign, now)
        times = [] if head is None else free_times(office, view, site, head.product, head.dose, day, now)
        accounts = dict(view.accounts(site_id))
    here = [place for place, seat in enumerate(times) if (seat.calendar, seat.minute) == (calendar, minute)]
    case = SeatCase(
        site,
        calendar,
        day,
        minute,
        accounts,
        None if head is None else free.get(head.product),
        here[0] if here else 0,
        MOST_OFFERS,
        office.campaign.zone,
        now,
    )
    rule = holding.of_seat(case)
    return SeatExplanation(site_id, calendar, day, minute, case.balance.free, case.balance.total, rule)
