"""Segments of short messages, against smsutil, which counts on its own."""

import pytest
import smsutil  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from crs_core.domain import wording
from crs_core.domain.messages import BY_EMAIL, Purpose
from crs_core.domain.sms_segments import segments

GSM = smsutil.codecs.GSM_CHARSET.replace("\x1b", "")  # smsutil takes the escape itself for a letter
LETTERS = st.sampled_from(GSM) | st.sampled_from("€[]{}|~\\^") | st.sampled_from("ěščřžýáíéúůťďň") | st.just("😀")


def by_smsutil(text: str) -> tuple[bool, int, int]:
    found = smsutil.split(text)
    gsm = found.encoding == "gsm0338"
    return gsm, found.total_bytes // (1 if gsm else 2), len(found.parts)


@given(st.text(st.sampled_from(GSM), min_size=1, max_size=700) | st.text(LETTERS, min_size=1, max_size=300))
@example("a" * 152 + "€")
@example("a" * 160)
@example("a" * 161)
@example("č" * 70)
@example("č" * 66 + "😀" + "č" * 66)
def test_it_counts_as_an_independent_library_does(text: str) -> None:
    found = segments(text)

    assert (found.gsm, found.places, found.number) == by_smsutil(text)


@given(st.text(LETTERS, max_size=300))
def test_what_is_left_is_what_still_fits(text: str) -> None:
    found = segments(text)
    more = "a" if found.gsm else "č"

    if text:
        assert segments(text + more * found.left).number == found.number
        assert segments(text + more * (found.left + 1)).number > found.number


def test_an_empty_text_is_no_message() -> None:
    assert segments("").number == 0


FACTS = {
    "pin": "12345678",
    "minutes": "10",
    "site": "Nemocnice Vzorov Sever",
    "address": "Smyslena 1, Vzorov",
    "dose1": "2021-11-30 08:30",
    "dose2": "2021-12-28 08:30",
}
SHORT = [purpose for purpose in Purpose if purpose not in BY_EMAIL.values()]


@pytest.mark.parametrize("language", wording.LANGUAGES)
@pytest.mark.parametrize("purpose", SHORT)
def test_built_in_messages_keep_to_the_gsm_alphabet(purpose: Purpose, language: str) -> None:
    """With diacritics most of them would take one segment more, and cost as much more."""
    found = segments(wording.message(purpose, language, FACTS)[1])

    assert found.gsm
    assert found.number <= (1 if purpose is Purpose.CONTROL_PIN else 2)
