"""The portal of the tutorial as whoever types it in meets it: one file, started by uvicorn in an empty folder."""

import ast
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "fifty_lines.py"
PATIENCE = 20.0


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(FILE.parent), f"{FILE.stem}:app", "--port", "0"]
    with (tmp_path / "log").open("wb") as log:
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield awaited(tmp_path / "log", r"running on (http://\S+)")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


def awaited(place: Path, pattern: str) -> str:
    """What a pattern finds in a file, or in the newest of a folder, once it is there."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        files = sorted(place.glob("*.txt"), key=lambda each: each.stat().st_mtime_ns) if place.is_dir() else [place]
        for file in reversed([each for each in files if each.exists()]):
            if found := re.search(pattern, file.read_text(encoding="utf-8")):
                return found[1]
        time.sleep(0.02)
    pytest.fail(f"nothing like {pattern} came to {place} within {PATIENCE} s")


def press(http: httpx.Client, page: httpx.Response, **typed: str) -> httpx.Response:
    """Sends the form of a page, filled in, by its first button."""
    [action] = re.findall(r'<form method="post" action="([^"]+)">', page.text)
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    button = re.findall(r'<button name="([^"]+)" value="([^"]*)">', page.text)[:1]
    asked = set(re.findall(r'<label>\w+ <input name="([^"]+)">', page.text))
    assert asked == set(typed)
    fields = {name: unescape(text) for name, text in hidden + button} | typed
    return http.post(action, data=fields)


def test_the_file_of_the_tutorial_leads_to_both_doses(address: str, tmp_path: Path) -> None:
    sms = tmp_path / "outbox" / "sms"
    person = {"first_name": "Božena", "last_name": "Vzorová", "insured_number": "406231/123"}
    with httpx.Client(base_url=address, timeout=PATIENCE) as http:
        page = press(http, http.get("/"), phone="601 000 001")
        pin = awaited(sms, r"control PIN is (\d{6})")
        wrong = press(http, page, pin=f"{(int(pin) + 1) % 10**6:06d}")
        page = press(http, page, pin=pin)
        page = press(http, page, birth_date="1940-12-31", **person)
        pin2 = awaited(sms, r"PIN2 for the reservation: (\d{8})")
        page = press(http, page, insured_number="406231/123", pin2=pin2)
        page = press(http, page)

    assert wrong.status_code == 400
    assert "Tries left: 4" in wrong.text
    assert page.status_code == 200
    assert re.search(r"Reserved: \d{4}-\d\d-\d\d, \d{4}-\d\d-\d\d", page.text)
    assert awaited(sms, r"(Vaccination reserved)")


def test_it_is_as_short_as_its_page_says() -> None:
    statements = [each for each in ast.walk(ast.parse(FILE.read_text(encoding="utf-8"))) if isinstance(each, ast.stmt)]
    said = [each for each in statements if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)]

    assert len(statements) - len(said) <= 50
