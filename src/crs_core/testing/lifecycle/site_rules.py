"""What vaccination sites do: calendars, deliveries, opening, invitations."""
# ruff: noqa: S101 - a kit asserts

from collections import Counter

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import rule

from crs_core.domain.calendar_check import Severity
from crs_core.domain.calendars import Calendar, Delivery
from crs_core.domain.campaign import Access
from crs_core.domain.messages import Purpose
from crs_core.domain.time import Day, add_days
from crs_core.rounds.release import Release
from crs_core.testing import strategies
from crs_core.testing.lifecycle import town
from crs_core.testing.lifecycle.cut_rules import CutRules
from crs_core.testing.lifecycle.model import Letter, about
from crs_core.testing.lifecycle.pairs import most_people
from crs_core.testing.lifecycle.seats import Came

__all__ = ["SiteRules"]

_SITE = st.sampled_from(town.SITES)
_NAMES = st.sets(st.sampled_from(sorted(town.CALENDARS)), min_size=1)
_TWICE = st.booleans()
_DELIVERIES = [f"{product}-{number}" for product in ("comirnaty", "janssen") for number in (1, 2, 3)]
_AFTER = {1: (0, 9), 2: (21, 38)}


class SiteRules(CutRules):
    """The desk of a site."""

    def drawn(self, data: st.DataObject, name: str) -> Calendar:
        """A small calendar of the coming days."""
        product, dose = town.CALENDARS[name]
        today = self.model.people.today(self.now)
        on = st.integers(*_AFTER[dose]).map(lambda after: add_days(today, after))
        return data.draw(strategies.calendars(name, product, dose, on, most_days=3, most_seats=2), label=name)

    @rule(data=st.data(), site=_SITE, names=_NAMES, keeps=st.booleans(), twice=_TWICE)
    def publishes(self, data: st.DataObject, site: str, names: set[str], keeps: bool, twice: bool) -> None:  # noqa: FBT001
        """Calendars instead of those of the same name; where seats are taken, only if these are kept."""
        calendars = []
        for name in sorted(names):
            slots = {(slot.day, slot.minute): slot for slot in self.drawn(data, name).slots}
            for calendar, slot, free in self.model.seats.free(site) if keeps else ():
                if calendar.name == name and slot.seats > free:
                    more = slots.get((slot.day, slot.minute), slot).seats
                    slots[slot.day, slot.minute] = evolve(slot, seats=max(more, slot.seats - free))
            calendars.append(Calendar(name, *town.CALENDARS[name], tuple(slots.values())))
        self.offers_seats(site, calendars, twice=twice)

    def offers_seats(self, site: str, calendars: list[Calendar], *, twice: bool) -> None:
        """Publishes calendars."""
        code = "invalid_input" if self.model.seats.loses_taken(site, calendars) else ""
        self.command(lambda system, key: system.site(site).publish(calendars, idempotency_key=key), code, twice=twice)
        if not code:
            self.model.seats.published.update({(site, each.name): each for each in calendars})
        self.look()

    @rule(
        site=_SITE,
        name=st.sampled_from(_DELIVERIES),
        after=st.sampled_from([0, 0, 3, 20]),
        doses=st.integers(0, 6),
        data=st.data(),
    )
    def is_delivered(self, site: str, name: str, after: int, doses: int, data: st.DataObject) -> None:
        """A delivery is announced, or comes."""
        if data.draw(st.booleans(), label="comes"):
            came = data.draw(st.none() | st.integers(0, 6), label="came")
            self.receives(site, name, doses, came, twice=data.draw(_TWICE, label="twice"))
        else:
            self.expects(site, name, add_days(self.model.people.today(self.now), after), doses)

    def expects(self, site: str, name: str, day: Day, doses: int) -> None:
        """A delivery is announced, once."""
        product = name.partition("-")[0]
        code = "invalid_input" if (site, name) in self.model.seats.came else ""
        self.ask(lambda system: system.site(site).expect(Delivery(name, product, day, doses)), code)
        if not code:
            self.model.seats.came[site, name] = Came(product, day, doses)
        self.look()

    def receives(self, site: str, name: str, doses: int, came: int | None, *, twice: bool) -> None:
        """A delivery comes, announced or not, with more doses, or fewer, but not fewer than are promised."""
        product, day = name.partition("-")[0], self.model.people.today(self.now)
        old = self.model.seats.came.get((site, name), Came(product, day, 0))
        delivery = Delivery(name, product, day, doses, came)
        number = doses if came is None else came
        code = "invalid_input" if number < self.model.seats.promised()[site, name] else ""
        self.command(lambda system, key: system.site(site).receive(delivery, idempotency_key=key), code, twice=twice)
        if not code:
            self.model.seats.came[site, name] = evolve(old, received=number)
        self.look()

    @rule(site=_SITE, closes=st.sampled_from([False, False, True]))
    def opens_or_closes(self, site: str, closes: bool) -> None:  # noqa: FBT001
        """The site closes, and reservations stay; or it opens, unless its calendars do not deserve it."""
        if closes:
            self.ask(lambda system: system.site(site).close())
            self.model.seats.open.discard(site)
        else:
            self.opens(site)
        self.look()

    def opens(self, site: str) -> None:
        """The site opens unless a finding about its calendars blocks that; findings count every stranded seat."""
        findings = self.ask(lambda system: system.site(site).check_calendars())
        stranded = Counter[str]()
        for each in findings:
            stranded[each.product] += 0 if each.code == "doses_short" else each.stranded
        assert +stranded == self._stranded(site)
        blocks = any(each.severity is Severity.BLOCKS for each in findings)
        assert blocks or self.model.seats.calendars(site), "a site without calendars opens"
        self.ask(lambda system: system.site(site).open(), "calendars_not_ready" if blocks else "")
        self.model.seats.open |= set() if blocks else {site}

    def _stranded(self, site: str) -> dict[str, int]:
        """Free first doses that cannot be completed, by product."""
        found = {}
        for product in self.model.seats.products(site):
            free = self.model.seats.supply(site, product, self.now)
            pairs = most_people(free, self.model.seats.window(product, self.now), None)
            found[product] = sum(free[0].values()) - pairs
        return {product: number for product, number in found.items() if number}

    @rule(site=_SITE, dry_run=st.booleans())
    def releases(self, site: str, dry_run: bool) -> None:  # noqa: FBT001
        """Invitations at one site: exactly those whose turn it is, exactly as many as can still be fully booked."""
        if not dry_run:
            self.finds_lost_seats(site)
        expected, people, outstanding = self.next_in_turn(site)
        released: Release = self.ask(lambda system: system.site(site).release(dry_run=dry_run))
        assert list(released.invited) == expected, "not those whose turn it is"
        assert (released.people, released.outstanding) == (people, outstanding)
        self.look(*([] if dry_run else self.invites(expected)))

    def next_in_turn(self, site: str) -> tuple[list[str], int, int]:
        """Whom a release must call, in order; how many the site can take; how many have not answered."""
        people = self.model.seats.room_in_all(site, self.now)
        outstanding = len(self.model.people.invited(site))
        invites = self.model.campaign.access.at(self.now) is Access.INVITATION
        number = max(0, people - outstanding) if invites else 0
        return [each.id for each in self.model.people.order(site, self.now)[:number]], people, outstanding

    def invites(self, names: list[str]) -> list[Letter]:
        """The model after these were invited; the letters owed to them."""
        for name in names:
            one = self.model.people.all[name]
            one.invite(self.model.campaign.invitation.at(self.now), self.model.people.today(self.now))
            self.model.happens(self.now, "invited")
        return [about(Purpose.INVITATION, self.model.people.all[name]) for name in names]
