"""What a confirmation says, from its facts alone."""

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain import wording
from crs_core.domain.confirmation import confirmation
from crs_core.domain.messages import BY_EMAIL, Channel, Purpose
from crs_core.domain.reservations import Attendance
from tests.confirmations import DOSES, NOW, REGISTRATION, RESERVATION, confirmed


def test_it_is_written_in_the_words_of_its_language() -> None:
    czech, english = confirmed(), confirmed(language="en")

    assert [(each.title, each.day_text, each.time_text) for each in czech.doses] == [
        ("1. dávka", "pondělí 25. ledna 2021", "v 8:30"),
        ("2. dávka", "pondělí 15. února 2021", "v 0:00"),
    ]
    assert [(each.title, each.day_text, each.time_text) for each in english.doses] == [
        ("Dose 1", "Monday 25 January 2021", "at 8:30"),
        ("Dose 2", "Monday 15 February 2021", "at 0:00"),
    ]
    assert czech.words["confirmation_issued"] == "Stav ke dni 21. ledna 2021, 0:30", "on the clocks of the campaign"
    assert (czech.name, czech.site, czech.address) == (
        "Vzorka Vzorová",
        "Nemocnice Vzorov Sever",
        "Smyslena 1, Vzorov",
    )


@pytest.mark.parametrize(("email", "by"), [(None, "SMS"), ("vzorka@example.org", "SMS and e-mail")])
def test_it_says_by_which_ways_it_comes(email: str | None, by: str) -> None:
    sent, here = f"A confirmation will come by {by}.", "You can also download and print it."
    with_documents, without = (confirmed(makes=makes, email=email, language="en") for makes in (True, False))

    assert (with_documents.comes, without.comes) == (f"{sent} {here}", sent)
    assert (Channel.EMAIL in without.channels) == (email is not None)
    assert Channel.SMS in without.channels


@pytest.mark.parametrize(
    ("attendance", "says"),
    [
        (Attendance.EXPECTED, "v 8:30"),
        (Attendance.CHECKED_IN, "v 8:30"),
        (Attendance.GIVEN, "už podána"),
        (Attendance.MISSED, "zmeškána"),
        (Attendance.MISSED_WASTED, "zmeškána"),
        (Attendance.LOST, "nový termín Vám pošleme v SMS"),
    ],
)
def test_a_dose_says_what_became_of_it(attendance: Attendance, says: str) -> None:
    found = confirmed(RESERVATION.with_dose(evolve(DOSES[0], attendance=attendance))).doses[0]

    assert found.time_text == says
    assert found.held == (says == "v 8:30")
    assert found.lost == (attendance is Attendance.LOST) == (found.day_text == "")


def test_a_cancellation_is_a_revision_of_its_own() -> None:
    moved = evolve(RESERVATION, revision=3)

    assert (confirmed(moved).revision, confirmed(moved).cancelled) == (3, False)
    assert (confirmed(moved.cancelled(NOW)).revision, confirmed(moved.cancelled(NOW)).cancelled) == (4, True)


def test_a_campaign_words_it_its_own_way() -> None:
    texts = {"cs": {"confirmation_title": "Papír z Vzorova", "confirmation_dose": "Dávka {number}"}}
    campaign = evolve(crs.example_campaign(), texts=texts)
    found = confirmation(campaign, REGISTRATION, RESERVATION, NOW, makes=True)

    assert found.words["confirmation_title"] == "Papír z Vzorova"
    assert found.doses[0].title == "Dávka 1"
    assert found.words["confirmation_bring"] == confirmed().words["confirmation_bring"]


def test_it_shows_nobody_in_its_repr() -> None:
    assert not [told for told in ("Vzorová", "vzorka@") if told in repr(confirmed(email="vzorka@example.org"))]
    assert "Nemocnice Vzorov Sever" in repr(confirmed())


@pytest.mark.parametrize("language", wording.LANGUAGES)
@pytest.mark.parametrize("purpose", BY_EMAIL.values())
def test_every_email_has_a_subject_and_tells_the_times_it_knows(purpose: Purpose, language: str) -> None:
    facts = {"site": "Vzorov", "address": "Smyšlená 1", "dose2": "2021-02-15 08:30", "attached": "\nEnclosed."}
    subject, text = wording.message(purpose, language, facts)

    assert subject
    assert text.endswith("Enclosed.")
    line = {"cs": "2. dávka: pondělí 15. února 2021 v 8:30", "en": "Dose 2: Monday 15 February 2021 at 8:30"}[language]
    tells = purpose in {Purpose.RESERVED_EMAIL, Purpose.MOVED_EMAIL, Purpose.REPLANNED_EMAIL}
    assert (line in text.splitlines()) == tells
