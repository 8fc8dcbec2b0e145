"""Calendars about to be published: no slot at a time that the clocks skip, whatever the hour and the country."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain.calendars import Calendar, Slot, faults
from crs_core.domain.time import Day


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Prague", Day(2021, 3, 28)),  # at two
        ("Europe/Prague", Day(2021, 10, 31)),  # an hour twice
        ("Africa/Cairo", Day(2023, 4, 28)),  # at midnight
        ("America/Havana", Day(2021, 3, 14)),
        ("Australia/Lord_Howe", Day(2021, 10, 3)),  # half an hour
        ("UTC", Day(2021, 3, 28)),
    ],
)
def test_a_slot_at_a_time_that_the_clocks_skip_is_named(zone: str, day: Day) -> None:
    """The oracle: the standard library writes such a time back as another one."""

    def skipped(minute: int) -> bool:
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
        return wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None)

    campaign = evolve(crs.example_campaign(), zone=zone)
    slots = [Slot(day, minute, 1) for minute in range(0, 24 * 60, 5)]
    found = [problem.value for problem in faults([Calendar("V1", "comirnaty", 1, slots)], campaign)]

    times = [slot.minute for slot in slots if skipped(slot.minute)]
    assert found == [f"{minute // 60:02d}:{minute % 60:02d}" for minute in times]
