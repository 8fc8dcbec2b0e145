"""PIN1, the control PIN: an out-of-band code that proves a phone.

One phone has one challenge at a time. Asking again is the same challenge and the same PIN, until it is used or has
expired; its life counts from the hand-off to the gateway, not from the request, and every hand-off of the same PIN
restarts it. Tries are counted for each handle, so that nobody burns another's.

Sources: NIST SP 800-63B, section 5.1.3; OWASP ASVS 5.0, 6.5 and 6.6; the operator's report of 20 January 2021 and the
press of that week for what went wrong (40,000 messages queued, each new PIN killed the last).
"""

from attrs import evolve, field, frozen

from crs_core.domain import one_time_code
from crs_core.domain.campaign import ControlPinRule
from crs_core.domain.keys import Keyring
from crs_core.domain.maintenance import Pauses, deadline
from crs_core.domain.pacing import Departure
from crs_core.domain.time import Instant, later

__all__ = ["Challenge", "Sent", "asked", "code_of", "expected_at", "handed_off", "is_live", "may_ask_at", "used"]

_PURPOSE = "control_pin"


@frozen
class Challenge:
    """What the control PIN of one phone is derived from, and how far it has come.

    Attributes:
        id: Pseudonym of the phone.
        generation: Grows by one with every new PIN of this phone.
        key_id: The key that the PIN is derived with.
        sends: Hand-offs of this PIN so far.
        unsent: The id of the message that waits in the outbox, or None.
        expected_at: When that message was to leave, as its citizen was told.
        handed_off_at: The last hand-off, or None while the first is still to come.
        used_at: When it proved the phone, or None.
    """

    id: str
    phone: str = field(repr=False)
    key_id: str
    generation: int
    language: str
    created_at: Instant
    sends: int = 0
    unsent: str | None = None
    handed_off_at: Instant | None = None
    used_at: Instant | None = None
    expected_at: Instant | None = None


@frozen
class Sent:
    """The answer to a request for a control PIN; the same whether the phone is known or not.

    Attributes:
        handle: Names this request when the PIN is entered; give it back to ask again.
        expected_at: When the message should reach the gateway, or did.
        retry_at: From when asking again makes sense.
        sends_left: How many more times this PIN can be sent.
    """

    handle: str
    expected_at: Instant
    retry_at: Instant
    sends_left: int


def is_live(challenge: Challenge, rule: ControlPinRule, now: Instant, pauses: Pauses = ()) -> bool:
    """Whether the PIN opens now: not used, and within its life since hand-off (before the first it has not begun).

    Args:
        pauses: Maintenance, during which it does not age.
    """
    if challenge.used_at is not None:
        return False
    if challenge.handed_off_at is None:
        return now < deadline(challenge.created_at, 60 * rule.good_minutes, pauses)
    return challenge.unsent is not None or now < deadline(challenge.handed_off_at, 60 * rule.life_minutes, pauses)


def may_ask_at(challenge: Challenge, rule: ControlPinRule, now: Instant) -> Instant:
    """From when the PIN may be sent once more: after the wait since hand-off; now while it has not been handed off."""
    if challenge.handed_off_at is None:
        return now
    return max(now, later(challenge.handed_off_at, seconds=rule.wait_seconds))


def expected_at(challenge: Challenge, queue: Departure, now: Instant) -> Instant:
    """When the message leaves or, where none waits, has left.

    Whoever presses again keeps the place that they were told, for as long as the gateway works and it has not passed;
    otherwise the end of the queue is named.
    """
    if challenge.unsent is None and challenge.handed_off_at is not None:
        return challenge.handed_off_at
    told = challenge.expected_at
    if told is None or told <= now or queue.down_until is not None:
        return queue.leaves_at
    return min(told, queue.leaves_at)


def asked(
    challenge: Challenge | None,
    *,
    phone_id: str,
    phone: str,
    key_id: str,
    language: str,
    rule: ControlPinRule,
    now: Instant,
    pauses: Pauses = (),
) -> Challenge:
    """The challenge after a request: the same while it lives and may be sent again, otherwise a new one."""
    if challenge is not None and is_live(challenge, rule, now, pauses):
        return challenge
    generation = 1 if challenge is None else challenge.generation + 1
    return Challenge(phone_id, phone, key_id, generation, language, now)


def handed_off(challenge: Challenge, now: Instant) -> Challenge:
    """The challenge once the gateway has its message: its life starts, or starts anew."""
    return evolve(challenge, sends=challenge.sends + 1, unsent=None, handed_off_at=now)


def used(challenge: Challenge, now: Instant) -> Challenge:
    """The challenge once it proved its phone; it opens nothing any more."""
    return evolve(challenge, used_at=now, unsent=None)


def code_of(challenge: Challenge, keyring: Keyring, rule: ControlPinRule) -> str:
    """The PIN itself, derived; for the dispatcher at hand-off and for comparison, kept nowhere."""
    return one_time_code.code(
        keyring,
        challenge.key_id,
        purpose=_PURPOSE,
        subject=challenge.id,
        phone=challenge.phone,
        generation=challenge.generation,
        digits=rule.digits,
    )
