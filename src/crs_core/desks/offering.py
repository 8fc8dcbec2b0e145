"""Steps 6 and 7: which linked doses a citizen may choose from. Reads only; it never blocks a booking."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from crs_core.desks.calendar_days import offered_days, safe_chain
from crs_core.desks.entering import entered, entry_id
from crs_core.domain import gate, inputs, pairing, tokens
from crs_core.domain.campaign import Access
from crs_core.domain.maintenance import under_way
from crs_core.domain.pairing import Supply
from crs_core.domain.plans import Key
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Offer, OfferedDose, Offers
from crs_core.domain.sites import OpenSite, Site, supplies
from crs_core.domain.time import Day, Instant, has_come, later, to_micros
from crs_core.errors import Refused
from crs_core.office.commands import Office
from crs_core.office.vacancies import vacancies
from crs_core.ports.storage import View

__all__ = ["MOST_OFFERS", "chosen_site", "free_times", "offers", "read_offer", "sites"]

_OFFER_MINUTES = 20
MOST_OFFERS = 24
"""So many times of a day a page shows."""

_DAYS_TRIED = 5


def sites(office: Office, region: str | None) -> tuple[OpenSite, ...]:
    """See `CitizenDesk.sites`."""
    inputs.require(None if region is None else inputs.of_text("region", region))
    now = office.now()
    rest = under_way(office.pauses, now)
    with office.storage.read() as view:
        opened = {site.id for site in view.scan(Site) if site.is_open}
    return tuple(
        OpenSite(place.id, place.name, place.region, place.address, now, None if rest is None else rest.end)
        for place in office.campaign.places
        if place.id in opened and region in (None, place.region)
    )


def chosen_site(registration: Registration, site_id: str | None, access: Access) -> str:
    """The site to reserve at: any under immediate access, that of the registration under invitation access.

    Raises:
        Refused: ``other_site``: a change of site takes a new registration (operator's report, point 6).
    """
    if site_id is None or site_id == registration.site_id:
        return registration.site_id
    if access is Access.INVITATION:
        raise Refused(
            "other_site", "an invitation is for the site of the registration", remedy="withdraw and register anew"
        )
    return site_id


def offers(office: Office, entry: str, *, site_id: str | None, day: Day | None) -> Offers:
    """See `CitizenDesk.offers`."""
    inputs.require(None if day is None else inputs.of_day("day", day))
    now = office.now()
    access = office.campaign.access.at(now)
    with office.storage.read() as view:
        registration = entered(view, entry_id(office, entry, now)).value
        gate.require_open(registration, access, now, office.pauses)
        where = chosen_site(registration, site_id, access)
        office.campaign.place(where)
        site = view.get(Key(Site, where))
        if site is None or not site.value.is_open:
            return Offers(now, where, (), None, (), "site_closed")
        by_product = supplies(site.value, vacancies(office, view, where, now), office.campaign, now)
        days = _days(by_product.values())
        for candidate in _candidates(days, day):
            found = tuple(
                offer
                for product, supply in by_product.items()
                for offer in _of_day(office, view, site.value, product, supply, candidate, now)
            )
            if found:
                return Offers(now, where, days, candidate, found)
    return Offers(now, where, days, day, (), "full" if day is None else _why_not(by_product.values(), day))


def _days(found: Iterable[Supply]) -> tuple[tuple[Day, int], ...]:
    """Dose-1 days with an offer, and their free seats."""
    seats: dict[int, int] = {}
    for supply in found:
        for day, free in offered_days(supply):
            seats[day] = seats.get(day, 0) + free
    return tuple((Day.fromordinal(day), free) for day, free in sorted(seats.items()))


_NEARER = ("full", "no_next_dose", "no_vaccine", "day_strands")


def _why_not(found: Iterable[Supply], day: Day) -> str:
    """Why a day has no offer of any product: of the one that comes nearest to having one."""
    reasons = (pairing.why_not(supply, day.toordinal()) or "full" for supply in found)
    return max(reasons, key=_NEARER.index, default="full")


def _candidates(days: Sequence[tuple[Day, int]], day: Day | None) -> Iterator[Day]:
    if day is not None:
        yield day
        return
    yield from (each for each, _ in islice(days, _DAYS_TRIED))


def _of_day(
    office: Office, view: View, site: Site, product: str, supply: Supply, day: Day, now: Instant
) -> Iterator[Offer]:
    chain = safe_chain(supply, day.toordinal())
    if chain is None:
        return
    days = (day, *(Day.fromordinal(each) for each in chain))
    columns = [free_times(office, view, site, product, dose, each, now) for dose, each in enumerate(days, start=1)]
    if not all(columns):
        return
    for first in columns[0][:MOST_OFFERS]:
        later_doses = (min(column, key=lambda seat: abs(seat.minute - first.minute)) for column in columns[1:])
        yield _offer(office, site.id, product, (first, *later_doses), now)


def free_times(
    office: Office, view: View, site: Site, product: str, dose: int, day: Day, now: Instant
) -> list[OfferedDose]:
    """Free seats of a day for one dose whose time lies ahead, one a slot, calendar by calendar in order of time."""
    zone, today = office.campaign.zone, office.today(now)
    return [
        OfferedDose(dose, head.name, day, minute)
        for head in site.calendars
        if (head.product, head.dose) == (product, dose)
        for minute, _ in view.slots(site.id, head.name, day)
        if not site.is_short(head.name, day, minute) and not (day == today and has_come(day, minute, zone, now))
    ]


def _offer(office: Office, site_id: str, product: str, doses: tuple[OfferedDose, ...], now: Instant) -> Offer:
    facts = {
        "s": site_id,
        "p": product,
        "d": [[dose.dose, dose.calendar, dose.day.isoformat(), dose.minute] for dose in doses],
        "t": to_micros(now),
    }
    token = tokens.sign(office.keyring, "offer", facts, until=later(now, minutes=_OFFER_MINUTES))
    return Offer(site_id, product, doses, token)


def read_offer(office: Office, offer: Offer | str, now: Instant) -> Offer:
    """The offer that a token of ours was made for.

    Raises:
        Refused: ``token_invalid`` or ``token_expired``.
    """
    token = offer.token if isinstance(offer, Offer) else offer
    facts = tokens.read(office.keyring, "offer", token, now=now)
    doses = tuple(
        OfferedDose(dose, calendar, Day.fromisoformat(day), minute) for dose, calendar, day, minute in facts["d"]
    )
    return Offer(facts["s"], facts["p"], doses, token)
