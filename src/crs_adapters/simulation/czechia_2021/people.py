"""Invented citizens: as many as registered, of the ages and regions that are known, obviously nobody real."""

import random
from collections.abc import Iterator
from datetime import timedelta

from attrs import field, frozen

from crs_adapters.simulation.czechia_2021.figures import Figures
from crs_adapters.simulation.czechia_2021.rounding import Fair, thinned
from crs_core.domain.time import Day

__all__ = ["Person", "invent"]

_FIRST_NAMES = (
    ("Adéla", "Božena", "Cecílie", "Drahomíra", "Emílie", "Františka", "Hedvika", "Ludmila", "Růžena", "Zdislava"),
    ("Alois", "Bohumil", "Ctibor", "Dobroslav", "Evžen", "Ferdinand", "Hynek", "Lubomír", "Rudolf", "Zbyněk"),
)
_LAST_NAMES = (
    ("Vzorová", "Příkladná", "Ukázková", "Zkušební", "Smyšlená", "Vymyšlená", "Modelová", "Pokusná"),
    ("Vzorový", "Příkladný", "Ukázkový", "Zkušební", "Smyšlený", "Vymyšlený", "Modelový", "Pokusný"),
)
_SENIOR, _WORKING = 80, range(18, 66)
_FIRST_WITH_CHECK_DIGIT = 1954
_MEN = 0.4  # among the old there are fewer; invented
_CERTAIN = 0.98  # health workers whom the registry knows; invented
_WITH_EMAIL = 0.25  # invented; the address was optional

# The first day: 44,000 of 97,206 in the hour from eight (figures of the operator's first week, the day's sum raised
# alike); the other hours are invented.
_OPENING_DAY = {
    **dict.fromkeys(range(8, 9), 44_000.0),
    **{hour: 53_206.0 * share / 100 for hour, share in enumerate((17, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 2, 1), 9)},
}
_USUAL_DAY = dict(enumerate((1, 3, 7, 10, 11, 10, 9, 8, 8, 7, 6, 6, 5, 4, 3, 2, 1), 6))
_OPENING_HOUR = 8


@frozen
class Person:
    """One who will register.

    Attributes:
        minute: When on the day, minutes since midnight on the wall.
        listed: Whether the registry confirms that this is a health worker.
    """

    number: int
    day: Day
    minute: float
    region: str
    born: Day = field(repr=False)
    insured_number: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    phone: str = field(repr=False)
    email: str | None = field(repr=False)
    health_worker: bool
    listed: bool


def invent(figures: Figures, scale: int, chance: random.Random) -> list[Person]:
    """Everybody who registers, one for `scale` people, in order of time; sums over days hold."""
    found: list[Person] = []
    registrar = _Registrar(chance)
    opening = min(figures.registrations)
    dealers = [_Dealer(figures, kind, chance) for kind in (0, 1)]
    counts = [
        thinned([(day, numbers[kind]) for day, numbers in figures.registrations.items()], scale)[0] for kind in (0, 1)
    ]
    for day in figures.registrations:
        todays = [kind for kind in (0, 1) for _ in range(counts[kind].get(day, 0))]
        minutes = sorted(_minute(chance, opening=day == opening) for _ in todays)
        chance.shuffle(todays)
        for minute, kind in zip(minutes, todays, strict=True):
            region, born = dealers[kind].draw(opening)
            found.append(registrar.enters(day, minute, region, born, health_worker=bool(kind)))
    return found


class _Dealer:
    """Regions by their share of registrations, ages by those who live there."""

    def __init__(self, figures: Figures, kind: int, chance: random.Random) -> None:
        ages = _WORKING if kind else range(_SENIOR, 200)
        self._chance = chance
        self._regions = Fair({region: shares[kind] for region, shares in figures.shares.items()})
        self._ages = {
            region: Fair({age: people for age, people in of.items() if age in ages})
            for region, of in figures.ages.items()
        }

    def draw(self, today: Day) -> tuple[str, Day]:
        region = self._regions.draw()
        age = self._ages[region].draw()
        return region, _birthday(today, age) - timedelta(days=self._chance.randrange(365))


def _birthday(today: Day, age: int) -> Day:
    """The latest day of birth of somebody of that age."""
    try:
        return today.replace(year=today.year - age)
    except ValueError:
        return Day(today.year - age, 2, 28)


def _minute(chance: random.Random, *, opening: bool) -> float:
    hours = _OPENING_DAY if opening else _USUAL_DAY
    [hour] = chance.choices(list(hours), weights=list(hours.values()))
    within = chance.random()
    if opening and hour == _OPENING_HOUR:
        within = 1 - (1 - within) ** 0.5  # most at once, fewer towards nine
    return (hour + within) * 60


class _Registrar:
    """Gives everybody a name, a phone and a number of their own."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._insured = _InsuredNumbers()
        self._count = 0

    def enters(self, day: Day, minute: float, region: str, born: Day, *, health_worker: bool) -> Person:
        self._count += 1
        chance, number = self._chance, self._count
        man = chance.random() < _MEN
        return Person(
            number=number,
            day=day,
            minute=minute,
            region=region,
            born=born,
            insured_number=self._insured.next(born, man=man),
            first_name=chance.choice(_FIRST_NAMES[man]),
            last_name=chance.choice(_LAST_NAMES[man]),
            phone=f"+420601{number:06d}",
            email=f"citizen{number}@example.org" if chance.random() < _WITH_EMAIL else None,
            health_worker=health_worker,
            listed=health_worker and chance.random() < _CERTAIN,
        )


class _InsuredNumbers:
    """Valid numbers, each once: serials of a day and sex from 001; from 1954 on with the digit that makes it right."""

    def __init__(self) -> None:
        self._serials: dict[tuple[Day, bool], Iterator[int]] = {}

    def next(self, born: Day, *, man: bool) -> str:
        serials = self._serials.setdefault((born, man), iter(range(1, 1000)))
        month = born.month if man else born.month + 50
        while True:
            nine = f"{born.year % 100:02d}{month:02d}{born.day:02d}{next(serials):03d}"
            if born.year < _FIRST_WITH_CHECK_DIGIT:
                return nine
            check = int(nine) % 11
            if check < 10:  # noqa: PLR2004 - a tenth digit; a remainder of ten is rare and doubtful
                return f"{nine}{check}"
