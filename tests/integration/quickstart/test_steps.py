"""The eight steps at the quickstart portal, and what is told on the way."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import crs_core as crs
from examples.quickstart.environment import TEXTS
from tests.confirmations import read_sheet
from tests.integration.quickstart.portal import PATIENCE, Citizen, ClockedPortal, Portal


@pytest.mark.parametrize("language", ["cs", "en"])
@pytest.mark.parametrize("access", ["invitation", "immediate"])
def test_eight_steps_lead_to_both_doses(portals: Callable[[str], Portal], access: str, language: str) -> None:
    portal = portals(access)
    citizen = Citizen(portal, language)

    citizen.give_phone()
    assert citizen.forms.inputs["pin"]["autocomplete"] == "one-time-code"
    assert citizen.forms.inputs["pin"]["inputmode"] == "numeric"
    pin = portal.pin(citizen.phone, 6)
    citizen.press("pin/next", pin=pin)
    citizen.press("register/next", **citizen.details("south"))
    assert citizen.says("registered_title")
    pin2 = portal.pin(citizen.phone, 8)
    citizen.enter()
    if access == "immediate":
        citizen.press("site")
        citizen.press("times", site="south")
        citizen.press("site")
        assert citizen.filled("times")[1]["site"] == ["south"]
        citizen.press("times", site="square")
        assert "Poliklinika Na Náměstí" in citizen.page.text
    else:
        citizen.press("times")
        assert not citizen.offers("site")
    assert citizen.page.text.count(f'action="/{language}/confirm"') > 1
    citizen.press("confirm")
    doses = re.findall(r"<dd>([^<]*\s\d+:\d\d)</dd>", citizen.page.text)
    citizen.press("confirm/next", email="bozena@example.org")

    assert citizen.says("done_reserved")
    assert citizen.says("done_reserved_email")
    assert len(doses) == 2
    assert all(dose in citizen.page.text for dose in doses)
    sheet, entry = citizen.download("sheet"), citizen.download("calendar")
    [code] = read_sheet(sheet.content).codes
    assert sheet.headers["content-type"] == "application/pdf"
    assert entry.headers["content-type"].startswith("text/calendar; method=PUBLISH")
    assert f"UID:{code}-2@".encode() in entry.content
    secrets = (pin, pin2, citizen.phone, citizen.insured_number)
    assert not any(secret in text for secret in secrets for text in (*citizen.urls, portal.log))


@pytest.mark.parametrize(("email", "says"), [("bozena@example.org", "done_reserved_email"), ("", "done_reserved_sms")])
def test_the_page_says_by_which_ways_the_confirmation_comes(portal: Portal, email: str, says: str) -> None:
    """Also where the address was given with the registration, and is not asked for again."""
    citizen = Citizen(portal, "cs")
    citizen.prove_phone()
    citizen.press("register/next", **citizen.details("south") | {"email": email})
    citizen.enter()
    citizen.press("times")
    citizen.press("confirm")
    citizen.press("confirm/next")

    assert citizen.says("done_reserved")
    assert citizen.says(says)
    assert read_sheet(citizen.download("sheet").content).text.startswith("Potvrzení rezervace očkování")


def test_a_page_changes_its_language_and_keeps_what_was_typed(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.prove_phone()

    citizen.switch_language(first_name="Božena", site="square")

    assert citizen.language == "en"
    assert citizen.says("register_title")
    assert citizen.forms.inputs["first_name"]["value"] == "Božena"
    citizen.press("register/next", **citizen.details("square"))
    assert citizen.says("registered_title")


def test_reserve_pressed_twice_reserves_once(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.enter_for_the_first_time()
    citizen.press("times")
    citizen.press("confirm")
    address, fields = citizen.filled("confirm/next")

    with ThreadPoolExecutor(2) as hands:
        answers = list(hands.map(lambda _: portal.http.post(address, data=fields), range(2)))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(TEXTS["cs"]["done_reserved"] in answer.text for answer in answers)
    with same_system(portal) as system:
        assert system.operations.audit() == ()
    assert sum("rezervovano" in text for text in settled(portal, citizen)) == 1


def test_register_pressed_twice_registers_once(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.prove_phone()
    address, fields = citizen.filled("register/next", **citizen.details())

    with ThreadPoolExecutor(2) as hands:
        answers = list(hands.map(lambda _: portal.http.post(address, data=fields), range(2)))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sum("jste na rade" in text for text in settled(portal, citizen)) == 1


def same_system(portal: Portal) -> crs.System:
    """A second system on the portal's storage, to audit it."""
    keys = json.loads((portal.folder / "keys.json").read_text(encoding="utf-8"))
    return crs.open_system(
        crs.load_campaign(portal.folder / "campaign.toml"),
        keys={name: bytes.fromhex(secret) for name, secret in keys.items()},
        storage=f"sqlite:///{portal.folder}/portal.db",
        sms=f"spool:{portal.folder}/other",
        mail=f"spool:{portal.folder}/other",
    )


def settled(portal: Portal, citizen: Citizen) -> list[str]:
    """The messages to a citizen once nothing is owed to anybody."""
    portal.pin(citizen.phone, 8)
    with same_system(portal) as system:
        ends = time.monotonic() + PATIENCE
        while any(state == "owed" for _, state in system.operations.messages()) and time.monotonic() < ends:
            time.sleep(0.02)
    return portal.texts(citizen.phone)


def test_a_time_taken_meanwhile_gives_way_to_others(portal: Portal) -> None:
    first, second = Citizen(portal, "cs"), Citizen(portal, "en")
    for citizen in (first, second):
        citizen.enter_for_the_first_time("square")
        citizen.press("times")
        citizen.press("confirm")
    first.press("confirm/next")

    second.press("confirm/next")

    assert first.says("done_reserved")
    assert second.page.status_code == 409
    assert second.refused("offer_taken")
    second.press("confirm")
    second.press("confirm/next")
    assert second.says("done_reserved")


def test_a_lost_pin2_comes_once_more(portal: Portal) -> None:
    citizen = Citizen(portal, "en")
    citizen.register()
    pin2 = portal.pin(citizen.phone, 8)

    citizen.open("remind")
    citizen.press("remind/next", insured_number=citizen.insured_number)

    assert portal.pin(citizen.phone, 8, after=1) == pin2
    citizen.press("enter/next", insured_number=citizen.insured_number, pin2=pin2)
    assert TEXTS["en"]["standings"]["invited"] in citizen.page.text


@pytest.mark.parametrize("language", ["cs", "en"])
def test_whoever_lapsed_is_led_to_register_again(clocked: ClockedPortal, language: str) -> None:
    citizen = Citizen(clocked.portal, language)
    citizen.enter_for_the_first_time()
    clocked.clock.move(days=4)
    clocked.portal.await_text(citizen.phone, {"cs": "Dalsi uz neposleme", "en": "No other one follows"}[language])

    citizen.enter()

    assert citizen.stands("lapsed")
    assert f"/{language}/phone" in citizen.forms.links
    assert not citizen.says("waiting_since")


@pytest.mark.parametrize("language", ["cs", "en"])
def test_maintenance_is_told_before_anything_is_typed(clocked: ClockedPortal, language: str) -> None:
    citizen = Citizen(clocked.portal, language)
    citizen.enter_for_the_first_time()
    citizen.reserve()
    announced = str(TEXTS[language]["rest"]).split("{")[0]
    signpost = citizen.filled("cancel")[1]
    citizen.open("start")
    assert announced not in citizen.page.text
    begins = clocked.clock.now().add(minutes=10)
    clocked.system.operations.announce_maintenance(begins, begins.add(hours=1))

    citizen.open("start")
    assert announced in citizen.page.text
    clocked.clock.move(minutes=20)
    citizen.send(f"{clocked.portal.address}/{language}/journey", signpost)

    assert citizen.refused("maintenance")
    assert not citizen.movable
    assert not any(citizen.offers(each) for each in ("cancel", "change"))
    assert not citizen.says("dose_begun")
    clocked.clock.move(hours=1)
    citizen.enter()
    assert citizen.movable == ["1", "2"]


@pytest.mark.parametrize("language", ["cs", "en"])
def test_under_immediate_access_nobody_is_told_to_wait(portals: Callable[[str], Portal], language: str) -> None:
    """Nor is whoever waits as a duplicate told to choose."""
    older, newer = (Citizen(portals("immediate"), language) for _ in range(2))
    older.enter_for_the_first_time()
    newer.prove_phone()
    newer.press("register/next", **newer.details() | {"insured_number": older.insured_number})
    pin2 = newer.portal.pin(newer.phone, 8)
    newer.open("enter")
    newer.press("enter/next", insured_number=older.insured_number, pin2=pin2)

    assert older.stands("invited")
    assert older.offers("site")
    assert newer.page.status_code == 200
    assert newer.stands("blocked")
    assert newer.refused("registration_blocked")


def test_what_was_saved_is_mended_at_once(portal: Portal) -> None:
    """The form comes back as it was typed, and from the same phone it is a correction."""
    citizen = Citizen(portal, "cs")
    citizen.prove_phone()
    typed = {"last_name": "Vzorova", "email": "a@example.org", "birth_month": "11", "birth_day": "30"}
    citizen.press("register/next", **citizen.details() | typed)
    assert "a@example.org" in citizen.page.text
    assert citizen.says("registered_differs")

    citizen.press("register")
    assert citizen.forms.inputs["last_name"]["value"] == "Vzorova"
    assert citizen.forms.inputs["birth_year"]["value"] == "1940"
    citizen.press("register/next", last_name="Vzorová", birth_month="12", birth_day="31")

    assert citizen.says("registered_title")
    assert not citizen.says("registered_differs")
    portal.await_text(citizen.phone, "udaje Vasi registrace jsou zmeneny")
    citizen.enter()
    citizen.press("change")
    citizen.press("newname")
    assert citizen.forms.inputs["last_name"]["value"] == "Vzorová"


def test_the_confirmation_page_says_which_address_is_known(portal: Portal) -> None:
    citizen = Citizen(portal, "en")
    citizen.prove_phone()
    citizen.press("register/next", **citizen.details("south") | {"email": f"k{citizen.number}@example.org"})
    citizen.enter()
    citizen.press("times")
    citizen.press("confirm")

    assert str(TEXTS["en"]["confirm_known"]).format(email=f"k{citizen.number}@example.org") in citizen.page.text
    assert "email" not in citizen.forms.inputs
    citizen.press("confirm/next")
    portal.await_mail(f"k{citizen.number}@example.org")


def test_an_address_given_by_registering_again_gets_the_confirmation(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.enter_for_the_first_time("south")
    citizen.reserve()
    citizen.open("phone")
    citizen.press("phone/next", phone=citizen.phone)
    citizen.press("pin/next", pin=portal.pin(citizen.phone, 6, after=1))

    citizen.press("register/next", **citizen.details("south") | {"email": f"z{citizen.number}@example.org"})

    portal.await_mail(f"z{citizen.number}@example.org")


def test_a_site_that_closes_says_so_and_keeps_the_invitation(portal: Portal) -> None:
    citizen = Citizen(portal, "en")
    citizen.enter_for_the_first_time("south")

    with same_system(portal) as system:
        system.site("south").close()
        try:
            citizen.press("times")
            assert TEXTS["en"]["reasons"]["site_closed"] in citizen.page.text
            assert not re.search('action="/en/confirm"', citizen.page.text)
        finally:
            system.site("south").open()

    citizen.press("times")
    assert re.search('action="/en/confirm"', citizen.page.text)
