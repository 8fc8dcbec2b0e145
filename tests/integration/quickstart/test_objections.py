"""Who is told at the quickstart portal that a stranger registered with their insured number, and objects."""

import re
import sqlite3
from contextlib import closing

import pytest

from examples.quickstart.environment import TEXTS
from tests.integration.quickstart.portal import PATIENCE, Citizen, Portal


@pytest.mark.parametrize("language", ["cs", "en"])
def test_whoever_is_told_of_a_duplicate_objects_with_their_phone(portal: Portal, language: str) -> None:
    older, newer = Citizen(portal, language), Citizen(portal, language)
    older.enter_for_the_first_time()
    newer.prove_phone()
    newer.press("register/next", **newer.details() | {"insured_number": older.insured_number})
    portal.await_text(older.phone, {"cs": "ohlaste to", "en": "say so"}[language])
    before = objections(portal)

    object_to(newer, older.insured_number)
    assert objections(portal) == before
    object_to(older, older.insured_number)

    assert older.says("disputed_done")
    assert objections(portal) == before + 1
    older.enter()
    assert TEXTS[language]["standings"]["invited"] in older.page.text


def objections(portal: Portal) -> int:
    """How many objections the journal holds."""
    with closing(sqlite3.connect(portal.folder / "portal.db", timeout=PATIENCE)) as database:
        [[count]] = database.execute("SELECT count(*) FROM journal WHERE kind = 'disputed'")
    return int(count)


def object_to(citizen: Citizen, insured_number: str) -> None:
    """From the start page, past the phone, to the answer."""
    citizen.open("start")
    assert f'href="/{citizen.language}/objection"' in citizen.page.text
    citizen.open("objection")
    seen = len(portal_pins(citizen))
    citizen.press("phone/next", phone=citizen.phone)
    citizen.press("pin/next", pin=citizen.portal.pin(citizen.phone, 6, after=seen))
    citizen.press("dispute/next", insured_number=insured_number)


def portal_pins(citizen: Citizen) -> list[str]:
    """The control PINs that came so far."""
    return [pin for text in citizen.portal.texts(citizen.phone) for pin in re.findall(r"\b\d{6}\b", text)]


@pytest.mark.parametrize("language", ["cs", "en"])
def test_an_objection_is_answered_the_same_whatever_there_is(portal: Portal, language: str) -> None:
    holder, stranger = Citizen(portal, language), Citizen(portal, language)
    holder.register()

    object_to(holder, holder.insured_number)
    pages = [holder.page.text]
    for number in (holder.insured_number, stranger.insured_number):
        object_to(stranger, number)
        pages.append(stranger.page.text)

    assert holder.says("disputed_done")
    assert pages[0] == pages[1] == pages[2]


def test_an_objection_takes_a_proof_and_an_insured_number(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.open("objection")
    citizen.press("phone/next", phone=citizen.phone)
    right = portal.pin(citizen.phone, 6)
    citizen.press("pin/next", pin=f"{(int(right) + 1) % 10**6:06d}")
    assert citizen.page.status_code == 403
    citizen.switch_language()
    citizen.press("pin/next", pin=right)
    assert citizen.says("dispute_title")

    citizen.press("dispute/next", insured_number="my number")
    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["insured_number"]["aria-invalid"] == "true"
    proof = citizen.forms.found[0].fields["proof"][0]
    wrong = proof[:-1] + ("A" if proof[-1] != "A" else "B")
    citizen.press("dispute/next", insured_number=citizen.insured_number, proof=wrong)

    assert citizen.page.status_code == 400
    assert citizen.refused("token_invalid")
    assert 'href="/en/objection"' in citizen.page.text
