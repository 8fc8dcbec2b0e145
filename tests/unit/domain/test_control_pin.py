"""PIN1 as a value: when it lives, when it may be asked for, when it is a new one."""

import pendulum
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain import control_pin
from crs_core.domain.campaign import ControlPinRule
from crs_core.domain.control_pin import Challenge
from crs_core.domain.keys import Keyring
from crs_core.domain.time import later

NOW = pendulum.datetime(2021, 1, 15, 8)
RULE = ControlPinRule()
KEYRING = Keyring({"a": b"an invented key, 32 bytes long ..", "b": b"another invented key, 32 bytes .."}, "a")


def asked(challenge: Challenge | None, *, now: pendulum.DateTime = NOW, key_id: str = "a") -> Challenge:
    return control_pin.asked(
        challenge, phone_id="p", phone="+420601000001", key_id=key_id, language="cs", rule=RULE, now=now
    )


FRESH = evolve(asked(None), unsent="m1")
SENT = control_pin.handed_off(FRESH, later(NOW, minutes=30))


def test_before_hand_off_it_lives_as_long_as_its_message_is_good() -> None:
    for challenge in (FRESH, evolve(FRESH, unsent=None)):
        assert control_pin.is_live(challenge, RULE, later(NOW, minutes=119.99))
        assert not control_pin.is_live(challenge, RULE, later(NOW, minutes=120))


def test_its_life_counts_from_hand_off() -> None:
    assert control_pin.is_live(SENT, RULE, later(NOW, minutes=39.99))
    assert not control_pin.is_live(SENT, RULE, later(NOW, minutes=40))


def test_every_hand_off_restarts_its_life_and_counts_one_send() -> None:
    again = control_pin.handed_off(evolve(SENT, unsent="m2"), later(NOW, minutes=39))

    assert (again.sends, again.unsent) == (2, None)
    assert control_pin.is_live(again, RULE, later(NOW, minutes=48.99))
    assert not control_pin.is_live(again, RULE, later(NOW, minutes=49))


def test_while_a_message_of_it_is_on_its_way_it_lives() -> None:
    assert control_pin.is_live(evolve(SENT, unsent="m2"), RULE, later(NOW, minutes=60))


def test_used_it_opens_nothing() -> None:
    for challenge in (FRESH, SENT):
        assert not control_pin.is_live(control_pin.used(challenge, NOW), RULE, NOW)
        assert control_pin.used(challenge, NOW).unsent is None


@given(st.floats(0, 200), st.sampled_from(["a", "b"]))
def test_asking_again_is_the_same_challenge_while_it_lives_and_a_new_generation_afterwards(
    minutes: float, key_id: str
) -> None:
    now = later(NOW, minutes=minutes)
    for challenge in (FRESH, SENT, control_pin.used(SENT, NOW)):
        again = asked(challenge, now=now, key_id=key_id)
        if control_pin.is_live(challenge, RULE, now):
            assert again is challenge
        else:
            assert (again.generation, again.key_id, again.sends, again.unsent) == (2, key_id, 0, None)
            assert (again.created_at, again.handed_off_at, again.used_at) == (now, None, None)


def test_the_wait_counts_from_hand_off() -> None:
    assert control_pin.may_ask_at(FRESH, RULE, NOW) == NOW
    assert control_pin.may_ask_at(SENT, RULE, NOW) == later(NOW, minutes=31)
    assert control_pin.may_ask_at(SENT, RULE, later(NOW, minutes=35)) == later(NOW, minutes=35)


def test_the_pin_is_that_of_its_phone_generation_and_key_alone() -> None:
    pins = {
        control_pin.code_of(each, KEYRING, ControlPinRule(digits=9))
        for each in (
            FRESH,
            evolve(FRESH, generation=2),
            evolve(FRESH, key_id="b"),
            evolve(FRESH, phone="+420601000002"),
            evolve(FRESH, id="q"),
        )
    }

    assert len(pins) == 5
    later_on = control_pin.used(control_pin.handed_off(evolve(FRESH, unsent="m9", language="en"), NOW), NOW)
    assert control_pin.code_of(later_on, KEYRING, RULE) == control_pin.code_of(FRESH, KEYRING, RULE)
    assert len(control_pin.code_of(FRESH, KEYRING, RULE)) == 6


def test_it_shows_no_phone() -> None:
    assert "601" not in repr(FRESH)
