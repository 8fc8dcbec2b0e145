"""A site that is short, and the people who hold seats and doses there: who goes where, and what becomes of the ledger.

Re-planned are the products of which a slot or a delivery is short, or somebody's lost dose waits for a seat. Whoever
has a dose that lies ahead may be moved; a dose given, missed, or whose time has come stays as it is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from crs_core.domain import shortfall
from crs_core.domain.campaign import Campaign, StockRule
from crs_core.domain.ledger import Account, AccountKind, Balance, State, Transfer
from crs_core.domain.replanning.problem import Holder, Place, Places, Problem, Solution
from crs_core.domain.replanning.search import solved
from crs_core.domain.replanning.vaccine import Shelf, needs_of
from crs_core.domain.reservations import Appointment, Attendance, Reservation, changes
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant, add_days, day_of, slot_instant

__all__ = ["Decision", "decide", "products_short"]

Balances = Mapping[Account, Balance]


@frozen
class Decision:
    """What a re-plan of a site comes to.

    Attributes:
        site: The site afterwards.
        changed: Reservations before and after: moved, ended, with a dose lost, or of another delivery only.
        transfers: What becomes of the ledger.
        proven: Whether it is shown that no other way leaves fewer people without a seat, and then moves fewer.
    """

    site: Site
    changed: tuple[tuple[Reservation, Reservation], ...]
    transfers: tuple[Transfer, ...]
    proven: bool


def products_short(site: Site, reservations: Iterable[Reservation]) -> tuple[str, ...]:
    """The products to be re-planned, in order of name."""
    of_calendar = {head.name: head.product for head in site.calendars}
    found = {note.product for note in site.deliveries if note.short}
    found |= {of_calendar[each.calendar] for each in site.short_slots if each.calendar in of_calendar}
    found |= {each.product for each in reservations if _lost(each)}
    return tuple(sorted(found))


def _lost(reservation: Reservation) -> frozenset[int]:
    return frozenset(n for n, each in enumerate(reservation.doses) if each.attendance is Attendance.LOST)


def decide(
    site: Site, reservations: Sequence[Reservation], accounts: Balances, campaign: Campaign, now: Instant
) -> Decision:
    """Who goes where.

    Args:
        reservations: The active ones of the site that have a dose ahead of them or lost.
        accounts: All accounts of the site.
    """
    changed: list[tuple[Reservation, Reservation]] = []
    proven = True
    for product in products_short(site, reservations):
        made = sorted((r for r in reservations if r.product == product), key=lambda each: (each.made_at, each.id))
        town = _Town(
            site, product, tuple(each for each in made if _movable(each, campaign.zone, now)), accounts, campaign, now
        )
        solution = solved(town.problem())
        proven = proven and solution.proven
        changed += town.outcome(solution)
    transfers = [transfer for before, after in changed for transfer in changes(before, after)]
    freed = Counter({account: balance.free for account, balance in accounts.items()})
    for each in transfers:
        freed[each.account] += each.number * ((each.target is State.FREE) - (each.source is State.FREE))
    left = shortfall.retired(site, freed)
    waits = {after.id for before, after in changed if _lost(after)} | {r.id for r in reservations if _lost(r)}
    waits -= {after.id for _, after in changed if not _lost(after)}
    return Decision(evolve(left.site, lost=len(waits)), tuple(changed), (*transfers, *left.transfers), proven)


def _movable(reservation: Reservation, zone: str, now: Instant) -> tuple[int, ...]:
    """The doses (from 0) that may move: not begun, and their time has not come; or lost."""
    return tuple(
        number
        for number, each in enumerate(reservation.doses)
        if each.attendance is Attendance.LOST
        or (each.attendance is Attendance.EXPECTED and now < slot_instant(each.day, each.minute, zone))
    )


def _place(appointment: Appointment) -> Place:
    return appointment.calendar, appointment.day.toordinal(), appointment.minute


@frozen
class _Town:
    """One product of a site, and whoever of it may move."""

    site: Site
    product: str
    reservations: tuple[Reservation, ...]
    accounts: Balances
    campaign: Campaign
    now: Instant

    @property
    def rule(self) -> StockRule:
        return self.campaign.stock.at(self.now)

    def problem(self) -> Problem:
        """The question, in numbers."""
        notice = self.campaign.replan.at(self.now).notice_days
        first_day = add_days(day_of(self.now, self.campaign.zone), notice).toordinal()
        holders = tuple(map(self._holder, self.reservations))
        return Problem(holders, self._seats(), self._stock(), first_day)

    def _movable(self, reservation: Reservation) -> tuple[int, ...]:
        return _movable(reservation, self.campaign.zone, self.now)

    def _holder(self, reservation: Reservation) -> Holder:
        movable = self._movable(reservation)
        return Holder(
            places=tuple(map(_place, reservation.doses)),
            movable=movable,
            lost=_lost(reservation),
            interval=reservation.interval,
            begun=len(movable) < len(reservation.doses),
            stocked=tuple(each.delivery_id is not None for each in reservation.doses),
        )

    def _held(self) -> Iterator[Appointment]:
        """Appointments that may move and hold a seat."""
        for each in self.reservations:
            for number in self._movable(each):
                if each.doses[number].held:
                    yield each.doses[number]

    def _seats(self) -> tuple[Mapping[Place, int], ...]:
        dose_of = {head.name: head.dose for head in self.site.calendars if head.product == self.product}
        found: list[dict[Place, int]] = [{} for _ in range(self.campaign.product(self.product).doses)]
        held = Counter(map(_place, self._held()))
        short = {(each.calendar, each.day.toordinal(), each.minute): each.seats for each in self.site.short_slots}
        for account, balance in self.accounts.items():
            place = (account.series, account.day.toordinal(), account.minute)
            if account.kind != AccountKind.SLOT or account.series not in dose_of:
                continue
            if balance.free + held[place] and self.now < slot_instant(account.day, account.minute, self.campaign.zone):
                number = balance.free + held[place] - short.get(place, 0)
                found[dose_of[account.series] - 1][place] = max(0, number)
        return tuple(found)

    def _stock(self) -> Mapping[int, int] | None:
        if self.rule is StockRule.IGNORED:
            return None
        found: dict[int, int] = {}
        for name, number in self._shelf().left.items():
            day = self._shelf_days()[name].toordinal()
            found[day] = found.get(day, 0) + number
        return found

    def _shelf_days(self) -> dict[str, Day]:
        return {note.id: note.day for note in self.site.deliveries if note.product == self.product}

    def _shelf(self) -> Shelf:
        """What movable appointments hold of each delivery and what is free of it, less what does not come."""
        held = Counter(each.delivery_id for each in self._held())
        found = {}
        for note in self.site.deliveries:
            if note.product == self.product:
                account = Account(self.site.id, AccountKind.DELIVERY, note.id, note.day)
                counts = note.received is not None or self.rule is StockRule.EXPECTED
                free = self.accounts.get(account, Balance()).free if counts else 0
                found[note.id] = max(0, free + held[note.id] - note.short)
        return Shelf(found, self._shelf_days())

    def outcome(self, solution: Solution) -> list[tuple[Reservation, Reservation]]:
        """Every reservation that changes, before and after."""
        after = [self._after(*each) for each in zip(self.reservations, solution.places, strict=True)]
        given = self._given(after)
        return [each for each in zip(self.reservations, given, strict=True) if each[0] != each[1]]

    def _after(self, reservation: Reservation, places: Places | None) -> Reservation:
        """A reservation with its new seats; the vaccine of those comes later."""
        movable = self._movable(reservation)
        if places is None:
            return self._without(reservation, movable)
        changed = [n for n in movable if n in _lost(reservation) or places[n] != _place(reservation.doses[n])]
        found = reservation
        for number in changed:
            calendar, day, minute = places[number]
            found = found.with_dose(Appointment(number + 1, calendar, Day.fromordinal(day), minute))
        return _replanned(found) if changed else found

    def _without(self, reservation: Reservation, movable: Sequence[int]) -> Reservation:
        if len(movable) == len(reservation.doses):
            return _replanned(reservation.cancelled(self.now))
        if all(reservation.doses[number].attendance is Attendance.LOST for number in movable):
            return reservation
        found = reservation
        for number in movable:
            gone = evolve(found.doses[number], attendance=Attendance.LOST, delivery_id=None, delivery_day=None)
            found = found.with_dose(gone)
        return _replanned(found)

    def _given(self, after: Sequence[Reservation]) -> Sequence[Reservation]:
        """The same with every dose taken from a delivery that has come for it."""
        shelf = self._shelf()
        if self.rule is StockRule.IGNORED:
            return shelf.dropped(after, self._movable)
        return shelf.handed_out(after, needs_of(self.reservations, after, self._movable))


def _replanned(reservation: Reservation) -> Reservation:
    return evolve(reservation, revision=reservation.revision + 1, replanned=reservation.replanned + 1)
