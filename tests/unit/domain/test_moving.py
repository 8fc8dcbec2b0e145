"""Where one dose may move, against a direct reading of the rule on random small sites."""

from itertools import pairwise

import pendulum
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import crs_core as crs
from crs_core.domain import moving
from crs_core.domain.campaign import Campaign, Interval, Product, StockRule
from crs_core.domain.ledger import SiteDays
from crs_core.domain.moving import Case
from crs_core.domain.pairing import bookable
from crs_core.domain.reservations import Appointment, Attendance, OfferedDose, Reservation, changes
from crs_core.domain.rules import always
from crs_core.domain.sites import CalendarHead, DeliveryNote, ShortSlot, Site, supplies
from crs_core.domain.time import Day, add_days, slot_instant
from crs_core.errors import Refused

TODAY = Day(2021, 1, 25)
NOW = pendulum.datetime(2021, 1, 25, 7)
HEADS = tuple(CalendarHead(f"V{dose}", "vzor", dose) for dose in (1, 2, 3))
offsets = st.integers(0, 9)


def campaign(doses: int, now: Interval, rule: StockRule) -> Campaign:
    product = Product("vzor", doses, always(now) if doses > 1 else None)
    return evolve(crs.example_campaign(), products=(product,), stock=always(rule))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A reservation of one to three doses made under an interval of its own, and what else is free."""
    doses = draw(st.integers(1, 3))
    made, now = draw(intervals), draw(intervals)
    days = [draw(offsets)]
    for _ in range(doses - 1):
        days.append(days[-1] + draw(st.integers(made.earliest, made.latest)))
    rule = draw(st.sampled_from(StockRule))
    notes = tuple(DeliveryNote(name, "vzor", add_days(TODAY, draw(offsets)), 9) for name in ("a", "b"))
    held = [draw(st.sampled_from([None, *(note for note in notes if note.day <= add_days(TODAY, n))])) for n in days]
    seats = {head.name: draw(free_days()) for head in HEADS[:doses]}
    free = {note.id: {note.day: draw(st.integers(0, 2))} for note in notes}
    appointments = tuple(
        Appointment(number, f"V{number}", add_days(TODAY, day), 600, *_of(note))
        for number, (day, note) in enumerate(zip(days, held, strict=True), start=1)
    )
    interval = (made.earliest, made.latest) if doses > 1 else None
    reservation = Reservation("r", "one", "north", "vzor", appointments, NOW, interval, "invitation", 1)
    site = Site("north", True, HEADS[:doses], notes)
    return Case(
        reservation,
        draw(st.integers(1, doses)),
        site,
        SiteDays("north", seats, free, {}),
        campaign(doses, now, rule),
        NOW,
    )


intervals = st.builds(lambda first, more: Interval(first, first + more), st.integers(1, 3), st.integers(0, 3))


def free_days() -> st.SearchStrategy[dict[Day, int]]:
    return st.dictionaries(st.integers(-1, 16).map(lambda day: add_days(TODAY, day)), st.integers(0, 2), max_size=6)


def _of(note: DeliveryNote | None) -> tuple[str | None, Day | None]:
    return (None, None) if note is None else (note.id, note.day)


def most(case: Case, days: SiteDays) -> int:
    return bookable(supplies(case.site, days, case.campaign, case.now)["vzor"])


@given(case=cases())
def test_what_is_open_keeps_the_interval_the_stock_and_everybody_else(case: Case) -> None:
    found = list(moving.days_open(case))

    assert found == sorted(set(found))
    for day in found:
        after = moving.moved(case, OfferedDose(case.dose, f"V{case.dose}", day, 540))
        days = [each.day for each in after.doses]
        left = case.days.after(changes(case.reservation, after))
        assert day >= TODAY
        if case.reservation.interval is not None:
            earliest, latest = case.reservation.interval
            assert all(earliest <= (second - first).days <= latest for first, second in pairwise(days))
        assert [each for each in after.doses if each.dose != case.dose] == [
            each for each in case.reservation.doses if each.dose != case.dose
        ]
        assert all(number >= 0 for free in left.seats.values() for number in free.values())
        assert all(number >= 0 for free in left.doses.values() for number in free.values())
        new = after.doses[case.dose - 1]
        assert new.delivery_day is None or new.delivery_day <= day
        assert most(case, left) >= most(case, case.days)


@given(case=cases())
def test_what_is_not_open_is_refused(case: Case) -> None:
    """Outside of the interval, in the past, without a seat or a vaccine, or at the cost of somebody else."""
    open_ = set(moving.days_open(case))
    for offset in range(-2, 25):
        day = add_days(TODAY, offset)
        if day not in open_:
            with pytest.raises(Refused):
                moving.moved(case, OfferedDose(case.dose, f"V{case.dose}", day, 540))


@given(case=cases())
def test_every_day_that_keeps_the_rules_is_open(case: Case) -> None:
    """Without stock: each day inside with a seat that is free, or its own, unless somebody would be stranded."""
    case = evolve(case, campaign=evolve(case.campaign, stock=always(StockRule.IGNORED)))
    first, last = moving.window(case.reservation, case.dose)
    old = case.old.day
    before = most(case, case.days)
    wanted = []
    for offset in range(25):
        day = add_days(TODAY, offset)
        free = case.days.seats[f"V{case.dose}"].get(day, 0) + (day == old)
        seats = {name: dict(by_day) for name, by_day in case.days.seats.items()}
        of_dose = seats[f"V{case.dose}"]
        of_dose[old] = of_dose.get(old, 0) + 1
        of_dose[day] = of_dose.get(day, 0) - 1
        if free > 0 and first <= day.toordinal() <= last and most(case, evolve(case.days, seats=seats)) >= before:
            wanted.append(day)

    assert list(moving.days_open(case)) == wanted


def test_its_own_vaccine_counts_as_free_for_it() -> None:
    """Every dose of the one delivery is reserved; a later day needs no other one, an earlier day than it has none."""
    case = example(held="a", arrives=5, free=0)

    assert [day.day for day in moving.days_open(case)] == [30, 31, 1]
    after = moving.moved(case, OfferedDose(1, "V1", add_days(TODAY, 7), 540))
    assert after.doses[0].delivery_id == "a"


def test_a_short_slot_takes_nobody() -> None:
    case = example(held="a", arrives=0, free=1)
    target = add_days(TODAY, 7)
    short = evolve(case, site=evolve(case.site, short_slots=(ShortSlot("V1", target, 540, 1),)))

    assert moving.moved(case, OfferedDose(1, "V1", target, 540)).doses[0].day == target
    with pytest.raises(Refused, match="offer_taken"):
        moving.moved(short, OfferedDose(1, "V1", target, 540))


def example(*, held: str, arrives: int, free: int) -> Case:
    """One dose on the sixth day, free seats on each of eight days."""
    arrival = add_days(TODAY, arrives)
    doses = (Appointment(1, "V1", add_days(TODAY, 5), 600, held, arrival),)
    made = Reservation("r", "one", "north", "vzor", doses, NOW, None, "invitation", 1)
    site = Site("north", True, HEADS[:1], (DeliveryNote(held, "vzor", arrival, 9),))
    days = SiteDays("north", {"V1": {add_days(TODAY, day): 1 for day in range(8)}}, {held: {arrival: free}}, {})
    return Case(made, 1, site, days, campaign(1, Interval(1, 1), StockRule.EXPECTED), NOW)


@pytest.mark.parametrize(
    ("attendance", "minutes", "code"),
    [
        (Attendance.GIVEN, -60, "dose_given"),
        (Attendance.CHECKED_IN, -60, "dose_past"),
        (Attendance.EXPECTED, 0, "dose_past"),
        (Attendance.EXPECTED, -1, ""),
        (Attendance.MISSED, 60, ""),
        (Attendance.MISSED_WASTED, 60, ""),
        (Attendance.LOST, 60, ""),
    ],
)
def test_when_a_dose_may_move(attendance: Attendance, minutes: int, code: str) -> None:
    zone = "Europe/Prague"
    dose = Appointment(1, "V1", TODAY, 600, attendance=attendance)
    now = slot_instant(TODAY, 600 + minutes, zone)
    made = Reservation("r", "one", "north", "vzor", (dose,), NOW, None, "invitation", 1)
    assert moving.movable(made, now, zone) == (() if code else (1,))
    if code:
        with pytest.raises(Refused, match=code):
            moving.require_movable(dose, now, zone)
    else:
        moving.require_movable(dose, now, zone)


def test_a_missed_dose_that_moves_leaves_its_seat_wasted() -> None:
    case = example(held="a", arrives=0, free=1)
    missed = case.reservation.with_dose(evolve(case.old, attendance=Attendance.MISSED))
    after = moving.moved(evolve(case, reservation=missed), OfferedDose(1, "V1", add_days(TODAY, 7), 540))
    moved = {(each.account.kind, each.account.day, each.source.value) for each in changes(missed, after)}

    assert after.missed == missed.doses
    assert moved == {
        ("slot", add_days(TODAY, 7), "free"),
        ("day", add_days(TODAY, 7), "free"),
        ("delivery", TODAY, "free"),
    }
