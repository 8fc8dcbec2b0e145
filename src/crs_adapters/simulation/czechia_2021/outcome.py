"""What came of a play, as values: counted on people played, not yet scaled back."""

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import field, frozen

from crs_adapters.simulation.czechia_2021.citizens import Citizen, Event
from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY, LAST_DAY, SWITCH_DAY
from crs_adapters.simulation.czechia_2021.play import Play
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_adapters.simulation.czechia_2021.site_outcome import SiteOutcome, site_outcomes
from crs_core.domain.journey import Journey
from crs_core.domain.people import mask
from crs_core.domain.statistics import HeadlineRow
from crs_core.domain.time import Day, age_on, midnight
from crs_core.rounds.audit import Violation
from crs_core.rounds.release import Release

__all__ = ["Outcome", "Sample", "SiteAnswer", "outcome_of"]

_DEAD_LETTERS = 100_000


@frozen
class Sample:
    """One citizen's way.

    Attributes:
        phone: Masked.
        events: In order; texts of messages as they came, with their PINs.
        journey: The signpost at the end, or None where they never registered.
        documents: Files in the folder ``mail`` of the last confirmation that came by e-mail.
    """

    phone: str
    age: int
    region: str
    site: str
    events: tuple[Event, ...] = field(repr=False)
    journey: Journey | None
    documents: tuple[str, ...] = ()


@frozen
class SiteAnswer:
    """The site with the longest queue, and why it invites no more.

    Attributes:
        waiting: Registrations without a reservation.
    """

    name: str
    region: str
    waiting: int
    release: Release


@frozen
class Outcome:
    """What came of a play.

    Attributes:
        days: One row a day, from the first to the last.
        waiting_by_age: People without a reservation, the oldest group first.
        messages: By (lane, state).
        dead: Dead letters by reason.
        pin_waits: Seconds to the control PIN, rising.
        longest_queue: The longest that messages of any kind were waiting without a break, in seconds.
        segments: How many short messages took so many segments, the fewest first.
        health_workers: How many of them came, and how many were registered; the registry knows the others not.
        sites: Every site and what it could book.
        violations: What the audit found; empty is good.
    """

    days: tuple[HeadlineRow, ...]
    waiting_by_age: dict[str, int]
    messages: dict[tuple[str, str], int]
    dead: Counter[str]
    pin_waits: tuple[float, ...] = field(repr=False)
    longest_queue: float
    segments: dict[int, int]
    health_workers: tuple[int, int]
    sites: tuple[SiteOutcome, ...]
    sample: Sample | None
    site: SiteAnswer | None
    recorder: Recorder
    violations: tuple[Violation, ...]


def outcome_of(play: Play) -> Outcome:
    """What came of a play that has run to its end."""
    operations = play.system.operations
    statistics = operations.statistics()
    return Outcome(
        days=tuple(_every_day(statistics.days)),
        waiting_by_age={group: number for group, number in statistics.waiting_by_age.items() if number},
        messages=operations.messages(),
        dead=Counter(letter.reason for letter in operations.dead_letters(_DEAD_LETTERS)),
        pin_waits=tuple(sorted(play.town.pin_waits)),
        longest_queue=play.gateway.slowest,
        segments=dict(sorted(play.network.phones.segments.items())),
        health_workers=_health_workers(play),
        sites=site_outcomes(play, statistics.waiting_by_site),
        sample=_sample(play),
        site=_busiest(play, statistics.waiting_by_site),
        recorder=play.recorder,
        violations=operations.audit(),
    )


def _health_workers(play: Play) -> tuple[int, int]:
    came = [each for each in play.citizens if each.person.health_worker]
    return len(came), sum(1 for each in came if each.registered_at is not None)


def _every_day(rows: Sequence[HeadlineRow]) -> Iterator[HeadlineRow]:
    """A row for days without an event too."""
    found = {row.day: row for row in rows}
    totals = (0, 0, 0)
    for number in range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1):
        day = Day.fromordinal(number)
        row = found.get(day, HeadlineRow(day, 0, 0, 0, 0, 0, 0, *totals))
        totals = (row.registrations, row.reservations, row.waiting)
        yield row


def _sample(play: Play) -> Sample | None:
    """One who came before the switch, found no seat, was invited afterwards and reserved; else the likest there is."""
    switch = midnight(SWITCH_DAY, play.system.campaign.zone)

    def likeness(citizen: Citizen) -> tuple[bool, ...]:
        early = citizen.registered_at is not None and citizen.registered_at < switch
        called = citizen.invitations
        kept = citizen.reservation is not None and bool(citizen.documents)
        return early, citizen.reservation is not None, called > 0, citizen.waited, kept, called == 1

    watched = [citizen for citizen in play.citizens if citizen.watched]
    if not watched:
        return None
    citizen = max(watched, key=likeness)
    person = citizen.person
    return Sample(
        phone=mask(person.phone),
        age=age_on(person.born, LAST_DAY),
        region=person.region,
        site="" if not citizen.site_id else play.system.campaign.place(citizen.site_id).name,
        events=_events(play, citizen),
        journey=None
        if not citizen.registration_id
        else play.system.operations.explain(citizen.registration_id).journey,
        documents=citizen.documents,
    )


def _events(play: Play, citizen: Citizen) -> tuple[Event, ...]:
    """What they did and were told, and when a release called them."""
    called: list[Event] = []
    if citizen.registration_id:
        history = play.system.operations.explain(citizen.registration_id).history
        text = "a seat and a vaccine are there, and it is their turn: the release invites them"
        called = [Event(entry.at, "system", text) for entry in history if entry.kind == "invited"]
    return tuple(sorted((*called, *citizen.history), key=lambda event: event.at))


def _busiest(play: Play, waiting: dict[str, int]) -> SiteAnswer | None:
    opened = {site: number for site, number in waiting.items() if site in play.opened}
    if not opened:
        return None
    site_id = max(opened, key=lambda site: opened[site])
    place = play.system.campaign.place(site_id)
    return SiteAnswer(place.name, place.region, opened[site_id], play.system.site(site_id).release(dry_run=True))
