"""Weeks of a small town with every vendor hostile, each from one seed: clock, chance, people, vendors and schedule.

::

    found = search(range(100), lambda clock: MyStorage(clock))
    assert found is None, found

Citizens and staff do what makes sense to them, and seldom something else, through the desks of a real system. Gateways
are slow, late, lose, repeat, reorder and lie; the registry is silent; the power fails around a commit; and while
somebody waits for a vendor the others go on. Every truth of `truths` is held to at every look and at the end.
A failure prints its seed and the shortest story that still breaks the same truth.
"""

from crs_core.testing.world.search import Found, replay, search
from crs_core.testing.world.story import Happening, Story, write
from crs_core.testing.world.truths import Broken
from crs_core.testing.world.vendors import Manner, Network
from crs_core.testing.world.week import Adapters, Failure, FreshStorage, Line, Week, play

__all__ = [
    "Adapters",
    "Broken",
    "Failure",
    "Found",
    "FreshStorage",
    "Happening",
    "Line",
    "Manner",
    "Network",
    "Story",
    "Week",
    "play",
    "replay",
    "search",
    "write",
]
