"""What citizens do once they have entered: choose, reserve, cancel, withdraw."""
# ruff: noqa: S101 - a kit asserts

from attrs import define
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from crs_core.domain.campaign import Access
from crs_core.domain.messages import Purpose
from crs_core.domain.reservations import Offer, Offers, Reservation
from crs_core.domain.time import Day, Instant, later
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle import town
from crs_core.testing.lifecycle.citizen_rules import CitizenRules, EntryHeld
from crs_core.testing.lifecycle.model import about, told
from crs_core.testing.lifecycle.people import Registered

__all__ = ["BookingRules"]

_TWICE = st.booleans()


@define
class _OfferHeld:
    offer: Offer
    until: Instant


class BookingRules(CitizenRules):
    """Steps 6 to 8, and back."""

    def begin_lists(self) -> None:
        """See `Play.begin_lists`."""
        super().begin_lists()
        self.offered: list[_OfferHeld] = []

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), site=st.none() | st.sampled_from(town.SITES), after=st.none() | st.integers(0, 12))
    def looks_at_offers(self, data: st.DataObject, site: str | None, after: int | None) -> None:
        """Steps 6 and 7, at any site, of any day."""
        held = data.draw(st.sampled_from(self.entries[-4:]), label="entry")
        day = None if after is None else Day.fromordinal(self.model.people.today(self.now).toordinal() + after)
        self.chooses(held, site, day)

    def chooses(self, held: EntryHeld, site: str | None = None, day: Day | None = None) -> list[_OfferHeld]:
        """Steps 6 and 7; what is offered."""
        code = self.kept_out(held) or self.model.people.why_not(held.one, self.now) or self._elsewhere(held.one, site)
        page: Offers | None = self.ask(lambda system: system.citizen.offers(held.token, site=site, day=day), code)
        if page is None:
            return []
        where = site or held.one.site
        assert page.site_id == where
        if where not in self.model.seats.open:
            assert (page.reason, page.offers) == ("site_closed", ())
            return []
        days = self._days(where)
        assert dict(page.days) == days
        for offer in page.offers:
            self._is_true(where, page.day, offer)
        assert bool(page.offers) == (bool(days) if day is None else day in days), "what can be completed is offered"
        assert (page.reason == "") == bool(page.offers)
        found = [_OfferHeld(offer, later(self.now, minutes=20)) for offer in page.offers]
        self.offered += found[:2]
        return found

    def _elsewhere(self, one: Registered, site: str | None) -> str:
        at_home = site is None or site == one.site
        return "" if at_home or self.model.campaign.access.at(self.now) is Access.IMMEDIATE else "other_site"

    def _days(self, site: str) -> dict[Day, int]:
        """Days on which somebody can begin and strand nobody, with their free seats."""
        found: dict[Day, int] = {}
        for product in self.model.seats.products(site):
            seats = self.model.seats.supply(site, product, self.now)
            for day, number in seats[0].items():
                chains = [(day,)] if len(seats) == 1 else [(day, after) for after in seats[1]]
                if not all(self.model.seats.strands(site, product, chain, self.now) for chain in chains):
                    found[day] = found.get(day, 0) + number
        return found

    def _is_true(self, site: str, day: Day | None, offer: Offer) -> None:
        """An offer is of free seats that come in order, and strands nobody."""
        free = {
            (calendar.name, slot.day, slot.minute): number for calendar, slot, number in self.model.seats.free(site)
        }
        assert offer.doses[0].day == day
        assert [dose.dose for dose in offer.doses] == list(range(1, len(offer.doses) + 1))
        for dose in offer.doses:
            assert free[dose.calendar, dose.day, dose.minute] > 0
            assert not self.model.seats.over(dose.day, dose.minute, self.now)
            assert town.CALENDARS[dose.calendar] == (offer.product, dose.dose)
        assert self.model.seats.strands(site, offer.product, [dose.day for dose in offer.doses], self.now) == ""

    @precondition(lambda self: self.entries and self.offered)
    @rule(data=st.data(), email=st.booleans(), twice=_TWICE)
    def reserves(self, data: st.DataObject, email: bool, twice: bool) -> None:  # noqa: FBT001
        """Step 8, with any entry and any offer in hand, fresh or stale."""
        held = data.draw(st.sampled_from(self.entries[-4:]), label="entry")
        offer = data.draw(st.sampled_from(self.offered[-4:]), label="offer")
        self.books(held, offer, email=email, twice=twice)

    def books(self, held: EntryHeld, offered: _OfferHeld, *, email: bool, twice: bool) -> None:
        """Step 8."""
        one, offer = held.one, offered.offer
        code = self._unbookable(held, offered)
        to = "jiny@example.org" if email else None
        reservation: Reservation | None = self.command(
            lambda system, key: system.citizen.reserve(held.token, offer, email=to, idempotency_key=key),
            code,
            twice=twice,
        )
        if reservation is None:
            self.look()
            return
        kept = [(dose.calendar, dose.day, dose.minute) for dose in reservation.doses]
        assert kept == [(dose.calendar, dose.day, dose.minute) for dose in offer.doses]
        assert reservation.interval == self.model.seats.window(offer.product, self.now)
        self._is_delivered(reservation)
        one.reservation, one.email = reservation, to or one.email
        self.model.happens(self.now, "reserved")
        self.look(*told(Purpose.RESERVED, one, reservation))

    def _unbookable(self, held: EntryHeld, offered: _OfferHeld) -> str:
        offer, seats = offered.offer, self.model.seats
        if self.now >= held.until or self.now >= offered.until:
            return "token_expired"
        code = self.kept_out(held) or self.model.people.why_not(held.one, self.now)
        code = code or self._elsewhere(held.one, offer.site_id)
        if code or offer.site_id not in seats.open:
            return code or "site_closed"
        code = seats.strands(offer.site_id, offer.product, [dose.day for dose in offer.doses], self.now)
        if code:
            return code
        free = {(calendar.name, slot.day, slot.minute): left for calendar, slot, left in seats.free(offer.site_id)}
        there = all(
            free.get((dose.calendar, dose.day, dose.minute), 0) > 0 and not seats.over(dose.day, dose.minute, self.now)
            for dose in offer.doses
        )
        return "" if there else "offer_taken"

    def _is_delivered(self, reservation: Reservation) -> None:
        """Each dose is promised from a delivery that counts, has come by its day, and has one left."""
        left = self.model.seats.deliveries(reservation.site_id, reservation.product, self.now)
        for dose in reservation.doses:
            if left is None:
                assert dose.delivery_id is None
                continue
            assert dose.delivery_id in left, "promised from a delivery that does not count"
            day, number = left[dose.delivery_id]
            assert (dose.delivery_day, number > 0) == (day, True)
            assert day <= dose.day
            left[dose.delivery_id] = (day, number - 1)

    @precondition(lambda self: self.model.readers())
    @rule(data=st.data(), twice=_TWICE)
    def cancels(self, data: st.DataObject, twice: bool) -> None:  # noqa: FBT001
        """Gives the doses back."""
        held = self.entry_of(data.draw(st.sampled_from(self.model.readers()), label="registration"))
        if held is None:
            return
        reservation = held.one.reservation
        code = "" if reservation else "no_reservation"
        gone = self.command(
            lambda system, key: system.citizen.cancel(held.token, idempotency_key=key), code, twice=twice
        )
        if reservation is None:
            self.look()
            return
        assert (gone.id, gone.cancelled_at) == (reservation.id, self.now)
        held.one.reservation = None
        held.one.returns()
        self.model.happens(self.now, "cancelled")
        self.look(*told(Purpose.CANCELLED, held.one, reservation))

    @precondition(lambda self: self.model.readers())
    @rule(data=st.data())
    def withdraws(self, data: st.DataObject) -> None:
        """Ends the registration, and gives back what it holds; the entry opens nothing any more."""
        held = self.entry_of(data.draw(st.sampled_from(self.model.readers()), label="registration"))
        if held is None:
            return
        self.ask(lambda system: system.citizen.withdraw(held.token))
        letters = [about(Purpose.WITHDRAWN, held.one)]
        if held.one.reservation is not None:
            self.model.happens(self.now, "cancelled")
            letters += told(Purpose.CANCELLED, held.one, held.one.reservation)[1:]
        letters += self.contending.ends(held.one, self.now)
        self.look(*letters)
        self.ask(lambda system: system.citizen.cancel(held.token), "withdrawn")

    # Whole ways, so that plays come far

    @precondition(lambda self: self.newcomers() and self.model.seats.open)
    @rule(data=st.data(), claims=st.booleans(), email=st.booleans())
    def joins(self, data: st.DataObject, claims: bool, email: bool) -> None:  # noqa: FBT001
        """Steps 1 to 4 by somebody who is not registered and may, with a gateway that works."""
        self.join(data, claims=claims, email=email)

    @precondition(lambda self: self.registered() and self.model.seats.open)
    @rule(data=st.data(), objects=st.booleans())
    def joins_again(self, data: st.DataObject, objects: bool) -> None:  # noqa: FBT001
        """Steps 1 to 4 once more by somebody who is registered; the phone that they had may object at once."""
        one = data.draw(st.sampled_from(self.registered()), label="registration")
        self.join(data, claims=False, email=False, person=one.person)
        if objects:
            proofs = len(self.proofs)
            self._proves(one.phone)
            if len(self.proofs) > proofs:
                self.objects(self.proofs[-1], one.person, twice=False)

    def registered(self) -> list[Registered]:
        """Whoever is registered."""
        return [each for each in self.model.people.all.values() if not each.withdrawn and not each.blocked]

    def join(self, data: st.DataObject, *, claims: bool, email: bool, person: Invented | None = None) -> None:
        """Steps 1 to 4, by a newcomer or by somebody else."""
        person = person or data.draw(st.sampled_from(self.newcomers()), label="person")
        site = data.draw(st.sampled_from(sorted(self.model.seats.open)), label="site")
        phone = data.draw(st.sampled_from(town.PHONES), label="phone")
        proofs = len(self.proofs)
        self._proves(phone)
        if len(self.proofs) > proofs:
            self.applies(self.proofs[-1], person, site, claims=claims, email=email, twice=False)

    def _proves(self, phone: str) -> None:
        """Steps 1 and 2, with a gateway that works."""
        self.asks_for_a_pin(phone, "198.51.100.1", again=False, twice=False)
        self.dispatch()
        pin = self.model.phones.last(phone)
        handles = [each for each in self.handles if each.pin is pin]
        if handles:
            self.proves(handles[-1], "198.51.100.1", right=True, twice=False)

    def newcomers(self) -> list[Invented]:
        """People who are not registered and may."""
        return [
            each
            for each in self.residents
            if self.model.people.live(each) is None and self.model.people.may_register(each, frozenset(), self.now)
        ]

    def able(self) -> list[Registered]:
        """Whoever has read their PIN2 and may reserve."""
        return [each for each in self.model.readers() if not self.model.people.why_not(each, self.now)]

    @precondition(lambda self: self.able())
    @rule(data=st.data(), email=st.booleans())
    def take_what_there_is(self, data: st.DataObject, email: bool) -> None:  # noqa: FBT001
        """Steps 5 to 8, in a race or alone."""
        self.take(data, email=email)

    def take(self, data: st.DataObject, *, email: bool) -> None:
        """Steps 5 to 8 by one or two who may reserve: both look first, then both want what they saw."""
        some = data.draw(st.lists(st.sampled_from(self.able()), min_size=1, max_size=2), label="registrations")
        entries = [held for held in map(self.entry_of, some) if held is not None]
        seen = [(held, offers) for held in entries if (offers := self.chooses(held))]
        for held, offers in seen:
            self.books(held, data.draw(st.sampled_from(offers), label="offer"), email=email, twice=False)
