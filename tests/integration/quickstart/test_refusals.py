"""What the quickstart portal refuses, how it says so, and what it keeps to itself."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import crs_core as crs
from examples.quickstart.app import app_of
from examples.quickstart.environment import TEXTS
from examples.quickstart.pages import status_of
from tests.integration.quickstart.portal import Citizen, ClockedPortal, Portal

CHANGES = ("newtime", "newname", "newbirth", "newlanguage", "newemail", "newsite", "newphone", "dispute", "withdraw")


@pytest.mark.parametrize(("language", "left"), [("cs", "Zbývá pokusů: 4"), ("en", "Tries left: 4")])
def test_a_wrong_pin_is_told_with_the_tries_left(portal: Portal, language: str, left: str) -> None:
    citizen = Citizen(portal, language)
    citizen.give_phone()
    right = portal.pin(citizen.phone, 6)

    citizen.press("pin/next", pin=f"{(int(right) + 1) % 10**6:06d}")

    assert citizen.page.status_code == 403
    assert left in citizen.page.text
    assert "value" not in citizen.forms.inputs["pin"]
    citizen.press("pin/next", pin=right)
    assert citizen.says("register_title")


def test_tries_used_up_say_from_when_to_try_again(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.give_phone()
    right = portal.pin(citizen.phone, 6)
    wrong = f"{(int(right) + 1) % 10**6:06d}"

    for _ in range(6):
        citizen.press("pin/next", pin=wrong)

    assert citizen.page.status_code == 429
    assert citizen.refused("too_many_tries")
    assert int(citizen.page.headers["retry-after"]) > 60
    assert str(TEXTS["cs"]["again_from"]).split("{")[0] in citizen.page.text
    assert "/cs/phone" in citizen.forms.links
    citizen.give_phone()
    citizen.press("pin/next", pin=right)
    assert citizen.says("register_title")


@pytest.mark.parametrize("language", ["cs", "en"])
def test_a_phone_that_is_none_stays_in_its_field(portal: Portal, language: str) -> None:
    citizen = Citizen(portal, language)
    citizen.open("phone")

    citizen.press("phone/next", phone='601 "00')

    assert citizen.page.status_code == 400
    assert citizen.refused("invalid_input")
    assert citizen.forms.inputs["phone"]["value"] == '601 "00'
    assert citizen.forms.inputs["phone"]["aria-invalid"] == "true"
    citizen.press("phone/next", phone=citizen.phone)
    assert citizen.says("pin_title")


def test_every_field_of_the_registration_is_named_at_once(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.prove_phone()

    citizen.press("register/next", **(citizen.details() | {"first_name": "", "birth_month": "13", "email": "x"}))

    assert citizen.page.status_code == 400
    assert {name for name, given in citizen.forms.inputs.items() if "aria-invalid" in given} == {
        "first_name",
        "birth_day",
        "birth_month",
        "birth_year",
        "email",
    }
    assert citizen.forms.inputs["last_name"]["value"] == "Vzorová"
    citizen.press("register/next", **citizen.details(), email="")
    assert citizen.says("registered_title")


def test_who_may_not_register_yet_is_told(portal: Portal) -> None:
    citizen = Citizen(portal, "en")
    citizen.prove_phone()

    young = {"birth_year": "1990", "birth_month": "1", "birth_day": "31", "insured_number": "900131/0010"}
    citizen.press("register/next", **(citizen.details() | young))

    assert citizen.page.status_code == 403
    assert citizen.refused("not_eligible")


@pytest.mark.parametrize("language", ["cs", "en"])
def test_a_tampered_token_is_refused_in_the_right_language(portal: Portal, language: str) -> None:
    citizen = Citizen(portal, language)
    citizen.give_phone()
    handle = citizen.forms.found[0].fields["handle"][0]

    citizen.press("pin/next", pin="000000", handle=handle[:-1] + ("A" if handle[-1] != "A" else "B"))

    assert citizen.page.status_code == 400
    assert citizen.refused("token_invalid")
    assert f'href="/{language}/phone"' in citizen.page.text


@pytest.mark.parametrize("language", ["cs", "en"])
def test_a_wrong_pin2_is_told_the_same_for_a_number_nobody_has(portal: Portal, language: str) -> None:
    known, nobody = Citizen(portal, language), Citizen(portal, language)
    known.register()
    pin2 = portal.pin(known.phone, 8)

    pages = []
    for citizen in (known, nobody):
        citizen.open("enter")
        citizen.press("enter/next", insured_number=citizen.insured_number, pin2=f"{(int(pin2) + 1) % 10**8:08d}")
        assert citizen.page.status_code == 403
        assert citizen.refused("wrong_pin2")
        key = citizen.forms.found[0].fields["key"][0]
        pages.append(citizen.page.text.replace(citizen.insured_number, "").replace(key, ""))

    assert pages[0] == pages[1]


def test_a_pin_that_is_over_gives_way_to_a_new_one(clocked: ClockedPortal) -> None:
    citizen = Citizen(clocked.portal, "cs")
    citizen.give_phone()
    old = clocked.portal.pin(citizen.phone, 6)
    clocked.clock.move(minutes=11)

    citizen.press("pin/next", pin=old)
    assert citizen.refused("pin_expired")
    assert citizen.says("pin_new")
    assert not citizen.says("pin_again")
    citizen.press("phone/next")

    citizen.press("pin/next", pin=clocked.portal.pin(citizen.phone, 6, after=1))
    assert citizen.says("register_title")


@pytest.mark.parametrize("language", ["cs", "en"])
def test_a_site_that_nobody_chose_is_named_with_the_other_faults(portal: Portal, language: str) -> None:
    citizen = Citizen(portal, language)
    citizen.prove_phone()
    without = {name: value for name, value in citizen.details().items() if name != "site"}

    citizen.press("register/next", **without | {"first_name": ""})
    assert citizen.page.status_code == 400
    assert citizen.says("site_hint")
    assert {"#first_name", "#site"} <= citizen.forms.links
    citizen.press("register/next", **without)

    assert citizen.says("site_hint")
    assert not citizen.refused("unknown_site")
    assert "#site" in citizen.forms.links
    assert "#first_name" not in citizen.forms.links
    citizen.press("register/next", **citizen.details())
    assert citizen.says("registered_title")
    assert not citizen.says("site_hint")


@pytest.mark.parametrize("action", ["remind", "enter"])
def test_an_insured_number_that_lacks_a_digit_is_marked(portal: Portal, action: str) -> None:
    """Silence would let people wait for a message that never comes."""
    citizen = Citizen(portal, "cs")
    citizen.open(action)

    citizen.press(f"{action}/next", insured_number=citizen.insured_number[:-1], pin2="12345678")

    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["insured_number"]["aria-invalid"] == "true"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (crs.InvalidInput([]), 400),
        (crs.Refused("token_expired", ""), 400),
        (crs.Refused("wrong_pin2", ""), 403),
        (crs.NotFound("unknown_site", ""), 404),
        (crs.Refused("offer_taken", ""), 409),
        (crs.TooManyAttempts("too_many_tries", ""), 429),
        (crs.Busy("busy", ""), 503),
        (crs.AdapterFault("storage_failed", ""), 503),
    ],
    ids=str,
)
def test_each_refusal_has_its_status(error: crs.CrsError, status: int) -> None:
    assert status_of(error) == status


def test_a_pin2_that_is_none_is_marked_in_its_field(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.open("enter")

    citizen.press("enter/next", insured_number=citizen.insured_number, pin2="12")

    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["pin2"]["aria-invalid"] == "true"
    assert "aria-invalid" not in citizen.forms.inputs["insured_number"]
    citizen.press("enter/next", insured_number="", pin2="12")
    assert {name for name, given in citizen.forms.inputs.items() if "aria-invalid" in given} == {
        "pin2",
        "insured_number",
    }


def test_a_storage_that_is_gone_is_a_page_too(tmp_path: Path) -> None:
    keys = {"2021-01": b"an invented key of 32 bytes ...."}
    spool, storage = f"spool:{tmp_path}", f"sqlite:///{tmp_path}/portal.db"
    with crs.open_system(crs.example_campaign(), keys=keys, storage=storage, sms=spool, mail=spool) as system:
        app = app_of(system.citizen, system.campaign)
        with sqlite3.connect(tmp_path / "portal.db") as database:
            database.execute("DROP TABLE person")
        database.close()
        answer = asyncio.run(posted(app, "/cs/enter/next", {"insured_number": "406231001", "pin2": "12345678"}))

    assert answer.status_code == 503
    assert TEXTS["cs"]["unavailable"] in answer.text
    assert "person" not in answer.text


def test_a_fault_of_the_portal_itself_tells_the_citizen_nothing_of_it(tmp_path: Path) -> None:
    keys = {"2021-01": b"an invented key of 32 bytes ...."}
    spool = f"spool:{tmp_path}"
    with crs.open_system(crs.example_campaign(), keys=keys, sms=spool, mail=spool) as system:
        app = app_of(system.citizen, system.campaign)
        app.state.desk = "no desk at all"
        answer = asyncio.run(posted(app, "/en/remind/next", {"insured_number": "406231001"}))

    assert answer.status_code == 500
    assert TEXTS["en"]["unavailable"] in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def posted(app: FastAPI, path: str, form: dict[str, str]) -> httpx.Response:
    """The answer of an app in this process, for what no real one can be brought to."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal.example") as http:
        return await http.post(path, data={"key": "once", **form})


def test_an_address_that_only_a_form_leads_to_shows_the_start(portal: Portal) -> None:
    citizen = Citizen(portal, "en")

    for path, status in (
        ("pin", 404),
        ("phone/next", 405),
        ("journey", 404),
        ("times", 404),
        ("change", 404),
        ("dispute", 404),
    ):
        citizen.open(path)
        assert citizen.page.status_code == status
        assert citizen.says("start_register")
        assert citizen.says("astray")
    citizen.open("start")
    assert not citizen.says("astray")


@pytest.mark.parametrize("typed", ["%00", "%ED%A0%80", "%FF", "x" * 100_000, "%3Cscript%3E", "%7B%7B7*7%7D%7D"])
def test_no_text_whatever_breaks_a_page(portal: Portal, typed: str) -> None:
    """Every field of every form, with characters that no storage takes, too many of them, and such as browsers obey."""
    names = ("phone", "pin", "pin2", "insured_number", "first_name", "birth_year", "site", "email", "entry", "proof")
    more = ("handle", "offer", "day", "dose", "key", "why", "number")
    body = "&".join(f"{name}={typed}" for name in (*names, *more))

    for page in (*("phone", "pin", "register", "enter", "remind", "confirm", "cancel"), *CHANGES):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = portal.http.post(f"{portal.address}/cs/{page}/next", content=body, headers=headers)
        assert answer.status_code in {400, 403, 404, 429}, page
        assert "<script>" not in answer.text


def test_secrets_are_the_owners_alone(portal: Portal) -> None:
    assert stat.S_IMODE((portal.folder / "keys.json").stat().st_mode) == 0o600


def test_both_languages_say_the_same_things() -> None:
    def names(texts: object, path: str = "") -> set[str]:
        if not isinstance(texts, dict):
            return {path}
        return {name for key, value in texts.items() for name in names(value, f"{path}.{key}")}

    assert names(TEXTS["cs"]) == names(TEXTS["en"])
