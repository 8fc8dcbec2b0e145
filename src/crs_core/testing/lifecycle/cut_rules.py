"""Supply cuts: a closed day, a delivery that came smaller; and the re-plan that follows."""
# ruff: noqa: S101 - a kit asserts

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from crs_core.domain.calendars import Calendar, Delivery
from crs_core.domain.messages import Purpose
from crs_core.domain.reservations import Appointment, Attendance, Reservation
from crs_core.domain.time import Day, slot_instant
from crs_core.rounds.replanning import Became, Replan
from crs_core.testing.lifecycle.fewest import cost_of, least_cost
from crs_core.testing.lifecycle.model import Letter, told
from crs_core.testing.lifecycle.people import Registered
from crs_core.testing.lifecycle.play import Play

__all__ = ["CutRules"]


class CutRules(Play):
    """What a site says when fewer came, and what the operations' desk makes of it."""

    @precondition(lambda self: any(self.model.people.reserved()))
    @rule(data=st.data(), closes=st.booleans(), twice=st.booleans())
    def a_supply_cut(self, data: st.DataObject, closes: bool, twice: bool) -> None:  # noqa: FBT001
        """A day on which somebody sits is closed, or of a delivery that somebody holds fewer came; then a re-plan."""
        some = sorted(self.model.people.reserved(), key=lambda each: each.id)
        held = data.draw(st.sampled_from(some), label="reservation")
        dose = data.draw(st.sampled_from(held.doses), label="dose")
        if closes and dose.day > self.model.people.today(self.now):
            self._closes(held.site_id, dose.calendar, dose.day)
        elif dose.delivery_id is not None:
            self._comes_smaller(held.site_id, dose.delivery_id, data)
        else:
            return
        self.picture = self.world.look()  # the model has no word for what a site is short of
        self.replans(held.site_id, twice=twice)

    def _closes(self, site: str, name: str, day: Day) -> None:
        old = self.model.seats.published[site, name]
        new = Calendar(name, old.product, old.dose, tuple(slot for slot in old.slots if slot.day != day))
        self.ask(lambda system: system.site(site).publish([new], cut=True))
        self.model.seats.published[site, name] = new

    def _comes_smaller(self, site: str, name: str, data: st.DataObject) -> None:
        came = self.model.seats.came[site, name]
        passed = sum(
            each.delivery_id == name and self._has_come(each)
            for reservation in self.model.people.reserved()
            if reservation.site_id == site
            for each in reservation.doses
        )
        number = data.draw(st.integers(passed, max(passed, came.number)), label="came")
        delivery = Delivery(name, came.product, came.day, came.doses, number)
        self.ask(lambda system: system.site(site).receive(delivery, cut=True))
        self.model.seats.came[site, name] = evolve(came, received=number)

    def _has_come(self, dose: Appointment) -> bool:
        return dose.held and slot_instant(dose.day, dose.minute, self.model.campaign.zone) <= self.now

    def replans(self, site: str, *, twice: bool = False) -> None:
        """A re-plan says first what it will do, costs the least there is, leaves nothing short, and is done once."""
        before = {each.id: each for each in self.model.people.reserved() if each.site_id == site}
        products = sorted({each.product for each in before.values()})
        least = [least_cost(self.model.seats, site, name, self.now) for name in products]
        planned = self.ask(lambda system: system.operations.replan(site, dry_run=True))
        found: Replan = self.command(
            lambda system, key: system.operations.replan(site, idempotency_key=key), twice=twice
        )
        assert found == planned
        assert (found.short, found.proven) == (0, True)
        after = self.world.look().reservations
        letters = [
            letter for each in found.people for letter in self._becomes(each.registration_id, each.became, after)
        ]
        moved = {each.reservation_id for each in found.people}
        for one in self.model.people.all.values():
            if one.reservation is not None and one.reservation.id in before.keys() - moved:
                new = after[one.reservation.id]
                assert _seats(new) == _seats(one.reservation), "moved, and not told"
                one.reservation = new
        assert [self._cost(before, after, name) for name in products] == least
        self.look(*letters)
        assert self.ask(lambda system: system.operations.replan(site)).people == ()

    def _becomes(self, name: str, became: Became, after: dict[str, Reservation]) -> list[Letter]:
        """The model once somebody is re-planned, and the letters owed for it."""
        one = self.model.people.all[name]
        assert one.reservation is not None
        new = after[one.reservation.id]
        assert new.replanned == one.reservation.replanned + 1
        self._lies_ahead(one.reservation, new)
        one.reservation = new
        letters = told(Purpose(became.value), one, new)
        if became is Became.SEAT_LOST:
            assert new.cancelled_at == self.now
            self._loses(one)
        return letters

    def _lies_ahead(self, old: Reservation, new: Reservation) -> None:
        """What stays stays whole; what is new lies ahead, by a day at least."""
        today = self.model.people.today(self.now)
        for was, becomes in zip(old.doses, new.doses, strict=True):
            if _seats(new) != _seats(old) and becomes.held and becomes.day != was.day:
                assert becomes.day > today
                assert not self._has_come(was)

    def _loses(self, one: Registered) -> None:
        one.reservation = None
        one.returns()
        self.model.happens(self.now, "cancelled")

    def _cost(self, before: dict[str, Reservation], after: dict[str, Reservation], product: str) -> tuple[int, ...]:
        zone = self.model.campaign.zone
        costs = [
            cost_of(old, None if after[name].cancelled_at is not None else after[name], self.now, zone)
            for name, old in before.items()
            if old.product == product
        ]
        return tuple(map(sum, zip(*costs, strict=True)))

    def finds_lost_seats(self, site: str) -> None:
        """Whoever waits for a seat of their next dose is served before anybody is invited."""
        if any(each.site_id == site and _lost(each) for each in self.model.people.reserved()):
            self.replans(site)


def _lost(reservation: Reservation) -> bool:
    return any(each.attendance is Attendance.LOST for each in reservation.doses)


def _seats(reservation: Reservation) -> list[tuple[str, Day, int, bool]]:
    return [(each.calendar, each.day, each.minute, each.held) for each in reservation.doses]
