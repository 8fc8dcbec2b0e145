"""The rules that every gateway keeps: inherit them, give two fixtures, and every rule is a test.

Each test's docstring cites the number of its rule, G1 to G5; what an adapter gives no fixture for is skipped by name.

::

    class TestMine(SmsContract):
        @pytest.fixture
        def gateway(self):
            return MyGateway(...)             # its operator takes everything: a sandbox, a server of the test, a file

        @pytest.fixture
        def arrived(self):                    # what the operator has taken by now, repetitions too
            return lambda: [Arrived(to, text) for to, text in ...]

        @pytest.fixture
        def down(self):                       # one whose operator cannot be reached
            return MyGateway("http://127.0.0.1:9")

`MailContract` asks the same of a mail server.
Failures are readable once a ``conftest.py`` says ``pytest.register_assert_rewrite("crs_core.testing")``.
"""
# ruff: noqa: S101 - a contract asserts

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import field, frozen

from crs_core.domain.confirmation import Document
from crs_core.errors import AdapterFault
from crs_core.ports.mail import Mail
from crs_core.ports.sms import Sms

__all__ = ["Arrived", "MailContract", "SmsContract"]

_TEXTS = [
    "Ockovani: kontrolni PIN je 000000. Plati 10 minut od odeslani. Nikomu ho nerikejte.",
    "Žluťoučký kůň: Nguyễn, Ґонта, 北京, 😀",
    'one; two, "three" \\ four & five = 6 % <b>%s{0}</b>',
    "first line\nsecond line\n\nfourth line",
    "An invented text that takes several segments. " * 12 + "Its end.",
]
_DOCUMENTS = (
    Document("sheet.pdf", "application/pdf", bytes(range(256))),
    Document("entry.ics", "text/calendar; charset=utf-8; method=PUBLISH", "BEGIN:VCALENDAR\r\nž\r\n".encode()),
)


def _trimmed(text: str) -> str:
    return text.strip().replace("\r\n", "\n")


@frozen
class Arrived:
    """One message as whoever is beyond the gateway has it.

    Attributes:
        documents: What an e-mail encloses: name and content of each.
    """

    to: str = field(repr=False)
    text: str = field(converter=_trimmed)
    documents: tuple[tuple[str, bytes], ...] = ()


class _Contract:
    """What is asked of a gateway, whatever it carries."""

    to: str

    def written(self, reference: str, text: str) -> Any:
        """A message to `to`."""
        raise NotImplementedError

    def expected(self, text: str) -> Arrived:
        """That message as it must arrive; neither white space at its ends nor how lines end counts."""
        return Arrived(self.to, text)

    @pytest.fixture
    def gateway(self) -> Any:
        """What is under test."""
        raise NotImplementedError("give a fixture gateway")

    @pytest.fixture
    def arrived(self) -> Callable[[], Sequence[Arrived]]:
        """What has arrived by now."""
        raise NotImplementedError("give a fixture arrived")

    @pytest.fixture
    def down(self) -> Any:
        """One whose operator cannot be reached."""
        pytest.skip("no fixture down: nothing says what happens when the operator cannot be reached")

    @pytest.mark.parametrize("text", _TEXTS, ids=["plain", "letters", "signs", "lines", "long"])
    def test_a_text_arrives_as_it_is(self, gateway: Any, arrived: Callable[[], Sequence[Arrived]], text: str) -> None:
        """G1: whatever its letters, signs, lines and length; and the answer is text."""
        answer: object = gateway.send(self.written("one", text))

        assert isinstance(answer, str)
        assert list(arrived()) == [self.expected(text)]

    def test_a_second_hand_off_is_the_same_message(
        self, gateway: Any, arrived: Callable[[], Sequence[Arrived]]
    ) -> None:
        """G2: after a crash a message may be handed over again; nobody is told anything else by that."""
        gateway.send(self.written("one", _TEXTS[0]))
        gateway.send(self.written("one", _TEXTS[0]))

        assert set(arrived()) == {self.expected(_TEXTS[0])}

    def test_two_references_are_two_messages(self, gateway: Any, arrived: Callable[[], Sequence[Arrived]]) -> None:
        """G3: even where number and text are alike."""
        gateway.send(self.written("one", _TEXTS[0]))
        gateway.send(self.written("two", _TEXTS[0]))

        assert list(arrived()) == [self.expected(_TEXTS[0])] * 2

    def test_whatever_cannot_be_reached_is_a_fault(self, down: Any) -> None:
        """G4: an `AdapterFault`, so that the message is tried again; no error of a library."""
        with pytest.raises(AdapterFault):
            down.send(self.written("one", _TEXTS[0]))

    def test_a_fault_tells_nothing_of_the_message(self, down: Any) -> None:
        """G5: neither to whom nor what; nor does the cause that is chained to it."""
        with pytest.raises(AdapterFault) as caught:
            down.send(self.written("one", _TEXTS[0]))

        told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
        assert self.to not in told
        assert _TEXTS[0] not in told


class SmsContract(_Contract):
    """Everything that is asked of a gateway for short messages; see the module."""

    to = "+420601000001"

    def written(self, reference: str, text: str) -> Sms:
        """See `_Contract.written`."""
        return Sms(reference, self.to, text)


class MailContract(_Contract):
    """Everything that is asked of a server for e-mail; see the module."""

    to = "vzorka@example.org"

    def written(self, reference: str, text: str) -> Mail:
        """See `_Contract.written`."""
        return Mail(reference, self.to, "Žádný skutečný předmět", text, _DOCUMENTS)

    def expected(self, text: str) -> Arrived:
        """See `_Contract.expected`."""
        return Arrived(self.to, text, tuple((each.name, each.content) for each in _DOCUMENTS))
