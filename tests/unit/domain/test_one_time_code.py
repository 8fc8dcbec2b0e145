"""Codes: the published vectors of RFC 4226, and what a code depends on."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain import one_time_code
from crs_core.domain.keys import Keyring

SECRET = b"12345678901234567890"
# RFC 4226, appendix D: for each count the HMAC, the truncated number and the code.
VECTORS = [
    (0, "cc93cf18508d94934c64b65d8ba7667fb7cde4b0", 1284755224, "755224"),
    (1, "75a48a19d4cbe100644e8ac1397eea747a2d33ab", 1094287082, "287082"),
    (2, "0bacb7fa082fef30782211938bc1c5e70416ff44", 137359152, "359152"),
    (3, "66c28227d03a2d5529262ff016a1e6ef76557ece", 1726969429, "969429"),
    (4, "a904c900a64b35909874b33e61c5938a8e15ed1c", 1640338314, "338314"),
    (5, "a37e783d7b7233c083d4f62926c7a25f238d0316", 868254676, "254676"),
    (6, "bc9cd28561042c83f219324d3c607256c03272ae", 1918287922, "287922"),
    (7, "a4fb960c0bc06e1eabb804e5b397cdc4b45596fa", 82162583, "162583"),
    (8, "1b3c89f65e6c9e883012052823443f048b4332db", 673399871, "399871"),
    (9, "1637409809a679dc698207310c8c7fc07290d9e5", 645520489, "520489"),
]
KEYRING = Keyring({"a": b"an invented key, 32 bytes long ..", "b": b"another invented key, 32 bytes .."}, "a")
OF = {"purpose": "control_pin", "subject": "s", "phone": "+420601000001"}


@pytest.mark.parametrize(("count", "digest", "number", "code"), VECTORS)
def test_the_vectors_of_the_rfc(count: int, digest: str, number: int, code: str) -> None:
    assert one_time_code.counter_digest(SECRET, count).hex() == digest
    assert one_time_code.truncate(bytes.fromhex(digest), 6) == code
    assert one_time_code.truncate(bytes.fromhex(digest), 9) == f"{number % 10**9:09d}"


@given(st.binary(min_size=20, max_size=64), st.integers(1, 9))
def test_truncation_follows_the_text_of_the_rfc(digest: bytes, digits: int) -> None:
    """Section 5.3, written down a second time: four bytes from where the last half-byte says, without the sign."""
    start = digest[-1] % 16
    first, second, third, fourth = digest[start : start + 4]
    number = (first % 128) * 2**24 + second * 2**16 + third * 2**8 + fourth

    assert one_time_code.truncate(digest, digits) == str(number % 10**digits).zfill(digits)


@given(st.text(), st.text(), st.integers(0, 9), st.integers(6, 9))
def test_a_code_is_one_of_the_keyring(subject: str, phone: str, generation: int, digits: int) -> None:
    """HMAC-SHA-256 under the named key, over purpose, subject, phone and generation."""
    of = {"purpose": "p", "subject": subject, "phone": phone, "generation": generation, "digits": digits}
    text = f"code:p\x00{subject}\x00{phone}\x00{generation}".encode()
    expected = one_time_code.truncate(hmac.new(KEYRING.secrets["b"], text, hashlib.sha256).digest(), digits)

    assert one_time_code.code(KEYRING, "b", **of) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"key_id": "b"}, {"purpose": "x"}, {"subject": "x"}, {"phone": "x"}, {"generation": 2}], ids=str
)
def test_everything_that_a_code_is_made_of_changes_it(change: dict[str, object]) -> None:
    arguments: dict[str, object] = {"key_id": "a", **OF, "generation": 1, "digits": 9}

    assert one_time_code.code(KEYRING, **arguments) != one_time_code.code(KEYRING, **(arguments | change))  # type: ignore[arg-type]


def test_codes_are_spread_evenly() -> None:
    """Of 20,000 codes each of the ten digits stands in each of the six places about 2,000 times (5 sigma: 212)."""
    codes = [one_time_code.code(KEYRING, "a", **OF, generation=number, digits=6) for number in range(20_000)]

    counts = [sum(code[place] == digit for code in codes) for place in range(6) for digit in "0123456789"]
    assert max(abs(count - 2_000) for count in counts) < 250
    assert len(set(codes)) > 19_500


@pytest.mark.parametrize("given", ["012345", " 012345 ", "012 345", "012-345", "0 1 2 3 4 5", "012\u00a0345\n"])
def test_as_people_copy_it(given: str) -> None:
    assert one_time_code.matches("012345", given)


@pytest.mark.parametrize("given", ["", "12345", "0123456", "012346", "٠١٢٣٤٥", "0\uff1112345", "012345x"])
def test_anything_else_is_another(given: str) -> None:
    assert not one_time_code.matches("012345", given)


@given(st.from_regex(r"[0-9]{6,9}", fullmatch=True), st.text())
def test_equal_codes_alone_match(expected: str, given: str) -> None:
    compact = "".join(given.split()).replace("-", "")

    assert one_time_code.matches(expected, given) == (compact == expected)
