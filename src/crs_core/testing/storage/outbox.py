"""Messages owed: handed to one dispatcher at a time, settled once, at most one unsent of a person and purpose."""
# ruff: noqa: S101, PLR2004 - a contract asserts, and compares with figures

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from crs_core.domain.messages import Channel, Lane, Message, MessageState, Outcome, Purpose
from crs_core.domain.plans import Plan
from crs_core.domain.time import Instant, later
from crs_core.ports.storage import Storage
from crs_core.testing.storage.common import NOW, Contract, apply, everything, message, settle

__all__ = ["OutboxContract"]

_UNTIL = later(NOW, seconds=120)
_SECOND = later(NOW, seconds=1)


def _owe(storage: Storage, *messages: Message) -> None:
    apply(storage, Plan(None, messages=messages))


def _lease(
    storage: Storage,
    number: int = 100,
    lanes: Sequence[Lane] = tuple(Lane),
    now: Instant = NOW,
    until: Instant = _UNTIL,
) -> list[str]:
    return [taken.id for taken in storage.lease(lanes, number, now=now, until=until)]


def _owed(storage: Storage) -> dict[str, Message]:
    with storage.read() as view:
        return {owed.id: owed for owed in view.owed()}


class OutboxContract(Contract):
    """S21 to S32, S67, S68, S70 and S71."""

    def test_a_message_owed_is_kept_whole(self, storage: Storage) -> None:
        """S21: A message owed is got back equal, by reading and by leasing, with one attempt more when leased."""
        sent = message("one", facts={"site": "Nemocnice Žabí", "dose1": "2021-01-27 08:30"})
        _owe(storage, sent)

        assert _owed(storage) == {"one": sent}
        (leased,) = storage.lease([Lane.BULK], 1, now=NOW, until=_UNTIL)
        assert leased.attempts == 1
        assert leased.facts == sent.facts
        assert _owed(storage)["one"] == leased

    def test_leases_go_by_lane_then_due_then_id(self, storage: Storage) -> None:
        """S22: Interactive messages go before transactional before bulk ones; then those due earlier, then by id."""
        earlier = later(NOW, seconds=-0.000001)
        _owe(
            storage,
            message("e", lane=Lane.BULK, due=earlier),
            message("b", lane=Lane.INTERACTIVE),
            message("a", lane=Lane.INTERACTIVE),
            message("d", lane=Lane.TRANSACTIONAL, due=earlier),
            message("c", lane=Lane.TRANSACTIONAL),
            message("Z", lane=Lane.INTERACTIVE, due=earlier),
        )

        assert _lease(storage, 3) == ["Z", "a", "b"]
        assert _lease(storage, 0) == []
        assert _lease(storage, 2, [Lane.BULK, Lane.TRANSACTIONAL]) == ["d", "c"]
        assert _lease(storage, 2, [Lane.INTERACTIVE]) == []
        assert _lease(storage) == ["e"]

    def test_nothing_is_leased_before_it_is_due(self, storage: Storage) -> None:
        """S23: A message is leased from the very microsecond at which it is due, and not before."""
        due = later(NOW, seconds=0.000001)
        _owe(storage, message("one", due=due))

        assert _lease(storage) == []
        assert _lease(storage, now=due) == ["one"]

    def test_a_leased_message_is_given_to_nobody_else_until_its_time(self, storage: Storage) -> None:
        """S24: Nobody is given a leased message before `until`; from then on it is leased again, one attempt more."""
        _owe(storage, message("one"))

        assert _lease(storage) == ["one"]
        assert _lease(storage, now=later(_UNTIL, seconds=-0.000001)) == []
        assert _owed(storage)["one"].attempts == 1
        assert _lease(storage, now=_UNTIL, until=later(_UNTIL, seconds=120)) == ["one"]
        assert _owed(storage)["one"].attempts == 2

    def test_at_most_one_is_unsent_of_a_person_and_purpose(self, storage: Storage) -> None:
        """S25: While one is unsent, another of the same person and purpose is left out; another purpose is not."""
        _owe(storage, message("one", "anna"), message("two", "anna"))
        _owe(
            storage, message("three", "anna"), message("four", "anna", purpose=Purpose.RESERVED), message("five", "bob")
        )
        _lease(storage)
        _owe(storage, message("six", "anna"))

        assert sorted(_owed(storage)) == ["five", "four", "one"]

    @pytest.mark.parametrize("state", [MessageState.SENT, MessageState.DEAD])
    def test_once_settled_a_new_one_may_come(self, storage: Storage, state: MessageState) -> None:
        """S26: A message sent or dead is owed no more, is never leased again, and makes room for the next."""
        _owe(storage, message("one", "anna"))
        _lease(storage)
        settle(storage, Outcome("one", state, NOW, gateway_id="gw-1", reason="why"))

        assert _lease(storage, now=later(NOW, days=1)) == []
        _owe(storage, message("two", "anna"))
        assert sorted(_owed(storage)) == ["two"]

    def test_one_plan_settles_and_owes(self, storage: Storage) -> None:
        """S27: Outcomes of a plan come before its messages: what it settles makes room for what it owes."""
        _owe(storage, message("one", "anna"))
        sent = Outcome("one", MessageState.SENT, NOW)
        apply(storage, Plan(None, outcomes=(sent,), messages=(message("two", "anna"),)))

        assert sorted(_owed(storage)) == ["two"]

    def test_put_off_is_due_later(self, storage: Storage) -> None:
        """S28: A message put off is owed and free again, at its new time; where none is given, at the old one."""
        _owe(storage, message("one", "anna"), message("two"))
        _lease(storage)
        settle(storage, Outcome("one", MessageState.OWED, NOW, due_at=_SECOND, reason="busy"))
        settle(storage, Outcome("two", MessageState.OWED, NOW))
        _owe(storage, message("three", "anna"))

        assert _owed(storage)["one"].due_at == _SECOND
        assert _lease(storage) == ["two"]
        assert _lease(storage, now=_SECOND) == ["one"]

    def test_a_try_that_does_not_count_is_given_back(self, storage: Storage) -> None:
        """S67: A message put off whose try does not count has as many attempts as before its lease."""
        _owe(storage, message("one"), message("two"))
        _lease(storage)
        settle(storage, Outcome("one", MessageState.OWED, NOW, counts=False), Outcome("two", MessageState.OWED, NOW))

        assert [_owed(storage)[name].attempts for name in ("one", "two")] == [0, 1]
        assert _lease(storage) == ["one", "two"]
        assert [_owed(storage)[name].attempts for name in ("one", "two")] == [1, 2]

    def test_only_messages_of_wanted_channels_are_leased(self, storage: Storage) -> None:
        """S68: Messages of other channels are passed over, in their order and to their number; of none, none is."""
        channels = [Channel.EMAIL, Channel.SMS, Channel.EMAIL, Channel.SMS, Channel.SMS]
        _owe(storage, *(message(f"m-{number}", channel=channel) for number, channel in enumerate(channels)))

        def lease(number: int, *wanted: Channel) -> list[str]:
            leased = storage.lease(tuple(Lane), number, now=NOW, until=_UNTIL, channels=wanted)
            return [each.id for each in leased]

        assert lease(5) == []
        assert lease(2, Channel.SMS) == ["m-1", "m-3"]
        assert lease(5, Channel.EMAIL) == ["m-0", "m-2"]
        assert lease(5, *Channel) == ["m-4"]

    def test_what_is_settled_stays_so(self, storage: Storage) -> None:
        """S29: A late outcome of a settled message, or one of a message that never was, changes nothing."""
        _owe(storage, message("one", "anna"))
        settle(storage, Outcome("one", MessageState.DEAD, NOW, reason="first"))
        _owe(storage, message("two", "anna"))
        before = everything(storage)
        settle(storage, Outcome("one", MessageState.SENT, _SECOND), Outcome("never", MessageState.SENT, _SECOND))
        settle(storage, Outcome("one", MessageState.OWED, _SECOND, due_at=NOW))

        assert everything(storage) == before

    def test_dead_letters_come_with_their_reason_the_latest_first(self, storage: Storage) -> None:
        """S30: Dead letters come with reason and time, the latest first, then the larger id, at most so many."""
        _owe(storage, *(message(name) for name in ("a", "b", "c", "d")))
        settle(storage, Outcome("a", MessageState.DEAD, _SECOND, reason="no_such_number"))
        settle(storage, Outcome("b", MessageState.DEAD, NOW, reason="too_late"))
        settle(storage, Outcome("c", MessageState.DEAD, NOW, reason="žádné číslo"))
        settle(storage, Outcome("d", MessageState.SENT, NOW))

        with storage.read() as view:
            dead = [(letter.message.id, letter.reason, letter.at) for letter in view.dead_letters(10)]
            assert [letter.message.id for letter in view.dead_letters(2)] == ["a", "c"]
        assert dead == [("a", "no_such_number", _SECOND), ("c", "žádné číslo", NOW), ("b", "too_late", NOW)]

    def test_the_backlog_counts_a_lane_and_those_before_it(self, storage: Storage) -> None:
        """S31: A lane waits for its own messages owed and for those of the lanes before it, leased or not."""
        lanes = [Lane.INTERACTIVE, Lane.TRANSACTIONAL, Lane.TRANSACTIONAL, Lane.BULK, Lane.BULK]
        _owe(storage, *(message(f"m-{number}", lane=lane) for number, lane in enumerate(lanes)))
        settle(storage, Outcome("m-4", MessageState.SENT, NOW))
        _lease(storage, 1)

        with storage.read() as view:
            assert [view.backlog(lane) for lane in Lane] == [1, 3, 4]

    def test_the_outbox_counts_by_lane_and_state(self, storage: Storage) -> None:
        """S32: Messages are counted by lane and state, none left out; what is not there is not named."""
        assert everything(storage)["outbox"] == {}
        _owe(storage, message("a", lane=Lane.INTERACTIVE), *(message(name) for name in ("b", "c", "d", "e")))
        settle(storage, Outcome("b", MessageState.SENT, NOW), Outcome("c", MessageState.DEAD, NOW, reason="why"))

        assert everything(storage)["outbox"] == {
            ("interactive", "owed"): 1,
            ("bulk", "owed"): 2,
            ("bulk", "sent"): 1,
            ("bulk", "dead"): 1,
        }

    @pytest.mark.parametrize("state", MessageState)
    def test_a_message_is_found_whatever_became_of_it(self, storage: Storage, state: MessageState) -> None:
        """S70: A message is found by its id while it is owed and once it was sent or given up; another id is None."""
        sent = message("one", facts={"site": "Nemocnice Žabí"})
        _owe(storage, sent, message("two"))
        if state is not MessageState.OWED:
            settle(storage, Outcome("one", state, NOW, reason="tried"))

        with storage.read() as view:
            assert view.message("one") == sent
            assert view.message("none") is None

    def test_a_person_is_forgotten_in_all_of_their_messages(self, storage: Storage) -> None:
        """S71: Of a pseudonym alone or before a slash; what is owed goes to the dead letters as ``erased``."""
        known: dict[str, Any] = {"recipient": "+420601000001", "facts": {"site": "Nemocnice Vzorov"}}
        names = {"a": "one", "b": "one/r/1/north", "c": "one/s", "d": "oneself", "e": "one0", "f": "on"}
        _owe(storage, *(evolve(message(f"{name}{of}"), person=of, **known) for name, of in names.items()))
        settle(storage, Outcome("cone/s", MessageState.SENT, NOW))
        _owe(storage, evolve(message("g"), person="one", purpose=Purpose.CANCELLED, **known))
        apply(storage, Plan(None, forgotten=("one", "nobody")), now=_SECOND)

        with storage.read() as view:
            dead = {each.message.id: each for each in view.dead_letters(10)}
            owed = {each.id for each in view.owed()}
            sent = view.message("cone/s")
        assert sent is not None
        assert (sent.recipient, sent.facts) == ("", {})
        assert owed == {"doneself", "eone0", "fon"}
        assert dead.keys() == {"aone", "bone/r/1/north", "g"}
        assert {(each.reason, each.at) for each in dead.values()} == {("erased", _SECOND)}
        assert "Vzorov" not in repr([each.message for each in dead.values()])
        assert all(each.message.recipient == "" and each.message.facts == {} for each in dead.values())
        _owe(storage, evolve(message("h"), person="one", **known))
        with storage.read() as view:
            assert "h" in {each.id for each in view.owed()}
