"""Guards taken out, one at a time, so that the judgement is known to see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import evolve

from crs_core.domain.messages import MessageState, Outcome
from crs_core.rounds import dispatch

__all__ = ["done"]


@contextmanager
def done(name: str) -> Iterator[None]:
    """Works without a guard; *answers first* is in the worker itself."""
    with pytest.MonkeyPatch.context() as patch:
        if name == "settles first":
            _settle_first(patch)
        if name == "leases hundreds":
            patch.setattr(dispatch, "_LEASES", [(lanes, 200 if most > 1 else 1) for lanes, most in dispatch._LEASES])
        if name == "settles nothing":
            patch.setattr(dispatch, "_settle", lambda *_args: None)
        if name == "names every try anew":
            _name_anew(patch)
        yield


def _settle_first(patch: pytest.MonkeyPatch) -> None:
    """A message counts as sent before it is handed over."""
    settle, hand_over = dispatch._settle, dispatch._hand_over

    def unsent(office: Any, _circuits: Any, message: Any) -> Outcome:
        return Outcome(message.id, MessageState.SENT, office.now())

    def settle_and_send(office: Any, circuits: Any, messages: Any, outcomes: Any, actor: str) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(dispatch, "_settle", settle)
            settle(office, circuits, messages, outcomes, actor)
        for message in messages:
            hand_over(office, circuits, message)

    patch.setattr(dispatch, "_hand_over", unsent)
    patch.setattr(dispatch, "_settle", settle_and_send)


def _name_anew(patch: pytest.MonkeyPatch) -> None:
    """A second try has a reference of its own."""
    written = dispatch._written

    def named(office: Any, message: Any) -> Any:
        name = message.id if message.attempts == 1 else f"{message.id}.{message.attempts}"
        return written(office, evolve(message, id=name))

    patch.setattr(dispatch, "_written", named)
