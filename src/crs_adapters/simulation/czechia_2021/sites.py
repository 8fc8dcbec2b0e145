"""The vaccination sites of the play and their seats: made up ones by region, or the real ones from open data."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import field, frozen

from crs_adapters.simulation import open_data
from crs_adapters.simulation.czechia_2021.figures import DaySeats, Figures
from crs_adapters.simulation.czechia_2021.rounding import thinned
from crs_core.domain.calendars import Calendar, Slot, even_slots
from crs_core.domain.time import Day, add_days

__all__ = ["PlannedSite", "invented_sites", "real_sites"]

_KINDS = ("Nemocnice", "Poliklinika", "Ockovaci centrum", "Zdravotni stredisko", "Nova nemocnice", "Sportovni hala")
_TOWNS = (
    *("Vzorov", "Prikladov", "Ukazkov", "Smyslenice", "Vymyslov", "Zkusebnice", "Modelin", "Nikdeves", "Pohadkov"),
    *("Snilov", "Bajkovice", "Vzorova Lhota", "Nanecisto", "Makety", "Kulisov", "Jakobyves", "Papirov", "Pokusnice"),
    *("Cvicna", "Skolni Lhota", "Kreslin", "Predstavov", "Atrapov"),
)
_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 21, 28
_OPENS, _OPEN_MINUTES = 8 * 60, 8 * 60
_TURN = 150  # minutes, five slots
_PRODUCT = "comirnaty"
_LEAST_SEATS = 15  # played first doses to a site; with fewer, days of first and second doses would miss each other


@frozen
class PlannedSite:
    """A site with all the seats that it will ever publish.

    Attributes:
        first, second: Seats of first and second doses by day, in order of day.
    """

    id: str
    name: str
    region: str
    address: str
    first: Mapping[Day, int] = field(repr=False)
    second: Mapping[Day, int] = field(repr=False)

    @property
    def seats(self) -> int:
        """All of its first doses."""
        return sum(self.first.values())

    def calendars(self, last: Day) -> tuple[Calendar, Calendar]:
        """What is published of it: first doses up to a day, second ones as much later as they can be due."""
        return (
            Calendar("V1", _PRODUCT, 1, tuple(_slots(self.first, last))),
            Calendar("V2", _PRODUCT, 2, tuple(_slots(self.second, add_days(last, _LONGEST_INTERVAL)))),
        )


def _slots(seats: Mapping[Day, int], last: Day) -> Iterator[Slot]:
    """Even slots of the working day, begun at another hour each day: where one seat is played, not always the last."""
    for day, number in seats.items():
        if day <= last:
            turned = day.toordinal() * _TURN % _OPEN_MINUTES
            for slot in even_slots(day, number, first=_OPENS, last=_OPENS + _OPEN_MINUTES):
                yield Slot(day, _OPENS + (slot.minute - _OPENS + turned) % _OPEN_MINUTES, slot.seats)


def invented_sites(figures: Figures, scale: int) -> tuple[PlannedSite, ...]:
    """As many sites in every region as there were, under names that nobody bears; the first of a region is its largest.

    There are fewer where too few seats are played to share out. A site takes part from the first day on which its
    region had so many sites at work.
    """
    found: list[PlannedSite] = []
    left = 0.5
    for region, sites in figures.sites.items():
        days = figures.seats[region]
        played = sum(seats.first_dose for seats in days.values()) / scale
        number = max(1, min(sites, int(played / _LEAST_SEATS)))
        shares = dict(_shares(days, number))
        for place in range(number):
            site = PlannedSite(
                id=f"{region}-{place + 1:02d}",
                name=_name(len(found)),
                region=region,
                address=f"Smyslena {len(found) + 1}, {_TOWNS[len(found) % len(_TOWNS)]}",
                first={},
                second={},
            )
            first = {day: seats.first_dose * shares[day][place] for day, seats in days.items()}
            second = {day: seats.second_dose * _share_of_second(day, first, days) for day, seats in days.items()}
            filled, left = _filled(site, first.items(), second.items(), scale, left)
            found.append(filled)
    return tuple(found)


def _name(number: int) -> str:
    return f"{_KINDS[number // len(_TOWNS) % len(_KINDS)]} {_TOWNS[number % len(_TOWNS)]}"


def _shares(days: Mapping[Day, DaySeats], number: int) -> Iterator[tuple[Day, list[float]]]:
    """Each site's part of a day's seats: the second has 1/√2 of the first, and so on; none before it is at work."""
    working = 1
    for day, seats in days.items():
        working = min(number, max(working, seats.sites))
        weights = [(place + 1) ** -0.5 if place < working else 0.0 for place in range(number)]
        yield day, [weight / sum(weights) for weight in weights]


def _share_of_second(day: Day, first: Mapping[Day, float], days: Mapping[Day, DaySeats]) -> float:
    """A site's part of a day's second doses: its part of the first doses that can be due that day."""
    before = [add_days(day, -interval) for interval in range(_SHORTEST_INTERVAL, _LONGEST_INTERVAL + 1)]
    of_region = sum(days[each].first_dose for each in before if each in days)
    return sum(first[each] for each in before if each in days) / of_region if of_region else 0.0


def real_sites(folder: Path, scale: int, first_day: Day, last_day: Day) -> tuple[PlannedSite, ...]:
    """The real sites with their real calendars; seats are those held, as in `open_data.site_calendars`.

    Raises:
        CrsError: As `open_data.site_calendars`.
    """
    found: list[PlannedSite] = []
    left = 0.5
    for real in open_data.site_calendars(folder, first_day, last_day):
        site = PlannedSite(real.site, real.name, real.region, "", {}, {})
        first, second = sorted(real.first_dose.items()), sorted(real.second_dose.items())
        filled, left = _filled(site, first, second, scale, left)
        found.append(filled)
    return tuple(found)


def _filled(
    site: PlannedSite,
    first: Iterable[tuple[Day, float]],
    second: Iterable[tuple[Day, float]],
    scale: int,
    left: float,
) -> tuple[PlannedSite, float]:
    """The site with its seats, thinned; both doses from the same remainder, so that linked days stay linked."""
    of_first, after = thinned(first, scale, left)
    of_second, _ = thinned(second, scale, left)
    return PlannedSite(site.id, site.name, site.region, site.address, of_first, of_second), after
