"""The campaign that the machine plays: small, and its rules change under way."""

from datetime import date

from hypothesis import strategies as st

from crs_core.domain.campaign import (
    Access,
    Budget,
    Campaign,
    Eligibility,
    Interval,
    InvitationRule,
    Limits,
    Place,
    Priority,
    PriorityGroup,
    Product,
    Sending,
    StockRule,
)
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import Then, Window
from crs_core.domain.time import Day, Instant, add_days, later, midnight
from crs_core.testing.strategies import ZONE

__all__ = ["CALENDARS", "HEALTH", "PHONES", "SITES", "STARTS", "TERMS", "born", "campaign", "start_of"]

TERMS = (
    InvitationRule(windows=(Window(72, (24, 48)),)),
    InvitationRule(windows=(Window(72, (24, 48), Then.LAPSE),)),
    InvitationRule(windows=(Window(31, (7, 31), Then.NEXT), Window(24, (), Then.RETURN), Window(40, (3,), Then.LAPSE))),
    InvitationRule(windows=(Window(20, (5,), Then.RETURN), Window(None, (24, 100)))),
)
"""A term that ends in the queue, one that lapses, and two of several windows with a return between them."""

STARTS = (date(2021, 1, 15), date(2021, 3, 16))
"""The second is followed by the night in which the clocks change."""

SITES = ("north", "south")
PHONES = ("+420601000001", "+420601000002", "+420601000003")
HEALTH = "health-worker"
CALENDARS = {"V1": ("comirnaty", 1), "V2": ("comirnaty", 2), "J1": ("janssen", 1)}

_HEALTH = frozenset({HEALTH})
_LIMITS = Limits(
    pin_sends_phone=Budget(3, 60),
    pin_tries_handle=Budget(3, 24 * 60),
    pin_tries_phone=Budget(5, 60),
    entries_registration=Budget(4, 24 * 60),
    reminders_registration=Budget(2, 24 * 60),
    reminders_source=Budget(50, 60),
    pin_sends_source=Budget(50, 60),
    pin_tries_source=Budget(50, 60),
    entries_source=Budget(50, 15),
)


def start_of(day: Day) -> Instant:
    """Eight in the morning of the first day."""
    return later(midnight(day, ZONE), hours=8)


def born(start: Day) -> st.SearchStrategy[Day]:
    """Birth dates around the ages on which rules turn, some of them with a birthday in the first weeks."""
    ages = st.sampled_from([80, 82, 85, 91, 66, 75, 50])
    return st.builds(
        lambda age, after: add_days(date(start.year - age, start.month, 15), after), ages, st.integers(-40, 40)
    )


def campaign(start: Day, stock: StockRule, terms: InvitationRule) -> Campaign:
    """The campaign that starts on a day.

    Immediate access for two days, then invitations; immediate again on days 16 and 17. Terms come on day 5, the
    interval and the order change on days 10 and 12, from day 6 more people may register.
    """

    def on(days: int) -> Instant:
        return midnight(add_days(start, days), ZONE)

    return Campaign(
        name="lifecycle",
        zone=ZONE,
        languages=("cs", "en"),
        phones=("+420",),
        claims=_HEALTH,
        products=(
            Product("comirnaty", 2, Dated(((on(0), Interval(21, 28)), (on(10), Interval(25, 35))))),
            Product("janssen", 1),
        ),
        places=tuple(Place(name, f"Nemocnice Vzorov {name}", name, "Smyšlená, Vzorov") for name in SITES),
        access=Dated(
            (
                (on(0), Access.IMMEDIATE),
                (on(2), Access.INVITATION),
                (on(16), Access.IMMEDIATE),
                (on(18), Access.INVITATION),
            )
        ),
        may_register=Dated(((on(0), Eligibility(80)), (on(6), Eligibility(65, _HEALTH)))),
        priority=Dated(
            (
                (on(0), Priority.in_order(PriorityGroup(80), PriorityGroup(None, _HEALTH), PriorityGroup(70))),
                (on(12), Priority.in_order(PriorityGroup(None, _HEALTH), PriorityGroup(75), PriorityGroup())),
            )
        ),
        stock=always(stock),
        invitation=Dated(((on(0), InvitationRule()), (on(5), terms))),
        limits=_LIMITS,
        sending=always(Sending(attempts=3)),
    )
