"""What if other rules had called people? The demonstration's January and February 2021, played under other rules.

The same invented citizens and the same seats, through the library's own desks in virtual time; only the dated rules of
the campaign differ. One seed plays the same every time.

    python -m examples.policies.what_if 1000   # one person stands for a thousand: a second or two a rule

With ``--seeds 5`` the table gives the mean of five plays, and how far their reservations lie apart.
With ``--csv FILE`` every play is a line of a file, for a plot or a test of your own.
With ``--data FOLDER``, or CRS_DATA, the sites and their calendars are the real ones.
"""

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

from attrs import evolve, frozen

from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY
from crs_adapters.simulation.czechia_2021.play import Play, open_play
from crs_adapters.simulation.czechia_2021.staging import set_stage
from crs_core.domain.campaign import Access, ResponseRule
from crs_core.domain.order import Order, Priority, PriorityGroup
from crs_core.domain.rules import always
from crs_core.domain.time import age_on, slot_instant
from crs_core.errors import CrsError
from crs_core.testing.clock import SeededChance, VirtualClock

__all__ = ["RULES", "Found", "play", "table"]

GROUPS = {"80-84": range(80, 85), "85-89": range(85, 90), "90+": range(90, 200)}

_SEVEN = 7 * 60
_FIRST_SEED = 2021


def _invited(then: Order) -> Mapping[str, object]:
    """Invitations from the first day on: people of 80 and more, then health workers."""
    groups = (PriorityGroup(minimum_age=80), PriorityGroup(claims=frozenset({"health-worker"})))
    return {"access": always(Access.INVITATION), "priority": always(Priority.in_order(*groups, then=then))}


RULES: Mapping[str, Mapping[str, object]] = {
    "as it was: a switch on the 22nd": {},
    "the fastest win": {"access": always(Access.IMMEDIATE)},
    "invited by age": _invited(Order.AGE),
    "invited by waiting": _invited(Order.SENIORITY),
    "invited by lot": _invited(Order.LOTTERY),
    "by age, as 60 of 100 answer": {
        **_invited(Order.AGE),
        "response": always(ResponseRule(((0, 60), (3, 20), (7, 0)))),
    },
}
"""Fields of the campaign that differ, by the name of the rule."""


@frozen
class Found:
    """What came of a rule.

    Attributes:
        reserved: Reservations held at the end.
        share: Of those registered in each age group, how many in a hundred have one; without health workers.
        searches: Looks for a free time for one reservation.
    """

    reserved: int
    share: Mapping[str, float]
    searches: float


def play(changes: Mapping[str, Any], *, scale: int, seed: int = _FIRST_SEED, data: Path | None = None) -> Found:
    """Plays the four weeks with some rules of the campaign changed.

    Args:
        changes: Fields of `Campaign` and what they are to be, as in `RULES`.
        scale: How many people one person stands for; at 100 some 2,300 register.
        seed: The same one gives the same play.
        data: A folder with the open data, for the real sites and their calendars; None for invented ones.
    """
    clock = VirtualClock(slot_instant(FIRST_DAY, _SEVEN, "Europe/Prague"))
    with TemporaryDirectory(prefix="crs-what-if-") as folder:
        stage = set_stage(Path(folder) / "play", scale=scale, seed=seed, data=data, clock=clock)
        stage = evolve(stage, campaign=evolve(stage.campaign, **changes))
        played = open_play(stage, storage="memory:", clock=clock, chance=SeededChance(seed), seed=seed)
        with played.system:
            played.run(lambda _moment: None)
            return _found(played)


def _found(played: Play) -> Found:
    held = sum(citizen.reservation is not None for citizen in played.citizens)
    share = {}
    for name, ages in GROUPS.items():
        registered = [each for each in played.citizens if each.registration_id]
        group = [each for each in registered if age_on(each.person.born, FIRST_DAY) in ages]
        share[name] = 100 * sum(each.reservation is not None for each in group) / max(1, len(group))
    return Found(held, share, played.recorder.calls["offers"] / max(1, held))


def table(found: Iterable[tuple[str, Sequence[Found]]], scale: int) -> Iterator[str]:
    """A line a rule, the mean of its plays; reservations scaled back to the whole country."""
    yield f"One person stands for {scale:,}; reservations on 12 February."
    yield f"{'':31} reserved {'of 100 registered, aged':>24} {'searches for':>13}"
    yield f"{'':31} {'in all':>8} {''.join(f'{name:>8}' for name in GROUPS)} {'one of them':>13}"
    for name, plays in found:
        shares = "".join(f"{fmean(each.share[group] for each in plays):8.0f}" for group in GROUPS)
        reserved = [each.reserved * scale for each in plays]
        spread = f"  {min(reserved):,} to {max(reserved):,}" if len(plays) > 1 else ""
        yield f"{name:31} {fmean(reserved):8,.0f} {shares} {fmean(each.searches for each in plays):13.1f}{spread}"


def line_of(name: str, seed: int, scale: int, found: Found) -> list[object]:
    """One play as a line of a CSV file, its reservations scaled back."""
    return [
        name,
        seed,
        scale,
        found.reserved * scale,
        *(round(share, 2) for share in found.share.values()),
        found.searches,
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays every rule, with every seed; what is under way is told on the standard error stream."""
    given = _parser().parse_args(arguments)
    try:
        with Path(given.csv or os.devnull).open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["rule", "seed", "scale", "reserved", *(f"share {group}" for group in GROUPS), "searches"])
            plays = ((name, list(_plays(name, given, out.writerow))) for name in RULES)
            for line in table(plays, given.scale):
                print(line, flush=True)
    except (CrsError, OSError) as error:  # no open data there, or no file
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="What other rules would have done with the people of January 2021.")
    add, data = parser.add_argument, os.environ.get("CRS_DATA") or None
    add("scale", nargs="?", type=_number, default=1000, help="one person stands for so many (%(default)s)")
    add("--seeds", type=_number, default=1, help="plays a rule, each with a seed of its own (%(default)s)")
    add("--csv", metavar="FILE", help="a file for every play, a line each")
    add("--data", metavar="FOLDER", type=Path, default=data, help="open data: real sites, not invented ones (CRS_DATA)")
    return parser


def _plays(name: str, given: argparse.Namespace, write: Callable[[list[object]], object]) -> Iterator[Found]:
    for seed in range(_FIRST_SEED, _FIRST_SEED + given.seeds):
        if sys.stderr.isatty():
            print(f"{name}, seed {seed} …\033[K", end="\r", file=sys.stderr, flush=True)
        found = play(RULES[name], scale=given.scale, seed=seed, data=given.data)
        write(line_of(name, seed, given.scale, found))
        yield found


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
