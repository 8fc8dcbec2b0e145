"""Keyrings: rotation, separation of purposes, secrets that are never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.keys import Keyring
from crs_core.errors import NotFound

OLD, NEW = b"an old invented key of 32 bytes ..", b"a new invented key of 32 bytes ..."
KEYRING = Keyring({"2021-01": OLD}, "2021-01")
ROTATED = Keyring({"2021-01": OLD, "2021-02": NEW}, "2021-02")


@given(st.text(), st.text())
def test_what_a_key_made_outlives_a_rotation(purpose: str, text: str) -> None:
    assert ROTATED.digest("2021-01", purpose, text) == KEYRING.digest("2021-01", purpose, text)
    assert ROTATED.pseudonym(purpose, text) == KEYRING.pseudonym(purpose, text)


@given(st.text(), st.text(), st.text(), st.text())
def test_other_purposes_and_texts_are_unrelated(purpose: str, text: str, other: str, more: str) -> None:
    same = (purpose, text) == (other, more)

    assert (KEYRING.digest("2021-01", purpose, text) == KEYRING.digest("2021-01", other, more)) == same or "\x00" in (
        purpose + other
    )


def test_a_pseudonym_is_no_digest_of_the_same_purpose() -> None:
    assert not KEYRING.digest("2021-01", "phone", "1").hex().startswith(KEYRING.pseudonym("phone", "1"))
    assert len(KEYRING.pseudonym("phone", "1")) == 24


def test_a_key_that_was_dropped_is_named() -> None:
    dropped = Keyring({"2021-02": NEW}, "2021-02")

    with pytest.raises(NotFound, match="'2021-01' is not in the keyring") as caught:
        dropped.digest("2021-01", "p", "t")
    assert caught.value.code == "unknown_key"
    assert caught.value.remedy
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize(
    ("secrets", "active", "rule"),
    [
        ({}, "", "holds no such key"),
        ({"a": OLD}, "b", "holds no such key"),
        ({"a": b"x" * 15}, "a", "at least 16 are needed"),
        ({"a": OLD, "b": b""}, "a", "0 bytes"),
        ({"a": "text of thirty-two letters, secret"}, "a", "a secret is bytes"),
        ({"a": OLD, "klíč": OLD}, "a", "printable ASCII"),
        ({"a\n": OLD}, "a\n", "printable ASCII"),
    ],
)
def test_a_keyring_says_what_is_wrong_and_shows_no_key(secrets: dict[str, bytes], active: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule) as caught:
        Keyring(secrets, active)

    assert "secret" not in str(caught.value).replace("a secret is bytes", "")


def test_neither_repr_nor_str_shows_a_key() -> None:
    assert repr(ROTATED) == str(ROTATED) == "Keyring(active='2021-02')"
