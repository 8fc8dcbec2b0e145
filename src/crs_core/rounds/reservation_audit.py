"""Reservations held against what they were made by: all doses, in order, in calendars of theirs, by an open gate.

The rules are those of the moment when each was made. A command is decided by the campaign that was in force when it
began, and dated when it got its locks; so a rule that changed within a minute of that moment counts either way.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from crs_core.domain.campaign import Access, Campaign
from crs_core.domain.ledger import State
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Appointment, Reservation, kept_interval
from crs_core.domain.rules import Dated
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant, later
from crs_core.rounds.violations import Violation

__all__ = ["violations"]

T = TypeVar("T")

_CLOSE_SECONDS = 60


def violations(
    campaign: Campaign,
    sites: Mapping[str, Site],
    registrations: Mapping[str, Registration],
    active: Sequence[Reservation],
) -> Iterator[Violation]:
    """Broken invariants of reservations that have not ended."""
    holders = Counter(each.registration_id for each in active)
    for each in active:
        yield from _doses(campaign, each)
        yield from _seats(sites.get(each.site_id, Site(each.site_id)), each)
        yield from _holder(campaign, registrations.get(each.registration_id), each)
        if holders[each.registration_id] > 1:
            yield Violation(3, each.id, "its registration holds more than one active reservation")
    names = {each.id for each in active}
    for registration in registrations.values():
        if registration.reservation_id is not None and registration.reservation_id not in names:
            yield Violation(6, registration.id, "it was told of a reservation that is not there")


def _doses(campaign: Campaign, each: Reservation) -> Iterator[Violation]:
    product = next((product for product in campaign.products if product.name == each.product), None)
    if product is None:
        yield Violation(2, each.id, "the campaign has no such product")
        return
    if not kept_interval(each) or len(each.doses) != product.doses:
        yield Violation(2, each.id, "its doses are not all there, in order, within the interval of its day")
    if product.interval is not None:
        found = {(rule.earliest, rule.latest) for rule in _around(product.interval, each.made_at)}
        if each.interval not in found:
            yield Violation(2, each.id, "its interval is not the one in force when it was made")


def _seats(site: Site, each: Reservation) -> Iterator[Violation]:
    heads = {head.name: (head.product, head.dose) for head in site.calendars}
    for dose in each.doses:
        seat, stock = dose.stands
        if seat is not State.FREE and heads.get(dose.calendar) != (each.product, dose.dose):
            yield Violation(2, each.id, f"dose {dose.dose} has a seat in a calendar of something else")
        if stock is not State.FREE and not _comes(site, each.product, dose):
            yield Violation(1, each.id, f"dose {dose.dose} has vaccine of no delivery that is there by its day")


def _comes(site: Site, product: str, dose: Appointment) -> bool:
    """Whether its delivery is one of its product that comes in time; also where stock did not count for it."""
    if dose.delivery_id is None:
        return True
    notes = (note for note in site.deliveries if note.id == dose.delivery_id)
    return any((note.product, note.day) == (product, dose.delivery_day) and note.day <= dose.day for note in notes)


def _holder(campaign: Campaign, holder: Registration | None, each: Reservation) -> Iterator[Violation]:
    if holder is None or holder.reservation_id != each.id or holder.withdrawn_at is not None:
        yield Violation(3, each.id, "its registration does not hold it")
    if each.access not in {access.value for access in _around(campaign.access, each.made_at)}:
        yield Violation(3, each.id, "it was made by an access that was not in force")
    if each.access != Access.INVITATION.value:
        return
    if not each.invitation:
        yield Violation(3, each.id, "it was made without an invitation")
    invitation = None if holder is None else holder.invitation
    if holder is not None and (holder.gate is not Gate.INVITED or invitation is None):
        yield Violation(3, each.id, "the gate of its registration is closed")
    if invitation is not None and invitation.number < each.invitation:
        yield Violation(3, each.id, f"it answers invitation {each.invitation}, of {invitation.number} in all")


def _around(rule: Dated[T], moment: Instant) -> Iterator[T]:
    for seconds in (-_CLOSE_SECONDS, 0, _CLOSE_SECONDS):
        yield rule.at(later(moment, seconds=seconds))
