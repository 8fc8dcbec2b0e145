"""Weeks of the virtual world: a sample of `make storm`, and that it finds what is planted."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from crs_adapters.storage.memory import MemoryStorage
from crs_core.ports.registry import Answer, Registry
from crs_core.ports.sms import Sms, SmsGateway
from crs_core.testing.world import Adapters, Failure, Story, Week, play, replay, search, write
from crs_core.testing.world.search import shortest
from crs_core.testing.world.truths import Broken
from tests import storm
from tests.integration.planted import FAULTS
from tests.storm import main

SAMPLE = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "quick" else 40
SEEDS = range(60)


@pytest.mark.parametrize("first", range(0, SAMPLE, 10))
def test_weeks_in_memory_break_no_truth(first: int) -> None:
    found = search(range(first, first + 10), MemoryStorage)

    assert found is None, found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    """Of a database that is closed in the end."""
    yield str(tmp_path)
    storm._database(str(tmp_path)).close()
    storm._database.cache_clear()


@pytest.mark.slow
def test_weeks_on_sqlite_break_no_truth(folder: str) -> None:
    for seed in (0, 50, 100):
        tally = storm.week(seed, folder)

        assert tally.found == ()
        assert tally.counted["weeks on SQLite"] == 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_guard_taken_out_is_found_and_its_seed_plays_it_again(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    FAULTS[name](monkeypatch)
    for seed in SEEDS:
        failure = replay(seed, MemoryStorage)
        if failure is not None:
            break
    else:
        pytest.fail(f"{len(SEEDS)} weeks without a guard, and none of them found it")

    assert not failure.truth.startswith("error_")  # that were the plant itself
    assert replay(seed, MemoryStorage) == failure


LIVELY = {
    "asks for a control PIN": 500,
    "types the PIN": 150,
    "registers": 50,
    "enters": 40,
    "reserves": 20,
    "cancels": 3,
    "moves dose 1": 2,
    "gives a dose": 2,
    "misses somebody": 1,
    "cuts seats": 3,
    "the power fails": 20,
}


def test_weeks_are_lively() -> None:
    """Truths that nobody puts to the test are kept by everybody: people get through, and vendors do what they may."""
    done, repeated, reported = Counter[str](), 0, 0
    for seed in range(20):
        played = Week(write(seed), MemoryStorage)
        assert played.play() is None
        for line in played.lines:
            words = re.sub(r"^(citizen \d|site \w+) |, twice$", "", line.text)
            done[words] += 1
            done["the power fails"] += words.endswith(": the power fails")
        repeated += sum(number > 1 for number in Counter(each.reference for each in played.network.handed).values())
        reported += sum("is told that a message came: True" in line.text for line in played.lines)

    assert {words: number for words, number in LIVELY.items() if done[words] < number} == {}
    assert repeated >= 5
    assert reported >= 5


def test_one_seed_is_one_week() -> None:
    """Its people, its vendors, its schedule, to the letter."""
    first, second = Week(write(7), MemoryStorage), Week(write(7), MemoryStorage)

    assert (first.play(), first.lines) == (second.play(), second.lines)
    assert first.network.texts == second.network.texts
    assert write(7) != write(8)


@pytest.mark.slow
def test_a_failure_is_told_as_its_shortest_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text names the seed, says what happened, and its last line plays the same end again."""
    FAULTS["a_pin_never_dies"](monkeypatch)
    found = search(SEEDS, MemoryStorage)

    assert found is not None
    text = str(found)
    again = re.search(r"replay\((\d+), fresh_storage, \[([\d, ]+)\]\)", text)
    assert again is not None
    kept = [int(each) for each in again[2].split(", ")]
    failure = replay(int(again[1]), MemoryStorage, kept)
    assert failure is not None
    assert failure == found.failure
    assert failure.message in text
    assert len(kept) <= 6  # asks, a message, types it an hour later
    assert "asks for a control PIN" in text
    assert "types the PIN" in text


def test_a_story_is_shortened_to_what_breaks_the_same_truth() -> None:
    """Three happenings are needed, in a story of hundreds; another truth that breaks on the way is not taken for it."""
    story = write(1)
    needed = {11, 150, 201}

    def again(shorter: Story) -> Failure | None:
        numbers = {each.number for each in shorter.happenings}
        if needed <= numbers:
            return Failure("it", "", 201, ())
        return Failure("another", "", 150, ()) if needed & numbers else None

    assert set(shortest(story, Failure("it", "", 201, ()), again)) == needed


def test_what_a_failure_says_tells_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No PIN, number or name stands in a story."""
    FAULTS["any_pin2_enters"](monkeypatch)
    found = search(SEEDS, MemoryStorage)

    assert found is not None
    assert not re.search(r"\+420|\b\d{6,10}\b|Vzorov|Smyšlen", str(found))


def test_a_broken_truth_has_a_name() -> None:
    broken = Broken("dead_pin", "a PIN is refused")

    assert (broken.truth, str(broken)) == ("dead_pin", "dead_pin: a PIN is refused")


def test_the_sweep_prints_its_figures_and_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--weeks", "3", "--first", "1", "--processes", "1"]) == 0
    calm = capsys.readouterr().out
    FAULTS["a_gateway_that_fails_is_believed"](monkeypatch)
    assert main(["--weeks", "1", "--first", "1", "--processes", "1"]) == 1
    broken = capsys.readouterr().out

    assert re.search(r"^ +0 violations$", calm, re.MULTILINE)
    assert re.search(r"^ +3 weeks$", calm, re.MULTILINE)
    assert "sent_to_nobody" in broken
    assert re.search(r"^ +1 violations$", broken, re.MULTILINE)


class Twisted:
    """An adapter that sends every message to somebody else."""

    def __init__(self, vendor: SmsGateway) -> None:
        self._vendor = vendor

    def send(self, sms: Sms) -> str:
        return self._vendor.send(evolve(sms, to="+420601000001" if sms.to[-1] == "0" else "+420601000000"))


class Counting:
    """A registry's adapter that counts what it is asked."""

    def __init__(self, vendor: Registry) -> None:
        self._vendor = vendor
        self.asked = 0

    def verify(self, claim: str, insured_number: str) -> Answer:
        self.asked += 1
        return self._vendor.verify(claim, insured_number)


def test_an_adapter_under_test_stands_before_the_vendor() -> None:
    registries: list[Counting] = []

    def registry(vendor: Registry) -> Registry:
        registries.append(Counting(vendor))
        return registries[-1]

    assert search(range(4), MemoryStorage, Adapters(registry=registry)) is None
    assert sum(each.asked for each in registries) > 0
    assert search(range(20), MemoryStorage, Adapters(sms=Twisted)) is not None


def test_playing_the_same_story_on_a_fresh_storage_is_all_that_a_third_party_needs() -> None:
    assert play(write(3), MemoryStorage) is None
