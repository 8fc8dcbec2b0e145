"""Lists of appointments: whom a site expects on which days."""
# ruff: noqa: S101 - a contract asserts

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.plans import Plan
from crs_core.domain.reservations import Appointment, Attendance, Reservation, listed_days
from crs_core.ports.storage import Storage
from crs_core.testing import strategies
from crs_core.testing.storage.common import DAY, NOW, Contract, apply, examples, puts

__all__ = ["AppointmentsContract"]

_SITES = count()
_attended = st.sampled_from(Attendance)


class AppointmentsContract(Contract):
    """S63 and S64."""

    @given(
        made=st.lists(strategies.reservations(), max_size=6, unique_by=lambda each: each.id),
        first=strategies.days(),
        length=st.integers(-1, 200),
        data=st.data(),
    )
    @examples
    def test_the_list_is_what_looking_at_all_of_them_gives(
        self, storage: Storage, made: list[Reservation], first: date, length: int, data: st.DataObject
    ) -> None:
        """S63: A site's list of some days holds each reservation with a listed day among them, once, by id."""
        site = f"site-{next(_SITES)}"
        last = first + timedelta(days=length)
        here = [evolve(each, id=f"{site}:{each.id}", registration_id=f"{site}:{each.id}") for each in made]
        here = [evolve(each, site_id=data.draw(st.sampled_from([site, f"{site}-other"]))) for each in here]
        apply(storage, Plan(None, puts(here)))
        with storage.read() as view:
            assert [each.value for each in view.appointments(site, first, last)] == _listed(here, site, first, last)

        changed = [_changed(each, data.draw(strategies.reservations()), data.draw(_attended)) for each in here]
        apply(storage, Plan(None, puts(changed, version=1)))
        with storage.read() as view:
            found = view.appointments(site, first, last)
        assert [each.value for each in found] == _listed(changed, site, first, last)
        assert all(each.version == 2 for each in found)  # noqa: PLR2004 - stored, then changed once

    def test_both_days_are_included(self, storage: Storage) -> None:
        """S64: The first and the last day belong to the list; a site without appointments has an empty one."""
        doses = (Appointment(1, "V1", DAY, 480),)
        one = Reservation("one", "registration", "north", "janssen", doses, NOW, None, "invitation", 1)
        apply(storage, Plan(None, puts([one])))
        with storage.read() as view:
            assert len(view.appointments("north", DAY, DAY)) == 1
            assert list(view.appointments("north", DAY + timedelta(days=1), DAY)) == []
            assert list(view.appointments("nowhere", DAY, DAY)) == []


def _changed(one: Reservation, to: Reservation, attendance: Attendance) -> Reservation:
    """The same reservation as another one's doses have it, the first of them attended in some way."""
    doses = (evolve(to.doses[0], attendance=attendance), *to.doses[1:])
    return evolve(one, doses=doses, cancelled_at=to.cancelled_at)


def _listed(all_of_them: Sequence[Reservation], site: str, first: date, last: date) -> list[Reservation]:
    here = [each for each in all_of_them if each.site_id == site]
    some = [each for each in here if any(first <= day <= last for day in listed_days(each))]
    return sorted(some, key=lambda each: each.id)
