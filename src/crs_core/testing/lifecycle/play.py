"""What every rule of the machine leans on: asking all systems, and holding what they did against the model."""
# ruff: noqa: S101 - a kit asserts

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from hypothesis.stateful import RuleBasedStateMachine

from crs_core.composition.system import System
from crs_core.domain.campaign import InvitationRule, StockRule
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.time import Day, Instant
from crs_core.ports.clock import Clock
from crs_core.ports.storage import Storage
from crs_core.testing.clock import VirtualClock
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle import town
from crs_core.testing.lifecycle.contending import Contending
from crs_core.testing.lifecycle.lockstep import Lockstep
from crs_core.testing.lifecycle.model import Letter, Model
from crs_core.testing.vendors import Conduct, Handed, RegistryBook

__all__ = ["Call", "Play", "Storages"]

_FAILED = frozenset({Conduct.FAILS, Conduct.LOSES_ANSWER})
_DOWN = 3

Call = Callable[[System, str | None], Any]
"""A command to a system, with an idempotency key or none."""


class Storages(Protocol):
    """Gives the machine its storages."""

    def __call__(self, clock: Clock) -> Mapping[str, Storage]:
        """Fresh, empty storages by name, which the machine does not close."""
        ...


class Play(RuleBasedStateMachine):
    """The state of one play, without rules."""

    storages: ClassVar[Storages]

    def begin(self, start: Day, stock: StockRule, terms: InvitationRule, seed: int, people: Sequence[Invented]) -> None:
        """Opens all systems at eight in the morning of the first day; every third of the people is a health worker."""
        self.start = start
        self.clock = VirtualClock(town.start_of(start))
        campaign = town.campaign(start, stock, terms)
        self.residents = list(people)
        self.health = {person.insured_number for person in self.residents[::3]}
        book = RegistryBook(dict.fromkeys(self.health, (town.HEALTH,)))
        self.world = Lockstep(campaign, type(self).storages(self.clock), self.clock, book, seed)
        self.model = Model.of(campaign)
        self.contending = Contending(self.model)
        self.picture = self.world.look()
        self.kept: list[tuple[Call, str, Any]] = []
        self.begin_lists()

    def begin_lists(self) -> None:
        """Empties what citizens hold in their hands."""

    @property
    def now(self) -> Instant:
        """The present instant."""
        return self.clock.now()

    def ask(self, call: Callable[[System], Any], code: str = "") -> Any:
        """The answer of all systems, or None where all of them refuse with the code that is expected."""
        outcome = self.world.ask(call)
        assert outcome.code == code, f"expected {code or 'an answer'}, got {outcome.error or 'one'}"
        return outcome.value

    def command(self, call: Call, code: str = "", *, twice: bool = False) -> Any:
        """The answer to a command; sent twice with one idempotency key it is the same answer, and done once."""
        if not twice:
            return self.ask(lambda system: call(system, None), code)
        key = f"key {len(self.kept)} {self.now}"
        answer = self.ask(lambda system: call(system, key), code)
        if not code:
            assert self.ask(lambda system: call(system, key)) == answer
            self.kept.append((call, key, answer))
        return answer

    def look(self, *owed: Letter) -> None:
        """Compares all storages with one another and with the model; these messages are owed since the last look."""
        self.picture = self.world.look()
        self.model.owes(self.picture.owed, owed)
        self.model.agrees(self.picture)

    def dispatch(self, script: Sequence[Conduct] = (), limit: int = 500) -> None:
        """Sends messages, to a gateway that follows a script."""
        before, since, circuits = self.picture.owed, len(self.world.handed(0)), self.picture.circuits
        self.world.follow(script)
        outcome = self.world.ask(lambda system: system.operations.dispatch(limit))
        self.world.follow(())
        handed = self.world.handed(since)
        assert outcome.code in {"", "power_cut"}
        lanes = [before[each.reference].lane for each in handed]
        assert lanes == sorted(lanes), "a message waited behind one of a later lane"
        for each in handed:
            self.model.reads(each, self.now)
        self.picture = self.world.look()
        conduct = {each.reference: each.conduct for each in handed}
        rows = {name: each.failures for name, each in circuits.items()}
        down = _down([(before[each.reference].channel.value, each) for each in handed], rows)
        assert outcome.code or rows == {name: each.failures for name, each in self.picture.circuits.items()}
        sent = self._settle(before, conduct, down, cut=outcome.code != "")
        if not outcome.code:
            gone = len(before.keys() - self.picture.owed.keys())
            stays = len(conduct) - sum(1 for name in conduct if name not in self.picture.owed)
            assert (outcome.value.sent, outcome.value.put_off, outcome.value.dead) == (sent, stays, gone - sent)
        self.look()

    def _gone_by(self, message: Message) -> bool:
        """Whether a message is not worth sending any more."""
        minutes = (message.good_until - message.created_at).total_seconds() / 60
        return self.model.rests.after(message.created_at, minutes=minutes) <= self.now

    def _settle(
        self, before: Mapping[str, Any], conduct: Mapping[str, Conduct], down: Collection[str], *, cut: bool
    ) -> int:
        """Tells the model what became of messages; how many were sent."""
        last_try = self.model.campaign.sending.at(self.now).attempts
        sent = 0
        for name, message in before.items():
            did, is_last = conduct.get(name), message.attempts + 1 >= last_try and name not in down
            if name in self.picture.owed:
                assert did in {None, *_FAILED} or cut
                assert did is None or not is_last or cut, "another try after the last"
                continue
            failed = did in _FAILED
            assert did is not Conduct.DIES
            assert not failed or is_last, "given up before the last try"
            assert did is not None or self._gone_by(message) or self.model.void(name, self.now), "never sent"
            letter = self.model.letters[name]
            late = did is None and self._gone_by(message)
            self.model.settled(name, self.now, sent=did is Conduct.TAKES, late=late)
            if letter.purpose is Purpose.DUPLICATE and did is Conduct.TAKES:
                self.contending.told(letter, self.now)
            sent += did is Conduct.TAKES
        return sent


def _down(handed: Iterable[tuple[str, Handed]], rows: dict[str, int]) -> set[str]:
    """Messages that failed once their gateway was down, so that it cost them no try.

    Args:
        handed: Each with its channel.
        rows: Hand-offs of each channel in a row that had failed; counted on. From the third the gateway is down, and
            is left alone for as long as the clock stands still.
    """
    found: set[str] = set()
    rested: set[str] = set()
    for channel, each in handed:
        assert channel not in rested, "a gateway that is down was given no rest"
        failed = each.conduct in _FAILED
        if failed or channel in rows:
            rows[channel] = rows.get(channel, 0) + 1 if failed else 0
        if rows.get(channel, 0) >= _DOWN:
            found.add(each.reference)
            rested.add(channel)
    return found
