"""Which first-dose seats can be completed, how many people in all, and which offers strand nobody.

Dose intervals are calendar days and the seats of one day are interchangeable, so people are paired by day, not by
slot. (Which way is exact when, why, and by which oracle it is held: docs/explanation/pairing.md.)
"""

from crs_core.domain.pairing.certificate import Addition, Bottleneck, Shortage, doses_short, shortages
from crs_core.domain.pairing.offers import (
    deliveries_for,
    offered_days,
    partners,
    reachable,
    safe_chain,
    safe_chains,
    spaced,
    strands_nobody,
    why_not,
)
from crs_core.domain.pairing.stock import Delivered
from crs_core.domain.pairing.supply import Supply
from crs_core.domain.pairing.sweep import bookable

__all__ = [
    "Addition",
    "Bottleneck",
    "Delivered",
    "Shortage",
    "Supply",
    "bookable",
    "deliveries_for",
    "doses_short",
    "offered_days",
    "partners",
    "reachable",
    "safe_chain",
    "safe_chains",
    "shortages",
    "spaced",
    "strands_nobody",
    "why_not",
]
