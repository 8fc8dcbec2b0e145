"""Turns of events that are rare and were once wrong, each at its smallest, on every storage."""

from datetime import date

from attrs import evolve

from tests.systems import START, OpenTown, invented


def test_an_invitation_that_was_never_sent_is_counted_as_lapsed(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    town.registered(1)
    town.system.site("north").release()
    town.clock.move(days=8)  # longer than its message is worth sending

    assert town.system.operations.dispatch().dead == 1
    town.system.operations.tick()
    assert sum(row.lapsed for row in town.system.operations.statistics().days) == 1


def test_a_birthday_in_the_queue_leaves_nobody_behind_in_an_age_group(open_town: OpenTown, storage_url: str) -> None:
    """Whoever waited as one of 80 to 84 years and reserved at 85 waits no more, in no age group."""
    town = open_town(storage_url)
    citizen = invented(1)
    born = date(START.year - 85, START.month, START.day + 1)
    number = f"{born.year % 100:02d}{born.month + 50:02d}{born.day:02d}001"
    town.register(evolve(citizen, application=evolve(citizen.application, birth_date=born, insured_number=number)))
    town.clock.move(days=1)
    town.system.site("north").release()
    town.system.operations.dispatch()
    town.reserve(town.desk.enter(number, town.pin_of(citizen.phone, 8), source=citizen.source))
    town.system.operations.tick()

    assert set(town.system.operations.statistics().waiting_by_age.values()) == {0}


def test_a_message_of_the_registration_before_keeps_nobody_from_the_next(open_town: OpenTown, storage_url: str) -> None:
    """Invited again, withdrawn before that message left, registered anew and invited: this message is owed too."""
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    town.reserve(entry)
    town.desk.cancel(entry)
    town.system.site("north").release()
    town.desk.withdraw(entry)
    proof_at = town.clock.move(minutes=2)
    sent = town.desk.request_control_pin(citizen.phone, source=citizen.source)
    assert sent.retry_at >= proof_at
    town.system.operations.dispatch(1)
    again = town.desk.register(
        town.desk.verify_phone(sent.handle, town.pin_of(citizen.phone, 6), source=citizen.source), citizen.application
    )
    town.system.site("north").release()

    assert town.system.operations.audit() == ()
    town.system.operations.dispatch()
    assert town.system.operations.audit() == ()
    assert town.system.operations.explain(again.registration_id).journey.step == 5
    assert town.desk.journey(town.enter(citizen)).step == 5
