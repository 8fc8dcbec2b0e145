"""The calendar entry as calendars read it: icalendar reads it back, and the zone holds by the letter of RFC 5545."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from crs_adapters.confirmation.calendar_entry import calendar_entry
from crs_adapters.confirmation.vtimezone import vtimezone
from crs_core.domain.confirmation import Confirmation
from crs_core.domain.reservations import Appointment, Attendance
from crs_core.domain.time import Day, slot_instant
from tests.confirmations import DOSES, NOW, RESERVATION, confirmed

PRAGUE = "Europe/Prague"
ZONES = [PRAGUE, "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "UTC"]
SPRING, AUTUMN = Day(2021, 3, 28), Day(2021, 10, 31)


def read(confirmation: Confirmation, **options: str) -> Any:
    written = calendar_entry(confirmation, minutes=30, **options)
    assert written is not None
    found = icalendar.Calendar.from_ical(written)
    assert isinstance(found, icalendar.Calendar)
    assert not found.errors
    return found


def uids(calendar: Any) -> list[str]:
    return [str(event["UID"]) for event in calendar.events]


def test_it_is_read_back_as_it_was_meant() -> None:
    found = read(confirmed())
    first, second = found.events

    assert (found["METHOD"], found["VERSION"]) == ("PUBLISH", "2.0")
    assert [event.start for event in (first, second)] == [
        datetime(2021, 1, 25, 8, 30, tzinfo=ZoneInfo(PRAGUE)),
        datetime(2021, 2, 15, 0, 0, tzinfo=ZoneInfo(PRAGUE)),
    ]
    assert first["DURATION"].dt == timedelta(minutes=30)
    assert (first["SUMMARY"], second["SUMMARY"]) == ("Očkování, 1. dávka", "Očkování, 2. dávka")
    assert first["LOCATION"] == "Nemocnice Vzorov Sever, Smyslena 1, Vzorov"
    assert str(first["DESCRIPTION"]).splitlines() == [
        "Vzorka Vzorová",
        "Vezměte si s sebou občanský průkaz a kartu pojištěnce.",
        "Termín změníte nebo zrušíte na webu, s číslem pojištěnce a PIN2.",
    ]
    assert (first["STATUS"], first["CLASS"], first["SEQUENCE"]) == ("CONFIRMED", "PRIVATE", 0)
    assert first["DTSTAMP"].dt == datetime(2021, 1, 20, 23, 30, tzinfo=UTC)
    [alarm] = first.alarms.times
    assert alarm.trigger == datetime(2021, 1, 24, 8, 30, tzinfo=ZoneInfo(PRAGUE))
    assert "ORGANIZER" not in first
    assert read(confirmed(), organizer="ockovani@example.org").events[1]["ORGANIZER"] == "mailto:ockovani@example.org"


def test_equal_confirmations_are_equal_to_the_byte() -> None:
    assert calendar_entry(confirmed(), minutes=30) == calendar_entry(confirmed(), minutes=30)


@given(st.text(st.sampled_from("aěš€😀,;\\\n: "), max_size=300))
@example("a" * 300)
@example("š" * 300)
@example("😀" * 150)
def test_lines_are_as_long_as_the_standard_allows_and_cut_between_letters(place: str) -> None:
    """Section 3.1: 75 octets and CRLF; no other control character stands in the file."""
    written = calendar_entry(evolve(confirmed(), site=f"x{place}\r\x00\x1b", address=""), minutes=30)
    assert written is not None
    *lines, end = written.split(b"\r\n")

    assert end == b""
    assert max(map(len, lines)) <= 75
    assert all(line.decode().isprintable() for line in lines)
    assert max(map(len, lines)) >= 72 or len(place) < 70, "folded, and not too early"


@given(st.text(max_size=120), st.text(st.sampled_from("ěš,;\\\n: "), max_size=300))
def test_any_text_comes_through(name: str, place: str) -> None:
    name = "".join(letter for letter in name if letter.isprintable())
    event = read(evolve(confirmed(), name=name, site=f"x{place}", address="")).events[0]

    assert str(event["DESCRIPTION"]).split("\nVezměte")[0] == name
    assert event["LOCATION"] == f"x{place}"


def test_text_cannot_add_lines_of_its_own() -> None:
    found = read(evolve(confirmed(), name="x\r\nSTATUS:CANCELLED", site="y\rX-EVIL:1\x00"))

    assert [event["STATUS"] for event in found.events] == ["CONFIRMED", "CONFIRMED"]
    assert not [event for event in found.events if "X-EVIL" in event]


def test_a_moved_dose_is_the_same_event_and_a_later_one() -> None:
    before = read(confirmed())
    moved = evolve(RESERVATION.with_dose(evolve(DOSES[1], day=Day(2021, 2, 22))), revision=1)
    after = read(confirmed(moved))

    assert uids(after) == uids(before) == ["res-1-1@example", "res-1-2@example"]
    assert [event["SEQUENCE"] for event in after.events] == [1, 1]
    assert after.events[1].start.date() == Day(2021, 2, 22)
    assert uids(read(confirmed(evolve(RESERVATION, id="res-2")))) != uids(before)


def test_a_cancelled_reservation_takes_its_events_out() -> None:
    found = read(confirmed(evolve(RESERVATION, revision=2).cancelled(NOW)))

    assert found["METHOD"] == "CANCEL"
    assert uids(found) == uids(read(confirmed()))
    assert [(event["STATUS"], event["SEQUENCE"]) for event in found.events] == [("CANCELLED", 3)] * 2
    assert not any(event.alarms.times for event in found.events)


def test_a_lost_dose_takes_its_event_out_and_the_other_stays() -> None:
    lost = RESERVATION.with_dose(evolve(DOSES[1], attendance=Attendance.LOST))
    found = read(confirmed(lost))

    assert found["METHOD"] == "PUBLISH"
    assert [event["STATUS"] for event in found.events] == ["CONFIRMED", "CANCELLED"]


@pytest.mark.parametrize("attendance", [Attendance.GIVEN, Attendance.MISSED])
def test_what_is_over_is_left_as_it_is(attendance: Attendance) -> None:
    once = RESERVATION.with_dose(evolve(DOSES[0], attendance=attendance))
    both = once.with_dose(evolve(DOSES[1], attendance=attendance))

    assert uids(read(confirmed(once))) == ["res-1-2@example"]
    assert calendar_entry(confirmed(both), minutes=30) is None


@pytest.mark.parametrize(
    ("first", "second", "offsets"),
    [
        (Appointment(1, "V1", Day(2021, 3, 27), 510), Appointment(2, "V2", SPRING, 510), ["+0100", "+0200"]),
        (Appointment(1, "V1", SPRING, 180), Appointment(2, "V2", Day(2021, 3, 29), 0), ["+0200", "+0200"]),
        (Appointment(1, "V1", SPRING, 119), Appointment(2, "V2", SPRING, 180), ["+0100", "+0200"]),
        (Appointment(1, "V1", Day(2021, 10, 30), 510), Appointment(2, "V2", AUTUMN, 510), ["+0200", "+0100"]),
        (Appointment(1, "V1", AUTUMN, 119), Appointment(2, "V2", AUTUMN, 180), ["+0200", "+0100"]),
        (Appointment(1, "V1", AUTUMN, 150), Appointment(2, "V2", Day(2021, 11, 1), 0), ["+0200", "+0100"]),
    ],
)
def test_both_weeks_in_which_clocks_change_are_right(
    first: Appointment, second: Appointment, offsets: list[str]
) -> None:
    """By the machine's zone and by the zone in the file; in the repeated hour the first of the two, as slots are."""
    confirmation = confirmed(evolve(RESERVATION, doses=(first, second)))
    written = calendar_entry(confirmation, minutes=30)
    assert written is not None
    found = read(confirmation)

    instants = [slot_instant(each.day, each.minute, PRAGUE) for each in (first, second)]
    assert [event.start.astimezone(UTC) for event in found.events] == instants
    assert [event.start.strftime("%z") for event in found.events] == offsets
    zone = Zone(written.decode().replace("\r\n ", "").split("\r\n"))
    assert [zone.instant(each.day, each.minute) for each in (first, second)] == instants


class Zone:
    """A VTIMEZONE read by the letter: an onset is its DTSTART at TZOFFSETFROM (RFC 5545, section 3.6.5)."""

    def __init__(self, lines: list[str]) -> None:
        self.onsets: list[tuple[datetime, timedelta]] = []
        found: dict[str, str] = {}
        for line in lines[lines.index("BEGIN:VTIMEZONE") + 1 : lines.index("END:VTIMEZONE")]:
            name, _, value = line.partition(":")
            found[name] = value
            if name == "END":
                start = datetime.strptime(found["DTSTART"] + found["TZOFFSETFROM"], "%Y%m%dT%H%M%S%z")
                offset = datetime.strptime(found["TZOFFSETTO"], "%z").utcoffset()
                assert offset is not None
                self.onsets.append((start, offset))

    def offset(self, moment: datetime) -> timedelta:
        return max(onset for onset in self.onsets if onset[0] <= moment)[1]

    def instant(self, day: date, minute: int) -> datetime:
        """The first moment at which the clocks show a time."""
        shown = datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=UTC)
        return min(shown - offset for _, offset in self.onsets if self.offset(shown - offset) == offset)


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(0, 400))
def test_the_zone_holds_on_every_hour_of_its_days(name: str, first: date, days: int) -> None:
    last = first + timedelta(days=days)
    zone, truth = Zone(list(vtimezone(name, first, last))), ZoneInfo(name)
    moment = datetime(first.year, first.month, first.day, tzinfo=truth).astimezone(UTC)

    for _ in range((days + 1) * 24):
        assert zone.offset(moment) == moment.astimezone(truth).utcoffset(), moment
        moment += timedelta(hours=1)


def test_the_zone_has_no_more_than_its_days_need() -> None:
    winter = list(vtimezone(PRAGUE, Day(2021, 1, 25), Day(2021, 2, 15)))
    over_spring = list(vtimezone(PRAGUE, Day(2021, 3, 1), Day(2021, 3, 29)))

    assert [line for line in winter if line.startswith("DTSTART")] == ["DTSTART:20201025T030000"]
    assert [line for line in over_spring if line.startswith("DTSTART")] == [
        "DTSTART:20201025T030000",
        "DTSTART:20210328T020000",
    ]
