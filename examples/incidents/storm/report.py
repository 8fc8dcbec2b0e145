"""What a storm came to, and the limits it is held to."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from examples.incidents.storm.crowd import EARLY, HOUR, Person

__all__ = ["Figures", "figures", "missed", "row"]

_THROUGH, _MESSAGES, _MINUTES = 0.99, 1.05, 12.0


@frozen
class Figures:
    """A storm in figures.

    Attributes:
        through: Share of those who asked by 8:55 whose phone was proved by 9:00.
        messages: Messages with a control PIN, a person.
        dead: PINs that came, were typed and were refused, a person.
        minutes: Within how many minutes of their first request 95 of 100 of the same were through; infinite for never.
        queued: Messages with a control PIN that waited at 8:35.
    """

    through: float
    messages: float
    dead: float
    minutes: float
    queued: int


def figures(people: Sequence[Person], queued: int) -> Figures:
    """The figures of a crowd after its storm."""
    early = [each for each in people if each.asks <= EARLY]
    waits = sorted(float("inf") if each.verified is None else each.verified - each.asks for each in early)
    return Figures(
        through=sum(each.verified is not None and each.verified <= HOUR for each in early) / len(early),
        messages=sum(each.messages for each in people) / len(people),
        dead=sum(each.dead for each in people) / len(people),
        minutes=waits[len(waits) * 95 // 100] / 60,
        queued=queued,
    )


def missed(found: Figures) -> Iterator[str]:
    """Every limit that a storm missed, in words; none for the library."""
    if found.through < _THROUGH:
        yield f"through={found.through:.1%}: at least {_THROUGH:.0%} of those who asked by 8:55"
    if found.messages > _MESSAGES:
        yield f"messages={found.messages:.2f}: at most {_MESSAGES} a person"
    if found.dead:
        yield f"dead={found.dead:.4f}: no PIN that came is refused"
    if found.minutes > _MINUTES:
        yield f"minutes={found.minutes:.1f}: at most {_MINUTES:.0f} for 95 of 100"


def row(way: str, seed: int, found: Figures) -> str:
    """One line of the table."""
    minutes = "never" if found.minutes == float("inf") else f"{found.minutes:5.1f} min"
    return (
        f"  seed {seed:<3} {way:<8} {found.through:6.1%} through  {found.messages:5.2f} messages  "
        f"{found.dead:5.2f} dead PINs  {minutes:>9}  {found.queued:6,} queued"
    )
