"""What if other rules had called people? The demonstration's January and February 2021, played under other rules.

The same invented citizens and the same seats, through the library's own desks in virtual time; only the dated rules of
the campaign differ. One seed plays the same every time.

    python -m examples.policies.what_if 1000   # one person stands for a thousand: some seconds a rule
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
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
from crs_core.testing.clock import SeededChance, VirtualClock

__all__ = ["RULES", "Found", "play", "table"]

GROUPS = {"80-84": range(80, 85), "85-89": range(85, 90), "90+": range(90, 200)}

_SEVEN = 7 * 60


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


def play(changes: Mapping[str, Any], *, scale: int, seed: int = 2021) -> Found:
    """Plays the four weeks with some rules of the campaign changed."""
    clock = VirtualClock(slot_instant(FIRST_DAY, _SEVEN, "Europe/Prague"))
    with TemporaryDirectory(prefix="crs-what-if-") as folder:
        stage = set_stage(Path(folder) / "play", scale=scale, seed=seed, data=None, clock=clock)
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


def table(found: Iterable[tuple[str, Found]], scale: int) -> Iterator[str]:
    """A line a rule; reservations scaled back to the whole country."""
    yield f"One person stands for {scale:,}; reservations on 12 February."
    yield f"{'':31} reserved {'of 100 registered, aged':>24} {'searches for':>13}"
    yield f"{'':31} {'in all':>8} {''.join(f'{name:>8}' for name in GROUPS)} {'one of them':>13}"
    for name, each in found:
        shares = "".join(f"{share:8.0f}" for share in each.share.values())
        yield f"{name:31} {each.reserved * scale:8,} {shares} {each.searches:13.1f}"


def main() -> int:
    """Plays every rule."""
    scale = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for line in table(((name, play(changes, scale=scale)) for name, changes in RULES.items()), scale):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
