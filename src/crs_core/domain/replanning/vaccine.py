"""From which delivery each dose is taken once everybody has a seat."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Day

__all__ = ["Need", "Shelf", "needs_of"]

Movable = Callable[[Reservation], tuple[int, ...]]


@frozen(order=True)
class Need:
    """A dose that must be taken from some delivery.

    Attributes:
        place: Of the reservation in the list.
        dose: From 0.
        own: The delivery it is taken from now, or ``""``.
    """

    day: Day
    place: int
    dose: int
    own: str


def needs_of(before: Sequence[Reservation], after: Sequence[Reservation], movable: Movable) -> list[Need]:
    """Every dose that holds vaccine and stays, or moves and needs some; the earliest first."""
    return sorted(
        need
        for place, (old, new) in enumerate(zip(before, after, strict=True))
        if new.cancelled_at is None
        for need in _of(place, old, new, movable(old))
    )


def _of(place: int, old: Reservation, new: Reservation, movable: Sequence[int]) -> Iterator[Need]:
    for dose in movable:
        own, found = old.doses[dose].delivery_id, new.doses[dose]
        if found.held and (own is not None or found != old.doses[dose]):
            yield Need(found.day, place, dose, own or "")


@frozen
class Shelf:
    """What there is of each delivery, and from which day on it can be given."""

    left: Mapping[str, int]
    days: Mapping[str, Day]

    def handed_out(self, reservations: Sequence[Reservation], needs: Sequence[Need]) -> list[Reservation]:
        """Every need from its own delivery where that has one, else from the one that others need least.

        The earliest is served first: whatever has come for it would do for all later ones, so any choice leaves them
        as much as there is.
        """
        found, left = list(reservations), Counter(self.left)
        wanted = Counter(need.own for need in needs)
        for need in needs:
            wanted[need.own] -= 1
            name = self._from(need, left, wanted)
            left[name] -= 1
            dose = evolve(found[need.place].doses[need.dose], delivery_id=name, delivery_day=self.days[name])
            found[need.place] = found[need.place].with_dose(dose)
        return found

    def _from(self, need: Need, left: Mapping[str, int], wanted: Mapping[str, int]) -> str:
        if left[need.own] > 0 and self.days[need.own] <= need.day:
            return need.own
        there = [name for name, day in self.days.items() if day <= need.day and left[name] > 0]
        return max(there, key=lambda name: (left[name] - wanted[name], self.days[name], name))

    def dropped(self, reservations: Sequence[Reservation], movable: Movable) -> list[Reservation]:
        """Where stock does not count: doses of which there are too few are held no more, by whom reserved last."""
        found, left = list(reservations), Counter(self.left)
        for place, reservation in enumerate(reservations):
            for dose in movable(reservation) if reservation.cancelled_at is None else ():
                held = reservation.doses[dose]
                if held.held and held.delivery_id is not None:
                    left[held.delivery_id] -= 1
                    if left[held.delivery_id] < 0:
                        none = evolve(held, delivery_id=None, delivery_day=None)
                        found[place] = found[place].with_dose(none)
        return found
