"""A story: what happens when in a week, written from one seed.

Every happening carries a roll of its own, from which all chance inside it is drawn. So a happening left out changes
nothing of the others but what follows from it, and a story can be shortened.
"""

import random
from collections.abc import Collection, Iterator

from attrs import evolve, frozen

__all__ = ["CITIZENS", "Actor", "Happening", "Story", "write"]

CITIZENS = 8
_DAYS = 7
_DAY = 24 * 3600
_SITES = ("north", "south")
_ROUNDS_A_DAY = 3
_SITE_ACTS = 20
_VISITS = 10
_RUSH = 2
"""Half of the visits are within so many days."""


class Actor:
    """Who acts, beside the citizens (``citizen 0``) and the sites (``site north``)."""

    DISPATCHER = "dispatcher"
    ROUNDS = "rounds"
    GATEWAY = "gateway"
    REGISTRY = "registry"
    POWER = "power"
    CLOCK = "clock"


@frozen
class Happening:
    """One thing that happens.

    Attributes:
        number: Its place in the whole story.
        second: When, in seconds since the story began.
        actor: Who acts; see `Actor`.
        roll: What all chance in it is drawn from.
    """

    number: int
    second: int
    actor: str
    roll: int


@frozen
class Story:
    """What happens in one week of a small town.

    Attributes:
        seed: What it was written from.
        happenings: In order of time.
    """

    seed: int
    happenings: tuple[Happening, ...]

    def only(self, numbers: Collection[int]) -> "Story":
        """The same story with only these of its happenings."""
        return evolve(self, happenings=tuple(each for each in self.happenings if each.number in numbers))


_TROUBLE = (*(Actor.GATEWAY,) * 6, Actor.REGISTRY, Actor.REGISTRY, Actor.POWER, Actor.POWER, Actor.CLOCK)


def write(seed: int) -> Story:
    """The story of a seed: the same one for ever, whatever the storage.

    >>> story = write(1)
    >>> story == write(1), story == write(2), story.happenings[0].second
    (True, False, 0)
    """
    chance = random.Random(seed)  # noqa: S311 - replayed on purpose
    found = sorted((second, place, actor) for place, (second, actor) in enumerate(_happens(chance)))
    return Story(
        seed,
        tuple(
            Happening(number, second, actor, chance.getrandbits(32)) for number, (second, _, actor) in enumerate(found)
        ),
    )


def _happens(chance: random.Random) -> Iterator[tuple[int, str]]:
    for site in _SITES:
        yield from ((0, f"site {site}") for _ in range(4))
    for day in range(_DAYS):
        yield from ((day * _DAY + chance.randrange(_DAY), Actor.ROUNDS) for _ in range(_ROUNDS_A_DAY))
        yield from ((day * _DAY + chance.randrange(_DAY), Actor.DISPATCHER) for _ in range(_ROUNDS_A_DAY))
    for _ in range(_SITE_ACTS):
        yield chance.randrange(_DAYS * _DAY), f"site {chance.choice(_SITES)}"
    for days in (_RUSH, _DAYS):
        for _ in range(_VISITS):
            yield from _visit(chance, chance.randrange(days * _DAY))


def _visit(chance: random.Random, second: int) -> Iterator[tuple[int, str]]:
    """Somebody sits down at the portal for a while; meanwhile messages leave, and somebody else may be there too."""
    people = [f"citizen {number}" for number in chance.sample(range(CITIZENS), chance.choice((1, 1, 2)))]
    for _ in range(chance.randrange(3, 8)):
        if chance.random() < 0.15:  # noqa: PLR2004 - about once a visit
            yield second, chance.choice(_TROUBLE)
        yield second, chance.choice(people)
        second += chance.choice((1, 10, 40, 70, 200))
        if chance.random() < 0.7:  # noqa: PLR2004 - not after all that people do
            yield second, Actor.DISPATCHER
            second += chance.choice((5, 30, 100))
