"""The quickstart portal as its citizens meet it: a real process, real HTTP, forms as the pages hold them, SMS as files.

One portal for each kind of access, shared by tests in any order; every test brings citizens of its own, and whoever
needs times that others have not taken asks for a `quiet_site`. `clocked` is a portal whose clock one test holds.
"""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from crs_core.testing.clock import VirtualClock
from examples.quickstart.__main__ import rounds
from examples.quickstart.app import app_of
from examples.quickstart.environment import TEXTS
from examples.quickstart.seed import furnish

__all__ = [
    "PATIENCE",
    "Citizen",
    "ClockedPortal",
    "FormFound",
    "Portal",
    "clocked",
    "doses_shown",
    "portal",
    "portals",
    "quiet_site",
    "quiet_sites",
]

ROOT = Path(__file__).parents[3]
QUICKSTART = ROOT / "examples" / "quickstart"
NUMBERS = itertools.count(1)
PATIENCE = 20.0
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


def doses_shown(citizen: Citizen) -> list[str]:
    return re.findall(r"<dd>([^<]*\s\d+:\d\d)</dd>", citizen.page.text)
