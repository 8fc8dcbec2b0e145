"""What can be changed at the quickstart portal once somebody is registered: doses, details, everything."""

import pytest

from crs_core.domain.time import midnight
from examples.quickstart.environment import TEXTS
from tests.confirmations import read_sheet
from tests.integration.quickstart.portal import Citizen, ClockedPortal, FormFound, Portal, doses_shown


def test_a_cancelled_reservation_is_followed_by_a_new_invitation_with_the_same_pin2(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.enter_for_the_first_time()
    citizen.reserve()
    pin2 = portal.pin(citizen.phone, 8)

    citizen.press("cancel")
    assert citizen.says("cancel_warning")
    citizen.press("cancel/next")

    assert citizen.says("done_cancelled")
    assert portal.pin(citizen.phone, 8, after=1) == pin2
    citizen.enter()
    citizen.reserve()
    assert citizen.says("done_reserved")
    citizen.enter()
    assert TEXTS["cs"]["standings"]["reserved"] in citizen.page.text


def test_a_cancellation_can_be_left_undone(portal: Portal) -> None:
    citizen = Citizen(portal, "en")
    citizen.enter_for_the_first_time()
    citizen.reserve()

    citizen.press("cancel")
    citizen.press("journey")

    assert TEXTS["en"]["standings"]["reserved"] in citizen.page.text


def moves_to(citizen: Citizen) -> dict[str, FormFound]:
    """The forms of the times that a dose may move to, by time."""
    path = f"/{citizen.language}/newtime"
    return {form.fields["dose"][0]: form for form in citizen.forms.found if form.action == path}


@pytest.mark.parametrize(("language", "dose"), [("cs", 1), ("en", 2)])
def test_one_dose_moves_and_the_other_stays(portal: Portal, quiet_site: str, language: str, dose: int) -> None:
    citizen = Citizen(portal, language)
    citizen.enter_for_the_first_time(quiet_site)
    citizen.reserve()
    before = doses_shown(citizen)

    citizen.press("move", number=str(dose))
    assert str(TEXTS[language]["move_title"]).format(number=dose) in citizen.page.text
    citizen.press("newtime")
    [new] = doses_shown(citizen)
    address, fields = citizen.filled("newtime/next")
    for _ in range(2):
        citizen.send(address, fields)
        assert citizen.page.status_code == 200

    assert citizen.says("done_moved")
    assert new not in before
    assert doses_shown(citizen) == [new if number == dose else old for number, old in enumerate(before, 1)]


def test_a_move_to_a_time_taken_meanwhile_keeps_the_old_one_and_shows_others(portal: Portal, quiet_site: str) -> None:
    first, second = Citizen(portal, "en"), Citizen(portal, "cs")
    for citizen in (first, second):
        citizen.enter_for_the_first_time(quiet_site)
        citizen.reserve()
    before = doses_shown(second)
    for citizen in (first, second):
        citizen.press("move", number="2")
    both = min(moves_to(first).keys() & moves_to(second).keys())
    for citizen in (first, second):
        citizen.send(portal.address + moves_to(citizen)[both].action, moves_to(citizen)[both].fields)
    first.press("newtime/next")

    second.press("newtime/next")

    assert first.says("done_moved")
    assert second.page.status_code == 409
    assert second.refused("offer_taken")
    others = moves_to(second)
    assert others
    assert both not in others
    second.press("journey")
    assert doses_shown(second) == before


def test_a_time_that_nobody_offered_gives_way_to_those_that_are(portal: Portal, quiet_site: str) -> None:
    citizen = Citizen(portal, "en")
    citizen.enter_for_the_first_time(quiet_site)
    citizen.reserve()
    citizen.press("move", number="1")
    citizen.press("newtime")

    citizen.press("newtime/next", offer="made up")

    assert citizen.page.status_code == 400
    assert citizen.refused("token_invalid")
    assert moves_to(citizen)


def test_a_dose_that_is_none_cannot_move(portal: Portal) -> None:
    citizen = Citizen(portal, "cs")
    citizen.enter_for_the_first_time()
    citizen.reserve()

    citizen.press("move", number="second")

    assert citizen.page.status_code == 400
    citizen.press("journey")
    assert TEXTS["cs"]["standings"]["reserved"] in citizen.page.text


@pytest.mark.parametrize("language", ["cs", "en"])
def test_name_and_email_are_corrected_with_a_reservation_too(portal: Portal, language: str) -> None:
    citizen = Citizen(portal, language)
    citizen.enter_for_the_first_time()
    citizen.reserve()
    assert read_sheet(citizen.download("sheet").content).text.count("Příkladová") == 0

    citizen.press("change")
    citizen.press("newname")
    assert citizen.forms.inputs["first_name"]["value"] == "Božena"
    assert citizen.forms.inputs["last_name"]["value"] == "Vzorová"
    citizen.switch_language(last_name="")
    citizen.switch_language()
    assert citizen.forms.inputs["last_name"]["value"] == ""
    citizen.press("newname/next", first_name="Božena", last_name="")
    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["last_name"]["aria-invalid"] == "true"
    assert citizen.forms.inputs["first_name"]["value"] == "Božena"
    citizen.press("newname/next", last_name="Příkladová")
    assert citizen.says("done_corrected")
    assert "Příkladová" in read_sheet(citizen.download("sheet").content).text

    citizen.press("change")
    citizen.press("newemail")
    citizen.press("newemail/next", email="bozena@")
    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["email"]["aria-invalid"] == "true"
    citizen.press("newemail/next", email=f"b{citizen.number}@example.org")
    assert citizen.says("done_corrected")
    portal.await_mail(f"b{citizen.number}@example.org")
    citizen.press("change")
    citizen.press("newemail")
    assert citizen.forms.inputs["email"]["value"] == f"b{citizen.number}@example.org"


def test_another_site_is_chosen_until_there_is_a_reservation(portal: Portal) -> None:
    citizen = Citizen(portal, "en")
    citizen.enter_for_the_first_time("north")
    citizen.press("change")
    citizen.press("newsite")
    assert citizen.says("change_restarts")
    address, fields = citizen.filled("newsite/next", site="nowhere")
    citizen.send(address, fields)
    assert citizen.page.status_code == 404

    citizen.press("newsite/next", site="south")

    assert citizen.says("done_corrected")
    assert "Nemocnice Vzorov Jih" in citizen.page.text
    portal.pin(citizen.phone, 8, after=1)
    citizen.enter()
    citizen.reserve()
    citizen.press("change")
    assert "newsite" not in citizen.page.text
    citizen.send(address, fields | {"site": ["north"], "key": ["another key of the form"]})
    assert citizen.page.status_code == 409
    assert citizen.refused("already_reserved")


def test_another_phone_is_proved_and_has_another_pin2(portal: Portal) -> None:
    citizen, other = Citizen(portal, "cs"), Citizen(portal, "cs")
    citizen.enter_for_the_first_time()
    old = portal.pin(citizen.phone, 8)
    citizen.press("change")
    left_behind = citizen.filled("newname")

    citizen.press("phone")
    citizen.press("phone/next", phone=other.phone)
    right = portal.pin(other.phone, 6)
    citizen.press("pin/next", pin=f"{(int(right) + 1) % 10**6:06d}")
    assert citizen.page.status_code == 403
    citizen.press("pin/next", pin=right)
    assert other.phone in citizen.page.text
    citizen.press("newphone/next")

    assert citizen.says("done_newphone")
    new = portal.pin(other.phone, 8)
    assert new != old
    citizen.press("enter/next", insured_number=citizen.insured_number, pin2=old)
    assert citizen.refused("wrong_pin2")
    citizen.press("enter/next", insured_number=citizen.insured_number, pin2=new)
    assert TEXTS["cs"]["standings"]["invited"] in citizen.page.text
    citizen.send(*left_behind)
    assert citizen.page.status_code == 400
    assert citizen.refused("token_expired")
    assert "/cs/enter" in citizen.forms.links


@pytest.mark.parametrize("reserved", [False, True])
def test_a_registration_ends_once_the_question_is_answered(portal: Portal, reserved: bool) -> None:  # noqa: FBT001
    citizen = Citizen(portal, "cs")
    citizen.enter_for_the_first_time()
    if reserved:
        citizen.reserve()
    citizen.press("change")
    citizen.press("withdraw")
    assert citizen.says("withdraw_with_reservation" if reserved else "withdraw_warning")
    citizen.press("journey")
    assert TEXTS["cs"]["standings"]["reserved" if reserved else "invited"] in citizen.page.text
    left_behind = citizen.filled("change")

    citizen.press("change")
    citizen.press("withdraw")
    address, fields = citizen.filled("withdraw/next")
    for _ in range(2):
        citizen.send(address, fields)
        assert citizen.says("withdrawn_title")

    citizen.send(*left_behind)
    assert citizen.page.status_code == 409
    assert citizen.refused("withdrawn")
    assert not citizen.offers("journey"), "that way lies this page again"
    assert "/cs/start" in citizen.forms.links
    citizen.enter()
    assert citizen.refused("wrong_pin2")


def test_a_page_left_behind_leads_back_to_the_signpost(portal: Portal) -> None:
    """Two windows: what is reserved in one cannot be chosen again in the other."""
    citizen = Citizen(portal, "cs")
    citizen.enter_for_the_first_time()
    address, fields = citizen.filled("times")
    citizen.reserve()

    citizen.send(address, fields)

    assert citizen.page.status_code == 409
    assert citizen.refused("already_reserved")
    citizen.press("journey")
    assert TEXTS["cs"]["standings"]["reserved"] in citizen.page.text


@pytest.mark.parametrize("language", ["cs", "en"])
def test_what_can_no_longer_be_changed_is_not_offered(clocked: ClockedPortal, language: str) -> None:
    """Through the days of both doses: a button that leads to nothing but a refusal is none."""
    citizen, site = Citizen(clocked.portal, language), clocked.system.site("north")
    citizen.enter_for_the_first_time()
    citizen.reserve()
    reserved = clocked.system.citizen.journey(citizen.filled("cancel")[1]["entry"][0]).reservation
    assert reserved is not None
    found = [(citizen.movable, citizen.offers("cancel"), citizen.says("dose_begun"))]

    def looks(attendance: str = "") -> None:
        if attendance:
            [attendee] = site.appointments()
            getattr(site, attendance)(attendee.visit.reservation_id, dose=attendee.visit.dose)
        citizen.enter()
        found.append((citizen.movable, citizen.offers("cancel"), citizen.says("dose_begun")))

    clocked.clock.set(midnight(reserved.doses[0].day, "Europe/Prague").add(hours=20))
    looks()
    looks("record_dose")
    given = str(TEXTS[language]["dose_given"]).split("{")[0]
    assert given in citizen.page.text
    clocked.clock.move(days=21)
    looks()
    looks("no_show")
    assert citizen.says("dose_missed")
    assert not citizen.says("bring")
    site.undo(site.appointments()[0].visit.reservation_id, reason="invented")
    looks("record_dose")

    assert found == [
        (["1", "2"], True, False),
        (["2"], True, True),
        (["2"], False, False),
        ([], False, True),
        (["2"], False, False),
        ([], False, False),
    ]
    assert citizen.stands("given")
    assert citizen.page.text.count(given) == 2


@pytest.mark.parametrize("language", ["cs", "en"])
def test_birth_date_and_language_are_corrected(portal: Portal, language: str) -> None:
    citizen, other = Citizen(portal, language), {"cs": "en", "en": "cs"}[language]
    citizen.enter_for_the_first_time()
    citizen.press("change")
    assert citizen.says("change_number")
    citizen.press("newbirth")
    assert [citizen.forms.inputs[f"birth_{part}"]["value"] for part in ("day", "month", "year")] == ["31", "12", "1940"]
    citizen.press("newbirth/next", birth_month="13")
    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["birth_month"]["aria-invalid"] == "true"
    citizen.press("newbirth/next", birth_month="12", birth_year="1990")
    assert citizen.page.status_code == 403
    assert citizen.refused("not_eligible")
    citizen.press("newbirth/next", birth_day="30", birth_year="1940")
    assert citizen.says("done_corrected")
    told = {"cs": "jsou zmeneny", "en": "details are changed"}
    portal.await_text(citizen.phone, told[language])

    citizen.press("change")
    citizen.press("newlanguage")
    assert citizen.filled("newlanguage/next")[1]["written"] == [language]
    citizen.press("newlanguage/next", written=other)
    assert citizen.says("done_corrected")
    portal.await_text(citizen.phone, told[other])
    citizen.press("change")
    citizen.press("newbirth")
    assert citizen.forms.inputs["birth_day"]["value"] == "30"
