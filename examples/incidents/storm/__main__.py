"""Plays the storm in the old way and in ours, and prints them side by side."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from examples.incidents.storm.crowd import Crowd
from examples.incidents.storm.crs_way import opened
from examples.incidents.storm.old_way import OldWay
from examples.incidents.storm.report import Figures, figures, missed, row

_PEOPLE, _BEFORE, _AFTER = 44_000, 20, 200
_QUEUE_LOOKED_AT = 35 * 60.0


def old(patience: float, seed: int, scale: int) -> Figures:
    """The old way."""
    way, crowd, queue = OldWay(_BEFORE / scale, _AFTER / scale), Crowd.of(_PEOPLE // scale, patience, seed), [0]

    def look(now: float) -> None:
        if now == _QUEUE_LOOKED_AT:
            queue[0] = way.queued

    crowd.storms(way, look)
    return figures(crowd.people, queue[0])


def ours(patience: float, seed: int, scale: int, folder: Path | None = None) -> tuple[Figures, str]:
    """Our way, and a line about what else was seen."""
    crowd, queue = Crowd.of(_PEOPLE // scale, patience, seed), [0]
    with opened(seed, scale, folder) as way:

        def look(now: float) -> None:
            if now == _QUEUE_LOOKED_AT:
                queue[0] = way.waiting

        began = time.perf_counter()
        crowd.storms(way, look)
        took = time.perf_counter() - began
        messages, violations = way.system.operations.messages(), len(way.system.operations.audit())
    late = sorted(way.late)
    second = messages.get(("transactional", "sent"), 0)
    told = f"the page said when to within {late[len(late) // 100]:+.0f} to {late[-1 - len(late) // 100]:+.0f} s"
    seen = f"{way.registered} registered, {second} of them sent PIN2, {violations} violations, {took:.0f} s"
    return figures(crowd.people, queue[0]), f"{told}; {seen}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays what was asked for; 1 where a limit was missed."""
    parser = argparse.ArgumentParser(prog="python -m examples.incidents.storm", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--patience", type=float, nargs="+", default=[180, 900], metavar="SECONDS")
    parser.add_argument("--scale", type=int, choices=(1, 2, 4, 5, 10, 20), default=10, help="one person stands for N")
    asked = parser.parse_args(arguments)
    print(
        f"15 January 2021, one person for {asked.scale}. Of those who asked by 8:55, through at 9:00; messages and dead"
    )
    print("PINs a person; 95 of 100 are through within; messages queued at 8:35.")
    failed = False
    plays = [(patience, seed) for patience in asked.patience for seed in asked.seeds]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = pool.map(ours, *zip(*plays, strict=True), [asked.scale] * len(plays))
        for (patience, seed), (figures_of, seen) in zip(plays, found, strict=True):
            if seed == asked.seeds[0]:
                print(f"\nPeople press again after 20 s + {patience:.0f} s on average.")
            print(row("old way", seed, old(patience, seed, asked.scale)))
            print(row("crs", seed, figures_of))
            print(f"           {seen}", flush=True)
            for each in missed(figures_of):
                failed = True
                print(f"           missed: {each}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
