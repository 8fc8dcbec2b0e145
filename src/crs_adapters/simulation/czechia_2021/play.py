"""The play: four weeks of virtual time, from the first registration to the evening of the last day."""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from attrs import define, field

import crs_core as crs
from crs_adapters.simulation.czechia_2021.agenda import Agenda, SettableClock
from crs_adapters.simulation.czechia_2021.citizens import Citizen
from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY, HORIZON_DAYS, LAST_DAY, SWITCH_DAY
from crs_adapters.simulation.czechia_2021.gateway import Gateway
from crs_adapters.simulation.czechia_2021.network import Network
from crs_adapters.simulation.czechia_2021.people import Person
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_adapters.simulation.czechia_2021.sites import PlannedSite
from crs_adapters.simulation.czechia_2021.staging import Stage
from crs_adapters.simulation.czechia_2021.town import Town
from crs_core.domain.campaign import Access
from crs_core.domain.time import Day, Instant, add_days, later, slot_instant
from crs_core.ports.chance import Chance

__all__ = ["Play", "open_play"]

_KEY = {"demo": b"an invented key for an invented campaign"}
_PUBLISH = 7 * 60
_ROUNDS = range(8 * 60, 19 * 60, 120)
_COUNT = 23 * 60 + 55
_ANNOUNCE = 18 * 60
_REST_HOURS = 1
_WATCHED = 80
_PER_SECOND = 20  # messages of the gateway in that week


@define
class Play:
    """One play on its way.

    Attributes:
        blocked: How often the check of its calendars kept a site closed, by site.
        opened: Sites that are open.
    """

    system: crs.System
    town: Town
    agenda: Agenda
    recorder: Recorder
    gateway: Gateway
    network: Network
    sites: Sequence[PlannedSite]
    citizens: Sequence[Citizen]
    blocked: Counter[str] = field(factory=Counter)
    opened: set[str] = field(factory=set)
    _published: dict[str, tuple[int, int]] = field(factory=dict)

    def run(self, each_hour: Callable[[Instant], None]) -> None:
        """Plays from the morning of the first day to the end of the last, telling every hour where it is."""
        for citizen in self.citizens:
            person = citizen.person
            self.agenda.at(self.agenda.moment(person.day, person.minute), citizen.asks)
        for day in _days():
            self._plan(day)
        self.agenda.at(self.agenda.moment(add_days(SWITCH_DAY, -1), _ANNOUNCE), self._announce)
        moment = self.agenda.now()
        end = self.agenda.moment(add_days(LAST_DAY, 1), 0)
        while moment < end:
            moment = later(moment, hours=1)
            self.agenda.run(moment)
            each_hour(moment)

    def _plan(self, day: Day) -> None:
        self.agenda.at(self.agenda.moment(day, _PUBLISH), self._publish)
        for minute in _ROUNDS:
            self.agenda.at(self.agenda.moment(day, minute), self._round)
        self.agenda.at(self.agenda.moment(day, _COUNT), self._tick)

    def _announce(self) -> None:
        """The evening before the switch: an hour of maintenance from midnight on."""
        start = self.agenda.moment(SWITCH_DAY, 0)
        self.recorder.call(self.system.operations.announce_maintenance, start, later(start, hours=_REST_HOURS))

    def _publish(self) -> None:
        """Sites publish what the horizon has come to, and open as soon as their calendars deserve it."""
        last = add_days(self.agenda.day(), HORIZON_DAYS)
        for planned in self.sites:
            calendars = planned.calendars(last)
            size = (len(calendars[0].slots), len(calendars[1].slots))
            if not size[0] or size == self._published.get(planned.id):
                continue
            site = self.system.site(planned.id)
            self.recorder.call(site.publish, calendars)
            self._published[planned.id] = size
            if planned.id not in self.opened:
                self._open(planned, site)

    def _open(self, planned: PlannedSite, site: crs.SiteDesk) -> None:
        self.recorder.call(site.check_calendars)
        try:
            self.recorder.call(site.open)
        except crs.Refused:
            self.blocked[planned.id] += 1
        else:
            self.opened.add(planned.id)

    def _round(self) -> None:
        """Ends of terms, then invitations where the rules want them."""
        self._tick()
        if self.system.campaign.access.at(self.agenda.now()) is Access.INVITATION:
            self.recorder.call(self.system.operations.release_all)

    def _tick(self) -> None:
        self.recorder.call(self.system.operations.tick)


def open_play(stage: Stage, *, storage: str, clock: SettableClock, chance: Chance, seed: int) -> Play:
    """A play that is ready to run: its registry, network and storage.

    Raises:
        Refused: ``storage_in_use``: other people are in it already.
        CrsError: An adapter cannot be opened.
    """
    folder, campaign = stage.folder, stage.campaign
    registry = folder / "registry.csv"
    _write_registry(registry, stage.people)
    network = Network()
    plugins = [(entry.name, entry.load()) for entry in entry_points(group="crs")]
    system = crs.open_system(
        campaign,
        keys=_KEY,
        storage=storage,
        sms=f"phones:{folder}",
        mail=f"mailboxes:{folder}",
        confirmation="typst:",
        registry=f"csv:{registry}",
        clock=clock,
        chance=chance,
        plugins=[*plugins, ("network", network)],
    )
    if system.operations.messages():
        system.close()
        raise crs.Refused("storage_in_use", "other people are in this storage", remedy="give an empty one")
    switch = slot_instant(SWITCH_DAY, 0, campaign.zone)
    agenda = Agenda(clock, campaign.zone, (switch, later(switch, hours=_REST_HOURS)))
    recorder = Recorder()
    gateway = Gateway(system.operations, agenda, recorder, _PER_SECOND / stage.scale)
    recorder.owed = lambda urgent: gateway.wake(urgent=urgent)
    popularity = {site.id: site.seats for site in stage.sites}
    town = Town(system.citizen, agenda, recorder, random.Random(seed), popularity)  # noqa: S311 - replayed on purpose
    citizens = [Citizen(person, town) for person in stage.people]
    _watch(citizens)
    network.phones.owners = {each.person.phone: each.receives for each in citizens}
    network.phones.spooled = frozenset(each.person.phone for each in citizens if each.watched)
    network.mailboxes.owners = {each.person.email: each.reads for each in citizens if each.person.email}
    return Play(system, town, agenda, recorder, gateway, network, stage.sites, citizens)


def _days() -> Iterator[Day]:
    return (Day.fromordinal(number) for number in range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1))


def _watch(citizens: Sequence[Citizen]) -> None:
    """Some of those who come before the switch, evenly; their messages are in English and kept in the spool."""
    early = [each for each in citizens if each.person.day < SWITCH_DAY]
    for citizen in early[:: max(1, len(early) // _WATCHED)]:
        citizen.watched, citizen.language = True, "en"


def _write_registry(path: Path, people: Sequence[Person]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("insured_number", "claim"))
        rows.writerows((person.insured_number, "health-worker") for person in people if person.listed)
