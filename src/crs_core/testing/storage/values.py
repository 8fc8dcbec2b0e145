"""Values and their versions: what is put is got back; a plan is kept whole or not at all."""
# ruff: noqa: S101 - a contract asserts, and compares with figures

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.campaign import Budget
from crs_core.domain.ledger import State, Transfer
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.domain.statistics import Tally
from crs_core.errors import CrsError, Short, Stale, TooManyAttempts
from crs_core.ports.storage import BudgetUse, Storage
from crs_core.testing import strategies
from crs_core.testing.storage.common import (
    DAY,
    KINDS,
    NOW,
    PROBE,
    Contract,
    apply,
    everything,
    examples,
    found,
    key_of,
    message,
    mint,
    note,
    person,
    puts,
    seat,
)

__all__ = ["ValuesContract"]

_ANY = st.one_of(
    strategies.registrations(),
    strategies.reservations(),
    strategies.persons,
    strategies.challenges,
    strategies.sites,
    strategies.releases,
    strategies.in_force,
    strategies.amendments,
)
_HOSTILE = ["'; DROP TABLE person; --", "%s", "\\", "\x00", "\ud800", "č" * 300, "🦠", "", " ", "1e999"]


class _PulledPlug(Exception):
    pass


class ValuesContract(Contract):
    """S1 to S9."""

    @given(value=_ANY)
    @examples
    def test_what_is_put_is_got_back_equal(self, storage: Storage, value: Any) -> None:
        """S1: A value is got back equal: every kind, every field, any letters, None, microseconds, both hours."""
        old = found(storage, key_of(value))
        apply(storage, Plan(None, puts([value], 0 if old is None else old.version)))
        stored = found(storage, key_of(value))

        assert stored is not None
        assert stored.value == value
        assert type(stored.value) is type(value)
        apply(storage, Plan(None, _withdrawn(value, stored.version)))

    @pytest.mark.parametrize("kind", KINDS)
    def test_an_unknown_key_has_no_value(self, storage: Storage, kind: type[Any]) -> None:
        """S2: An unknown key gives None, whatever the other kinds hold under the same id."""
        apply(storage, Plan(None, puts([Site("same"), person("same")])))

        assert (found(storage, Key(kind, "same")) is None) == (kind not in {Site, Person})
        assert found(storage, Key(kind, "other")) is None

    def test_versions_count_changes(self, storage: Storage) -> None:
        """S3: A value first stored has version 1, and one more with every change, equal or not."""
        for version, opened in enumerate([False, True, True]):
            apply(storage, Plan(None, puts([Site("north", opened)], version)))
            stored = found(storage, Key(Site, "north"))

            assert stored is not None
            assert (stored.value.is_open, stored.version) == (opened, version + 1)

    @pytest.mark.parametrize(("stored", "expected"), [(0, 1), (1, 0), (1, 2), (3, 2), (3, 4), (3, 0)])
    def test_another_version_is_stale(self, storage: Storage, stored: int, expected: int) -> None:
        """S4: A put for another version than the stored one is stale: too old, too new, new where there is one."""
        for version in range(stored):
            apply(storage, Plan(None, puts([person()], version)))
        before = everything(storage)

        with pytest.raises(Stale):
            apply(storage, Plan(None, puts([person(registration_id="another")], expected)))
        assert everything(storage) == before

    @pytest.mark.parametrize("fault", ["stale_first", "stale_last", "short", "exception", "tries"])
    def test_a_plan_is_kept_whole_or_not_at_all(self, storage: Storage, fault: str) -> None:
        """S5: Whatever ends a work, nothing of it is kept: values, accounts, journal, messages, budgets, answers."""
        apply(storage, Plan(None, puts([Site("north")]), (mint(seat(), 2),), (note(),), (message("first"),)))
        before = everything(storage)

        with pytest.raises((CrsError, _PulledPlug)) as caught:
            _fail(storage, fault)
        wanted = {"short": Short, "exception": _PulledPlug, "tries": TooManyAttempts}.get(fault, Stale)
        assert type(caught.value) is wanted
        assert everything(storage) == before

    def test_a_work_without_a_plan_keeps_what_it_counted(self, storage: Storage) -> None:
        """S6: Leaving a work normally commits budgets and answers even where nothing was applied."""
        with storage.write() as work:
            work.take([PROBE], NOW)
            work.remember("probe", "fingerprint", "answer", NOW)

        shown = everything(storage)
        assert (shown["left"], shown["answer"]) == ((98,), "answer")

    def test_scan_gives_every_value_of_a_kind_in_order_of_id(self, storage: Storage) -> None:
        """S7: Scanning gives each value of one kind once, in order of id by code point, however many there are."""
        names = ["Z", "a", "č", "10", "9", "ab", "A", "-", *(f"many-{number}" for number in range(1100))]
        apply(storage, Plan(None, puts([Site(name) for name in names])))
        apply(storage, Plan(None, puts([person("401231001")])))

        with storage.read() as view:
            assert [site.id for site in view.scan(Site)] == sorted(names)
            assert [each.insured_number for each in view.scan(Person)] == ["401231001"]
            assert list(view.scan(Registration)) == []

    @pytest.mark.parametrize("text", _HOSTILE)
    def test_a_hostile_text_is_kept_or_refused(self, storage: Storage, text: str) -> None:
        """S8: Any text is kept as it is, or refused by an error of crs with nothing changed."""
        value = Site(f"site {text}")
        before = everything(storage)
        try:
            apply(storage, Plan(None, puts([value]), journal=(note("person-1", text or "empty", fact=text),)))
        except CrsError:
            assert everything(storage) == before
            return

        stored = found(storage, key_of(value))
        assert stored is not None
        assert stored.value == value

    @pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**63, 2**70])
    def test_a_number_too_large_is_kept_or_refused(self, storage: Storage, number: int) -> None:
        """S9: A number beyond what a database counts is kept exactly, or refused by an error of crs."""
        before = everything(storage)
        try:
            apply(storage, Plan(None, transfers=(mint(seat(), number),)))
        except CrsError:
            assert everything(storage) == before
            return

        with storage.read() as view:
            assert dict(view.accounts("north"))[seat()].free == number


def _withdrawn(value: Any, version: int) -> tuple[Put[Any], ...]:
    """Ends an active reservation again, as a registration may hold only one."""
    if isinstance(value, Reservation) and value.cancelled_at is None:
        return (Put(key_of(value), value.cancelled(NOW), version),)
    return ()


def _fail(storage: Storage, fault: str) -> None:
    """Works with a plan that wants something of everything, and ends it by a fault."""
    wanted = [person(), Site("south")]
    stale = puts([Site("north", is_open=True)], version=7)
    placed = {"stale_first": (*stale, *puts(wanted)), "stale_last": (*puts(wanted), *stale)}.get(fault, puts(wanted))
    taken = (Transfer(seat(), State.FREE, State.RESERVED, 3),) if fault == "short" else ()
    plan = Plan(
        None,
        placed,
        (mint(seat(540)), *taken),
        (note(kind="reserved"),),
        (message("second"),),
        tallies=(Tally(DAY, "registered", "north", "80-84", 1),),
    )
    with storage.write() as work:
        work.take([PROBE], NOW)
        work.remember("probe", "fingerprint", "answer", NOW)
        work.lock([Key(Site, "north"), Key(Person, "401231001")])
        if fault == "tries":
            work.take([BudgetUse("none", Budget(0, 60))], NOW)
        work.apply(plan, actor="tester", now=NOW)
        if fault == "exception":
            raise _PulledPlug
