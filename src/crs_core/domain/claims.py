"""Claims that are verified later, because their registry could not be asked when the person registered.

Whoever may register without them is saved and waits like everybody; a claim that is confirmed afterwards only adds to
their groups. Whoever may register by such a claim alone is saved and blocked until the registry answers: a confirmation
lifts the block and the seniority is that of the registration, a denial ends it. Whoever may register without the claim
by then is blocked no longer, whatever the registry says. One that answers, even that it cannot tell, is not asked
again.
"""

from collections.abc import Iterable

from attrs import evolve

from crs_core.domain.campaign import ClaimsRule
from crs_core.domain.priority import claims_of, claims_text
from crs_core.domain.registration import Block, BlockReason, Pending, Registration
from crs_core.domain.time import Instant, later

__all__ = ["admitted", "answered", "asked_in_vain", "awaits", "is_due", "pause_minutes"]

_MOST_DOUBLINGS = 20


def pause_minutes(rule: ClaimsRule, tries: int) -> int:
    """How long after so many vain tries, 1 or more, the registry is asked again.

    >>> [pause_minutes(ClaimsRule(first_minutes=10, longest_minutes=60), tries) for tries in (1, 2, 3, 4)]
    [10, 20, 40, 60]
    """
    return min(rule.first_minutes << min(tries - 1, _MOST_DOUBLINGS), rule.longest_minutes)


def asked_in_vain(claims: Iterable[str], rule: ClaimsRule, now: Instant, *, tries: int = 1) -> Pending | None:
    """What is to be asked again, and when; None where it is nothing."""
    text = claims_text(claims)
    return Pending(text, tries, later(now, minutes=pause_minutes(rule, tries))) if text else None


def is_due(registration: Registration, now: Instant) -> bool:
    """Whether its claims are to be asked again now."""
    return registration.pending is not None and registration.pending.asked_at <= now


def awaits(registration: Registration) -> bool:
    """Whether it counts on a claim alone that no registry has confirmed yet."""
    return any(block.reason is BlockReason.CLAIMS for block in registration.blocks)


def admitted(registration: Registration) -> Registration:
    """The registration once it waits for no registry's word any more."""
    return evolve(registration, blocks=tuple(each for each in registration.blocks if not _is_of_claims(each)))


def answered(
    registration: Registration,
    confirmed: Iterable[str],
    unavailable: Iterable[str],
    rule: ClaimsRule,
    now: Instant,
    *,
    lifts: bool,
) -> Registration:
    """The registration after its claims were asked again.

    Args:
        lifts: Whether its person may register now, by a confirmed claim or without any: then nothing blocks it.
    """
    tries = 1 if registration.pending is None else registration.pending.tries + 1
    after = evolve(
        registration,
        claims=claims_text(claims_of(registration.claims) | frozenset(confirmed)),
        pending=asked_in_vain(unavailable, rule, now, tries=tries),
    )
    return admitted(after) if lifts else after


def _is_of_claims(block: Block) -> bool:
    return block.reason is BlockReason.CLAIMS
