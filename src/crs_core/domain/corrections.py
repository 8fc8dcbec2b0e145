"""Corrections: what a person mends of a registration, and what becomes of their place in the queue.

Source: the operator's report of 20 January 2021, point 6: a change of site takes a new registration. Whether the
seniority survives is a dated value, see `CorrectionRule`. PIN2 belongs to the registration and its phone, so only
another phone makes another PIN2; invitations hold for one site, so another site closes the gate.
"""

from typing import Any

from attrs import evolve

from crs_core.domain.campaign import CorrectionRule
from crs_core.domain.gate import returned
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.time import Instant

__all__ = ["DETAILS", "changed", "corrected"]

DETAILS = ("first_name", "last_name", "birth_date", "phone", "email", "language", "site_id", "claims")
"""What a correction can change."""


def changed(before: Registration, after: Registration) -> tuple[str, ...]:
    """The names of the details that differ; no value of them."""
    return tuple(name for name in DETAILS if getattr(before, name) != getattr(after, name))


def corrected(
    registration: Registration, rule: CorrectionRule, key_id: str, now: Instant, **details: Any
) -> Registration:
    """The registration with other details; equal where nothing differs.

    Args:
        key_id: The key that PIN2 is derived with from now on, if the phone differs.
        details: Of `DETAILS`, and ``doubt`` and ``pending``, which follow from them.
    """
    after = evolve(registration, **details)
    names = changed(registration, after)
    if "phone" in names:
        after = evolve(after, pin_generation=after.pin_generation + 1, pin_key_id=key_id)
    if "site_id" in names:
        after = returned(after) if after.gate is Gate.INVITED else after
        return evolve(after, seniority=now) if rule.site == "restarts" else after
    return evolve(after, seniority=now) if names and rule.details == "restarts" else after
