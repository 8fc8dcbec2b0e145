"""Hypothesis strategies for values of the domain. Every person is invented.

Needs Hypothesis; of crs only the test kit imports this module.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pendulum
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crs_core.composition.example import example_campaign
from crs_core.domain.amendments import Amendment, InForce
from crs_core.domain.calendars import Calendar, Slot
from crs_core.domain.campaign import Access, ResponseRule
from crs_core.domain.control_pin import Challenge
from crs_core.domain.maintenance import Maintenance
from crs_core.domain.order import AgeMeaning, Order, Priority, PriorityGroup
from crs_core.domain.people import Application, Person
from crs_core.domain.priority import Segment, claims_text, compile_segments
from crs_core.domain.registration import Block, BlockReason, Gate, Invitation, Pending, Registration
from crs_core.domain.releases import FreeSeats, Place, ReleaseRecord
from crs_core.domain.reservations import Appointment, Attendance, Reservation, Step
from crs_core.domain.rules import Dated
from crs_core.domain.sites import CalendarHead, DeliveryNote, Site
from crs_core.domain.terms import CountsFrom, InvitationRule, Then, Window
from crs_core.domain.time import Instant, exists, later, utc
from crs_core.testing.invented import FIRST_NAMES, SURNAMES, Invented, insured_number

__all__ = [
    "CLAIMS",
    "CLAIMS_TEXTS",
    "ZONE",
    "amendments",
    "applications",
    "birth_dates",
    "calendars",
    "challenges",
    "days",
    "ids",
    "in_force",
    "instants",
    "invitation_rules",
    "invitations",
    "people",
    "persons",
    "phones",
    "priorities",
    "registrations",
    "releases",
    "reservations",
    "segments",
    "sites",
    "steps",
]

ZONE = "Europe/Prague"
CLAIMS = ("health-worker", "teacher")
CLAIMS_TEXTS = ("", "health-worker", "health-worker,teacher", "teacher")

_CHANGES_OF_THE_CLOCK = (date(2021, 3, 28), date(2021, 10, 31))
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

ids = st.text(_ALPHABET, min_size=16, max_size=16)
"""Names as `Chance` draws them."""

phones = st.integers(1, 999).map(lambda number: f"+420601000{number:03d}")
"""Numbers in E.164, from +420601000001 on."""

_sites = st.sampled_from(["north", "south"])
_products = st.sampled_from(["comirnaty", "janssen"])
_emails = st.none() | st.integers(1, 99).map(lambda number: f"vzor{number}@example.org")
_doubts = st.sampled_from(["", "birth_date_differs", "insurer_number"])


def days(first: date = date(2021, 1, 1), last: date = date(2021, 12, 31)) -> SearchStrategy[date]:
    """Days, both bounds included, with a taste for those on which the clocks change."""
    changes = [day for day in _CHANGES_OF_THE_CLOCK if first <= day <= last]
    return st.dates(first, last) | st.sampled_from(changes) if changes else st.dates(first, last)


def birth_dates(first: date = date(1900, 1, 1), last: date = date(2005, 12, 31)) -> SearchStrategy[date]:
    """Birth dates, with a taste for the 31st, for 29 February and for the year in which check digits began."""
    some = [date(1940, 2, 29), date(1940, 12, 31), date(1953, 12, 31), date(1954, 1, 1), date(1956, 2, 29)]
    return st.dates(first, last) | st.sampled_from([day for day in some if first <= day <= last] or [first])


@st.composite
def people(draw: st.DrawFn, born: SearchStrategy[date] | None = None) -> Invented:
    """Invented people with valid insured numbers."""
    day = draw(birth_dates() if born is None else born)
    number = insured_number(day, draw(st.integers(1, 980)), woman=draw(st.booleans()))
    return Invented(number, draw(st.sampled_from(FIRST_NAMES)), draw(st.sampled_from(SURNAMES)), day)


@st.composite
def applications(draw: st.DrawFn) -> Application:
    """Applications that the form accepts, in canonical form."""
    claims = draw(st.frozensets(st.sampled_from(CLAIMS)))
    language = draw(st.sampled_from(["cs", "en"]))
    return draw(people()).applies(draw(_sites), language=language, email=draw(_emails), claims=claims)


@st.composite
def instants(draw: st.DrawFn, first: date = date(2021, 1, 1), last: date = date(2021, 12, 31)) -> Instant:
    """Instants with microseconds, with a taste for the hour that clocks repeat and for those around the gap.

    A time on the wall that the gap leaves out is the instant that it would have been: none is drawn in vain.
    """
    spans = [(datetime(first.year, first.month, first.day), datetime(last.year, last.month, last.day, 23, 59, 59))]  # noqa: DTZ001
    nights = [day for day in _CHANGES_OF_THE_CLOCK if first <= day <= last]
    spans += [(datetime(day.year, day.month, day.day, 1), datetime(day.year, day.month, day.day, 4)) for day in nights]  # noqa: DTZ001
    start, end = draw(st.sampled_from(spans))
    wall = draw(st.datetimes(start, end))
    return utc(wall.replace(tzinfo=ZoneInfo(ZONE), fold=draw(st.integers(0, 1))))


persons = st.builds(
    Person,
    st.builds(lambda person: person.insured_number, people()),
    st.none() | ids,
    st.lists(ids, max_size=2).map(tuple),
)
"""Holders of insured numbers, with a live registration or without."""

challenges = st.builds(
    Challenge,
    id=ids,
    phone=phones,
    key_id=st.sampled_from(["2021-01", "2021-02"]),
    generation=st.integers(1, 9),
    language=st.sampled_from(["cs", "en"]),
    created_at=instants(),
    sends=st.integers(0, 5),
    unsent=st.none() | ids,
    handed_off_at=st.none() | instants(),
    used_at=st.none() | instants(),
    expected_at=st.none() | instants(),
)
"""Challenges of control PINs at any point of their life."""


@st.composite
def windows(draw: st.DrawFn, *, last: bool) -> Window:
    """A window of a term that others follow, or the last one."""
    hours = draw((st.none() if last else st.nothing()) | st.integers(1, 240), label="hours")
    then = draw(st.sampled_from([Then.RETURN, Then.LAPSE] if last else [Then.NEXT, Then.RETURN]), label="then")
    most = 240 if hours is None else hours - (then is not Then.NEXT)
    reminders = draw(st.frozensets(st.integers(1, most), max_size=2) if most else st.just(frozenset[int]()))
    return Window(hours, tuple(sorted(reminders)), then)


invitation_rules = st.builds(
    lambda before, last, counts_from: InvitationRule(windows=(*before, last), counts_from=counts_from),
    st.just([]) | st.lists(windows(last=False), max_size=2),
    windows(last=True),
    st.sampled_from(CountsFrom),
)
"""Terms of invitations: one to three windows, with reminders or without."""

invitations = st.builds(
    Invitation,
    number=st.integers(1, 9),
    at=instants(),
    day=days(),
    release_id=ids,
    rule=invitation_rules,
    handed_off_at=st.none() | instants(),
    reminded=st.integers(0, 3),
    message_id=st.just("") | ids,
    delivered_at=st.none() | st.just(pendulum.datetime(2021, 3, 28, 0, 59, 59, 999999)),
    resumes=st.none() | st.integers(0, 3),
    put_off_to=st.none() | st.just(pendulum.datetime(2021, 10, 31, 0, 30)),
)
"""Invitations, handed off or not yet."""


_blocks = st.builds(
    Block,
    reason=st.sampled_from(BlockReason),
    since=instants(),
    told=st.just("") | ids,
    disputed=st.booleans(),
    wakes_at=st.none() | instants(),
)
_pending = st.builds(Pending, claims=st.sampled_from(CLAIMS_TEXTS[1:]), tries=st.integers(0, 20), asked_at=instants())


@st.composite
def registrations(
    draw: st.DrawFn, site_ids: SearchStrategy[str] = _sites, born: SearchStrategy[date] | None = None
) -> Registration:
    """Registrations in any state, with ties in birth date, seniority and ticket."""
    person = draw(people(born))
    since = draw(
        instants(date(2021, 1, 15), date(2021, 1, 16)) | st.just(utc(datetime(2021, 1, 15, tzinfo=ZoneInfo(ZONE))))
    )
    invitation = draw(st.none() | invitations)
    return Registration(
        id=draw(ids),
        person=draw(ids),
        insured_number=person.insured_number,
        first_name=person.first_name,
        last_name=person.last_name,
        birth_date=person.birth_date,
        phone=draw(phones),
        email=draw(_emails),
        language=draw(st.sampled_from(["cs", "en"])),
        site_id=draw(site_ids),
        claims=claims_text(draw(st.frozensets(st.sampled_from(CLAIMS)))),
        doubt=draw(_doubts),
        registered_at=draw(instants()),
        seniority=since,
        pin_key_id=draw(st.sampled_from(["2021-01", "2021-02"])),
        gate=draw(st.sampled_from([Gate.QUEUED, Gate.QUEUED, Gate.LAPSED] if invitation is None else list(Gate))),
        invitation=invitation,
        reservation_id=draw(st.none() | st.none() | ids),
        withdrawn_at=draw(st.none() | st.none() | instants()),
        ticket=draw(st.sampled_from([0, 1, 7, 2**60 - 1])),
        blocks=draw(st.just(()) | st.just(()) | st.lists(_blocks, min_size=1, max_size=2).map(tuple)),
        pending=draw(st.none() | st.none() | _pending),
    )


steps = st.builds(
    Step,
    dose=st.integers(1, 3),
    at=instants(),
    by=st.sampled_from(["site:north", "nurse"]),
    before=st.sampled_from(Attendance),
    after=st.sampled_from(Attendance),
    ended=st.booleans(),
)
"""What a site recorded of a dose, in any order."""


@st.composite
def reservations(draw: st.DrawFn) -> Reservation:
    """Reservations of one to three doses, active or cancelled; of their days only the order holds."""
    when = sorted(draw(st.lists(days(), min_size=1, max_size=3)))
    delivery_id, delivery_day = draw(st.just((None, None)) | st.tuples(ids, days()))
    attended = st.just(Attendance.EXPECTED) | st.sampled_from(Attendance)
    doses = [
        Appointment(
            number,
            f"V{number}",
            day,
            draw(st.integers(0, 1439)),
            delivery_id,
            delivery_day,
            attendance=draw(attended),
        )
        for number, day in enumerate(when, start=1)
    ]
    return Reservation(
        id=draw(ids),
        registration_id=draw(ids),
        site_id=draw(_sites),
        product=draw(_products),
        doses=tuple(doses),
        made_at=draw(instants()),
        interval=None if len(doses) == 1 else draw(st.sampled_from([(21, 28), (38, 42)])),
        access=draw(st.sampled_from(Access)).value,
        invitation=draw(st.integers(0, 3)),
        cancelled_at=draw(st.none() | instants()),
        steps=tuple(draw(st.lists(steps, max_size=2))),
        missed=tuple(draw(st.lists(st.sampled_from(doses), max_size=1))),
        revision=draw(st.integers(0, 3)),
        replanned=draw(st.integers(0, 2)),
    )


sites = st.builds(
    Site,
    id=ids,
    is_open=st.booleans(),
    calendars=st.lists(st.builds(CalendarHead, ids, _products, st.integers(1, 3)), max_size=3).map(tuple),
    deliveries=st.lists(
        st.builds(DeliveryNote, ids, _products, days(), st.integers(0, 999), st.none() | st.integers(0, 999)),
        max_size=3,
    ).map(tuple),
    calendar_version=st.integers(0, 99),
)
"""The state of vaccination sites."""


@st.composite
def calendars(
    draw: st.DrawFn,
    name: str,
    product: str,
    dose: int,
    on: SearchStrategy[date],
    *,
    most_days: int = 4,
    most_seats: int = 3,
) -> Calendar:
    """Small calendars without a fault; a time that the clocks skip is left out."""
    times = st.tuples(on, st.sampled_from([150, 480, 540, 615]))
    seats = draw(st.dictionaries(times, st.integers(0, most_seats), max_size=most_days))
    slots = [Slot(day, minute, number) for (day, minute), number in seats.items() if exists(day, minute, ZONE)]
    return Calendar(name, product, dose, tuple(slots))


_groups = st.builds(
    PriorityGroup,
    minimum_age=st.none() | st.integers(60, 85),
    maximum_age=st.none() | st.none() | st.integers(65, 90),
    claims=st.frozensets(st.sampled_from(CLAIMS)),
    score=st.integers(0, 4),
    opens=st.none() | st.none() | days(),
)

priorities = st.builds(
    Priority,
    groups=st.lists(_groups, min_size=1, max_size=5).map(tuple),
    age=st.sampled_from(AgeMeaning),
    then=st.sampled_from(Order),
)
"""Orders of one to five groups, with equal scores, openings and either meaning of age; many take not everybody."""

_numbers = st.dictionaries(st.integers(737_000, 739_000), st.integers(1, 99), max_size=3)
_days_free = _numbers.map(lambda numbers: tuple(sorted(numbers.items())))

releases = st.builds(
    ReleaseRecord,
    id=ids,
    site_id=_sites,
    at=instants(),
    day=days(),
    policy=priorities,
    policy_version=st.integers(0, 9),
    response=st.sampled_from([ResponseRule(), ResponseRule(((0, 60), (3, 20), (7, 0)), 115)]),
    response_version=st.integers(0, 9),
    free=st.builds(
        FreeSeats,
        product=_products,
        seats=st.lists(_days_free, min_size=1, max_size=3).map(tuple),
        interval=st.sampled_from([None, (21, 28)]),
        doses=st.none() | _days_free,
    ).map(lambda free: (free,)),
    people=st.integers(0, 99),
    unanswered=st.dictionaries(days(), st.integers(1, 99), max_size=3).map(lambda of: tuple(sorted(of.items()))),
    calls=days().map(lambda day: ((day, 1),)),
    outstanding=st.integers(0, 9_999),
    invited=st.lists(ids, min_size=1, max_size=3).map(tuple),
    cut_off=st.none()
    | st.builds(
        Place,
        rank=st.integers(0, 9),
        born=st.none() | birth_dates(),
        ticket=st.none() | st.sampled_from([0, 2**60 - 1]),
        seniority=instants(),
        id=ids,
    ),
    held_by=st.sampled_from(["", "queue_empty", "outstanding_invitations"]),
)
"""Releases of any kind; nothing in them need be true."""


@st.composite
def segments(draw: st.DrawFn, on: SearchStrategy[date] | None = None) -> tuple[Segment, ...]:
    """The segments of an order on a day, for every set of claims; not everybody need belong to one."""
    return compile_segments(draw(priorities), CLAIMS_TEXTS, draw(days() if on is None else on))


in_force = st.builds(
    InForce,
    st.integers(0, 9),
    st.lists(
        st.builds(lambda start, hours: Maintenance(start, later(start, hours=hours)), instants(), st.integers(1, 24)),
        max_size=3,
    ).map(tuple),
)
"""What is in force: a version, and maintenance announced."""

amendments = st.builds(
    lambda version, rule, at: Amendment(
        str(version),
        evolve(example_campaign(), invitation=Dated(((at, InvitationRule()), (later(at, days=1), rule)))),
        at,
    ),
    st.integers(1, 9),
    invitation_rules,
    instants(),
)
"""Amended campaigns, each with a term of its own."""
