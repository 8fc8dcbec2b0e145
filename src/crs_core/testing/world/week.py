"""A week of a small town: one story, played on one storage, with every vendor hostile."""

import random
from collections import deque
from collections.abc import Callable
from datetime import date
from functools import cache, partial

from attrs import evolve, field, frozen

from crs_core.composition.codec import Codec, codec
from crs_core.composition.system import System
from crs_core.domain.campaign import Campaign, StockRule
from crs_core.domain.keys import Keyring
from crs_core.domain.terms import CountsFrom
from crs_core.domain.time import Day, Instant, add_days, day_of, later
from crs_core.errors import CrsError
from crs_core.office.commands import Office
from crs_core.ports.clock import Clock
from crs_core.ports.registry import Registry
from crs_core.ports.sms import SmsGateway
from crs_core.ports.storage import Storage
from crs_core.testing import invented
from crs_core.testing.clock import SeededChance, VirtualClock
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle import town
from crs_core.testing.vendors import Conduct, PowerCut, RegistryBook
from crs_core.testing.world import truths
from crs_core.testing.world.citizens import Citizen
from crs_core.testing.world.staff import Staff
from crs_core.testing.world.storage import Cut, WatchedStorage
from crs_core.testing.world.story import CITIZENS, Actor, Happening, Story
from crs_core.testing.world.truths import Broken
from crs_core.testing.world.vendors import Manner, Network, Report, SlowRegistry

__all__ = ["NONE", "Adapters", "Failure", "FreshStorage", "Line", "Week", "play"]

FreshStorage = Callable[[Clock], Storage]
"""Gives an empty storage; the clock is the one that it is to go by."""

SmsAdapter = Callable[[SmsGateway], SmsGateway]
RegistryAdapter = Callable[[Registry], Registry]

_KEYRING = Keyring({"2021-01": b"an invented key, 32 bytes long .."}, "2021-01")
_AGES = (80, 81, 82, 85, 91, 80, 66, 75, 50)
_BEGINS = (0, 0, 3, 5, 14)
_DEEPEST = 3
_LOOKS = 0.3
_CALM_HOURS = 8


@frozen
class Adapters:
    """Adapters under test: each is given the hostile vendor of the world, and stands between it and the system.

    None: the system speaks to the vendor itself.
    """

    sms: SmsAdapter | None = None
    registry: RegistryAdapter | None = None


NONE = Adapters()
"""The system speaks to every vendor itself."""


@frozen
class Line:
    """One line of a story as it was played: when, which happening, and what was said."""

    at: Instant
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.at:%a %d %H:%M:%S} #{self.number}  {self.text}"


@frozen
class Failure:
    """A truth that a story broke.

    Attributes:
        truth: Its short name; `error_` and the name of an exception where the library raised one of its own.
        number: The happening during which it broke; -1 after the last.
        lines: What was played until then.
    """

    truth: str
    message: str
    number: int
    lines: tuple[Line, ...] = field(repr=False)


def play(story: Story, fresh: FreshStorage, adapters: Adapters = NONE) -> Failure | None:
    """Plays a story on a fresh storage and holds it to every truth; None where all were kept.

    >>> from crs_adapters.storage.memory import MemoryStorage
    >>> from crs_core.testing.world.story import write
    >>> play(write(1), MemoryStorage) is None
    True
    """
    return Week(story, fresh, adapters).play()


class Week:
    """A town in which a story happens.

    While a vendor takes its time, the world goes on: what happens meanwhile happens before its answer.
    """

    def __init__(self, story: Story, fresh: FreshStorage, adapters: Adapters = NONE) -> None:
        chance = random.Random(f"town {story.seed}")  # noqa: S311 - replayed on purpose
        start = chance.choice(town.STARTS)
        terms = evolve(chance.choice(town.TERMS), counts_from=chance.choice(list(CountsFrom)))
        campaign = town.campaign(start, chance.choice(list(StockRule)), terms)
        people = [_person(chance, start, number) for number in range(CITIZENS)]
        self.clock = VirtualClock(later(town.start_of(start), days=chance.choice(_BEGINS)))
        self.lines: list[Line] = []
        self._begins = self._true = self.clock.now()
        self._behind, self._behind_for = 0, 0
        self._left = deque(story.happenings)
        self._now: list[Happening] = []
        self.storage = WatchedStorage(fresh(self.clock))
        self.network = Network(self.clock, self._meanwhile)
        book = {each.insured_number: (town.HEALTH,) for each in people[::2]}
        self.registry = SlowRegistry(RegistryBook(book), self.clock, self._meanwhile)
        self.system = System(self._office(campaign, story.seed, adapters))
        self.citizens = [self._citizen(chance, number, person) for number, person in enumerate(people)]
        self.staff = {name: self._staff(name) for name in town.SITES}

    def _office(self, campaign: Campaign, seed: int, adapters: Adapters) -> Office:
        return Office(
            campaign=campaign,
            storage=self.storage,
            clock=self.clock,
            chance=SeededChance(seed),
            keyring=_KEYRING,
            registry=self.registry if adapters.registry is None else adapters.registry(self.registry),
            sms=self.network if adapters.sms is None else adapters.sms(self.network),
            mail=self.network,
            answers=_answers(),
            write_timeout=0.1,
        )

    def _citizen(self, chance: random.Random, number: int, person: Invented) -> Citizen:
        return Citizen(
            f"citizen {number}",
            self._say,
            person=person,
            phone=f"+420601000{number:03d}",
            site=chance.choice(town.SITES),
            claims=frozenset({town.HEALTH}) if chance.random() < 0.3 else frozenset(),  # noqa: PLR2004 - some
            desk=self.system.citizen,
            network=self.network,
            letters=self.storage.letters,
            clock=self.clock,
            room=lambda name: self.system.site(name).release(dry_run=True).people,
            was_cut=lambda name: self.staff[name].was_cut,
        )

    def _staff(self, name: str) -> Staff:
        site = self.system.site(name)
        return Staff(f"site {name}", self._say, site=site, today=self._today, releases=partial(self._release, name))

    def _today(self) -> Day:
        return day_of(self.clock.now(), self.system.campaign.zone)

    def _say(self, text: str) -> None:
        self.lines.append(Line(self.clock.now(), self._now[-1].number if self._now else -1, text))

    def play(self) -> Failure | None:
        """Plays the story to its end, a night of calm included; the truth that broke, or None."""
        try:
            while self._left:
                self._happens(self._left.popleft())
            self._now.clear()
            self._night_of_calm()
            self._ends()
        except Broken as broken:
            return self._failure(broken.truth, str(broken))
        except (Exception, PowerCut) as error:  # noqa: BLE001 - whatever it is, nobody should have met it
            return self._failure(f"error_{type(error).__name__}", f"{type(error).__name__}: {error}")
        return None

    def _failure(self, truth: str, message: str) -> Failure:
        return Failure(truth, message, self._now[-1].number if self._now else -1, tuple(self.lines))

    def _happens(self, happening: Happening) -> None:
        self._now.append(happening)
        self._behind_for = max(0, self._behind_for - 1)
        self._sets(later(self._begins, seconds=happening.second))
        self._acts(happening.actor, random.Random(happening.roll))  # noqa: S311 - replayed on purpose
        self._now.pop()

    def _sets(self, moment: Instant) -> None:
        """Time goes on to a moment; the clock may be behind it."""
        self._true = max(self._true, moment)
        self.clock.set(later(self._true, seconds=-self._behind if self._behind_for else 0))

    def _meanwhile(self, until: Instant) -> None:
        """What happens while somebody waits for a vendor; three who wait at once are enough."""
        ends = later(self._true, seconds=(until - self.clock.now()).total_seconds())
        while len(self._now) <= _DEEPEST and self._left and later(self._begins, seconds=self._left[0].second) <= ends:
            self._happens(self._left.popleft())
        self._sets(ends)

    def _acts(self, actor: str, chance: random.Random) -> None:
        kind, _, name = actor.partition(" ")
        match kind:
            case "citizen":
                self.citizens[int(name)].acts(chance, self.citizens)
            case "site":
                self.staff[name].acts(chance)
            case Actor.DISPATCHER:
                self._hand_in_reports()
                if self.storage.letters.owed:
                    self._round("dispatches", lambda: self.system.operations.dispatch(chance.choice((1, 5, 50))))
            case Actor.ROUNDS:
                self._rounds(looks=chance.random() < _LOOKS)
            case Actor.GATEWAY:
                self._gateway(chance)
            case Actor.REGISTRY:
                self.registry.behave(chance.choice((0, 20, 200)), silent=chance.random() < 0.5)  # noqa: PLR2004
                self._say("the registry is about to be slow or silent")
            case Actor.CLOCK:
                self._behind, self._behind_for = chance.choice((40, 700, 3600)), chance.choice((2, 5, 20))
                self._say(f"the clock is put back by {self._behind} s for a while")
                self._sets(self._true)
            case Actor.POWER:
                cut = chance.choice(list(Cut))
                self.storage.cut(cut)
                self._say(f"the power is about to fail {cut.value}")

    def _gateway(self, chance: random.Random) -> None:
        manners = [Manner(Conduct.FAILS)] * 6 if chance.random() < 0.1 else [Manner.bad(chance)]  # noqa: PLR2004 - down
        for manner in manners:
            self.network.behave(manner)
        self._say(f"the gateway is about to misbehave: {manners[-1]}")

    def _round(self, words: str, call: Callable[[], object]) -> bool:
        """A round of the machines; whether it ended."""
        try:
            answer = call()
        except PowerCut:
            self._say(f"{words}: the power fails")
            return False
        except CrsError as error:
            raise Broken("fault_shown", f"{words}: {type(error).__name__} {error.code}") from error
        self._say(f"{words}: {answer}")
        return True

    def _hand_in_reports(self) -> None:
        """What the gateway's call-back hears: delivery reports, true or not."""
        for report in self.network.reports():
            self._round("is told that a message came", partial(self._report, report))

    def _report(self, report: Report) -> bool:
        return self.system.operations.delivered(report.reference, report.says)

    def _rounds(self, *, looks: bool) -> None:
        """Ends of terms, invitations, and at times a look at everything."""
        self._round("ticks", self.system.operations.tick)
        self._release(None)
        for name in town.SITES:
            if self.staff[name].was_cut:
                self._round(f"re-plans {name}", partial(self.system.operations.replan, name))
        if looks:
            truths.audited(self.system)

    def _release(self, site: str | None) -> None:
        """Invitations, at one site or at all; it must be the turn of those who are invited."""
        before, now = truths.live(self.storage), self.clock.now()

        def release() -> None:
            released = self.system.operations.release_all() if site is None else (self.system.site(site).release(),)
            truths.in_turn(self.system, before, released, now)

        self._round("releases", release)

    def _night_of_calm(self) -> None:
        """The power stays on and all vendors behave: whatever is owed leaves."""
        self.storage.calm()
        self.network.calm()
        self.registry.calm()
        self._behind_for = 0
        self._sets(self._true)
        for _ in range(_CALM_HOURS):
            self.clock.move(hours=1)
            self.system.operations.dispatch()
        self.system.operations.tick()
        self.clock.move(hours=1)
        self.system.operations.dispatch()

    def _ends(self) -> None:
        """Every truth about the whole."""
        truths.audited(self.system)
        truths.seats_hold(self.storage, self.system)
        truths.letters_accounted(self.storage.letters, self.network, self.system.operations.messages())
        sure = [each for each in self.citizens if not each.contested and each.again is None]
        touched = {name for staff in self.staff.values() for name in staff.touched}
        whole = {name for name, staff in self.staff.items() if not staff.was_cut}
        certain = [each.registered for each in sure if each.registered is not None and not each.registered.pending]
        registrations = [each.registration_id for each in certain]
        reservations = [
            each.reservation.id
            for each in sure
            if each.reservation is not None
            if each.reservation.id not in touched and each.reservation.site_id in whole
        ]
        for name in truths.told_is_true(self.storage, registrations, reservations):
            raise Broken("told_and_gone", f"somebody was told of {name}, and it is not there")


@cache
def _answers() -> Codec:
    return codec()


def _person(chance: random.Random, start: date, number: int) -> Invented:
    """Somebody of an age on which rules turn, perhaps with a birthday in the first weeks."""
    born = add_days(date(start.year - chance.choice(_AGES), start.month, 15), chance.randint(-40, 40))
    first, last = invented.FIRST_NAMES[number], invented.SURNAMES[number % len(invented.SURNAMES)]
    return Invented(invented.insured_number(born, 1 + number * 100, woman=number % 2 == 0), first, last, born)
