"""I6, a confirmation that did not come: the page says what comes, and what needs no address is there without one."""

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain.messages import Channel, Purpose
from tests.systems import OpenTown, Town, invented

ADDRESS = "vzorka@example.org"


@pytest.fixture
def town(open_town: OpenTown, storage_url: str) -> Town:
    return open_town(storage_url)


def entered(town: Town, number: int = 1, email: str | None = None) -> str:
    """The entry of a citizen who gave an address at the registration, or none."""
    citizen = invented(number)
    town.register(evolve(citizen, application=evolve(citizen.application, email=email)))
    town.system.site("north").release()
    town.system.operations.dispatch()
    return town.enter(citizen)


def owed(town: Town) -> list[tuple[Purpose, str]]:
    with town.system._office.storage.read() as view:
        return sorted(((each.purpose, each.recipient) for each in view.owed()), key=lambda each: each[0].value)


def test_without_an_address_the_sms_comes_and_the_page_says_so(town: Town) -> None:
    entry = entered(town)
    before = town.desk.journey(entry)
    town.reserve(entry)

    assert before.channels == (Channel.SMS,)
    assert owed(town) == [(Purpose.RESERVED, "+420601000001")]
    assert town.desk.confirmation(entry).channels == (Channel.SMS,)
    assert town.desk.confirmation(entry).comes == "Potvrzení Vám přijde v SMS."


@pytest.mark.parametrize("when", ["registration", "confirmation"])
def test_an_address_may_be_given_at_either_end(town: Town, when: str) -> None:
    entry = entered(town, email=ADDRESS if when == "registration" else None)
    offer = town.desk.offers(entry).offers[0]
    town.desk.reserve(entry, offer, email=ADDRESS if when == "confirmation" else None)

    assert owed(town) == [(Purpose.RESERVED, "+420601000001"), (Purpose.RESERVED_EMAIL, ADDRESS)]
    assert town.desk.journey(entry).channels == (Channel.SMS, Channel.EMAIL)
    assert town.desk.confirmation(entry).comes == "Potvrzení Vám přijde v SMS a e-mailem."


def test_every_change_is_told_by_email_too(town: Town) -> None:
    entry = entered(town, email=ADDRESS)
    town.reserve(entry)
    town.system.operations.dispatch()
    town.desk.move_dose(entry, dose=2, offer=town.desk.move_offers(entry, dose=2).offers[0])
    moved = owed(town)
    town.system.operations.dispatch()
    town.desk.cancel(entry)

    assert moved == [(Purpose.MOVED, "+420601000001"), (Purpose.MOVED_EMAIL, ADDRESS)]
    assert owed(town) == [(Purpose.CANCELLED, "+420601000001"), (Purpose.CANCELLED_EMAIL, ADDRESS)]


def test_whoever_withdraws_is_told_of_the_reservation_where_the_calendar_is(town: Town) -> None:
    entry = entered(town, email=ADDRESS)
    town.reserve(entry)
    town.system.operations.dispatch()
    town.desk.withdraw(entry)

    assert owed(town) == [(Purpose.CANCELLED_EMAIL, ADDRESS), (Purpose.WITHDRAWN, "+420601000001")]


def test_an_email_of_what_has_changed_since_is_not_sent(town: Town) -> None:
    entry = entered(town, email=ADDRESS)
    town.reserve(entry)
    town.desk.cancel(entry)
    done = town.system.operations.dispatch()

    assert (done.sent, done.dead) == (2, 2)
    [mail] = (town.spool / "mail").glob("*.txt")
    assert "Subject: Rezervace očkování je zrušena\n" in mail.read_text(encoding="utf-8")


def test_there_is_nothing_to_confirm_before_the_reservation(town: Town) -> None:
    entry = entered(town)

    with pytest.raises(crs.Refused) as caught:
        town.desk.confirmation(entry)
    assert caught.value.code == "no_reservation"
