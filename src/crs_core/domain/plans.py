"""What a decision wants done: decided on what was read, committed whole or not at all."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

from attrs import evolve, field, frozen

from crs_core.domain.ledger import Transfer
from crs_core.domain.messages import Message, Outcome
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Instant
from crs_core.errors import CrsError

__all__ = ["JournalEntry", "Key", "Plan", "Put", "Versioned"]

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


@frozen(order=False)
class Key(Generic[T]):
    """The name of a stored value: its kind and its id."""

    kind: type[T]
    id: str = field(repr=False)


@frozen
class Versioned(Generic[T]):
    """A value as read, and the version it had: 1 when first stored, one more with every change."""

    value: T
    version: int


@frozen
class Put(Generic[T]):
    """Stores a value, provided that the stored one still has the version that was read; 0: there is none yet."""

    key: Key[T]
    value: T
    version: int


@frozen
class JournalEntry:
    """What happened, for audit and statistics. It knows people by pseudonym, so that erasing a person works.

    Attributes:
        kind: The event, in the past tense: ``reserved``.
        person: Pseudonym, or empty where it is about a site.
        facts: Figures and ids; no PIN, no name, no number of a person.
    """

    at: Instant
    kind: str
    person: str
    site_id: str
    facts: Mapping[str, str | int]
    actor: str = ""


@frozen
class Plan(Generic[R_co]):
    """What a command wants done, and what it answers once that is committed.

    Attributes:
        result: The answer.
        refusal: Raised after the commit: a wrong try counts even though it is refused.
        outcomes: What became of leased messages.
        forgotten: Pseudonyms of people and phones whose messages lose their recipient and figures; those still owed go
            to the dead letters as ``erased``.
        tallies: Statistics to add up; `counted` are the journal entries they come from.
    """

    result: R_co
    puts: tuple[Put[Any], ...] = ()
    transfers: tuple[Transfer, ...] = ()
    journal: tuple[JournalEntry, ...] = ()
    messages: tuple[Message, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    tallies: tuple[Tally, ...] = ()
    counted: tuple[int, ...] = ()
    forgotten: tuple[str, ...] = ()
    refusal: CrsError | None = None

    def answering(self, result: T) -> "Plan[T]":
        """The same, with another answer."""
        return evolve(cast("Plan[Any]", self), result=result)

    def with_(self, more: "Plan[Any]") -> "Plan[R_co]":
        """This and another, committed together; the answer and the refusal are those of this one."""
        joined = ("puts", "transfers", "journal", "messages", "outcomes", "tallies", "counted", "forgotten")
        return evolve(self, **{name: getattr(self, name) + getattr(more, name) for name in joined})
