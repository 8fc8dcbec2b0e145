"""The quickstart portal as its citizens meet it: a real process, real HTTP, forms as the pages hold them, SMS as files.

One portal for each kind of access; every test brings citizens of its own.
"""

import asyncio
import itertools
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread

import httpx
import pendulum
import pytest
import uvicorn
from attrs import Factory, define, field, frozen
from fastapi import FastAPI

import crs_core as crs
from crs_core.domain.time import midnight
from crs_core.testing.clock import VirtualClock
from examples.quickstart.__main__ import rounds
from examples.quickstart.app import app_of
from examples.quickstart.environment import TEXTS
from examples.quickstart.pages import status_of
from examples.quickstart.seed import furnish
from tests.confirmations import read_sheet

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "examples" / "quickstart"
NUMBERS = itertools.count(1)
PATIENCE = 20.0
CHANGES = ("newtime", "newname", "newbirth", "newlanguage", "newemail", "newsite", "newphone", "dispute", "withdraw")
GENEROUS = """
[limits]
pin_sends_source = { most = 1000, minutes = 60 }
pin_tries_source = { most = 1000, minutes = 60 }
entries_source = { most = 1000, minutes = 15 }
reminders_source = { most = 1000, minutes = 60 }
"""
QUIET_SITES = [f"quiet{number}" for number in range(5)]
QUIET = "".join(f'\n[[sites]]\nid = "{site}"\nname = "Ordinace {site}"\nregion = "north"\n' for site in QUIET_SITES)
"""A dose moves only where that strands nobody: whoever is to move one must not meet a day that others have filled."""


@define
class FormFound:
    """A form of a page: where it goes and what it holds."""

    action: str
    fields: dict[str, list[str]] = Factory(dict)


class Forms(HTMLParser):
    """The forms of a page in order, and the button that shows the page in the other language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[FormFound] = []
        self.labels: set[str] = set()
        self.inputs: dict[str, dict[str, str]] = {}
        self.other_language = ""
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                assert given["method"] == "post"
                self.found.append(FormFound(given["action"]))
            case "input":
                self._input(given)
            case "label":
                self.labels.add(given.get("for", ""))
            case "button" if "formaction" in given:
                self.other_language = given["formaction"]
            case "a":
                self.links.add(given["href"])

    def _input(self, given: dict[str, str]) -> None:
        if given["type" if "type" in given else "name"] == "radio":
            given = {**given, "id": ""}
            if "checked" not in given:
                return
        elif given.get("type") != "hidden":
            self.inputs[given["name"]] = given
        self.found[-1].fields.setdefault(given["name"], []).append(given.get("value", ""))


@frozen
class Portal:
    """A portal that runs, and the folder of its data and messages."""

    address: str
    folder: Path
    http: httpx.Client

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def texts(self, phone: str) -> list[str]:
        """The short messages to a phone, the oldest first."""
        files = sorted((self.folder / "outbox" / "sms").glob("*.txt"), key=lambda file: file.stat().st_mtime_ns)
        texts = (file.read_text(encoding="utf-8").partition("\n\n") for file in files)
        return [text.strip() for head, _, text in texts if f"To: +420{phone}\n" in head]

    def pin(self, phone: str, digits: int, *, after: int = 0) -> str:
        """The PIN of so many digits in the newest message to a phone, once more than `after` such messages came."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            pins = [pin for text in self.texts(phone) for pin in re.findall(rf"\b\d{{{digits}}}\b", text)]
            if len(pins) > after:
                return str(pins[-1])
            time.sleep(0.02)
        pytest.fail(f"no PIN of {digits} digits came within {PATIENCE} s; the log:\n{self.log}")

    def await_text(self, phone: str, part: str) -> None:
        """Returns once a message with that part has come to a phone."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if any(part in text for text in self.texts(phone)):
                return
            time.sleep(0.02)
        pytest.fail(f"no message with {part!r} came within {PATIENCE} s; the log:\n{self.log}")

    def await_mail(self, address: str) -> None:
        """Returns once an e-mail has gone to an address."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            mails = (self.folder / "outbox" / "mail").glob("*.txt")
            if any(file.read_text(encoding="utf-8").startswith(f"To: {address}\n") for file in mails):
                return
            time.sleep(0.02)
        pytest.fail(f"no e-mail came within {PATIENCE} s; the log:\n{self.log}")


@define
class Citizen:
    """An invented person at a browser that knows forms and nothing else: no scripts, no cookies."""

    portal: Portal
    language: str
    number: int = Factory(NUMBERS.__next__)
    urls: list[str] = Factory(list)
    page: httpx.Response = field(init=False)
    forms: Forms = field(init=False)

    @property
    def phone(self) -> str:
        return f"601{self.number:06d}"

    @property
    def insured_number(self) -> str:
        return f"406231{self.number:03d}"

    def open(self, path: str) -> None:
        self._shown(self.portal.http.get(f"{self.portal.address}/{self.language}/{path}"))

    def filled(self, action: str, **typed: str) -> tuple[str, dict[str, list[str]]]:
        """The first form that goes there, as the page holds it and filled in: its address and its fields."""
        path = f"/{self.language}/{action}"
        form = next(form for form in self.forms.found if form.action == path)
        return self.portal.address + path, form.fields | {name: [text] for name, text in typed.items()}

    def press(self, action: str, **typed: str) -> None:
        self.send(*self.filled(action, **typed))

    def send(self, address: str, fields: dict[str, list[str]]) -> None:
        self._shown(self.portal.http.post(address, data=fields))

    def download(self, action: str) -> httpx.Response:
        """The file that a button gives; the page stays."""
        address, fields = self.filled(action)
        found = self.portal.http.post(address, data=fields)
        assert found.status_code == 200
        assert found.headers["cache-control"] == "no-store"
        assert found.headers["content-disposition"].startswith("attachment; filename=")
        return found

    def switch_language(self, **typed: str) -> None:
        """Presses the button in the other language, which hands in the page's main form."""
        main = next(form for form in self.forms.found if form.action.split("/")[1] == self.language)
        path, self.language = self.forms.other_language, self.forms.other_language.split("/")[1]
        fields = main.fields | {name: [text] for name, text in typed.items()}
        self.send(self.portal.address + path, fields)

    def _shown(self, page: httpx.Response) -> None:
        self.page = page
        self.forms = Forms(page.text)
        self.urls.append(str(page.url))
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers
        assert f'<html lang="{self.language}">' in page.text
        assert self.forms.labels >= set(self.forms.inputs)

    @property
    def movable(self) -> list[str]:
        """The doses whose time the page offers to change."""
        return [form.fields["number"][0] for form in self.forms.found if form.action == f"/{self.language}/move"]

    def offers(self, action: str) -> bool:
        """Whether the page has a form that goes there."""
        return any(form.action == f"/{self.language}/{action}" for form in self.forms.found)

    def stands(self, name: str) -> bool:
        """Whether the page is headed by where the citizen stands."""
        return f"<h1>{TEXTS[self.language]['standings'][name]}</h1>" in self.page.text

    def says(self, name: str) -> bool:
        """Whether the page shows a text of the portal in the citizen's language."""
        return str(TEXTS[self.language][name]) in self.page.text

    def refused(self, code: str) -> bool:
        """Whether the page shows the text of a refusal in the citizen's language."""
        return crs.refusal_text(crs.CrsError(code, ""), self.language) in self.page.text

    # What the steps have in common.

    def give_phone(self) -> None:
        self.open("phone")
        self.press("phone/next", phone=self.phone)

    def prove_phone(self) -> None:
        self.give_phone()
        self.press("pin/next", pin=self.portal.pin(self.phone, 6))

    def register(self, site: str = "north") -> None:
        self.prove_phone()
        self.press("register/next", **self.details(site))

    def details(self, site: str = "north") -> dict[str, str]:
        return {
            "first_name": "Božena",
            "last_name": "Vzorová",
            "insured_number": f"{self.insured_number[:6]}/{self.insured_number[6:]}",
            "birth_day": "31",
            "birth_month": "12",
            "birth_year": "1940",
            "site": site,
        }

    def enter(self) -> None:
        pin2 = self.portal.pin(self.phone, 8)
        self.open("enter")
        self.press("enter/next", insured_number=self.insured_number, pin2=pin2)

    def enter_for_the_first_time(self, site: str = "north") -> None:
        self.register(site)
        self.enter()

    def reserve(self) -> None:
        self.press("times")
        self.press("confirm")
        self.press("confirm/next")


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Portal]]:
    """Portals by kind of access, each started when first asked for."""
    with ExitStack() as leave:

        @cache
        def portal_of(access: str) -> Portal:
            return leave.enter_context(running_portal(tmp_path_factory.mktemp("portal"), access))

        yield portal_of


@pytest.fixture
def portal(portals: Callable[[str], Portal]) -> Portal:
    """A portal under invitation access."""
    return portals("invitation")


@pytest.fixture(scope="module")
def quiet_sites() -> Iterator[str]:
    """Vaccination sites where nobody has reserved yet."""
    return iter(QUIET_SITES)


@pytest.fixture
def quiet_site(quiet_sites: Iterator[str]) -> str:
    """A vaccination site for this test alone."""
    return next(quiet_sites)


@contextmanager
def running_portal(folder: Path, access: str) -> Iterator[Portal]:
    """A portal in a process of its own, on a port that was free, until the tests are done with it."""
    campaign = (QUICKSTART / "campaign.toml").read_text(encoding="utf-8")
    campaign = campaign.replace('mode = "invitation"', f'mode = "{access}"')
    (folder / "campaign.toml").write_text(campaign + GENEROUS + QUIET, encoding="utf-8")
    settings = {"FOLDER": folder, "CAMPAIGN": folder / "campaign.toml", "PORT": 0, "PAUSE": 0.1}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "examples.quickstart"],
            cwd=ROOT,
            env=os.environ
            | {f"PORTAL_{name}": str(value) for name, value in settings.items()}
            | {"PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(timeout=PATIENCE) as http:
                yield Portal(address_of(folder / "log", process), folder, http)
        finally:
            process.send_signal(signal.SIGINT)
            ended = process.wait(PATIENCE)
    assert ended == 0


def address_of(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where the portal says that it listens."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        found = re.search(r"running on (http://\S+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.02)
    pytest.fail(f"the portal did not start; its log:\n{log.read_text(encoding='utf-8')}")


@frozen
class ClockedPortal:
    """A portal whose clock is in the hands of the test."""

    portal: Portal
    system: crs.System
    clock: VirtualClock


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[ClockedPortal]:
    """A portal in this process, at a port that was free, that begins now; who lets an invitation pass has lapsed."""
    campaign = (QUICKSTART / "campaign.toml").read_text(encoding="utf-8")
    campaign = campaign.replace("reminders_hours = [48]", 'reminders_hours = [48], then = "lapse"')
    clock, keys = VirtualClock(pendulum.now("UTC")), {"2021-01": b"an invented key of 32 bytes ...."}
    (tmp_path / "log").touch()
    spool = f"spool:{tmp_path}/outbox"
    with (
        crs.open_system(
            crs.read_campaign(campaign + GENEROUS), keys=keys, sms=spool, mail=spool, clock=clock
        ) as system,
        rounds(system.operations, 0.05),
        served(app_of(system.citizen, system.campaign)) as address,
        httpx.Client(timeout=PATIENCE) as http,
    ):
        furnish(system)
        yield ClockedPortal(Portal(address, tmp_path, http), system, clock)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Where an app of this process listens, while inside."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        worker = Thread(target=server.run, args=([listener],))
        worker.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            worker.join(PATIENCE)
    assert not worker.is_alive()


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


def doses_shown(citizen: Citizen) -> list[str]:
    return re.findall(r"<dd>([^<]*\s\d+:\d\d)</dd>", citizen.page.text)


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


@pytest.mark.parametrize("action", ["remind", "enter"])
def test_an_insured_number_that_lacks_a_digit_is_marked(portal: Portal, action: str) -> None:
    """Silence would let people wait for a message that never comes."""
    citizen = Citizen(portal, "cs")
    citizen.open(action)

    citizen.press(f"{action}/next", insured_number=citizen.insured_number[:-1], pin2="12345678")

    assert citizen.page.status_code == 400
    assert citizen.forms.inputs["insured_number"]["aria-invalid"] == "true"


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
