"""Plays every incident and says in a line each how it ended: ``python -m examples.incidents``."""

import sys
from importlib import import_module

from .screen import broken

NAMES = ("slow_search", "broken_calendars", "unopened_site", "born_on_the_31st", "no_email", "lost_pin")
"""Modules with an ``INCIDENT``, in order of their numbers."""


def main() -> int:
    """How many of its rules each incident kept, in the old way and here; 1 where one was not held here."""
    unheld = 0
    print(f"{'':4}{'rules held':54}{'old way':>10}{'here':>10}")
    for name in NAMES:
        incident = import_module(f".{name}", __package__).INCIDENT
        rules = len(incident.rules)
        old, ours = (rules - len(broken(incident, way())) for way in (incident.old, incident.ours))
        unheld += ours < rules
        print(f"{incident.number:4}{incident.title:54}{old:>5} of {rules}{ours:>5} of {rules}", flush=True)
    print("I2  the storm of control PINs takes longer: python -m examples.incidents.storm")
    return int(unheld > 0)


if __name__ == "__main__":
    sys.exit(main())
