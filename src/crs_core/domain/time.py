"""Instants, calendar days and wall-clock times: the one place that knows pendulum.

An *instant* is a pendulum ``DateTime`` in UTC. A *day* is a plain ``datetime.date``: it has no zone and none of the
traps of time zones. A *minute* is the wall-clock time of a slot in the campaign's zone, as minutes since midnight.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pendulum
from pendulum import DateTime

__all__ = [
    "Day",
    "Instant",
    "add_days",
    "age_on",
    "clock_time",
    "day_of",
    "days_between",
    "exists",
    "from_micros",
    "has_come",
    "later",
    "midnight",
    "minute_of",
    "parse_day",
    "parse_instant",
    "parse_minute",
    "slot_instant",
    "to_micros",
    "utc",
]

Day = date
Instant = DateTime

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_MINUTE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@cache  # pendulum reads the zone's file at every look-up by name
def _zone(name: str) -> pendulum.Timezone:
    return pendulum.Timezone(name)


def utc(moment: datetime) -> Instant:
    """The same moment as an instant; a moment without a zone is refused.

    >>> utc(pendulum.datetime(2021, 1, 15, 8, tz="Europe/Prague")).isoformat()
    '2021-01-15T07:00:00+00:00'
    """
    if moment.tzinfo is None:
        raise ValueError(f"moment={moment.isoformat()}: a moment needs a time zone; give one, such as UTC")
    if isinstance(moment, DateTime) and moment.tzinfo is pendulum.UTC:
        return moment
    plain = moment.astimezone(UTC)
    return _instant(plain)


def _instant(plain: datetime) -> Instant:
    return DateTime(
        plain.year,
        plain.month,
        plain.day,
        plain.hour,
        plain.minute,
        plain.second,
        plain.microsecond,
        tzinfo=pendulum.UTC,
    )


def to_micros(moment: Instant) -> int:
    """Microseconds since 1970-01-01 00:00 UTC.

    >>> to_micros(pendulum.datetime(1970, 1, 2))
    86400000000
    """
    seconds = (moment.toordinal() - _EPOCH_ORDINAL) * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    return seconds * 1_000_000 + moment.microsecond


def from_micros(micros: int) -> Instant:
    """The instant of so many microseconds since 1970-01-01 00:00 UTC; inverse of `to_micros`."""
    seconds, rest = divmod(micros, 1_000_000)
    plain = datetime.fromtimestamp(seconds, UTC)
    return DateTime(
        plain.year, plain.month, plain.day, plain.hour, plain.minute, plain.second, rest, tzinfo=pendulum.UTC
    )


def later(moment: Instant, *, days: int = 0, hours: int = 0, minutes: float = 0, seconds: float = 0) -> Instant:
    """The instant so much elapsed time after a moment; a day here is 24 hours.

    >>> later(pendulum.datetime(2021, 1, 15), minutes=10).isoformat()
    '2021-01-15T00:10:00+00:00'
    """
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return from_micros(to_micros(moment) + span // timedelta(microseconds=1))


def day_of(moment: Instant, zone: str) -> Day:
    """The calendar day on the wall of that zone at a moment.

    >>> day_of(pendulum.datetime(2021, 1, 14, 23, 30), "Europe/Prague")
    datetime.date(2021, 1, 15)
    """
    return datetime.fromtimestamp(to_micros(moment) // 1_000_000, _zone(zone)).date()


def minute_of(moment: Instant, zone: str) -> int:
    """Minutes since midnight on the clocks of that zone at a moment, as they show it.

    >>> minute_of(pendulum.datetime(2021, 1, 14, 23, 30), "Europe/Prague")
    30
    """
    shown = datetime.fromtimestamp(to_micros(moment) // 1_000_000, _zone(zone))
    return shown.hour * 60 + shown.minute


def midnight(day: Day, zone: str) -> Instant:
    """The instant at which a calendar day begins in a zone."""
    return utc(pendulum.datetime(day.year, day.month, day.day, tz=_zone(zone)))


def add_days(day: Day, number: int) -> Day:
    """The calendar day so many days later (earlier where negative).

    >>> add_days(date(2021, 3, 27), 1)
    datetime.date(2021, 3, 28)
    """
    return date.fromordinal(day.toordinal() + number)


def days_between(first: Day, second: Day) -> int:
    """Calendar days from the first to the second; negative if the second is earlier."""
    return second.toordinal() - first.toordinal()


def age_on(born: Day, day: Day) -> int:
    """Completed years of life on a day; whoever is born on 29 February ages on 1 March in common years.

    >>> age_on(date(1940, 2, 29), date(2021, 2, 28)), age_on(date(1940, 2, 29), date(2021, 3, 1))
    (80, 81)
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def slot_instant(day: Day, minute: int, zone: str) -> Instant:
    """When a wall-clock time happens; in the repeated hour of autumn the first of the two.

    Raises:
        ValueError: The clocks skip that time in spring.
    """
    if not exists(day, minute, zone):
        raise ValueError(f"time={day} {clock_time(minute)}: the clocks skip it in {zone}; choose another time")
    return utc(_wall(day, minute, zone))


def _wall(day: Day, minute: int, zone: str) -> DateTime:
    return pendulum.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tz=_zone(zone), fold=0)


def has_come(day: Day, minute: int, zone: str, now: Instant) -> bool:
    """Whether a wall-clock time is now or over; also one that the clocks skip, should a country decide so late.

    >>> has_come(date(2021, 1, 25), 510, "Europe/Prague", pendulum.datetime(2021, 1, 25, 7, 30))
    True
    """
    return utc(_wall(day, minute, zone)) <= now


def exists(day: Day, minute: int, zone: str) -> bool:
    """Whether that wall-clock time happens in the zone (the clocks skip some in spring)."""
    local = _wall(day, minute, zone)
    return (local.hour, local.minute) == (minute // 60, minute % 60)


def clock_time(minute: int) -> str:
    """The time on the clock.

    >>> clock_time(495)
    '08:15'
    """
    return f"{minute // 60:02d}:{minute % 60:02d}"


def parse_day(text: str) -> Day:
    """The day written as YYYY-MM-DD, and nothing else.

    Raises:
        ValueError: Any other text, or a day that no calendar has.
    """
    if not _DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    return date.fromisoformat(text)


def parse_minute(text: str) -> int:
    """Minutes since midnight of a time written as HH:MM, 00:00 to 23:59.

    >>> parse_minute("08:15")
    495
    """
    match = _MINUTE.fullmatch(text)
    if match is None:
        raise ValueError("a time is written HH:MM, 00:00 to 23:59")
    return int(match[1]) * 60 + int(match[2])


def parse_instant(text: str, zone: str) -> Instant:
    """The instant of an ISO 8601 moment; without an offset it is wall-clock time in the given zone.

    >>> parse_instant("2021-01-22T00:00", "Europe/Prague").isoformat()
    '2021-01-21T23:00:00+00:00'
    """
    if _DAY.fullmatch(text):
        return midnight(date.fromisoformat(text), zone)
    if not _INSTANT.fullmatch(text):
        raise ValueError("a moment is written YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS][+HH:MM]")
    moment = datetime.fromisoformat(text)
    return utc(moment if moment.tzinfo else pendulum.instance(moment, tz=_zone(zone)))
