"""What a site records of a dose, in its order and at its time; and the last of it undone."""

from collections import Counter
from typing import Any

import pendulum
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain import attendance
from crs_core.domain.campaign import NoShowRule
from crs_core.domain.ledger import State
from crs_core.domain.reservations import Appointment, Attendance, Reservation, changes, listed_days, units
from crs_core.domain.time import Day, slot_instant
from crs_core.errors import Refused
from crs_core.testing import strategies

FIRST, SECOND = Day(2021, 1, 25), Day(2021, 2, 22)
ZONE = "Europe/Prague"
RESERVATION = Reservation(
    id="r1",
    registration_id="one",
    site_id="north",
    product="comirnaty",
    doses=(
        Appointment(1, "V1", FIRST, 480, "week-4", Day(2021, 1, 25)),
        Appointment(2, "V2", SECOND, 480, "week-4", Day(2021, 1, 25)),
    ),
    made_at=pendulum.datetime(2021, 1, 20),
    interval=(21, 28),
    access="invitation",
    invitation=1,
)
AT_NINE = slot_instant(FIRST, 540, ZONE)
HERE: dict[str, Any] = {"today": FIRST, "now": AT_NINE, "by": "nurse"}
THERE: dict[str, Any] = {"today": SECOND, "now": slot_instant(SECOND, 540, ZONE), "by": "nurse"}
FREE_AGAIN = NoShowRule("returned", "return")


def states(reservation: Reservation) -> list[str]:
    return [each.attendance.value for each in reservation.doses]


def code_of(call: Any) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code


def test_a_dose_is_checked_in_and_given() -> None:
    come = attendance.checked_in(RESERVATION, 1, **HERE)
    done = attendance.given(come, 1, **HERE)

    assert (states(come), states(done)) == (["checked_in", "expected"], ["given", "expected"])
    assert done.begun
    assert [(step.dose, step.by, step.after.value) for step in done.steps] == [
        (1, "nurse", "checked_in"),
        (1, "nurse", "given"),
    ]


def test_a_dose_may_be_recorded_without_a_check_in_and_later_than_its_day() -> None:
    assert states(attendance.given(RESERVATION, 1, **THERE)) == ["given", "expected"]


def test_what_comes_too_early_is_refused() -> None:
    early = slot_instant(FIRST, 479, ZONE)

    assert code_of(lambda: attendance.checked_in(RESERVATION, 2, **HERE)) == "not_today"
    assert code_of(lambda: attendance.given(RESERVATION, 2, **HERE)) == "too_early"
    assert code_of(lambda: attendance.missed(RESERVATION, 1, FREE_AGAIN, now=early, zone=ZONE, by="n")) == "too_early"


def test_what_is_out_of_order_is_refused() -> None:
    done = attendance.given(RESERVATION, 1, **HERE)

    assert code_of(lambda: attendance.given(RESERVATION, 2, **THERE)) == "wrong_step"
    assert code_of(lambda: attendance.given(done, 1, **HERE)) == "wrong_step"
    assert code_of(lambda: attendance.checked_in(done, 1, **HERE)) == "wrong_step"
    assert code_of(lambda: attendance.given(RESERVATION, 3, **HERE)) == "no_appointment"
    assert code_of(lambda: attendance.given(RESERVATION.cancelled(AT_NINE), 1, **HERE)) == "no_appointment"


def test_nobody_came_to_the_first_dose() -> None:
    """The reservation is over: its second seat and vaccine are free, its first seat is gone."""
    gone = attendance.missed(RESERVATION, 1, FREE_AGAIN, now=AT_NINE, zone=ZONE, by="nurse")

    assert gone.cancelled_at == AT_NINE
    moved = Counter((each.account.kind, each.account.series, each.target) for each in changes(RESERVATION, gone))
    assert moved == {
        ("slot", "V1", State.WASTED): 1,
        ("day", "V1", State.WASTED): 1,
        ("delivery", "week-4", State.FREE): 2,
        ("slot", "V2", State.FREE): 1,
        ("day", "V2", State.FREE): 1,
    }
    assert listed_days(gone) == (FIRST,)


def test_nobody_came_to_the_second_dose() -> None:
    """Whoever has had the first keeps the reservation, and may move the second."""
    begun = attendance.given(RESERVATION, 1, **HERE)
    gone = attendance.missed(begun, 2, NoShowRule("wasted"), now=THERE["now"], zone=ZONE, by="nurse")

    assert gone.cancelled_at is None
    assert states(gone) == ["given", "missed_wasted"]
    assert {each.target for each in changes(begun, gone)} == {State.WASTED}


def test_the_last_step_is_undone_and_no_other() -> None:
    come = attendance.checked_in(RESERVATION, 1, **HERE)
    done = attendance.given(come, 1, **HERE)
    back, step = attendance.undone(done)

    assert (back, step.after) == (come, Attendance.GIVEN)
    assert attendance.undone(back)[0] == RESERVATION
    assert code_of(lambda: attendance.undone(RESERVATION)) == "nothing_to_undo"


@pytest.mark.parametrize("dose", ["returned", "wasted"])
def test_a_no_show_undone_holds_everything_again(dose: str) -> None:
    gone = attendance.missed(RESERVATION, 1, NoShowRule(dose), now=AT_NINE, zone=ZONE, by="nurse")
    back, step = attendance.undone(gone)

    assert back == RESERVATION
    assert step.ended
    assert {each.target for each in changes(gone, back)} == {State.RESERVED}


@given(before=strategies.reservations(), after=strategies.reservations(), data=st.data())
def test_changes_take_the_ledger_from_one_state_to_the_other(
    before: Reservation, after: Reservation, data: st.DataObject
) -> None:
    """Whatever a reservation becomes, its transfers turn what the ledger showed into what it must show, and no more."""
    some = st.sampled_from(Attendance)
    old = evolve(before, doses=tuple(evolve(each, attendance=data.draw(some)) for each in before.doses))
    new = evolve(after, site_id=old.site_id, doses=tuple(evolve(e, attendance=data.draw(some)) for e in after.doses))
    shown = Counter(units(old))
    for transfer in changes(old, new):
        assert transfer.source is not transfer.target
        if transfer.source is not State.FREE:
            shown[transfer.account, transfer.source] -= 1
        if transfer.target is not State.FREE:
            shown[transfer.account, transfer.target] += 1

    assert +shown == Counter(units(new))
    assert min(shown.values(), default=0) >= 0
