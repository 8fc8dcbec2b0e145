"""PIN2 as a value: one a registration, whatever happens to it, and the same work for nobody."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.composition.example import example_campaign
from crs_core.domain import invitation_pin, one_time_code
from crs_core.domain.campaign import InvitationRule
from crs_core.domain.keys import Keyring
from crs_core.domain.registration import Registration
from crs_core.domain.rules import Dated
from crs_core.domain.time import later
from crs_core.testing import strategies as invented

KEYRING = Keyring({name: name.encode() * 5 for name in ("2021-01", "2021-02")}, "2021-02")
FIXED = {"id", "phone", "pin_key_id", "pin_generation"}


@given(invented.registrations(), invented.registrations())
def test_it_depends_on_id_phone_key_and_generation_alone(one: Registration, other: Registration) -> None:
    moved_on = evolve(other, **{name: getattr(one, name) for name in FIXED})

    assert invitation_pin.code_of(one, KEYRING, 8) == invitation_pin.code_of(moved_on, KEYRING, 8)
    assert invitation_pin.opens(moved_on, invitation_pin.code_of(one, KEYRING, 8), KEYRING, 8)


@given(invented.registrations())
def test_another_phone_or_generation_is_another_pin(registration: Registration) -> None:
    pins = {
        invitation_pin.code_of(each, KEYRING, 9)
        for each in (
            registration,
            evolve(registration, pin_generation=registration.pin_generation + 1),
            evolve(registration, phone=registration.phone[:-1] + "x"),
            evolve(registration, id=registration.id + "x"),
        )
    }

    assert len(pins) == 4


@given(st.none() | invented.registrations(), st.text())
def test_any_other_text_does_not_open(registration: Registration | None, text: str) -> None:
    assert not invitation_pin.opens(registration, f"{text}x", KEYRING, 8)


def test_nobody_is_opened_by_nothing() -> None:
    """Not even by the code that is derived for nobody, so that the same work is done."""
    nobody = one_time_code.code(
        KEYRING, KEYRING.active, purpose="invitation_pin", subject="", phone="", generation=0, digits=8
    )

    assert not invitation_pin.opens(None, nobody, KEYRING, 8)


@pytest.mark.parametrize(("later_by", "digits"), [(1, 6), (0, 8), (-1, 8)])
@given(registration=invented.registrations())
def test_its_length_is_that_in_force_at_registration(registration: Registration, later_by: int, digits: int) -> None:
    """The rule changed so many minutes after the registration."""
    change = later(registration.registered_at, minutes=later_by)
    rule = Dated(((later(change, days=-1), InvitationRule(digits=6)), (change, InvitationRule(digits=8))))

    assert invitation_pin.digits(evolve(example_campaign(), invitation=rule), registration) == digits
