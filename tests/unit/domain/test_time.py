"""Instants, days and wall-clock times, above all when the clocks change; held against the standard library."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crs_core.domain import time
from crs_core.domain.time import from_micros, later, midnight, slot_instant, to_micros, utc
from crs_core.testing import strategies as invented

PRAGUE = "Europe/Prague"
ZONE = ZoneInfo(PRAGUE)
SPRING, AUTUMN = date(2021, 3, 28), date(2021, 10, 31)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

minutes = st.integers(0, 1439)
micros = st.integers(-(10**15), 4 * 10**15)


@given(micros)
def test_microseconds_and_instants_are_each_others_inverse(number: int) -> None:
    instant = from_micros(number)

    assert to_micros(instant) == number
    assert instant == EPOCH + timedelta(microseconds=number)
    assert utc(instant) is instant


@given(invented.instants(), st.sampled_from([PRAGUE, "UTC", "America/New_York", "Pacific/Kiritimati"]))
def test_an_instant_is_the_same_from_any_zone(instant: time.Instant, zone: str) -> None:
    local = instant.in_timezone(zone)

    assert to_micros(utc(local)) == to_micros(instant)
    assert to_micros(utc(datetime.fromtimestamp(instant.timestamp(), ZoneInfo(zone)))) == to_micros(instant)
    assert utc(local).tzinfo is pendulum.UTC


def test_a_moment_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        utc(datetime(2021, 1, 1))  # noqa: DTZ001


@given(invented.instants(), st.integers(-400, 400), st.floats(-1e5, 1e5))
def test_later_adds_elapsed_time(instant: time.Instant, days: int, seconds: float) -> None:
    moved = later(instant, days=days, seconds=seconds)

    assert to_micros(moved) - to_micros(instant) == timedelta(days=days, seconds=seconds) // timedelta(microseconds=1)
    assert later(later(instant, hours=25), minutes=-25 * 60) == instant


@given(invented.instants())
@example(pendulum.datetime(2021, 3, 27, 22, 59, 59, 999_999))
@example(pendulum.datetime(2021, 3, 28, 21, 59, 59, 999_999))
@example(pendulum.datetime(2021, 10, 30, 22))
@example(pendulum.datetime(2021, 10, 31, 22, 59, 59, 999_999))
def test_the_day_on_the_wall(instant: time.Instant) -> None:
    day = time.day_of(instant, PRAGUE)

    assert day == datetime.fromtimestamp(instant.timestamp(), ZONE).date()
    assert midnight(day, PRAGUE) <= instant < midnight(time.add_days(day, 1), PRAGUE)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2021, 1, 15), 24)])
def test_days_are_as_long_as_they_are(day: date, hours: int) -> None:
    begins, ends = midnight(day, PRAGUE), midnight(time.add_days(day, 1), PRAGUE)

    assert to_micros(ends) - to_micros(begins) == hours * 3_600_000_000


@given(invented.days(), st.integers(-1000, 1000))
def test_days_are_counted_on_the_calendar(day: date, number: int) -> None:
    """Three weeks over the spring change are 21 days, though not 21 times 24 hours."""
    assert time.days_between(day, time.add_days(day, number)) == number
    assert time.add_days(day, number) == day + timedelta(days=number)
    assert time.days_between(date(2021, 3, 14), date(2021, 4, 4)) == 21


@given(invented.days(), minutes)
@example(SPRING, 119)
@example(SPRING, 120)
@example(SPRING, 179)
@example(SPRING, 180)
@example(AUTUMN, 120)
@example(AUTUMN, 179)
def test_a_slot_happens_at_its_time_on_the_wall(day: date, minute: int) -> None:
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZONE)
    skipped = wall.astimezone(UTC).astimezone(ZONE).replace(fold=0) != wall

    assert time.exists(day, minute, PRAGUE) == (not skipped)
    if skipped:
        assert (day, minute // 60) == (SPRING, 2)
        with pytest.raises(ValueError, match="the clocks skip it"):
            slot_instant(day, minute, PRAGUE)
    else:
        assert slot_instant(day, minute, PRAGUE) == wall.astimezone(UTC)
        assert time.day_of(slot_instant(day, minute, PRAGUE), PRAGUE) == day


def test_in_the_repeated_hour_the_first_is_meant() -> None:
    assert slot_instant(AUTUMN, 150, PRAGUE).isoformat() == "2021-10-31T00:30:00+00:00"
    assert slot_instant(AUTUMN, 180, PRAGUE).isoformat() == "2021-10-31T02:00:00+00:00"


@given(invented.birth_dates(), invented.days())
def test_age_is_completed_years(born: date, day: date) -> None:
    """The number of birthdays after that of birth; who has none in common years has it on 1 March."""
    birthdays = 0
    for year in range(born.year + 1, day.year + 1):
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        birthday = date(year, 3, 1) if (born.month, born.day) == (2, 29) and not leap else born.replace(year=year)
        birthdays += birthday <= day

    assert time.age_on(born, day) == birthdays


@given(minutes)
def test_clock_times_are_written_and_read(minute: int) -> None:
    assert time.parse_minute(time.clock_time(minute)) == minute


@given(st.dates())
def test_days_are_written_and_read(day: date) -> None:
    assert time.parse_day(day.isoformat()) == day


@given(st.text())
def test_of_other_texts_none_is_read(text: str) -> None:
    for read in (time.parse_day, time.parse_minute, lambda each: time.parse_instant(each, PRAGUE)):
        try:
            found = read(text)
        except ValueError:
            continue
        assert text in {str(found), time.clock_time(found) if isinstance(found, int) else ""}


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2021", "2021-1-5", "20210105", "2021-01-05 ", " 2021-01-05", "2021-01-05T", "2021-01-05T8:00"),
        *("2021-01-05T08", "2021-01-05T08:00+1", "2021-01-05T08:00:00.1234567", "2021-02-29", "2021-13-01", "P1D"),
        *("2021-01-05T24:00", "2021-01-05T08:60", "2021-W01-1", "2021-005", "10:15", "2021-01-05\n"),
        "".join(chr(0xFF10 + int(each)) if each.isdigit() else each for each in "2021-01-05"),
    ],
)
def test_moments_have_one_spelling(text: str) -> None:
    with pytest.raises(ValueError, match=r"moment is written|day is out|month must|hour must|minute must"):
        time.parse_instant(text, PRAGUE)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2021-01-22", "2021-01-21T23:00:00+00:00"),
        ("2021-01-22T00:30", "2021-01-21T23:30:00+00:00"),
        ("2021-07-22 00:30:15.5", "2021-07-21T22:30:15.500000+00:00"),
        ("2021-01-22T00:30Z", "2021-01-22T00:30:00+00:00"),
        ("2021-01-22T00:30-05:00", "2021-01-22T05:30:00+00:00"),
        ("2021-03-28", "2021-03-27T23:00:00+00:00"),
        ("2021-03-29", "2021-03-28T22:00:00+00:00"),
    ],
)
def test_moments_are_read_in_the_zone_of_the_campaign(text: str, instant: str) -> None:
    assert time.parse_instant(text, PRAGUE).isoformat() == instant
