"""Erasing a person: what tells of them is overwritten, so that what was counted and promised still adds up.

Source: Regulation (EU) 2016/679, article 17. The journal knows people by pseudonym and goes on; a registration keeps
its site, its days and the age group that it was counted in, and nothing by which anybody could be found. A release
whose last one called is erased keeps a place before theirs, as early as their age group begins: what it then says of
the order is less, and as true.
"""

from datetime import date

from attrs import evolve

from crs_core.domain.control_pin import Challenge, used
from crs_core.domain.registration import Registration
from crs_core.domain.releases import Place
from crs_core.domain.statistics import GROUP_YEARS, OLDEST_GROUP, lowest_age
from crs_core.domain.time import Day, Instant, age_on

__all__ = ["cut_off", "erased", "is_erased", "unknown"]


def erased(registration: Registration, registered_on: Day) -> Registration:
    """A registration that has ended, without its person.

    Args:
        registered_on: The day of the registration, on which the age is counted for statistics.
    """
    age = lowest_age(age_on(registration.birth_date, registered_on))
    return evolve(
        registration,
        insured_number="",
        first_name="",
        last_name="",
        birth_date=date(registered_on.year - age, 1, 1),
        phone="",
        email=None,
        claims="",
        doubt="",
        blocks=(),
        pending=None,
    )


def cut_off(place: Place, registered_on: Day) -> Place:
    """The place of the last one called, without their birth date; nobody stands before it who did not before."""
    if place.born is None:
        return place
    group = lowest_age(age_on(place.born, registered_on))
    oldest = Day.min if group == OLDEST_GROUP else date(registered_on.year - group - GROUP_YEARS, 1, 1)
    return evolve(place, born=oldest)


def is_erased(registration: Registration) -> bool:
    """Whether it has been erased."""
    return not registration.insured_number


def unknown(challenge: Challenge, now: Instant) -> Challenge:
    """A challenge without its phone: used up, and no proof of it is good any more."""
    return evolve(used(challenge, now), phone="")
