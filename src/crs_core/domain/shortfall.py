"""What a site has against what people hold: calendars and deliveries change, and may fall short of what is reserved.

By default nothing is taken from anybody: a change below what is taken is a fault, since a typing error must not cost
people their appointments. Where it is *meant* as a cut, the account keeps what people hold and the site keeps by how
many it is short, until a re-plan brings that to nothing. What was given or wasted, and a seat whose time has come, no
cut can take.

Source: in January and February 2021 deliveries of Comirnaty came smaller than announced, and sites cancelled
reservations that people already held.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from crs_core.domain.calendars import Calendar
from crs_core.domain.ledger import Account, AccountKind, Balance, State, Transfer
from crs_core.domain.sites import DeliveryNote, ShortSlot, Site, heads
from crs_core.domain.time import Day, Instant, clock_time, slot_instant
from crs_core.errors import InvalidInput, Problem

__all__ = ["Change", "delivered", "grown", "published", "retired"]


@frozen
class Change:
    """A site as it will be, and the transfers of its ledger that make it so."""

    site: Site
    transfers: tuple[Transfer, ...]


def published(
    site: Site,
    given: Sequence[Calendar],
    accounts: Mapping[Account, Balance],
    *,
    cut: bool,
    now: Instant,
    zone: str,
) -> Change:
    """Calendars instead of those of the same name.

    Raises:
        InvalidInput: Each slot that would fall below the seats already taken; where it is meant as a `cut`, below
            those that were used or whose time has come. And each calendar with taken seats that would be of another
            product or dose.
    """
    names = {calendar.name for calendar in given}
    wanted = _wanted(site.id, given, accounts)
    found = [(account, seats, accounts.get(account, Balance())) for account, seats in sorted(wanted.items())]
    problems = [*_renamed(site, given, accounts), *(_below(*each, cut=cut, now=now, zone=zone) for each in found)]
    if any(problems):
        raise InvalidInput(problem for problem in problems if problem is not None)
    short = {each for each in site.short_slots if each.calendar not in names}
    by_day: dict[tuple[str, Day], int] = {}
    transfers: list[Transfer] = []
    for account, seats, balance in found:
        missing = max(0, _taken(balance) - seats)
        if missing:
            short.add(ShortSlot(account.series, account.day, account.minute, missing))
        change = seats + missing - balance.total
        transfers += grown(account, change)
        by_day[account.series, account.day] = by_day.get((account.series, account.day), 0) + change
    for (series, day), change in sorted(by_day.items()):
        transfers += grown(Account(site.id, AccountKind.DAY, series, day), change)
    kept = [head for head in site.calendars if head.name not in names]
    calendars = tuple(sorted((*kept, *heads(tuple(given))), key=lambda head: head.name))
    return Change(evolve(site, calendars=calendars, short_slots=tuple(sorted(short))), tuple(transfers))


def _wanted(site_id: str, given: Iterable[Calendar], accounts: Iterable[Account]) -> dict[Account, int]:
    """Seats by account as published; those of a calendar that stood elsewhere are gone."""
    names = {calendar.name for calendar in given}
    gone = {each: 0 for each in accounts if each.kind == AccountKind.SLOT and each.series in names}
    there = {
        Account(site_id, AccountKind.SLOT, calendar.name, slot.day, slot.minute): slot.seats
        for calendar in given
        for slot in calendar.slots
    }
    return gone | there


def _renamed(site: Site, given: Iterable[Calendar], accounts: Mapping[Account, Balance]) -> Iterator[Problem]:
    """Calendars that would be of something else, although people have seats in them for what they are."""
    heads = {head.name: (head.product, head.dose) for head in site.calendars}
    taken = {each.series for each, balance in accounts.items() if each.kind == AccountKind.SLOT and _taken(balance)}
    for calendar in given:
        product, dose = heads.get(calendar.name, (calendar.product, calendar.dose))
        if calendar.name in taken and (product, dose) != (calendar.product, calendar.dose):
            rule = f"seats of it are taken for dose {dose} of {product}"
            wanted = f"{calendar.product}, dose {calendar.dose}"
            yield Problem(f"calendars[{calendar.name}].product", wanted, rule, "publish it under another name")


def _taken(balance: Balance) -> int:
    return balance.total - balance.free


def _below(account: Account, seats: int, balance: Balance, *, cut: bool, now: Instant, zone: str) -> Problem | None:
    place = f"calendars[{account.series}].slots[{account.day} {clock_time(account.minute)}].seats"
    if not cut and seats < _taken(balance):
        rule = f"{_taken(balance)} of its seats are taken"
        return Problem(place, str(seats), rule, "keep them; or say cut=True, and re-plan those people")
    ahead = balance.reserved if now < slot_instant(account.day, account.minute, zone) else 0
    used = _taken(balance) - ahead
    if seats < used:
        return Problem(place, str(seats), f"{used} of its seats were used, or their time has come", "keep those")
    return None


def delivered(site: Site, note: DeliveryNote, number: int, accounts: Mapping[Account, Balance], *, cut: bool) -> Change:
    """A delivery that came with so many doses.

    Raises:
        InvalidInput: Fewer than are reserved of it; where it is meant as a `cut`, fewer than were used of it.
    """
    account = Account(site.id, AccountKind.DELIVERY, note.id, note.day)
    balance = accounts.get(account, Balance())
    taken, used = _taken(balance), balance.given + balance.wasted
    if number < (used if cut else taken):
        rule = f"{used} of its doses were given or wasted" if cut else f"{taken} of its doses are already reserved"
        remedy = "count once more" if cut else "count once more; or say cut=True, and re-plan those people"
        raise InvalidInput([Problem("delivery.received", str(number), rule, remedy)])
    came = evolve(note, received=number, short=max(0, taken - number))
    rest = [each for each in site.deliveries if each.id != note.id]
    notes = tuple(sorted((*rest, came), key=lambda each: (each.day, each.id)))
    change = number + came.short - balance.total
    return Change(evolve(site, deliveries=notes), tuple(grown(account, change)))


def grown(account: Account, change: int) -> Iterator[Transfer]:
    """The transfer by which an account has so many free units more, or fewer."""
    if change > 0:
        yield Transfer(account, State.OUTSIDE, State.FREE, change)
    if change < 0:
        yield Transfer(account, State.FREE, State.OUTSIDE, -change)


def retired(site: Site, free: Mapping[Account, int]) -> Change:
    """What people gave back of what is short leaves the ledger, and the site is short of so much less.

    Args:
        free: Free units of the accounts that are short.
    """
    transfers: list[Transfer] = []
    slots = []
    for each in site.short_slots:
        number = min(each.seats, free.get(Account(site.id, AccountKind.SLOT, each.calendar, each.day, each.minute), 0))
        transfers += grown(Account(site.id, AccountKind.SLOT, each.calendar, each.day, each.minute), -number)
        transfers += grown(Account(site.id, AccountKind.DAY, each.calendar, each.day), -number)
        if each.seats > number:
            slots.append(evolve(each, seats=each.seats - number))
    notes = []
    for note in site.deliveries:
        account = Account(site.id, AccountKind.DELIVERY, note.id, note.day)
        number = min(note.short, free.get(account, 0))
        transfers += grown(account, -number)
        notes.append(evolve(note, short=note.short - number) if number else note)
    return Change(evolve(site, short_slots=tuple(slots), deliveries=tuple(notes)), tuple(transfers))
