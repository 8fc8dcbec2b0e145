"""The days of the play, the operator's figures to hold it against, and the one figure that is chosen to fit them."""

from crs_core.domain.time import Day

__all__ = ["FIRST_DAY", "HEALTH_WORKERS_DAY", "HORIZON_DAYS", "LAST_DAY", "OPERATOR", "OPERATORS_DAY", "SWITCH_DAY"]

FIRST_DAY, SWITCH_DAY, LAST_DAY = Day(2021, 1, 15), Day(2021, 1, 22), Day(2021, 2, 12)

HEALTH_WORKERS_DAY = Day(2021, 1, 26)
"""Since when health workers may register; the registry of health professionals confirms them."""

OPERATORS_DAY = Day(2021, 1, 20)
OPERATOR = (173_019, 72_180, 100_839)
"""Registrations, reservations and people waiting on that day, in the operator's presentation of it."""

HORIZON_DAYS = 22
"""How far ahead sites publish first doses, in calendar days. Chosen to fit: the first doses held up to 11 February, 22
days after the operator's 20 January, are 73,504, the first sum above its 72,180 reservations. The rest follows."""
