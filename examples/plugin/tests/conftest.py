"""Asserts of the contracts, readable; an operator and a registry on this machine."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest

pytest.register_assert_rewrite("crs_core.testing")

HOLDER = ("health-worker", "5051150014")


class Vzorov(ThreadingHTTPServer):
    """Takes messages at ``/messages``, answers of claims at ``/claims``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: dict[str, tuple[str, str]] = {}

    def url(self, path: str) -> str:
        return f"vzorov:http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Vzorov

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.messages(body) if self.path == "/messages" else self.claims(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def messages(self, body: bytes) -> tuple[int, object]:
        sms = json.loads(body)
        if sms["to"].endswith("000404"):
            return 404, {}
        self.server.taken[sms["reference"]] = (sms["to"], sms["text"])
        return 200, {"id": f"vz-{sms['reference']}"}

    def claims(self, body: bytes) -> tuple[int, object]:
        asked = {name: each for name, [each] in parse_qs(body.decode()).items()}
        return 200, {"confirmed": (asked["claim"], asked["number"]) == HOLDER}

    def log_message(self, *_: object) -> None:
        """Nothing: numbers stay out of logs."""


@pytest.fixture
def vzorov() -> Iterator[Vzorov]:
    with Vzorov() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
