"""Many at once: nothing is lost, nothing is doubled, nobody reads half of it, nobody waits for ever."""
# ruff: noqa: S101 - a contract asserts, and compares with figures

import threading
from collections import Counter
from contextlib import suppress
from functools import partial

from attrs import evolve

from crs_core.domain.campaign import Budget
from crs_core.domain.ledger import Balance, State, Transfer
from crs_core.domain.messages import Lane
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.sites import Site
from crs_core.domain.statistics import Tally
from crs_core.domain.time import later
from crs_core.errors import Busy, Conflict, Short, Stale, TooManyAttempts
from crs_core.ports.storage import BudgetUse, Storage
from crs_core.testing.storage.common import (
    DAY,
    NOW,
    Contract,
    apply,
    at_once,
    everything,
    found,
    message,
    mint,
    note,
    person,
    puts,
    seat,
)

__all__ = ["TogetherContract"]

_NORTH = Key(Site, "north")
_LONG = 30.0


def _count_up(storage: Storage, times: int, *, lock: bool) -> None:
    """Raises the calendar version of a site by one so many times, each as often as it takes."""
    while times:
        try:
            with storage.write(timeout=_LONG) as work:
                if lock:
                    work.lock([_NORTH])
                stored = work.get(_NORTH)
                assert stored is not None
                more = evolve(stored.value, calendar_version=stored.value.calendar_version + 1)
                work.apply(Plan(None, (Put(_NORTH, more, stored.version),)), actor="tester", now=NOW)
        except Stale:
            continue
        times -= 1


class TogetherContract(Contract):
    """S46 to S59."""

    def test_no_change_is_lost(self, storage: Storage) -> None:
        """S46: Whether they lock or not, of many who change one value none overwrites another."""
        apply(storage, Plan(None, puts([Site("north")])))
        done = at_once(*(partial(_count_up, storage, 8, lock=lock) for lock in (True, False, True, False)))
        stored = found(storage, _NORTH)

        assert done == [None] * 4
        assert stored is not None
        assert (stored.value.calendar_version, stored.version) == (32, 33)

    def test_one_of_many_makes_a_new_value(self, storage: Storage) -> None:
        """S47: Of many who store a value that nobody has stored yet, one does, and the others are stale."""
        made = at_once(
            *(lambda each=each: apply(storage, Plan(None, puts([person(registration_id=each)]))) for each in "abcdef")
        )

        assert Counter(type(each) for each in made) == {type(None): 1, Stale: 5}
        stored = found(storage, Key(Person, "401231001"))
        assert stored is not None
        assert stored.value.registration_id == "abcdef"[made.index(None)]

    def test_the_last_seats_go_once_each(self, storage: Storage) -> None:
        """S48: Of many who take the last seats, as many succeed as there are seats; the others are short."""
        apply(storage, Plan(None, transfers=(mint(seat(480), 3), mint(seat(540), 8))))
        take = Plan(None, transfers=tuple(Transfer(seat(minute), State.FREE, State.RESERVED) for minute in (540, 480)))
        taken = at_once(*[lambda: apply(storage, take)] * 8)

        assert Counter(type(each) for each in taken) == {type(None): 3, Short: 5}
        with storage.read() as view:
            assert dict(view.accounts("north")) == {seat(480): Balance(0, 0, 3), seat(540): Balance(5, 0, 3)}

    def test_tries_are_counted_one_by_one(self, storage: Storage) -> None:
        """S49: Of many tries at once, as many pass as the budget has."""
        use = BudgetUse("tries", Budget(5, 60))

        def attempt() -> tuple[int, ...]:
            with storage.write(timeout=_LONG) as work:
                return work.take([use], NOW)

        tried = at_once(*[attempt] * 12)
        assert Counter(type(each) for each in tried) == {tuple: 5, TooManyAttempts: 7}
        assert sorted(each for each in tried if isinstance(each, tuple)) == [(left,) for left in range(5)]

    def test_a_message_goes_to_one_dispatcher(self, storage: Storage) -> None:
        """S50: Dispatchers that lease at once share the messages out; none is given to two."""
        apply(storage, Plan(None, messages=tuple(message(f"m-{number:02d}") for number in range(20))))

        def drain() -> list[str]:
            taken: list[str] = []
            while more := storage.lease(tuple(Lane), 3, now=NOW, until=later(NOW, seconds=120)):
                taken += [each.id for each in more]
            return taken

        drained = at_once(*[drain] * 4)
        taken = Counter(name for each in drained if isinstance(each, list) for name in each)
        taken.update(each.id for each in storage.lease(tuple(Lane), 20, now=NOW, until=later(NOW, seconds=120)))
        assert taken == {f"m-{number:02d}": 1 for number in range(20)}

    def test_one_message_is_owed_however_many_ask(self, storage: Storage) -> None:
        """S51: Of many who owe the same person the same message at once, one does; the others go on without."""
        asked = at_once(
            *(lambda n=n: apply(storage, Plan(None, messages=(message(f"m-{n}", "anna"),))) for n in range(6))
        )

        assert asked == [None] * 6
        assert len(everything(storage)["owed"]) == 1

    def test_one_command_answers_under_a_key(self, storage: Storage) -> None:
        """S52: Of many with one idempotency key at once, one does its work, and the others find its answer."""

        def command(answer: str) -> str:
            while True:
                with suppress(Stale), storage.write(timeout=_LONG) as work:
                    kept = work.replay("key", "fingerprint")
                    if kept is not None:
                        return kept
                    work.remember("key", "fingerprint", answer, NOW)
                    work.apply(Plan(None, journal=(note(),)), actor="tester", now=NOW)

        answers = at_once(*(lambda each=each: command(each) for each in "abcdef"))
        assert len(set(answers)) == 1
        assert len(everything(storage)["journal"]) == 1

    def test_rounds_at_once_count_each_entry_once(self, storage: Storage) -> None:
        """S53: Rounds that roll up at once count every entry once."""
        apply(storage, Plan(None, journal=tuple(note(kind="registered") for _ in range(40))))

        def roll_up() -> None:
            while True:
                with suppress(Stale), storage.write(timeout=_LONG) as work:
                    entries = work.uncounted(7)
                    if not entries:
                        return
                    tally = Tally(DAY, "registered", "north", "80-84", len(entries))
                    counted = tuple(each.number for each in entries)
                    work.apply(Plan(None, tallies=(tally,), counted=counted), actor="tester", now=NOW)

        assert at_once(*[roll_up] * 3) == [None] * 3
        roll_up()
        assert [tally.number for tally in everything(storage)["tallies"]] == [40]

    def test_a_view_is_one_picture(self, storage: Storage) -> None:
        """S54: What a view shows does not change while it is open, whatever is committed; the next one shows it."""
        apply(storage, Plan(None, puts([Site("north")]), (mint(seat()),)))
        more = Plan(None, puts([Site("north", is_open=True)], 1), (mint(seat()),), (note(),), (message("one"),))
        writer = threading.Thread(target=lambda: apply(storage, more))
        with storage.read() as view:
            before = (view.get(_NORTH), list(view.accounts("north")))
            writer.start()
            writer.join(0.2)  # it may have to wait for this view; then it has committed nothing yet

            assert (view.get(_NORTH), list(view.accounts("north"))) == before
            assert view.days("north").seats == {}
            assert (list(view.journal("person-1")), list(view.owed())) == ([], [])
        writer.join()
        assert found(storage, _NORTH) == Versioned(Site("north", is_open=True), 2)

    def test_a_reader_waits_for_no_decision(self, storage: Storage) -> None:
        """S55: A view opened while a work decides is answered at once, and shows nothing of that work."""
        apply(storage, Plan(None, puts([Site("north")])))
        with storage.write() as work:
            work.lock([_NORTH])
            work.apply(Plan(None, puts([Site("north", is_open=True)], 1)), actor="tester", now=NOW)
            (seen,) = at_once(lambda: found(storage, _NORTH))

        assert not isinstance(seen, Exception)
        assert seen is not None
        assert (seen.value.is_open, seen.version) == (False, 1)

    def test_whoever_waits_too_long_is_told(self, storage: Storage) -> None:
        """S56: A work that cannot get what another holds is busy after its time-out, and has changed nothing."""

        def impatient() -> None:
            with storage.write(timeout=0.05) as work:
                work.lock([_NORTH])
                work.apply(Plan(None, puts([Site("north")])), actor="tester", now=NOW)

        with storage.write() as work:
            work.lock([_NORTH])
            (error,) = at_once(impatient)
        assert isinstance(error, Busy)
        assert error.code == "busy"
        assert found(storage, _NORTH) is None
        impatient()

    def test_whoever_may_skip_does_not_wait(self, storage: Storage) -> None:
        """S57: A lock with `skip` that another holds is not got, without waiting; free again, it is."""

        def held() -> bool:
            with storage.write(timeout=0.05) as work:
                return work.lock([_NORTH], skip=True)

        with storage.write() as work:
            assert work.lock([_NORTH], skip=True)
            (got,) = at_once(held)
        assert got is False or isinstance(got, Busy)
        assert held()

    def test_locks_and_transfers_are_taken_in_one_order(self, storage: Storage) -> None:
        """S58: In whatever order works name keys and accounts, no two wait for each other."""
        accounts = (seat(480), seat(540))
        apply(storage, Plan(None, transfers=tuple(mint(account, 100) for account in accounts)))
        keys = (Key(Site, "north"), Key(Person, "401231001"), Key(Site, "south"))

        def crossing(step: int) -> None:
            for _ in range(10):
                with storage.write(timeout=_LONG) as work:
                    work.lock(keys[::step])
                    moves = tuple(Transfer(account, State.FREE, State.HELD) for account in accounts[::step])
                    work.apply(Plan(None, transfers=moves), actor="tester", now=NOW)

        assert at_once(*(lambda step=step: crossing(step) for step in (1, -1, 1, -1))) == [None] * 4

    def test_what_conflicts_is_told_by_kind(self, storage: Storage) -> None:
        """S59: Works at once end well or by `Conflict` or `Busy`; nothing else leaves the adapter."""
        apply(storage, Plan(None, puts([Site("north")]), (mint(seat(), 2),)))

        def work_on(number: int) -> None:
            plan = Plan(
                None,
                (*puts([Site("north", calendar_version=number)], 1), *puts([person(f"40123100{number}")])),
                (Transfer(seat(), State.FREE, State.RESERVED),),
                messages=(message("same", f"person {number}"),) if number == 0 else (),
            )
            apply(storage, plan)

        ends = at_once(*(partial(work_on, number) for number in range(6)))
        assert [each for each in ends if each is not None and not isinstance(each, Conflict | Busy)] == []
        assert ends.count(None) == 1
