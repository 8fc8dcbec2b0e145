"""The rules that whatever makes confirmation documents keeps: inherit them, give one fixture, and every rule is a test.

Each test's docstring cites the number of its rule, D1 to D6.

::

    class TestMine(ConfirmationContract):
        @pytest.fixture
        def documents(self):
            return MyDocuments()
"""
# ruff: noqa: S101, PLR2004 - a contract asserts, and compares with figures

from functools import partial

import pytest
from attrs import evolve
from pendulum import datetime

from crs_core.composition.example import example_campaign
from crs_core.domain.confirmation import Confirmation, confirmation
from crs_core.domain.confirmation_texts import TEXTS
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Appointment, Reservation
from crs_core.domain.time import Day
from crs_core.errors import AdapterFault
from crs_core.ports.confirmation import ConfirmationDocuments
from crs_core.testing.storage.common import at_once

__all__ = ["ConfirmationContract"]

_NOW = datetime(2021, 1, 20, 23, 30)
_DOSES = (Appointment(1, "V1", Day(2021, 1, 25), 510), Appointment(2, "V2", Day(2021, 2, 15), 510))
_RESERVATION = Reservation("reservation-1", "one", "north", "comirnaty", _DOSES, _NOW, (21, 28), "invitation", 1)
_NAMES = [
    "Žluťoučká Příšerná-Kůňová",
    "Nguyễn Thị Ánh",
    "Володимир Ґонта",
    "محمد",
    "北京",
    "Vzorka 😀",
    '#panic("x") $y$ <script>%s{0}\\n',
    "Ž" * 100 + " " + "ž" * 100,
]


def _confirmed(language: str = "cs", reservation: Reservation = _RESERVATION) -> Confirmation:
    one = Registration(
        id="one",
        person="one",
        insured_number="",
        first_name="Vzorka",
        last_name="Vzorová",
        birth_date=Day(1940, 12, 31),
        phone="+420601000001",
        email=None,
        language=language,
        site_id="north",
        claims="",
        doubt="",
        registered_at=_NOW,
        seniority=_NOW,
        pin_key_id="",
    )
    return confirmation(example_campaign(), one, reservation, _NOW, makes=True)


class ConfirmationContract:
    """Everything that is asked of what makes documents; see the module."""

    @pytest.fixture
    def documents(self) -> ConfirmationDocuments:
        """What is under test."""
        raise NotImplementedError("give a fixture documents")

    @pytest.mark.parametrize("language", sorted(TEXTS))
    def test_every_language_has_documents(self, documents: ConfirmationDocuments, language: str) -> None:
        """D1: there is at least one, and none is empty."""
        found = documents.render(_confirmed(language))

        assert found
        assert all(each.content for each in found)

    def test_equal_confirmations_give_equal_bytes(self, documents: ConfirmationDocuments) -> None:
        """D2: so that an e-mail handed over twice is the same."""
        assert documents.render(_confirmed()) == documents.render(_confirmed())

    def test_names_are_fit_for_every_folder(self, documents: ConfirmationDocuments) -> None:
        """D3: ASCII without spaces and slashes, with an ending, no two alike; types are those of headers."""
        found = documents.render(_confirmed())

        assert len({each.name for each in found}) == len(found)
        for each in found:
            assert each.name.isascii()
            assert each.name.isprintable()
            assert not set(' /\\"') & set(each.name)
            assert "." in each.name.strip(".")
            assert each.media_type.partition(";")[0].count("/") == 1

    def test_of_a_cancelled_reservation_nothing_is_printed(self, documents: ConfirmationDocuments) -> None:
        """D4: a calendar entry, if there is one, takes the appointments out."""
        for each in documents.render(_confirmed(reservation=_RESERVATION.cancelled(_NOW))):
            assert each.media_type.startswith("text/calendar")
            assert b"METHOD:CANCEL" in each.content

    @pytest.mark.parametrize("name", _NAMES, ids=range(len(_NAMES)))
    def test_whatever_somebody_is_called(self, documents: ConfirmationDocuments, name: str) -> None:
        """D5: there are documents, or an `AdapterFault` that does not repeat the name."""
        told = ""
        try:
            made = documents.render(evolve(_confirmed(), name=name))
        except AdapterFault as fault:
            made, told = (), f"{fault!r} {fault} {fault.__cause__!r}"

        assert made or told
        assert name not in told

    def test_everybody_gets_their_own(self, documents: ConfirmationDocuments) -> None:
        """D6: whoever asks at the same time."""
        people = [evolve(_confirmed(), name=f"Vzorka{number}", reservation_id=f"r-{number}") for number in range(4)]
        alone = [documents.render(each) for each in people]
        together = at_once(*(partial(documents.render, each) for each in people))

        assert together == alone
        assert len({each[0].content for each in alone}) == 4
