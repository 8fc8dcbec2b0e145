"""Duplicates: somebody registers who is registered already, from another phone.

In January 2021 a newer registration blocked an older one without reservation, and was blocked itself where the older
had one; so whoever knew an insured number could push its holder out. Here the newer one is saved and stays blocked
while the older one stands, and the older phone is told. The newer takes the place once that phone has let its time
pass, unless the older holds a reservation by then; an objection from the older phone keeps it out, and brings an older
one back that has lost its place. Which mistake is worse: a real person with a new phone waits some days longer, rather
than anybody being pushed out by a stranger.

The rule is that of the newer registration's moment, see `DuplicateRule`.
"""

from collections.abc import Iterable

from attrs import evolve

from crs_core.domain.campaign import DuplicateRule
from crs_core.domain.gate import returned
from crs_core.domain.maintenance import Pauses, deadline
from crs_core.domain.registration import Block, BlockReason, Registration
from crs_core.domain.time import Instant, later

__all__ = [
    "block_of",
    "contends",
    "displaced",
    "freed",
    "handed_off",
    "is_due",
    "is_open",
    "looked_at",
    "objected",
    "objection_ends_at",
    "put_off",
    "replaced",
    "told",
    "waits",
]

_LOOKS_AGAIN_HOURS = 24


def block_of(registration: Registration) -> Block | None:
    """What keeps it out as a duplicate, or None."""
    return next((each for each in registration.blocks if each.reason is not BlockReason.CLAIMS), None)


def contends(registration: Registration) -> bool:
    """Whether it is a newer one that waits blocked."""
    block = block_of(registration)
    return block is not None and block.reason is BlockReason.NEWER


def is_open(registration: Registration) -> bool:
    """Whether it waits and nobody has objected to it yet."""
    block = block_of(registration)
    return block is not None and block.reason is BlockReason.NEWER and not block.disputed


def is_due(registration: Registration, now: Instant) -> bool:
    """Whether a round has to look at it as a duplicate."""
    block = block_of(registration)
    return block is not None and block.wakes_at is not None and block.wakes_at <= now


def waits(newer: Registration, now: Instant) -> Registration:
    """The newer one, blocked; a round tells the older phone at once."""
    return _blocked(newer, Block(BlockReason.NEWER, now, wakes_at=now))


def told(newer: Registration, older: str) -> Registration:
    """The newer one once the message to the phone of the older is owed: its time begins with the hand-off."""
    return _changed(newer, told=older, wakes_at=None)


def handed_off(newer: Registration, older: str, rule: DuplicateRule, now: Instant) -> Registration:
    """The newer one once the gateway has the message to the phone of the older, by the id of that registration."""
    block = block_of(newer)
    if (
        block is None
        or block.told != older
        or block.disputed
        or block.wakes_at is not None
        or rule.frees != "undisputed"
    ):
        return newer
    return _changed(newer, heard_at=now, wakes_at=later(now, hours=rule.undisputed_hours))


def objection_ends_at(newer: Registration, rule: DuplicateRule, pauses: Pauses) -> Instant | None:
    """Until when the older phone has to object, later by the maintenance in which it cannot; None if it has no end."""
    block = block_of(newer)
    if block is None or block.heard_at is None:
        return None
    return deadline(block.heard_at, 3600 * rule.undisputed_hours, pauses)


def looked_at(newer: Registration, again: Instant) -> Registration:
    """The newer one that a round has looked at too early."""
    return _changed(newer, wakes_at=again)


def put_off(newer: Registration, now: Instant) -> Registration:
    """The newer one while the older holds a reservation, or a registry has still to admit it: looked at a day later."""
    return _changed(newer, wakes_at=later(now, hours=_LOOKS_AGAIN_HOURS))


def objected(newer: Registration) -> Registration:
    """The newer one once the older phone has said that it was somebody else: no time frees it."""
    return _changed(newer, disputed=True, wakes_at=None)


def freed(registration: Registration) -> Registration:
    """The one that counts from now on."""
    return evolve(registration, blocks=tuple(_others(registration.blocks)))


def replaced(older: Registration, now: Instant) -> Registration:
    """The older one whose place a newer one took: blocked, its gate closed, its seniority kept for an objection."""
    return _blocked(returned(older), Block(BlockReason.REPLACED, now))


def displaced(newer: Registration, older: str, now: Instant) -> Registration:
    """The newer one from which an objection took the place back."""
    return _blocked(returned(newer), Block(BlockReason.NEWER, now, told=older, disputed=True))


def _blocked(registration: Registration, block: Block) -> Registration:
    return evolve(registration, blocks=(*_others(registration.blocks), block))


def _changed(registration: Registration, **changes: object) -> Registration:
    block = block_of(registration)
    return registration if block is None else _blocked(registration, evolve(block, **changes))  # type: ignore[arg-type]


def _others(blocks: Iterable[Block]) -> Iterable[Block]:
    return (each for each in blocks if each.reason is BlockReason.CLAIMS)
