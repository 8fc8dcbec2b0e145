"""What every incident is made of, and how it is shown on one screen of 80 columns and 40 lines."""

import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from attrs import field, frozen

__all__ = ["Incident", "Rule", "broken", "play", "screen"]

F = TypeVar("F")

_WIDTH = 80
_FIGURE = 12


@frozen(kw_only=True)
class Rule(Generic[F]):
    """What must hold, as a figure with its bound.

    Attributes:
        text: What the figure counts, in the words of those it happened to.
        figure: Reads it from what a way ended in.
        least, most: Its bounds, included; None where there is none.
        places, unit: Decimal places it is shown with, and what is written after it.
    """

    text: str
    figure: Callable[[F], float]
    least: float | None = None
    most: float | None = None
    places: int = 0
    unit: str = ""

    def holds(self, end: F) -> bool:
        """Whether the figure is within its bounds."""
        found = self.figure(end)
        return (self.least is None or found >= self.least) and (self.most is None or found <= self.most)


def _silent(_end: object) -> Iterator[str]:
    yield from ()


@frozen(kw_only=True)
class Incident(Generic[F]):
    """One failure of the first week, played in the old way and here; both end in the same figures.

    Attributes:
        number: As in the list of incidents, I1 to I7.
        history: What happened, in two or three sentences.
        old_way, our_way: What each way does, in a sentence.
        old, ours: Play it.
        rules: What must hold; the old way breaks at least one.
        story: More lines about how it ended here.
    """

    number: str
    title: str
    history: str
    old_way: str
    our_way: str
    old: Callable[[], F]
    ours: Callable[[], F]
    rules: tuple[Rule[F], ...]
    story: Callable[[F], Iterator[str]] = field(default=_silent)


def broken(incident: Incident[F], end: F) -> list[str]:
    """The rules that an end does not keep, by their text."""
    return [rule.text for rule in incident.rules if not rule.holds(end)]


def screen(incident: Incident[F], old: F, ours: F) -> Iterator[str]:
    """The lines of an incident."""
    yield f"{incident.number}  {incident.title}"
    yield "═" * _WIDTH
    yield from _wrapped("", incident.history)
    yield ""
    yield from _wrapped("The old way: ", incident.old_way)
    yield from _wrapped("Here: ", incident.our_way)
    yield ""
    yield f"{'':{_WIDTH - 2 * _FIGURE}}{'old way':>{_FIGURE}}{'here':>{_FIGURE}}"
    yield "─" * _WIDTH
    for rule in incident.rules:
        *above, last = textwrap.wrap(rule.text, _WIDTH - 2 * _FIGURE - 1, subsequent_indent="  ")
        yield from above
        yield f"{last:{_WIDTH - 2 * _FIGURE}}{_cell(rule, old)}{_cell(rule, ours)}"
    yield "─" * _WIDTH
    kept = [len(incident.rules) - len(broken(incident, end)) for end in (old, ours)]
    yield f"{f'held, of {len(incident.rules)}':{_WIDTH - 2 * _FIGURE}}{kept[0]:>{_FIGURE}}{kept[1]:>{_FIGURE}}"
    story = list(incident.story(ours))
    if story:
        yield ""
    for line in story:
        yield from _wrapped("", line)


def _wrapped(head: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(f"{head}{text}", _WIDTH, subsequent_indent=" " * len(head))


def _cell(rule: Rule[F], end: F) -> str:
    figure = f"{rule.figure(end):,.{rule.places}f}{rule.unit}"
    return f"{figure} {'✓' if rule.holds(end) else '✗'}".rjust(_FIGURE)


def play(incident: Incident[Any]) -> int:
    """Plays both ways and shows them; 0 where ours held and the old way did not."""
    old = incident.old()
    ours = incident.ours()
    print("\n".join(screen(incident, old, ours)))
    return int(not broken(incident, old) or bool(broken(incident, ours)))
