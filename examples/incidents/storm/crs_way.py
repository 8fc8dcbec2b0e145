"""Our way: the citizen's desk and the dispatcher as a portal runs them, on SQLite; clock and phones are virtual."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import define, field, frozen

import crs_core as crs
from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.domain.calendars import Calendar, Slot
from crs_core.domain.messages import Lane
from crs_core.domain.pacing import Pace
from crs_core.domain.time import Day, Instant, add_days, later, slot_instant
from crs_core.ports.sms import Sms
from crs_core.testing.clock import SeededChance, VirtualClock
from crs_core.testing.invented import insured_number

__all__ = ["Opened", "opened"]

_RULES = Path(__file__).with_name("campaign.toml")
_DAY = Day(2021, 1, 15)
_KEYS = {"storm": b"an invented key for an invented storm"}
_PIN = re.compile(r"\b\d{6}\b")
_RATE = re.compile(r"(?<=^per_second = )\d+$", re.MULTILINE)
_BORN = Day(1930, 1, 1)
"""Nine digits, and so no check digit; 989 serials a day."""


class Phones:
    """An ordinary plugin: a gateway that takes what it is given, and remembers it for a second."""

    def __init__(self) -> None:
        self.taken: list[Sms] = []

    def send(self, sms: Sms) -> str:
        """See `SmsGateway.send`."""
        self.taken.append(sms)
        return ""

    @hookimpl
    def crs_register_adapters(self) -> Iterable[Adapter]:
        """The phones of the storm."""
        return [Adapter("sms", "phones", self._open, "phones of a storm")]

    def _open(self, _url: str, _around: Surroundings) -> "Phones":
        return self


@frozen
class Promise:
    """What the page said of a first request: when the message would go."""

    person: int
    expected: Instant


@define
class Opened:
    """The system on that morning.

    Attributes:
        late: By how many seconds messages went later than the page of the first request had said; below 0 is earlier.
        registered: How many have saved a registration, and so are owed the message with PIN2.
    """

    system: crs.System
    clock: VirtualClock
    phones: Phones
    start: Instant
    late: list[float] = field(factory=list)
    registered: int = 0
    _handles: dict[int, str] = field(factory=dict)
    _promised: dict[int, Instant] = field(factory=dict)
    _pace: Pace = field(init=False)
    _idle: bool = True

    def __attrs_post_init__(self) -> None:
        self._pace = Pace(self.start)

    def press(self, person: int, now: float) -> None:
        """See `System.press`: every time in a new browser, which knows no handle."""
        moment = self._set(now)
        try:
            sent = self.system.citizen.request_control_pin(_phone(person), source=_source(person))
        except crs.TooManyAttempts:
            return
        self._handles[person] = sent.handle
        self._promised.setdefault(person, max(sent.expected_at, moment))
        self._idle = False

    def types(self, person: int, pin: str, now: float) -> bool:
        """See `System.types`; whoever is through saves the registration."""
        self._set(now)
        try:
            proof = self.system.citizen.verify_phone(self._handles[person], pin, source=_source(person))
        except crs.Refused:
            return False
        self.system.citizen.register(proof, _application(person))
        self.registered += 1
        self._idle = False
        return True

    def second(self, now: float) -> Iterable[tuple[int, str]]:
        """See `System.second`: the dispatcher hands over what the campaign's gateway takes."""
        moment = self._set(now)
        self._pace = self._pace.until(self.system.campaign.sending, moment)
        due = self._pace.due
        if self._idle or not due:
            return ()
        done = self.system.operations.dispatch(due)
        number = done.sent + done.put_off + done.dead
        self._pace, self._idle = self._pace.spent(number), number < due
        taken, self.phones.taken = self.phones.taken, []
        return list(self._with_pin(taken, moment))

    def _with_pin(self, taken: Iterable[Sms], now: Instant) -> Iterator[tuple[int, str]]:
        for sms in taken:
            found = _PIN.search(sms.text)
            if found is not None:
                person = int(sms.to[-6:])
                if person in self._promised:
                    self.late.append((now - self._promised.pop(person)).total_seconds())
                yield person, found[0]

    @property
    def waiting(self) -> int:
        """Messages with a control PIN that wait."""
        return self.system.operations.messages().get((Lane.INTERACTIVE.name.lower(), "owed"), 0)

    def _set(self, now: float) -> Instant:
        return self.clock.set(later(self.start, seconds=now))


@contextmanager
def opened(seed: int, scale: int, folder: Path | None = None) -> Iterator[Opened]:
    """The system at eight o'clock: one site open, nobody registered; its database in a folder, a temporary one if None.

    Args:
        scale: One person stands for so many, and the gateway is slower alike; a divisor of 20.
    """
    with TemporaryDirectory(prefix="crs-storm-", dir=folder) as place:
        rules = _RATE.sub(lambda rate: str(int(rate[0]) // scale), _RULES.read_text(encoding="utf-8"))
        campaign = crs.read_campaign(rules, name=_RULES.name)
        start = slot_instant(_DAY, 8 * 60, campaign.zone)
        clock, phones = VirtualClock(start), Phones()
        plugins = [(entry.name, entry.load()) for entry in entry_points(group="crs")]
        with crs.open_system(
            campaign,
            keys=_KEYS,
            storage=f"sqlite:///{place}/storm.db",
            sms="phones:",
            mail=f"spool:{place}",
            clock=clock,
            chance=SeededChance(seed),
            plugins=[*plugins, ("phones", phones)],
        ) as system:
            _open_site(system)
            yield Opened(system, clock, phones, start)


def _open_site(system: crs.System) -> None:
    site = system.site(system.campaign.places[0].id)
    for first, name, dose in ((3, "V1", 1), (24, "V2", 2)):
        slots = tuple(Slot(add_days(_DAY, first + day), 480, 50) for day in range(5))
        site.publish([Calendar(name, "comirnaty", dose, slots)])
    site.open()


def _phone(person: int) -> str:
    return f"+420601{person:06d}"


def _source(person: int) -> str:
    """An address of the range that is set aside for documents."""
    return f"2001:db8::{person:x}"


def _application(person: int) -> crs.Application:
    born = add_days(_BORN, person // 900)
    number = insured_number(born, 1 + person % 900, woman=True)
    return crs.Application(number, "Vzorka", "Vzorová", born, "north")
