"""Tokens: what was signed comes back, and nothing else does."""

import pendulum
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crs_core.domain import tokens
from crs_core.domain.keys import Keyring
from crs_core.domain.time import later
from crs_core.errors import Refused

KEYRING = Keyring({"2021.01": b"an invented key, 32 bytes long .."}, "2021.01")
ROTATED = Keyring({**KEYRING.secrets, "2021.02": b"another invented key, 32 bytes .."}, "2021.02")
NOW = pendulum.datetime(2021, 1, 15, 8)
TOKEN = tokens.sign(KEYRING, "entry", {"r": "registration", "g": 1}, until=later(NOW, minutes=30))

facts = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.lists(st.integers()), max_size=4)


def code_of(token: object, *, keyring: Keyring = KEYRING, kind: str = "entry", seconds: float = 0) -> str:
    with pytest.raises(Refused) as caught:
        tokens.read(keyring, kind, token, now=later(NOW, seconds=seconds))  # type: ignore[arg-type]
    assert caught.value.remedy
    assert caught.value.facts == {"kind": kind}
    return caught.value.code


@given(facts, st.integers(1, 10**9))
def test_what_was_signed_is_read(given: dict[str, object], seconds: int) -> None:
    token = tokens.sign(KEYRING, "entry", given, until=later(NOW, seconds=seconds))

    assert tokens.read(KEYRING, "entry", token, now=NOW) == given
    assert tokens.read(ROTATED, "entry", token, now=NOW) == given
    assert token.isascii()
    assert all(each.isalnum() or each in "._-" for each in token)


def test_it_ends_at_its_time() -> None:
    assert tokens.read(KEYRING, "entry", TOKEN, now=later(NOW, seconds=1799))
    assert code_of(TOKEN, seconds=1800) == "token_expired"


def test_it_serves_no_other_purpose() -> None:
    assert code_of(TOKEN, kind="proof") == "token_invalid"


def test_it_is_worth_nothing_under_another_key() -> None:
    stranger = Keyring({"2021.01": b"somebody else's key of 32 bytes .."}, "2021.01")

    assert code_of(TOKEN, keyring=stranger) == "token_invalid"
    assert code_of(tokens.sign(ROTATED, "entry", {}, until=later(NOW, days=1))) == "token_invalid"


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_one_changed_character_makes_it_invalid(place: int, other: str) -> None:
    assume(TOKEN[place] != other)

    assert code_of(TOKEN[:place] + other + TOKEN[place + 1 :]) == "token_invalid"


@given(st.integers(0, len(TOKEN) - 1), st.text(max_size=3))
def test_a_cut_or_longer_one_is_invalid(length: int, more: str) -> None:
    assert code_of(TOKEN[:length]) == "token_invalid"
    assume(more)
    assert code_of(TOKEN + more) == "token_invalid"
    assert code_of(more + TOKEN) == "token_invalid"


@given(st.text(st.characters(exclude_categories=())) | st.binary() | st.none() | st.integers())
def test_whatever_is_no_token_is_refused(token: object) -> None:
    assert code_of(token) == "token_invalid"
