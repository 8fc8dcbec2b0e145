"""A person is erased: nothing of them is left but what was counted, and everything else goes on."""

import re
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, evolve

import crs_core as crs
from crs_core.domain.control_pin import Challenge
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.releases import ReleaseRecord
from crs_core.testing.invented import insured_number
from tests.systems import Citizen, OpenTown, Town, dump, invented


def traces(citizen: Citizen) -> re.Pattern[str]:
    """What tells of a person, wherever it stands."""
    told = citizen.application
    of_mail = "zkouska@example.org"
    born = (told.birth_date.isoformat(), repr(told.birth_date))
    words = (told.insured_number, told.first_name, told.last_name, citizen.phone, of_mail, *born)
    return re.compile("|".join(map(re.escape, words)))


def rounds(town: Town) -> None:
    town.clock.move(minutes=1)
    town.system.operations.tick()
    town.system.operations.dispatch()
    assert town.system.operations.audit() == ()


def lived(town: Town) -> Citizen:
    """Somebody with a reservation, a duplicate that waits, messages sent, dead and owed; and a neighbour."""
    [(citizen, entry), _] = town.entered(2)
    town.desk.correct(entry, email="zkouska@example.org")
    town.reserve(entry)
    town.register(evolve(citizen, phone="+420602000001", number=0xBAD))
    rounds(town)
    town.desk.remind_pin(citizen.insured_number, source=citizen.source)
    town.desk.request_control_pin(citizen.phone, source=citizen.source)
    return citizen


def shown(town: Town, storage_url: str) -> str:
    """All that is stored, with what values keep out of their `repr`."""
    with town.system._office.storage.read() as view:
        letters = [each.message for each in view.dead_letters(1000)] + list(view.owed())
        people: list[Any] = [*view.scan(Registration), *view.scan(Challenge), *view.scan(Person)]
        hidden = [asdict(each) for each in people]
        facts = [(each.recipient, dict(each.facts)) for each in letters]
    return f"{dump(town.system, storage_url)}{hidden}{facts}"


def test_nothing_of_the_person_is_left(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    citizen = lived(town)
    marks = traces(citizen)
    assert len(set(marks.findall(shown(town, storage_url)))) >= 6
    before = town.system.operations.statistics()

    assert town.system.operations.erase(citizen.insured_number).registrations == 2
    assert marks.findall(shown(town, storage_url)) == []
    assert "+420602000001" not in shown(town, storage_url)
    rounds(town)
    assert marks.findall(shown(town, storage_url)) == []
    assert town.system.operations.erase(citizen.insured_number).registrations == 0

    after = town.system.operations.statistics().days[-1]
    assert (after.registrations, after.reservations) == (1, 0)
    assert before.days[0].registered == town.system.operations.statistics().days[0].registered


def test_what_was_owed_is_not_sent(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    citizen = lived(town)
    sent = len(town.texts(citizen.phone))
    town.system.operations.erase(citizen.insured_number)
    rounds(town)

    assert len(town.texts(citizen.phone)) == sent
    assert {each.reason for each in town.system.operations.dead_letters()} >= {"erased"}


def test_their_entries_proofs_and_pins_open_nothing(open_town: OpenTown) -> None:
    town = open_town("memory:")
    [(citizen, entry)] = town.entered(1)
    proof = town.proof_of(citizen)
    pin2 = town.pin_of(citizen.phone, 8)
    town.system.operations.erase(citizen.insured_number)

    for refused, code in (
        (lambda: town.desk.journey(entry), "withdrawn"),
        (lambda: town.desk.register(proof, citizen.application), "token_expired"),
        (lambda: town.desk.enter(citizen.insured_number, pin2, source=citizen.source), "wrong_pin2"),
    ):
        with pytest.raises(crs.Refused) as caught:
            refused()
        assert caught.value.code == code
    explained = town.system.operations.explain(citizen.registration_id)
    assert [entry.kind for entry in explained.history][-1] == "erased"


def test_the_seat_is_free_and_the_person_may_come_again(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, seats=6)
    citizen = lived(town)
    town.system.operations.erase(citizen.insured_number)
    again = town.register(citizen)
    rounds(town)

    assert again.registration_id != citizen.registration_id
    assert town.system.site("north").release().invited == (again.registration_id,)
    rounds(town)
    town.reserve(town.enter(again))
    rounds(town)


@pytest.mark.parametrize("objects", [False, True], ids=["the newer took the place", "the older objected"])
def test_whoever_contended_is_erased_whole_and_keeps_nobody_out(
    open_town: OpenTown, storage_url: str, *, objects: bool
) -> None:
    """A blocked registration is erased with the one that counts; no phone of the person waits for the other."""
    town = open_town(storage_url)
    [older] = town.registered(1)
    newer = town.register(evolve(older, phone="+420602000001", number=0xBAD))
    rounds(town)
    if objects:
        town.desk.dispute(town.proof_of(older), older.insured_number)
    town.clock.move(hours=73)
    rounds(town)
    blocked = newer if objects else older
    assert len(town.system.operations.explain(blocked.registration_id).blocks) == 1
    town.system.operations.erase(older.insured_number)

    for each in (older, newer):
        explained = town.system.operations.explain(each.registration_id)
        assert (explained.journey.standing.value, explained.blocks) == ("withdrawn", ())
    town.clock.move(days=5)
    assert town.system.operations.tick().duplicates == 0
    rounds(town)
    again = town.register(blocked)
    explained = town.system.operations.explain(again.registration_id)
    assert (explained.journey.standing.value, explained.blocks) == ("queued", ())
    town.system.operations.settle_duplicate(again.registration_id)
    history = [entry.kind for entry in town.system.operations.explain(again.registration_id).history]
    assert history[history.index("erased") + 1 :] == ["registered"]
    rounds(town)
    row = town.system.operations.statistics().days[-1]
    assert (row.registrations, row.waiting) == (1, 1)


def test_a_number_that_nobody_has_erases_nobody(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    lived(town)
    before = dump(town.system, storage_url)

    assert town.system.operations.erase(invented(7).insured_number).registrations == 0
    assert dump(town.system, storage_url) == before


def test_a_file_that_was_compacted_holds_nothing_of_the_person(open_town: OpenTown, tmp_path: Path) -> None:
    """A database keeps what was overwritten until it is compacted; how is said in the how-to."""
    file = tmp_path / "crs.db"
    town = open_town(f"sqlite:///{file}")
    citizen = lived(town)
    town.system.operations.erase(citizen.insured_number)
    town.system.close()
    connection = sqlite3.connect(file)
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    found = b"".join(path.read_bytes() for path in tmp_path.glob("crs.db*")).decode("latin-1")
    told = citizen.application
    for word in (told.insured_number, told.last_name.encode().decode("latin-1"), citizen.phone, "zkouska@example.org"):
        assert word not in found


def test_whoever_is_erased_was_not_passed_over(open_town: OpenTown) -> None:
    """What is left of the birth date is that of an age group: no release is judged by it."""
    town = open_town("memory:", seats=1)
    older = [born(town, number, date(1936, 1, 10)) for number in range(1, 6)]
    younger = born(town, 6, date(1936, 1, 20))
    town.clock.move(minutes=5)
    assert set(town.system.site("north").release().invited) == {each.registration_id for each in older}
    town.clock.move(minutes=5)
    town.system.operations.erase(younger.insured_number)

    assert town.system.operations.audit() == ()


def test_a_release_keeps_no_birth_date_of_whoever_it_called_last(open_town: OpenTown, storage_url: str) -> None:
    """Called twice, last each time. What the records still say is true, and finds whoever was passed over."""
    town = open_town(storage_url, seats=1)
    older, last = born(town, 1, date(1931, 3, 1)), born(town, 2, date(1937, 6, 30))
    younger = born(town, 3, date(1939, 1, 1))
    town.clock.move(minutes=5)
    site = town.system.site("north")
    assert len(site.release().invited) == 3
    town.system.operations.dispatch()
    entry = town.enter(last)
    town.reserve(entry)
    town.desk.cancel(entry)
    town.clock.move(minutes=5)
    assert site.release().invited == (last.registration_id,)
    town.system.operations.erase(younger.insured_number)
    town.system.operations.erase(last.insured_number)

    kept = [record.cut_off for record in town.system.operations.releases("north")]
    assert [place and place.born for place in kept] == [date(1936, 1, 1), date(1936, 1, 1)]
    assert "1937-06-30" not in shown(town, storage_url)
    assert town.system.operations.audit() == ()
    [first, _] = town.system.operations.releases("north")
    rewritten = evolve(first, invited=first.invited[1:], calls=((first.day, 2),), outstanding=200)
    with town.system._office.storage.write() as work:
        work.apply(Plan(None, (Put(Key(ReleaseRecord, first.id), rewritten, 2),)), actor="tester", now=town.clock.now())
    assert older.registration_id in {each.where for each in town.system.operations.audit()}


def born(town: Town, number: int, day: date) -> Citizen:
    """Somebody of that birth date, registered."""
    who = invented(number)
    digits = insured_number(day, number, woman=True)
    return town.register(evolve(who, application=evolve(who.application, birth_date=day, insured_number=digits)))
