"""The machine: all rules, and how a play begins and ends."""

from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from crs_core.domain.calendars import Calendar, Slot
from crs_core.domain.campaign import StockRule
from crs_core.domain.time import add_days
from crs_core.testing import strategies
from crs_core.testing.lifecycle import town
from crs_core.testing.lifecycle.booking_rules import BookingRules
from crs_core.testing.lifecycle.operations_rules import OperationsRules
from crs_core.testing.lifecycle.play import Storages

__all__ = ["Storages", "lifecycle_machine"]


class _Lifecycle(OperationsRules, BookingRules):
    """See `lifecycle_machine`."""

    @initialize(data=st.data(), start=st.sampled_from(town.STARTS))
    def a_town(self, data: st.DataObject, start: date) -> None:
        """A campaign begins; most sites have seats and are open."""
        people = data.draw(
            st.lists(
                strategies.people(town.born(start)), min_size=3, max_size=6, unique_by=lambda each: each.insured_number
            ),
            label="people",
        )
        stock = data.draw(st.sampled_from(StockRule), label="stock")
        terms = data.draw(st.sampled_from(town.TERMS), label="terms")
        self.begin(start, stock, terms, data.draw(st.integers(0, 2**16), label="seed"), people)
        self.clock.move(days=data.draw(st.sampled_from([0, 3, 5, 14]), label="begins on day"))
        for site in data.draw(st.sampled_from([town.SITES[:1], town.SITES, ()]), label="furnished"):
            self.offers_seats(site, _first_calendars(self.model.people.today(self.now)), twice=False)
            self.expects(site, "comirnaty-1", self.model.people.today(self.now), 2)
            self.receives(site, "comirnaty-2", 0, 6, twice=False)
            self.opens(site)
            self.look()
        number = data.draw(st.integers(0, 4), label="registered")
        for _ in range(number):
            if self.newcomers() and self.model.seats.open:
                self.join(data, claims=False, email=False)
        if data.draw(st.sampled_from([True, True, False]), label="invited"):
            self.dispatch()
            self.releases_everywhere()
        for _ in range(data.draw(st.integers(0, 2), label="reserved")):
            if self.able():
                self.take(data, email=False)

    def teardown(self) -> None:
        """However a play ends, it ends well: what is owed is sent, and the figures are right."""
        if hasattr(self, "world"):
            self.a_calm_night()
            self.ticks()


def _first_calendars(today: date) -> list[Calendar]:
    """Six pairs of doses, under either interval."""
    first = [Slot(add_days(today, after), minute, 1) for after in (2, 6, 10) for minute in (480, 540)]
    second = [Slot(add_days(today, after), 480, 2) for after in (27, 31, 36)]
    return [Calendar("V1", "comirnaty", 1, tuple(first)), Calendar("V2", "comirnaty", 2, tuple(second))]


def lifecycle_machine(storages: Storages) -> type[Any]:
    """A Hypothesis state machine that plays weeks of a campaign on all of these storages side by side.

    Its attribute ``TestCase`` is what pytest collects; its settings say how many plays, of how many steps.

    Args:
        storages: Called when a play begins; gives fresh, empty storages by name, of which the first is the one that
            the others are held against. The machine closes none of them.
    """
    return type("Lifecycle", (_Lifecycle,), {"storages": staticmethod(storages)})
