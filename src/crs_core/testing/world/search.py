"""Looking for a seed whose week breaks a truth, and telling it as the shortest story that still does."""

from collections.abc import Callable, Collection, Iterable

from attrs import field, frozen

from crs_core.testing.world.story import Story, write
from crs_core.testing.world.week import NONE, Adapters, Failure, FreshStorage, play

__all__ = ["Found", "replay", "search", "shortest"]

_MOST_PLAYS = 400


@frozen
class Found:
    """A week that breaks a truth. Its text is all that is needed to see it again.

    Attributes:
        seed: Of the week.
        kept: The numbers of the happenings of the shortest story found.
        failure: How that story ended.
    """

    seed: int
    kept: tuple[int, ...] = field(repr=False)
    failure: Failure

    def __str__(self) -> str:
        told = "\n".join(f"  {line}" for line in self.failure.lines if line.number in self.kept)
        return (
            f"seed={self.seed}: {self.failure.message}\n{told}\n"
            f"Play it again: replay({self.seed}, fresh_storage, {list(self.kept)})"
        )


def search(seeds: Iterable[int], fresh: FreshStorage, adapters: Adapters = NONE) -> Found | None:
    """The first of these seeds whose week breaks a truth, as its shortest story; None where none does.

    Args:
        fresh: Called for every play; gives an empty storage of the kind that is under test.
        adapters: Others that are under test.
    """
    for seed in seeds:
        story = write(seed)
        failure = play(story, fresh, adapters)
        if failure is not None:
            kept = shortest(story, failure, lambda shorter: play(shorter, fresh, adapters))
            return Found(seed, kept, play(story.only(kept), fresh, adapters) or failure)
    return None


def replay(
    seed: int, fresh: FreshStorage, kept: Collection[int] | None = None, adapters: Adapters = NONE
) -> Failure | None:
    """Plays the week of a seed once more: the whole, or only these of its happenings."""
    story = write(seed)
    return play(story if kept is None else story.only(kept), fresh, adapters)


def shortest(story: Story, failure: Failure, again: Callable[[Story], Failure | None]) -> tuple[int, ...]:
    """The numbers of happenings that still break the same truth, none of which can be left out alone.

    What came after is dropped at once, then ever smaller parts (delta debugging: Zeller and Hildebrandt, "Simplifying
    and Isolating Failure-Inducing Input", IEEE Transactions on Software Engineering 28, 2002). After 400 plays it is
    as short as it is.
    """
    plays = 0

    def breaks(numbers: list[int]) -> bool:
        nonlocal plays
        plays += 1
        found = again(story.only(frozenset(numbers)))
        return found is not None and found.truth == failure.truth

    kept = [each.number for each in story.happenings]
    until = [number for number in kept if number <= failure.number]
    if failure.number >= 0 and breaks(until):
        kept = until
    size = max(1, len(kept) // 2)
    while plays < _MOST_PLAYS:
        left = _without_parts(kept, size, breaks, lambda: plays < _MOST_PLAYS)
        if size == 1 and len(left) == len(kept):
            break
        size = max(1, size // 2) if len(left) == len(kept) or size > len(left) else size
        kept = left
    return tuple(kept)


def _without_parts(
    kept: list[int], size: int, breaks: Callable[[list[int]], bool], may_go_on: Callable[[], bool]
) -> list[int]:
    """What is left once every part of a size that is not needed is out, the last one first."""
    for start in range((len(kept) - 1) // size * size, -1, -size):
        shorter = kept[:start] + kept[start + size :]
        if shorter and may_go_on() and breaks(shorter):
            kept = shorter
    return kept
