"""The staff of a vaccination site: calendars, deliveries, opening, invitations, the day's list."""

import random
from collections.abc import Callable, Iterator

from attrs import define, evolve, field

from crs_core.desks.site import SiteDesk
from crs_core.domain.calendars import Calendar, Delivery, Slot
from crs_core.domain.time import Day, add_days
from crs_core.testing.lifecycle.town import CALENDARS
from crs_core.testing.world.doing import Doer

__all__ = ["Staff"]

_AFTER = {1: (1, 2, 4, 6), 2: (24, 27, 29, 31)}
"""Second doses within reach of first ones, under either interval; not of all."""
_MOST_SEATS, _MOST_DOSES, _SLOTS = 2, 6, {1: 4, 2: 6}


@define(eq=False)
class Staff(Doer):
    """Those who work at one site.

    Attributes:
        touched: Reservations of which they recorded anything; these are not as their people were told any more.
        was_cut: Whether doses or seats that people held were taken away; then a re-plan may move anybody here.
    """

    site: SiteDesk
    today: Callable[[], Day]
    releases: Callable[[], None]
    touched: set[str] = field(factory=set)
    was_cut: bool = False
    _published: dict[str, dict[tuple[Day, int], int]] = field(factory=dict)
    _opened: bool = False
    _deliveries: int = 0
    _came: list[Delivery] = field(factory=list)

    def acts(self, chance: random.Random) -> None:
        """Does one thing."""
        if self.sends_again():
            return
        weights, does = zip(*self._choices(chance), strict=True)
        chance.choices(does, weights)[0]()

    def _choices(self, chance: random.Random) -> Iterator[tuple[float, Callable[[], None]]]:
        if not self._published:
            yield 1.0, lambda: self._publishes(chance)
            return
        if not self._deliveries:
            yield 6.0, lambda: self._receives(chance)
        yield 1.0, lambda: self._receives(chance)
        yield 1.0, lambda: self._publishes(chance)
        yield (0.2, self._closes) if self._opened else (8.0, self._opens)
        yield 1.0, self.releases
        yield 8.0, lambda: self._attends(chance)
        if self._came:
            yield 0.5, lambda: self._counts_again(chance)
        if self._published:
            yield 0.5, lambda: self._publishes(chance, cut=True)

    def _publishes(self, chance: random.Random, *, cut: bool = False) -> None:
        """Calendars of the coming weeks; mostly they grow, at times they lose slots: free ones, or in a cut any."""
        keeps = not cut and chance.random() < 0.8  # noqa: PLR2004 - mostly
        self.was_cut |= cut
        today = self.today()
        calendars = []
        for name, (product, dose) in CALENDARS.items():
            slots = dict(self._published.get(name, {})) if keeps else {}
            for _ in range(_SLOTS[dose]):
                place = (add_days(today, chance.choice(_AFTER[dose])), chance.choice((480, 540)))
                slots[place] = max(slots.get(place, 0), chance.randint(dose, _MOST_SEATS))
            calendars.append(Calendar(name, product, dose, tuple(Slot(*at, seats) for at, seats in slots.items())))

        def then(_: int) -> None:
            self._published = {
                each.name: {(slot.day, slot.minute): slot.seats for slot in each.slots} for each in calendars
            }

        self.does(
            "cuts seats" if cut else "publishes calendars",
            lambda key: self.site.publish(calendars, cut=cut, idempotency_key=key),
            then,
        )

    def _receives(self, chance: random.Random) -> None:
        product, doses = chance.choice(("comirnaty", "comirnaty", "janssen")), chance.randint(1, _MOST_DOSES)
        self._deliveries += 1
        delivery = Delivery(f"{product}-{self._deliveries}", product, self.today(), doses, doses)
        self._came.append(delivery)
        self.does("receives vaccine", lambda key: self.site.receive(delivery, idempotency_key=key))

    def _counts_again(self, chance: random.Random) -> None:
        """Fewer doses came than were written down."""
        delivery = chance.choice(self._came)
        fewer = evolve(delivery, received=chance.randint(0, delivery.doses))
        self.was_cut = True
        self.does("counts fewer doses", lambda key: self.site.receive(fewer, cut=True, idempotency_key=key))

    def _opens(self) -> None:
        def then(_: None) -> None:
            self._opened = True

        self.does("opens", lambda key: self.site.open(idempotency_key=key), then)

    def _closes(self) -> None:
        self._opened = False
        self.does("closes", lambda key: self.site.close(idempotency_key=key))

    def _attends(self, chance: random.Random) -> None:
        """Records what became of somebody on the list of today."""
        listed = self.site.appointments()
        if not listed:
            return
        one = chance.choice(listed).visit
        self.touched.add(one.reservation_id)
        words, call = chance.choice(
            (
                ("checks somebody in", lambda key: self.site.check_in(one.reservation_id, idempotency_key=key)),
                ("gives a dose", lambda key: self.site.record_dose(one.reservation_id, one.dose, idempotency_key=key)),
                ("gives a dose", lambda key: self.site.record_dose(one.reservation_id, one.dose, idempotency_key=key)),
                ("misses somebody", lambda key: self.site.no_show(one.reservation_id, one.dose, idempotency_key=key)),
                ("takes it back", lambda key: self.site.undo(one.reservation_id, reason="slip", idempotency_key=key)),
            )
        )
        self.does(words, call)
