"""A time zone as calendars write it: the observances that a span of days needs, and no others.

Source: RFC 5545, section 3.6.5. An onset is written on the clocks as they were just before it (``TZOFFSETFROM``), so
the summer time of 2021 in Prague begins at 02:00. The library icalendar 7.3 writes 03:00, and so an hour too late.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from attrs import frozen

__all__ = ["Observance", "observances", "vtimezone"]

_DAY = timedelta(days=1)
_NOTHING = timedelta()


@frozen
class Observance:
    """One offset from UTC and since when it holds.

    Attributes:
        at: When it begins, in UTC.
        before, after: Offsets from UTC.
        summer: Whether it is summer time.
    """

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool


def observances(zone: str, first: date, last: date) -> tuple[Observance, ...]:
    """The observance in force when the first day begins, and those that begin until the last day ends.

    >>> [str(each.at) for each in observances("Europe/Prague", date(2021, 3, 1), date(2021, 3, 29))]
    ['2020-10-25 01:00:00+00:00', '2021-03-28 01:00:00+00:00']
    """
    known = [each for year in range(first.year - 1, last.year + 1) for each in _of_year(zone, year)]
    begins, ends = _midnight(first, zone), _midnight(last, zone) + 2 * _DAY
    in_force = [each for each in known if each.at <= begins][-1:] or [_always(zone, begins)]
    return (*in_force, *(each for each in known if begins < each.at < ends))


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _always(zone: str, at: datetime) -> Observance:
    """Of a zone that has kept its offset for a year and more."""
    local = at.astimezone(ZoneInfo(zone))
    offset = local.utcoffset() or _NOTHING
    start = datetime(1970, 1, 1, tzinfo=UTC) - offset
    return Observance(start, offset, offset, local.tzname() or "", bool(local.dst()))


@lru_cache(maxsize=64)  # a year's changes are the same for all who are invited in it
def _of_year(zone: str, year: int) -> tuple[Observance, ...]:
    return tuple(_changes(ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)))


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Observance]:
    while start < end:
        after = start + _DAY
        if _offset(start, zone) != _offset(after, zone):
            at = _onset(start, after, zone)
            local = at.astimezone(zone)
            yield Observance(at, _offset(start, zone), _offset(after, zone), local.tzname() or "", bool(local.dst()))
        start = after


def _onset(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the new offset, between two moments of which only the later has it."""
    old = _offset(start, zone)
    while end - start > timedelta(seconds=1):
        middle = start + timedelta(seconds=int((end - start).total_seconds()) // 2)
        if _offset(middle, zone) == old:
            start = middle
        else:
            end = middle
    return end


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or _NOTHING


def vtimezone(zone: str, first: date, last: date) -> Iterator[str]:
    """The lines of a VTIMEZONE that holds from the first day to the last, both included."""
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{zone}"
    for each in observances(zone, first, last):
        kind = "DAYLIGHT" if each.summer else "STANDARD"
        yield f"BEGIN:{kind}"
        yield f"DTSTART:{each.at + each.before:%Y%m%dT%H%M%S}"
        yield f"TZOFFSETFROM:{_written(each.before)}"
        yield f"TZOFFSETTO:{_written(each.after)}"
        yield f"TZNAME:{each.name}"
        yield f"END:{kind}"
    yield "END:VTIMEZONE"


def _written(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < _NOTHING else '+'}{minutes // 60:02d}{minutes % 60:02d}"
