"""The first rule that holds a person, a site or a seat: asked in the order in which the rules are met.

A citizen is told one thing that they can act on; those who answer for the campaign are told the rule, since in the week
of a launch every telephone asks "why not". Where nothing holds, that is said too.
"""

from collections.abc import Mapping

from attrs import field, frozen

from crs_core.domain import pairing, rule_texts
from crs_core.domain.findings import Finding
from crs_core.domain.ledger import Account, AccountKind, Balance
from crs_core.domain.maintenance import Pauses
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.registration import Registration, Standing, standing
from crs_core.domain.regulator import Room
from crs_core.domain.reservations import Attendance, Reservation
from crs_core.domain.sites import CalendarHead, Site
from crs_core.domain.time import Day, Instant, has_come

__all__ = ["Rule", "SeatCase", "of_full_room", "of_opening", "of_person", "of_room", "of_seat"]


@frozen
class Rule:
    """What holds something back; `text` says it.

    Attributes:
        code: Short name, the key of its texts; docs/reference/explanations.md lists them.
        facts: Days and numbers.
        finding: What is wrong with the calendars, where that is the reason.
    """

    code: str
    facts: Mapping[str, object] = field(factory=dict)
    finding: Finding | None = None

    def text(self, language: str = "en") -> str:
        """The rule in Czech (``cs``) or English.

        >>> Rule("site_closed").text("cs")
        'Očkovací místo není otevřené.'
        """
        facts = dict(self.facts)
        if self.finding is not None:
            facts["finding"] = f"{self.finding.text(language)} {self.finding.advice(language)}"
        return rule_texts.text(language, self.code, facts)


def of_person(
    one: Registration, held: Reservation | None, site: Site | None, now: Instant, pauses: Pauses
) -> Rule | None:
    """What holds somebody by what they are; None where they wait for their turn.

    Args:
        held: Their reservation.
        site: Its site.
    """
    stands = standing(one)
    if stands is Standing.BLOCKED:
        return Rule(f"blocked_{one.blocks[0].reason.value}")
    if stands is Standing.RESERVED:
        return _of_reservation(held, site)
    if stands is Standing.INVITED:
        return _of_invited(one, now, pauses)
    return None if stands is Standing.QUEUED else Rule(stands.value)


def _of_reservation(held: Reservation | None, site: Site | None) -> Rule:
    doses = () if held is None else held.doses
    lost = [each.dose for each in doses if each.attendance is Attendance.LOST]
    if lost:
        return Rule("dose_lost", {"dose": lost[0]})
    short = {note.id for note in site.deliveries if note.short} if site is not None else set()
    for each in doses:
        gone = site is not None and site.is_short(each.calendar, each.day, each.minute)
        if each.held and (gone or each.delivery_id in short):
            return Rule("replan_owed")
    return Rule("reserved")


def _of_invited(one: Registration, now: Instant, pauses: Pauses) -> Rule:
    if one.invitation is not None and one.invitation.handed_off_at is None:
        return Rule("invitation_unsent")
    ends = None if one.invitation is None else one.invitation.ends_at(pauses)
    return Rule("invited" if ends is None or now < ends else "invitation_expired")


def of_opening(site: Site, blocking: Finding | None) -> Rule:
    """What keeps a site from opening."""
    if site.is_open:
        return Rule("open")
    return Rule("not_opened") if blocking is None else Rule("calendars_not_ready", finding=blocking)


def of_room(room: Room) -> Rule | None:
    """What keeps a site from inviting anybody; None where it has room."""
    return None if room.left > 0 else of_full_room(room)


def of_full_room(room: Room) -> Rule:
    """What keeps a site from inviting one more."""
    if room.held_by == "outstanding_invitations":
        return Rule(room.held_by, {"people": room.people, "outstanding": room.outstanding})
    if room.held_by == "no_free_pair":
        return Rule(max((_why_none(each) for each in room.supplies.values()), key=_NEARER.index, default="full"))
    return Rule(room.held_by)


_NEARER = ("full", "no_next_doses", "no_vaccine")


def _why_none(supply: Supply) -> str:
    """Why nobody can be fully booked."""
    if not any(free > 0 for free in supply.seats[0].values()):
        return "full"
    return "no_vaccine" if bookable(Supply(supply.seats, supply.interval, windows=supply.windows)) else "no_next_doses"


@frozen
class SeatCase:
    """One seat that somebody asks about, and its site as it is.

    Attributes:
        accounts: Those of the site.
        supply: What is free of its product; None where the site has no such calendar.
        place: Which of the free times of its day it is, from 0, in the order of a page.
        most: The most times that a page shows.
    """

    site: Site
    calendar: str
    day: Day
    minute: int
    accounts: Mapping[Account, Balance]
    supply: Supply | None
    place: int
    most: int
    zone: str
    now: Instant

    @property
    def head(self) -> CalendarHead | None:
        """Its calendar."""
        return next((each for each in self.site.calendars if each.name == self.calendar), None)

    @property
    def balance(self) -> Balance:
        """How many seats there are at its time, free and taken."""
        account = Account(self.site.id, AccountKind.SLOT, self.calendar, self.day, self.minute)
        return self.accounts.get(account, Balance())


def of_seat(case: SeatCase) -> Rule:
    """Why a seat is not offered."""
    head, supply = case.head, case.supply
    if head is None or supply is None or not case.balance.total:
        return Rule("no_slot", {"calendar": case.calendar})
    there = {each.dose for each in case.site.calendars if each.product == head.product}
    missing = [dose for dose in range(1, len(supply.seats) + 1) if dose not in there]
    held = _of_slot(case)
    if held:
        return Rule(held)
    if missing:
        return Rule("not_linked", {"dose": missing[0], "product": head.product})
    return _of_first(case, supply) if head.dose == 1 else _of_later(case, supply, head.dose)


def _of_slot(case: SeatCase) -> str:
    """What holds a seat by itself, whatever it could go with."""
    held = {
        "site_closed": not case.site.is_open,
        "seat_past": has_come(case.day, case.minute, case.zone, case.now),
        "seat_short": case.site.is_short(case.calendar, case.day, case.minute),
        "seat_taken": not case.balance.free,
    }
    return next((code for code, holds in held.items() if holds), "")


def _interval(supply: Supply) -> dict[str, object]:
    return {} if supply.interval is None else {"interval": (supply.interval.earliest, supply.interval.latest)}


def _of_first(case: SeatCase, supply: Supply) -> Rule:
    why = pairing.why_not(supply, case.day.toordinal())
    if why:
        return Rule(why, _interval(supply) if why == "no_next_dose" else {})
    return Rule("beyond_the_page", {"most": case.most}) if case.place >= case.most else Rule("offered")


def _of_later(case: SeatCase, supply: Supply, dose: int) -> Rule:
    """A later dose is offered with a first one: of the days that could go with it, the nearest to an offer counts."""
    day = case.day.toordinal()
    chosen = {first: pairing.safe_chain(supply, first) for first, free in supply.seats[0].items() if free > 0}
    for first, chain in sorted(chosen.items()):
        if chain is not None and chain[dose - 2] == day:
            return Rule("offered", {"first": Day.fromordinal(first)})
    reaching = [first for first in sorted(chosen) if _reaches(supply, first, dose, day)]
    if not reaching:
        return Rule("no_first_dose", _interval(supply))
    for first in reaching:
        chain = chosen[first]
        if chain is not None and any(each[dose - 2] == day for each in pairing.partners(supply, first)):
            offered = Day.fromordinal(chain[dose - 2])
            return Rule("another_day_first", {"first": Day.fromordinal(first), "offered": offered})
    return Rule("no_vaccine" if supply.doses is not None and not bookable(supply) else "day_strands")


def _reaches(supply: Supply, first: int, dose: int, day: int) -> bool:
    days = {first}
    for number in range(1, dose):
        free = supply.seats[number]
        days = {after for before in days for after in supply.reach(before) if free.get(after, 0) > 0}
    return day in days
