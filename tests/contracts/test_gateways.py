"""The built-in gateways and servers keep the contract, and the contract finds those that do not."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pendulum
import pytest
from attrs import field, frozen

import crs_core as crs
from crs_adapters.mail import smtp
from crs_adapters.mail.spool import MailSpool
from crs_adapters.sms.spool import SmsSpool
from crs_core.ports.mail import MailServer
from crs_core.ports.sms import Sms, SmsGateway
from crs_core.testing.clock import VirtualClock
from crs_core.testing.gateway_contract import Arrived, MailContract, SmsContract
from tests.mail_server import MailHost, mail_host

CLOCK = VirtualClock(pendulum.datetime(2021, 1, 23, 8))


def ruined(folder: Path) -> Path:
    """Puts a file where a spool has made its folder."""
    [made] = folder.iterdir()
    made.rmdir()
    made.touch()
    return folder


def spooled(folder: Path) -> Iterator[tuple[list[str], str]]:
    """The lines of the head and the text of each file, by name."""
    for path in sorted(folder.glob("*.txt")):
        head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
        yield head.splitlines(), text


class TestSmsSpool(SmsContract):
    @pytest.fixture
    def gateway(self, tmp_path: Path) -> SmsGateway:
        return SmsSpool(tmp_path, CLOCK)

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Callable[[], Sequence[Arrived]]:
        return lambda: [Arrived(head[0].removeprefix("To: "), text) for head, text in spooled(tmp_path / "sms")]

    @pytest.fixture
    def down(self, tmp_path: Path) -> SmsGateway:
        spool = SmsSpool(tmp_path, CLOCK)
        ruined(tmp_path)
        return spool


class TestMailSpool(MailContract):
    @pytest.fixture
    def gateway(self, tmp_path: Path) -> MailServer:
        return MailSpool(tmp_path, CLOCK)

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Callable[[], Sequence[Arrived]]:
        def enclosed(head: list[str]) -> tuple[tuple[str, bytes], ...]:
            names = [line.removeprefix("Attachment: ") for line in head if line.startswith("Attachment: ")]
            return tuple((name.partition(".")[2], (tmp_path / "mail" / name).read_bytes()) for name in names)

        return lambda: [
            Arrived(head[0].removeprefix("To: "), text, enclosed(head)) for head, text in spooled(tmp_path / "mail")
        ]

    @pytest.fixture
    def down(self, tmp_path: Path) -> MailServer:
        spool = MailSpool(tmp_path, CLOCK)
        ruined(tmp_path)
        return spool


class TestSmtp(MailContract):
    @pytest.fixture
    def host(self) -> Iterator[MailHost]:
        with mail_host() as found:
            yield found

    def opened(self, host: MailHost) -> MailServer:
        around = crs.Surroundings("example", "Europe/Prague", CLOCK)
        [adapter] = [each for each in smtp.crs_register_adapters() if each.scheme == "smtp"]
        server: MailServer = adapter.open(host.url("&starttls=no"), around)
        return server

    @pytest.fixture
    def gateway(self, host: MailHost) -> MailServer:
        return self.opened(host)

    @pytest.fixture
    def arrived(self, host: MailHost) -> Callable[[], Sequence[Arrived]]:
        def read(message: Any) -> Arrived:
            enclosed = [(each.get_filename(), each.get_payload(decode=True)) for each in message.iter_attachments()]
            return Arrived(message["To"], message.get_body(("plain",)).get_content(), tuple(enclosed))

        return lambda: [read(each.message) for each in host.received]

    @pytest.fixture
    def down(self, host: MailHost) -> MailServer:
        host.answers["MAIL"] = "421 4.3.2 no service now"
        return self.opened(host)


@frozen
class Careless:
    """Keeps every rule but the one that is broken on purpose; it tells `to`, and takes nothing while it is down."""

    rule: str
    down: bool = False
    taken: list[Arrived] = field(factory=list)

    def send(self, sms: Sms) -> object:
        if self.down:
            if self.rule == "G4":
                raise TimeoutError("no answer")
            told = sms.to if self.rule == "G5" else "…"
            raise crs.AdapterFault("operator_away", f"to={told}: no answer")
        text = sms.text.replace("\n", " ") if self.rule == "G1" else sms.text
        again = " (again)" if self.rule == "G2" and self.taken else ""
        if not (self.rule == "G3" and self.taken):
            self.taken.append(Arrived(sms.to, text + again))
        return None if self.rule == "answer" else sms.reference


RULES: dict[str, Any] = {
    "G1": lambda contract, one: contract.test_a_text_arrives_as_it_is(one, lambda: one.taken, "two\nlines"),
    "answer": lambda contract, one: contract.test_a_text_arrives_as_it_is(one, lambda: one.taken, "a text"),
    "G2": lambda contract, one: contract.test_a_second_hand_off_is_the_same_message(one, lambda: one.taken),
    "G3": lambda contract, one: contract.test_two_references_are_two_messages(one, lambda: one.taken),
    "G4": lambda contract, one: contract.test_whatever_cannot_be_reached_is_a_fault(one),
    "G5": lambda contract, one: contract.test_a_fault_tells_nothing_of_the_message(one),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_contract_finds_whoever_breaks_it(rule: str) -> None:
    down = rule in {"G4", "G5"}
    RULES[rule](SmsContract(), Careless("", down))
    with pytest.raises((AssertionError, TimeoutError)):
        RULES[rule](SmsContract(), Careless(rule, down))
