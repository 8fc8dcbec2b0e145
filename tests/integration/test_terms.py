"""The terms of PIN2 in 2021, from one campaign file, and terms that nobody has wanted yet."""

from pathlib import Path
from typing import Any

import pendulum
import pytest

import crs_core as crs
from crs_core.domain.time import Day, Instant, add_days, day_of, later
from tests.systems import OpenTown, Town, invented

FILE = Path(__file__).parents[2] / "examples" / "czechia-2021" / "campaign.toml"
RULES = FILE.read_text(encoding="utf-8")
DAYS = [Day(2021, 1, 25), Day(2021, 2, 2), Day(2021, 3, 2), Day(2021, 8, 2)]
WEEKS = 12

Happened = list[tuple[int, str]]

JANUARY: Happened = []
FEBRUARY: Happened = [(72, "returned")]
MARCH: Happened = [(hours, "reminded") for hours in (48, 72, 120, 144, 192)] + [(216, "lapsed")]
AUGUST: Happened = [(168 * week, "reminded") for week in range(1, 10)]


def of_file(text: str) -> dict[str, Any]:
    """The terms of a campaign file, for a town with sites of its own."""
    return {"invitation": crs.read_campaign(text).invitation}


def eight(day: Day) -> Instant:
    return pendulum.datetime(day.year, day.month, day.day, 8)


def seats(town: Town, day: Day) -> None:
    """One person can be fully booked from the day after: whoever is invited before has answered or lost their turn."""
    for name, dose, after in (("V1", 1, 1), ("V2", 2, 29)):
        slots = crs.even_slots(add_days(day, after), 5)
        town.system.site("north").publish([crs.Calendar(name, "comirnaty", dose, slots)])


def invite(town: Town, number: int) -> str:
    """One citizen more, invited now; their registration."""
    seats(town, day_of(town.clock.now(), "UTC"))
    citizen = town.register(invented(number))
    assert citizen.registration_id in town.system.site("north").release().invited
    town.system.operations.dispatch()
    return citizen.registration_id


def rounds(town: Town, hours: int, step: int = 1) -> None:
    """Time passes with a round of everything at each step."""
    for _ in range(0, hours, step):
        town.clock.move(hours=step)
        town.system.operations.tick()
        town.system.operations.dispatch()


def happened(town: Town, registration_id: str) -> list[Happened]:
    """What rounds have done to each invitation of a registration, by hours since it left."""
    found: list[Happened] = []
    begun = town.clock.now()
    for entry in town.system.operations.explain(registration_id).history:
        if entry.kind == "invited":
            begun = entry.at
            found.append([])
        if entry.kind in {"reminded", "returned", "lapsed"}:
            found[-1].append((round((entry.at - begun).total_seconds() / 3600), entry.kind))
    return found


@pytest.mark.slow
def test_each_invitation_keeps_the_term_of_its_moment(open_town: OpenTown, storage_url: str) -> None:
    """One person invited under each of the four rules, none of whom answers, in one campaign without a break.

    The one of February returns to the queue, and their next invitation is one of March.
    """
    town = open_town(storage_url, **of_file(RULES))
    names = []
    for number, day in enumerate(DAYS, start=1):
        rounds(town, round((eight(day) - town.clock.now()).total_seconds() / 3600), step=12)
        names.append(invite(town, number))
    rounds(town, 24 * 7 * WEEKS, step=12)

    assert [happened(town, name) for name in names] == [[JANUARY], [FEBRUARY, MARCH], [MARCH], [AUGUST]]
    standings = [town.system.operations.explain(name).journey.standing.value for name in names]
    assert standings == ["invited", "lapsed", "lapsed", "invited"]


def test_whoever_lapses_is_told_so_and_not_that_another_invitation_comes(open_town: OpenTown) -> None:
    town = open_town("memory:", **of_file(RULES))
    town.clock.set(eight(DAYS[2]))
    invite(town, 1)
    rounds(town, 240, step=12)
    texts = town.texts(invented(1).phone)

    assert [word in texts[-1] for word in ("Dalsi uz neposleme", "Dalsi pozvanku")] == [True, False]
    assert sum("pripominame" in text for text in texts) == len(MARCH) - 1
    again = town.register(invented(1)).registration_id
    seats(town, day_of(town.clock.now(), "UTC"))
    assert town.system.site("north").release().invited == (again,), "whoever registers again is called again"
    town.system.operations.dispatch()
    rounds(town, 240, step=12)
    assert happened(town, again)[-1] == MARCH
    assert town.system.operations.audit() == ()


ODD = """
[[invitation]]
from = 2021-09-01
windows = [
  { hours = 31, reminders_hours = [7, 31] },
  { hours = 31, reminders_hours = [13, 29] },
  { hours = 31, then = "return" },
  { hours = 31, reminders_hours = [1, 2, 3, 31] },
  { hours = 31, reminders_hours = [30], then = "lapse" },
]
"""


def amended(text: str, added: str) -> str:
    """A campaign file with more steps of a rule, before its sites."""
    return text.replace("\n[[sites]]\n", f"\n{added}\n[[sites]]\n", 1)


@pytest.mark.slow
def test_a_term_never_seen_is_a_change_of_the_file_alone(open_town: OpenTown, storage_url: str) -> None:
    """Five windows of 31 hours with reminders at odd hours; after the third the turn is lost and taken up again."""
    town = open_town(storage_url, **of_file(amended(RULES, ODD)))
    town.clock.set(eight(Day(2021, 9, 2)))
    name = invite(town, 1)
    rounds(town, 120)

    before = [*((hours, "reminded") for hours in (7, 31, 44, 60)), (93, "returned")]

    assert happened(town, name) == [before]
    seats(town, day_of(town.clock.now(), "UTC"))
    assert town.system.site("north").release().invited == (name,)
    town.system.operations.dispatch()
    rounds(town, 70)
    assert happened(town, name) == [before, [*((hours, "reminded") for hours in (1, 2, 3, 31, 61)), (62, "lapsed")]]
    assert town.system.operations.audit() == ()


PHONE_HAS_IT = """
[[invitation]]
from = 2021-02-08
counts_from = "delivery"
windows = [{ hours = 20, reminders_hours = [10] }]
"""


def sent(town: Town, phone: str) -> str:
    """The reference that the gateway got with the newest message to a phone."""
    files = [file for file in (town.spool / "sms").glob("*.txt") if f"To: {phone}" in file.read_text(encoding="utf-8")]
    return max(files, key=lambda file: file.stat().st_mtime_ns).stem


@pytest.mark.parametrize(
    ("reported_after", "says", "remind", "end"),
    [
        (None, 0, 10, 20),  # no report: from the hand-off
        (4, 4, 14, 24),
        (4, 2, 12, 22),  # reported late: the phone had it two hours before
        (4, -9, 10, 20),  # a clock that is slow: not before the hand-off
        (4, 9, 14, 24),  # a clock that is fast: not after now
        (15, 15, 10, 35),  # reminded already, which is not repeated
        (25, 1, 10, 20),  # too late: the turn is over
    ],
)
def test_windows_count_from_delivery_where_the_rule_says_so(
    open_town: OpenTown, reported_after: int | None, says: int, remind: int, end: int
) -> None:
    town = open_town("memory:", **of_file(amended(RULES, PHONE_HAS_IT)))
    town.clock.set(eight(Day(2021, 2, 9)))
    name = invite(town, 1)
    start, reference = town.clock.now(), sent(town, invented(1).phone)
    if reported_after is not None:
        rounds(town, reported_after)
        noted = town.system.operations.delivered(reference, later(start, hours=says))
        assert noted == (reported_after < 20)
        assert not town.system.operations.delivered(reference), "the first report counts"
    rounds(town, 40)

    assert happened(town, name) == [[(remind, "reminded"), (end, "returned")]]
    assert town.system.operations.audit() == ()


def test_a_report_of_delivery_is_kept_on_every_storage(open_town: OpenTown, storage_url: str) -> None:
    """Under a rule that counts from hand-off too, for whoever looks; reports of other messages change nothing."""
    town = open_town(storage_url)
    [citizen] = town.invited(1)
    invitation = sent(town, citizen.phone)
    pins = [file.stem for file in (town.spool / "sms").glob("*.txt") if file.stem != invitation]
    operations = town.system.operations

    assert [operations.delivered(each) for each in pins] == [False]
    assert operations.delivered(invitation, idempotency_key="report")
    assert operations.delivered(invitation, idempotency_key="report")
    assert not operations.delivered(invitation)
    history = operations.explain(citizen.registration_id).history
    assert [entry.actor for entry in history if entry.kind == "invitation_delivered"] == ["gateway"]
    with pytest.raises(crs.NotFound, match="unknown_message"):
        operations.delivered("no-such-message")


def test_a_report_of_an_invitation_that_is_over_moves_no_newer_one(open_town: OpenTown) -> None:
    town = open_town("memory:", **of_file(amended(RULES, PHONE_HAS_IT)))
    town.clock.set(eight(Day(2021, 2, 9)))
    name = invite(town, 1)
    old = sent(town, invented(1).phone)
    rounds(town, 21)
    assert town.system.site("north").release().invited == (name,)
    town.system.operations.dispatch()

    assert not town.system.operations.delivered(old)
    assert town.system.operations.delivered(sent(town, invented(1).phone))
