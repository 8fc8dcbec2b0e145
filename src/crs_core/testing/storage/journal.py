"""What happened, in order, and the statistics rolled up from it; budgets, and answers given before."""
# ruff: noqa: S101 - a contract asserts, and compares with figures

from datetime import date

import pytest
from attrs import evolve

from crs_core.domain.campaign import Budget
from crs_core.domain.plans import JournalEntry, Plan
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Instant, later
from crs_core.errors import Refused, Stale, TooManyAttempts
from crs_core.ports.storage import BudgetUse, Storage
from crs_core.testing.storage.common import DAY, NOW, Contract, apply, everything, note

__all__ = ["JournalContract"]

_THREE = BudgetUse("three", Budget(3, 60), "too_many_tries")
_ONE = BudgetUse("one", Budget(1, 10), "too_many_sends")


def _take(storage: Storage, *uses: BudgetUse, now: Instant = NOW) -> tuple[int, ...]:
    with storage.write() as work:
        return work.take(uses, now)


def _roll_up(storage: Storage, limit: int, *tallies: Tally) -> list[JournalEntry]:
    with storage.write() as work:
        entries = work.uncounted(limit)
        counted = tuple(each.number for each in entries)
        work.apply(Plan(None, tallies=tallies, counted=counted), actor="tester", now=NOW)
    return [each.entry for each in entries]


class JournalContract(Contract):
    """S33 to S45, and S69."""

    def test_the_journal_of_a_person_is_in_order_with_its_actor(self, storage: Storage) -> None:
        """S33: A person's entries come in the order in which they were committed, each with who did it."""
        entries = [note(kind="registered", age="80-84", číslo=1), note(kind="invited", text="Žižkov"), note(kind="x")]
        apply(storage, Plan(None, journal=(entries[0], note("person-2"))), actor="citizen")
        apply(storage, Plan(None, journal=(entries[1], entries[2])), actor="místo:north")

        with storage.read() as view:
            assert list(view.journal("person-1")) == [
                evolve(entries[0], actor="citizen"),
                evolve(entries[1], actor="místo:north"),
                evolve(entries[2], actor="místo:north"),
            ]
            assert list(view.journal("nobody")) == []

    def test_all_entries_come_in_order_with_their_numbers(self, storage: Storage) -> None:
        """S69: Reading all entries gives each once, of whatever person and site, by rising number; counted ones too."""
        entries = [note(f"person-{number % 7}", kind=str(number), číslo=number) for number in range(1_100)]
        apply(storage, Plan(None, journal=tuple(entries[:600])), actor="citizen")
        apply(storage, Plan(None, journal=tuple(entries[600:])), actor="citizen")
        _roll_up(storage, 5)

        with storage.read() as view:
            found = list(view.entries())
        assert [each.entry for each in found] == [evolve(entry, actor="citizen") for entry in entries]
        numbers = [each.number for each in found]
        assert numbers == sorted(set(numbers))

    def test_entries_are_counted_once(self, storage: Storage) -> None:
        """S34: Entries not yet counted come in order, at most so many; counted ones never again, others next time."""
        apply(storage, Plan(None, journal=(note(kind="a"), note("person-2", kind="b"), note(kind="c"))))

        assert [entry.kind for entry in _roll_up(storage, 2)] == ["a", "b"]
        assert [entry.kind for entry in _roll_up(storage, 2)] == ["c"]
        assert _roll_up(storage, 2) == []

    def test_counting_again_is_stale(self, storage: Storage) -> None:
        """S35: An entry that somebody has counted meanwhile cannot be counted again; no tally is added."""
        apply(storage, Plan(None, journal=(note(),)))
        with storage.write() as work:
            (numbered,) = work.uncounted(1)
        again = Plan(None, tallies=(Tally(DAY, "registered", "north", "80-84", 1),), counted=(numbered.number,))
        apply(storage, again)

        with pytest.raises(Stale):
            apply(storage, again)
        assert [tally.number for tally in everything(storage)["tallies"]] == [1]

    def test_tallies_add_up(self, storage: Storage) -> None:
        """S36: Tallies of one day, measure, site and age group add up; others stay apart."""
        first = Tally(DAY, "registered", "north", "80-84", 2)
        others = [
            evolve(first, day=date(2021, 3, 28)),
            evolve(first, measure="reserved"),
            evolve(first, site_id="south"),
            evolve(first, age_group="90+"),
        ]
        _roll_up(storage, 10, first, *others)
        _roll_up(storage, 10, evolve(first, number=40))

        with storage.read() as view:
            assert set(view.tallies()) == {evolve(first, number=42), *others}

    def test_a_budget_is_used_up(self, storage: Storage) -> None:
        """S37: Each use leaves one less; then the use's own code is raised, with the end of the window, until then."""
        ends = later(NOW, minutes=60)

        assert [_take(storage, _THREE, now=later(NOW, minutes=minute)) for minute in (0, 1, 59)] == [(2,), (1,), (0,)]
        with pytest.raises(TooManyAttempts) as caught:
            _take(storage, _THREE, now=later(ends, seconds=-0.000001))
        assert (caught.value.code, caught.value.retry_at) == ("too_many_tries", ends)
        assert "three" not in str(caught.value)

    def test_a_window_opens_with_its_first_use(self, storage: Storage) -> None:
        """S38: At the very end of its window a budget is whole again, and the new window opens with that use."""
        again = later(NOW, minutes=10)
        _take(storage, _ONE)

        assert _take(storage, _ONE, now=again) == (0,)
        with pytest.raises(TooManyAttempts) as caught:
            _take(storage, _ONE, now=again)
        assert caught.value.retry_at == later(again, minutes=10)

    def test_budgets_are_counted_in_order(self, storage: Storage) -> None:
        """S39: Several budgets are counted in the order given; the first that is used up says so."""
        assert _take(storage, _THREE, _ONE) == (2, 0)
        with pytest.raises(TooManyAttempts) as caught:
            _take(storage, _THREE, _ONE)
        assert caught.value.code == "too_many_sends"

    def test_a_refused_use_counts_nothing(self, storage: Storage) -> None:
        """S40: Where one budget is used up and the error leaves the work, the others are not counted either."""
        _take(storage, _ONE)
        with pytest.raises(TooManyAttempts):
            _take(storage, _THREE, _ONE)

        assert _take(storage, _THREE) == (2,)

    def test_a_use_is_seen_by_the_next_of_its_work(self, storage: Storage) -> None:
        """S41: Within one work a budget counts on; an exception gives all of it back."""
        left: list[tuple[int, ...]] = []

        def four_times() -> None:
            with storage.write() as work:
                left.extend(work.take([_THREE], NOW) for _ in range(4))

        with pytest.raises(TooManyAttempts):
            four_times()
        assert left == [(2,), (1,), (0,)]
        assert _take(storage, _THREE) == (2,)

    def test_budgets_of_other_names_are_apart(self, storage: Storage) -> None:
        """S42: A budget is its name, whatever its limits: a wider limit lets more through at once."""
        _take(storage, _ONE)

        assert _take(storage, evolve(_ONE, name="öne")) == (0,)
        assert _take(storage, evolve(_ONE, budget=Budget(5, 10))) == (3,)

    def test_an_answer_is_kept_under_its_key(self, storage: Storage) -> None:
        """S43: The answer of a key is given again for the same fingerprint, any text; an unknown key has none."""
        answer = '{"text":"Žluťoučký \\"kůň\\" 🦠"}'
        with storage.write() as work:
            assert work.replay("key", "fingerprint") is None
            work.remember("key", "fingerprint", answer, NOW)

        with storage.write() as work:
            assert work.replay("key", "fingerprint") == answer
            assert work.replay("Key", "fingerprint") is None

    def test_a_reused_key_is_refused(self, storage: Storage) -> None:
        """S44: A key that was used for another command or other arguments is refused by its own code."""
        with storage.write() as work:
            work.remember("a long and secret key", "fingerprint", "1", NOW)

        with pytest.raises(Refused) as caught, storage.write() as work:
            work.replay("a long and secret key", "another")
        assert caught.value.code == "idempotency_key_reused"
        assert "secret" not in str(caught.value)

    def test_a_key_keeps_its_first_answer(self, storage: Storage) -> None:
        """S45: Two works that both found a key new cannot both answer: the second is stale and keeps nothing."""

        def answer(text: str, *journal: JournalEntry) -> None:
            with storage.write() as work:
                work.remember("key", "fingerprint", text, NOW)
                work.apply(Plan(None, journal=journal), actor="tester", now=NOW)

        answer("first")
        with pytest.raises(Stale):
            answer("second", note())
        with storage.write() as work:
            assert work.replay("key", "fingerprint") == "first"
        assert everything(storage)["journal"] == []
