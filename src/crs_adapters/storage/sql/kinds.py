"""Which values are kept in which table, and what the database searches them by.

A new kind is its table in `schema`, a migration, and one line here.
"""

from collections.abc import Callable
from typing import Any

from attrs import frozen
from sqlalchemy import Table

from crs_adapters.storage.sql import schema
from crs_core.domain.amendments import Amendment, InForce
from crs_core.domain.circuit import Circuit
from crs_core.domain.control_pin import Challenge
from crs_core.domain.people import Person
from crs_core.domain.registration import Registration
from crs_core.domain.releases import ReleaseRecord
from crs_core.domain.reservations import Reservation, listed_days
from crs_core.domain.sites import Site
from crs_core.domain.time import to_micros

__all__ = ["KINDS", "Kind"]


def _nothing(_value: object) -> tuple[()]:
    return ()


def _of_registration(value: Registration) -> tuple[str, int, str, str, int, int, int, int | None]:
    wakes_at = value.wakes_at
    return (
        value.site_id,
        int(value.queued),
        value.claims,
        value.birth_date.isoformat(),
        value.birth_date.year,
        to_micros(value.seniority),
        value.ticket,
        None if wakes_at is None else to_micros(wakes_at),
    )


def _of_reservation(value: Reservation) -> tuple[str | int | None, ...]:
    days = [day.isoformat() for day in listed_days(value)]
    none = [None] * (len(schema.LISTED) - len(days))
    return value.registration_id, int(value.cancelled_at is None), value.site_id, *days, *none


@frozen
class Kind:
    """A kind of value and its table.

    Attributes:
        columns: What the columns between `version` and `body` hold for a value, in their order.
        kept: How many decoded bodies are kept by their text; for what every command reads and few change.
    """

    type: type[Any]
    table: Table
    columns: Callable[[Any], tuple[Any, ...]] = _nothing
    kept: int = 0


KINDS = (
    Kind(Person, schema.person),
    Kind(Registration, schema.registration, _of_registration),
    Kind(Reservation, schema.reservation, _of_reservation),
    Kind(Challenge, schema.challenge),
    Kind(Site, schema.site, kept=1_000),
    Kind(Circuit, schema.circuit),
    Kind(ReleaseRecord, schema.release_record),
    Kind(InForce, schema.in_force, kept=10),
    Kind(Amendment, schema.amendment),
)
"""In the order in which they are locked."""
