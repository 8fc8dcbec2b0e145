"""Corrections: what a person mends of a registration, and what becomes of their place in the queue.

Source: the operator's report of 20 January 2021, point 6: a change of site takes a new registration. Whether the
seniority survives is a dated value, see `CorrectionRule`. PIN2 belongs to the registration and its phone, so only
another phone makes another PIN2; invitations hold for one site, so another site closes the gate.
"""

from typing import Any

from attrs import evolve, field, frozen

from crs_core.domain.campaign import CorrectionRule
from crs_core.domain.gate import returned
from crs_core.domain.people import mask
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.time import Day, Instant

__all__ = ["DETAILS", "Details", "changed", "corrected", "details"]

DETAILS = ("first_name", "last_name", "birth_date", "phone", "email", "language", "site_id", "claims")
"""What a correction can change."""


@frozen
class Details:
    """What is on record of a person, for whoever entered to mend; its `repr` shows nobody.

    Attributes:
        phone: Its last two digits, as in ``…23``.
        email: None where there is none.
    """

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: Day = field(repr=False)
    phone: str = field(repr=False)
    email: str | None = field(repr=False)
    language: str


def details(registration: Registration) -> Details:
    """What is on record; neither the insured number nor the whole phone, which nobody mends by reading them."""
    return Details(
        first_name=registration.first_name,
        last_name=registration.last_name,
        birth_date=registration.birth_date,
        phone=mask(registration.phone),
        email=registration.email,
        language=registration.language,
    )


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
