"""The whole model in plain Python: people, phones, seats, letters, figures; and how a storage is held against it."""
# ruff: noqa: S101 - a kit asserts

import re
from collections import Counter
from collections.abc import Iterable

from attrs import define, field, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.ledger import Account, AccountKind, Balance
from crs_core.domain.messages import BY_EMAIL, Message, Purpose
from crs_core.domain.reservations import Reservation
from crs_core.domain.statistics import Statistics, age_group
from crs_core.domain.time import Day, Instant
from crs_core.testing.lifecycle.lockstep import Picture
from crs_core.testing.lifecycle.people import People, Registered, age
from crs_core.testing.lifecycle.phones import Budgets, Phones, Pin
from crs_core.testing.lifecycle.rests import Rests
from crs_core.testing.lifecycle.seats import Seats
from crs_core.testing.vendors import Handed

__all__ = ["Letter", "Model", "about", "told"]

PIN1, PIN2 = re.compile(r"\b\d{6}\b"), re.compile(r"\b\d{8}\b")
_EMAILS = frozenset(BY_EMAIL.values())
_CONFIRMS = frozenset(
    {
        *(Purpose.RESERVED, Purpose.REPLANNED, Purpose.DOSE_LOST),
        *(Purpose.RESERVED_EMAIL, Purpose.REPLANNED_EMAIL, Purpose.DOSE_LOST_EMAIL),
    }
)
_SHOWS_PIN2 = {Purpose.REGISTERED, Purpose.INVITATION, Purpose.PIN_REMINDER}


@frozen
class Letter:
    """A message that the model expects to be owed.

    Attributes:
        subject: The registration, or the phone of a control PIN.
        matter: Of one matter and purpose at most one is unsent.
    """

    purpose: Purpose
    to: str
    subject: str
    matter: str


def about(purpose: Purpose, one: Registered) -> Letter:
    """A letter about a registration, to its phone; of each phone and site another, and of each invitation."""
    call = f" {one.calls}" if purpose is Purpose.INVITATION else ""
    return Letter(purpose, one.phone, one.id, f"{one.id} {one.generation} {one.site}{call}")


def told(purpose: Purpose, one: Registered, reservation: Reservation) -> list[Letter]:
    """Letters about a reservation: to the phone, then to the e-mail address, if there is one."""
    letters = [Letter(purpose, one.phone, one.id, _matter(reservation))]
    if one.email:
        letters.append(Letter(Purpose(f"{purpose.value}_email"), one.email, one.id, _matter(reservation)))
    return letters


def _matter(reservation: Reservation) -> str:
    return f"{reservation.id} {reservation.revision}"


@define
class Model:
    """What should be so.

    Attributes:
        letters: Messages owed, by id.
        events: Of each day and kind.
        untold: Registrations whose PIN2, as it is now, no gateway took in time; they have to ask for it.
    """

    campaign: Campaign
    people: People
    phones: Phones
    seats: Seats
    budgets: Budgets
    rests: Rests
    version: int = 0
    letters: dict[str, Letter] = field(factory=dict)
    events: Counter[tuple[Day, str]] = field(factory=Counter)
    untold: set[tuple[str, int]] = field(factory=set)

    @classmethod
    def of(cls, campaign: Campaign) -> "Model":
        """Of a campaign in which nothing has happened."""
        rests, budgets = Rests(), Budgets()
        people = People(campaign, rests)
        return cls(campaign, people, Phones(campaign, budgets, rests), Seats(campaign, people), budgets, rests)

    def amend(self, campaign: Campaign) -> None:
        """Another campaign is in force."""
        self.campaign = self.people.campaign = self.phones.campaign = self.seats.campaign = campaign

    def happens(self, now: Instant, *kinds: str) -> None:
        """Counts events of this moment."""
        self.events.update((self.people.today(now), kind) for kind in kinds)

    def readers(self) -> list[Registered]:
        """Whoever is registered and has read their PIN2."""
        return [each for each in self.people.all.values() if each.pin2 and not each.withdrawn]

    # Letters

    def owes(self, found: dict[str, Message], expected: Iterable[Letter]) -> None:
        """Takes note of messages that are owed since, which must be those expected and no others."""
        new = {name: message for name, message in found.items() if name not in self.letters}
        unsent = {(each.purpose, each.matter) for each in self.letters.values()}
        wanted = [each for each in dict.fromkeys(expected) if (each.purpose, each.matter) not in unsent]
        for name, message in sorted(new.items()):
            fitting = [each for each in wanted if _fits(each, message)]
            assert fitting, f"owed without a reason: {message.purpose} about {message.subject}"
            wanted.remove(fitting[0])
            self.letters[name] = fitting[0]
        assert wanted == [], "not owed"
        assert self.letters.keys() == found.keys(), "owed no more, though nothing was sent"

    def reads(self, handed: Handed, now: Instant) -> None:
        """A message was handed over: it is one that is owed, and its PIN is the one that its reader knows."""
        letter = self.letters[handed.reference]
        assert handed.to == (self.people.all[letter.subject].email if letter.purpose in _EMAILS else letter.to)
        assert self.void(handed.reference, now) == "", f"{letter.purpose} was sent although it is void"
        pins = PIN1.findall(handed.text), PIN2.findall(handed.text)
        if letter.purpose is Purpose.CONTROL_PIN:
            pin = self.pin_of(handed.reference)
            assert pin is not None
            assert [len(found) for found in pins] == [1, 0]
            assert pin.digits in {None, pins[0][0]}, "the same request, another PIN"
            pin.digits = pins[0][0] if handed.arrives else pin.digits
        elif letter.purpose in _SHOWS_PIN2:
            one = self.people.all[letter.subject]
            assert [len(found) for found in pins] == [0, 1]
            assert one.pin2 in {None, pins[1][0]}, "one registration, two PIN2"
            one.pin2 = pins[1][0] if handed.arrives else one.pin2
        else:
            assert [len(found) for found in pins] == [0, 0]

    def forgets(self, registrations: set[str], phones: set[str]) -> None:
        """Nothing is owed about these any more, and no PIN of these phones opens anything."""
        gone = registrations | phones
        self.letters = {name: letter for name, letter in self.letters.items() if letter.subject not in gone}
        self.phones.forgets(phones)

    def pin_of(self, name: str) -> Pin | None:
        """The control PIN that waits for a message."""
        return next((pin for pins in self.phones.pins.values() for pin in pins if pin.unsent == name), None)

    def void(self, name: str, now: Instant) -> str:
        """Why a message is not worth sending any more; empty where it is."""
        letter = self.letters[name]
        if letter.purpose is Purpose.CONTROL_PIN:
            return "" if self.pin_of(name) is not None else "superseded"
        one = self.people.all[letter.subject]
        if letter.purpose in _SHOWS_PIN2 and (one.withdrawn or letter != about(letter.purpose, one)):
            return "withdrawn, or corrected"
        if outdated := _outdated(letter, one):
            return outdated
        if letter.purpose is Purpose.REGISTERED:
            return "" if self.people.has_pin(one, now) and not one.reservation else "the access has changed"
        if letter.purpose is Purpose.PIN_REMINDER:
            return "" if self.people.has_pin(one, now) else "it opens nothing any more"
        return "moved on" if letter.purpose is Purpose.INVITATION and not one.is_invited else ""

    def settled(self, name: str, now: Instant, *, sent: bool, late: bool) -> None:
        """A message left, or never will: it was not worth sending any more when its turn came, or nobody takes it."""
        pin = self.pin_of(name)
        letter = self.letters.pop(name)
        if pin is not None:
            pin.unsent = None
            pin.sends, pin.handed = (pin.sends + 1, now) if sent else (pin.sends, pin.handed)
        if letter.purpose not in _SHOWS_PIN2:
            return
        one = self.people.all[letter.subject]
        if letter != about(letter.purpose, one):
            return
        if not sent:
            self.untold.add((one.id, one.generation))
        if letter.purpose is not Purpose.INVITATION:
            return
        if one.is_invited and sent:
            one.handed = one.handed or now
        elif one.is_invited and late:
            one.returns()
            self.happens(now, "returned")
        elif one.is_invited:
            one.state = "lapsed"
            self.happens(now, "lapsed")

    # What is stored

    def agrees(self, picture: Picture) -> None:
        """What is stored is what should be so."""
        assert {name: _state(each) for name, each in self.people.all.items()} == {
            name: (
                each.gate.value,
                each.withdrawn_at is not None,
                each.reservation_id,
                each.invitation.handed_off_at if each.invitation and each.window_wakes_at else None,
                *((block.reason.value, block.told, block.disputed, block.wakes_at) for block in each.blocks),
            )
            for name, each in picture.registrations.items()
        }
        active = {name for name, each in picture.reservations.items() if each.cancelled_at is None}
        assert active == {each.id for each in self.people.reserved()}
        stored = {account: each for account, each in picture.accounts.items() if each.total}
        assert {
            account: each for account, each in stored.items() if account.kind != AccountKind.DAY
        } == self._accounts()
        for balance in picture.accounts.values():
            assert min(balance.free, balance.held, balance.reserved) >= 0
        live = [each for each in self.people.all.values() if not each.withdrawn and not each.blocked]
        lives = Counter(each.person.insured_number for each in live)
        assert max(lives.values(), default=0) <= 1

    def _accounts(self) -> dict[Account, Balance]:
        found = {}
        for site in {place.id for place in self.campaign.places}:
            for calendar, slot, free in self.seats.free(site):
                if slot.seats:
                    account = Account(site, AccountKind.SLOT, calendar.name, slot.day, slot.minute)
                    found[account] = Balance(free=free, reserved=slot.seats - free)
            for day, number in Counter(each.invited_on for each in self.people.invited(site)).items():
                assert day is not None
                found[Account(site, AccountKind.INVITED, "", day)] = Balance(held=number)
        promised = self.seats.promised()
        for (site, name), came in self.seats.came.items():
            if came.number:
                held = promised[site, name]
                found[Account(site, AccountKind.DELIVERY, name, came.day)] = Balance(came.number - held, 0, held)
        return found

    def counts(self, statistics: Statistics) -> None:
        """The headline table is what happened."""
        kinds = ("registered", "invited", "reserved", "cancelled", "lapsed", "withdrawn")
        shown = {row.day: tuple(getattr(row, kind) for kind in kinds) for row in statistics.days}
        happened = {day: tuple(self.events[day, kind] for kind in kinds) for day, _ in self.events}
        assert {day: row for day, row in shown.items() if any(row)} == {
            day: row for day, row in happened.items() if any(row)
        }
        live = [each for each in self.people.all.values() if not each.withdrawn and not each.blocked]
        waiting = [each for each in live if each.reservation is None]
        if statistics.days:
            last = statistics.days[-1]
            assert (last.registrations, last.waiting) == (len(live), len(waiting))
            assert last.reservations == len(live) - len(waiting)
        assert _without_zeros(statistics.waiting_by_site) == Counter(each.site for each in waiting)
        assert _without_zeros(statistics.waiting_by_age) == Counter(self._age_group(each) for each in waiting)

    def _age_group(self, one: Registered) -> str:
        return age_group(age(one.person.birth_date, self.people.today(one.registered)))


def _outdated(letter: Letter, one: Registered) -> str:
    """Why a letter about a reservation is not worth sending any more; empty where it is, or is about none."""
    if letter.purpose in _EMAILS and not one.email:
        return "no address"
    if letter.purpose in _CONFIRMS and (one.reservation is None or _matter(one.reservation) != letter.matter):
        return "the reservation has changed"
    if letter.purpose is Purpose.SEAT_LOST and one.reservation is not None:
        return "there is another reservation"
    return ""


def _fits(letter: Letter, message: Message) -> bool:
    if (letter.purpose, letter.to) != (message.purpose, message.recipient):
        return False
    return letter.purpose is Purpose.CONTROL_PIN or letter.subject == message.subject


def _state(one: Registered) -> tuple[object, ...]:
    reservation = None if one.reservation is None else one.reservation.id
    blocks = [(one.blocked, one.told, one.disputed, one.due)] if one.blocked else []
    return (one.state, one.withdrawn, reservation, one.handed if one.wakes else None, *blocks)


def _without_zeros(figures: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in figures.items() if number}
