"""The model of duplicates: who holds the place of a person, who waits for it, and what their phones are told."""

from collections.abc import Iterator

from attrs import frozen

from crs_core.domain.campaign import Access
from crs_core.domain.messages import Purpose
from crs_core.domain.time import Instant, later
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle.model import Letter, Model, about, told
from crs_core.testing.lifecycle.people import Registered

__all__ = ["Contending"]

_LOOKS_AGAIN_HOURS = 24


@frozen
class Contending:
    """What happens between the registrations of one person; each step returns the letters that it owes."""

    model: Model

    def of_phone(self, person: Invented, phone: str) -> Registered | None:
        """The registration of a person with a phone."""
        return next((each for each in self.model.people.of(person) if each.phone == phone), None)

    def saves(self, one: Registered, now: Instant) -> list[Letter]:
        """A registration with a phone that is new to the person."""
        people = self.model.people
        if people.live(one.person) is None:
            self.model.happens(now, "registered")
        else:
            self._waits(one, now)
        people.all[one.id] = one
        return self._pin(one, now)

    def again(
        self, one: Registered, site: str, email: str | None, claims: frozenset[str], now: Instant
    ) -> list[Letter]:
        """The form once more from the phone of a registration."""
        before = (one.site, one.email, one.claims)
        after = (site if one.reservation is None else one.site, email, claims)
        one.site, one.email, one.claims = after
        if before[0] != after[0]:
            one.since = now
            self._closes(one, only_invited=True)
        lapsed = one.state == "lapsed"
        if lapsed:
            one.since = now
            self._closes(one)
        if one.blocked == "replaced":
            one.since = now
            if self.model.people.live(one.person) is None:
                return self._takes(one, now, gone=True)
            self._waits(one, now)
            return self._pin(one, now)
        said = [about(Purpose.CORRECTED, one)] if lapsed or before != after else []
        if one.reservation is not None and before[1] != email:
            said += told(Purpose.RESERVED, one, one.reservation)[1:]
        return said + (self._pin(one, now) if one.reservation is None else [])

    def corrects(self, one: Registered, site: str, phone: str, now: Instant) -> list[Letter]:
        """Another site, another phone, or both, of the live registration; a duplicate with that phone is done with."""
        if (site, phone) == (one.site, one.phone):
            return []
        to_old = [about(Purpose.PHONE_CHANGED, one)] if phone != one.phone else []
        if site != one.site:
            one.site, one.since = site, now
            self._closes(one, only_invited=True)
        if to_old:
            same = self.of_phone(one.person, phone)
            if same is not None:
                same.withdrawn = True
                self.model.people.others[one.person.insured_number].remove(same.id)
            one.phone, one.pin2, one.generation = phone, None, one.generation + 1
        return [about(Purpose.CORRECTED, one), *to_old, *(self._new_pin(one, now) if to_old else [])]

    def _new_pin(self, one: Registered, now: Instant) -> list[Letter]:
        if one.reservation is not None:
            return [about(Purpose.PIN_REMINDER, one)]
        if not self.model.people.is_open(one, now):
            return []
        return [about(Purpose.REGISTERED if self._immediate(now) else Purpose.INVITATION, one)]

    def ends(self, one: Registered, now: Instant) -> list[Letter]:
        """A registration ends; the first that waits takes its place."""
        is_live = not one.blocked
        one.reservation, one.withdrawn = None, True
        self._closes(one)
        if not is_live:
            self.model.people.others[one.person.insured_number].remove(one.id)
            return []
        self.model.happens(now, "withdrawn")
        follows = next((each for each in self._others(one.person) if each.blocked == "newer"), None)
        return [] if follows is None else self._takes(follows, now, gone=True)

    def settles(self, one: Registered, now: Instant) -> list[Letter]:
        """The office decides for one; every other registration of the person ends."""
        letters = self._pin(one, now) if one.blocked else []
        for each in self.model.people.of(one.person):
            if each is not one:
                letters += [about(Purpose.DUPLICATE_ENDED, each), *self._gives_back(each, now)]
        self._stands(one)
        self.model.people.others[one.person.insured_number] = []
        return letters

    def erases(self, person: Invented, now: Instant) -> int:
        """A person is erased, with the messages to them and their phones; how many registrations there were."""
        found = [each for each in self.model.people.all.values() if each.person == person and not each.erased]
        for each in found:
            if not each.withdrawn:
                self._gives_back(each, now)
            self._stands(each)
            each.erased = True
        self.model.people.others[person.insured_number] = []
        self.model.forgets({each.id for each in found}, {each.phone for each in found})
        return len(found)

    def _gives_back(self, one: Registered, now: Instant) -> list[Letter]:
        letters = [] if one.reservation is None else told(Purpose.CANCELLED, one, one.reservation)[1:]
        if one.reservation is not None:
            self.model.happens(now, "cancelled")
        if not one.blocked:
            self.model.happens(now, "withdrawn")
        one.reservation, one.withdrawn = None, True
        self._closes(one)
        return letters

    def disputes(self, person: Invented, phone: str, now: Instant) -> list[Letter]:
        """A phone says that it was somebody else."""
        mine, live = self.of_phone(person, phone), self.model.people.live(person)
        if mine is None or mine.blocked == "newer":
            return []
        if mine is live:
            for each in self._others(person):
                if each.blocked == "newer":
                    each.disputed, each.due = True, None
            return []
        return [] if live is not None and live.reservation is not None else self._takes(mine, now, objects=True)

    def due(self, now: Instant) -> list[Letter]:
        """What rounds do with those that wait, until nothing is due."""
        letters: list[Letter] = []
        while waiting := sorted(
            (each.due, each.id, each) for each in self._all_others() if each.due and each.due <= now
        ):
            letters += self._next(waiting[0][2], now)
        return letters

    def told(self, letter: Letter, now: Instant) -> None:
        """The gateway has the message to the phone of an older registration."""
        one = self.model.people.all[letter.subject]
        waits = one.blocked == "newer" and not one.disputed and one.due is None and not one.withdrawn
        if waits and letter.matter == f"{one.id} {one.told}":
            one.heard, one.due = now, later(now, hours=self._hours(one))

    def _next(self, one: Registered, now: Instant) -> list[Letter]:
        live = self.model.people.live(one.person)
        assert live is not None  # noqa: S101 - a kit asserts
        if not one.told:
            one.told, one.due = live.id, None
            return [Letter(Purpose.DUPLICATE, live.phone, one.id, f"{one.id} {live.id}")]
        ends = None if one.heard is None else self.model.rests.after(one.heard, hours=self._hours(one))
        if ends is not None and now < ends:
            one.due = ends
            return []
        if live.reservation is not None:
            one.due = later(now, hours=_LOOKS_AGAIN_HOURS)
            return []
        return self._takes(one, now)

    def _hours(self, one: Registered) -> int:
        return self.model.campaign.duplicates.at(one.registered).undisputed_hours

    def _takes(self, one: Registered, now: Instant, *, gone: bool = False, objects: bool = False) -> list[Letter]:
        """Takes the place of the live one, which stays blocked unless it is gone."""
        older = None if gone else self.model.people.live(one.person)
        names = self.model.people.others[one.person.insured_number]
        names.remove(one.id)
        self._stands(one)
        for each in self._others(one.person):
            if each.blocked == "newer":
                self._waits(each, now)
        if older is not None:
            names.append(older.id)
            self._closes(older)
            older.blocked, older.due = ("newer" if objects else "replaced"), None
            older.told, older.disputed = (one.id, True) if objects else ("", False)
            older.heard = None
        letters = [] if older is None or objects else [about(Purpose.REPLACED, older)]
        return letters if objects else letters + self._pin(one, now)

    def _stands(self, one: Registered) -> None:
        """Nothing keeps it out as a duplicate, nor tells of another that it contended with."""
        one.blocked, one.told, one.disputed, one.due, one.heard = "", "", False, None, None

    def _waits(self, one: Registered, now: Instant) -> None:
        names = self.model.people.others.setdefault(one.person.insured_number, [])
        if one.id not in names:
            names.append(one.id)
        one.blocked, one.told, one.disputed, one.due, one.heard = "newer", "", False, now, None

    def _closes(self, one: Registered, *, only_invited: bool = False) -> None:
        if not only_invited or one.state == "invited":
            one.returns()

    def _pin(self, one: Registered, now: Instant) -> list[Letter]:
        return [about(Purpose.REGISTERED, one)] if self._immediate(now) else []

    def _immediate(self, now: Instant) -> bool:
        return self.model.campaign.access.at(now) is Access.IMMEDIATE

    def _others(self, person: Invented) -> list[Registered]:
        people = self.model.people
        return [people.all[name] for name in people.others.get(person.insured_number, ())]

    def _all_others(self) -> Iterator[Registered]:
        people = self.model.people
        return (people.all[name] for names in people.others.values() for name in names)
