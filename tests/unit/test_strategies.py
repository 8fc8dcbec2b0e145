"""The strategies draw what the domain accepts, and reach the corners that they promise."""

from datetime import date

import pendulum
import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from crs_core.composition.codec import codec
from crs_core.composition.example import example_campaign
from crs_core.domain import calendars as calendar_rules
from crs_core.domain import insured_number, people
from crs_core.domain.calendars import Calendar
from crs_core.domain.control_pin import Challenge
from crs_core.domain.insured_number import Kind
from crs_core.domain.people import Application, Person
from crs_core.domain.priority import Segment, rank
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant
from crs_core.testing import strategies as invented
from crs_core.testing.invented import Invented

TODAY = date(2021, 1, 15)
JSON = codec()


@given(invented.people())
def test_an_invented_person_has_a_valid_number_of_their_birth_date(person: Invented) -> None:
    verdict = insured_number.verdict(person.insured_number, TODAY)

    assert verdict == insured_number.Verdict(Kind.VALID, "", person.birth_date)


@given(invented.applications())
def test_an_application_is_accepted_as_it_is(application: Application) -> None:
    checked = people.check(application, today=TODAY, languages=["cs", "en"], claims=invented.CLAIMS)

    assert checked == application


@given(invented.phones)
def test_a_phone_is_accepted_as_it_is(phone: str) -> None:
    assert people.phone_number(phone, ["+420"]) == phone


@given(invented.instants())
def test_an_instant_is_in_utc(instant: Instant) -> None:
    assert instant.tzinfo is pendulum.UTC


@pytest.mark.parametrize("repetition", ["+02:00", "+01:00"])
def test_both_repeated_hours_of_autumn_are_drawn(repetition: str) -> None:
    found = find(
        invented.instants(),
        lambda instant: (
            instant.in_timezone("Europe/Prague").isoformat().startswith("2021-10-31T02")
            and instant.in_timezone("Europe/Prague").isoformat().endswith(repetition)
        ),
    )

    assert found.in_timezone("Europe/Prague").hour == 2


@given(
    st.one_of(
        invented.registrations(),
        invented.reservations(),
        invented.persons,
        invented.challenges,
        invented.sites,
    )
)
def test_a_value_survives_the_codec(value: Registration | Reservation | Person | Challenge | Site) -> None:
    assert JSON.loads(type(value), JSON.dumps(value)) == value


@given(invented.calendars("V1", "comirnaty", 1, invented.days(date(2021, 3, 27), date(2021, 3, 29))))
def test_a_calendar_has_no_fault(calendar: Calendar) -> None:
    assert list(calendar_rules.faults([calendar], example_campaign())) == []


@given(invented.segments(), invented.registrations())
def test_segments_are_disjoint(segments: tuple[Segment, ...], one: Registration) -> None:
    holding = [
        each for each in segments if each.claims == one.claims and each.born_from <= one.birth_date <= each.born_to
    ]

    assert len(holding) == (rank(segments, claims=one.claims, born=one.birth_date) is not None)
