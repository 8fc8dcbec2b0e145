"""What to tell whom, in which language, until when it is worth sending.

A message owed says which text with which facts; it holds no PIN. Where its text shows one, the dispatcher derives it at
the moment of hand-off from the message's `subject`.
"""

import enum
from collections.abc import Mapping

from attrs import evolve, field, frozen

from crs_core.domain.time import Instant

__all__ = [
    "BY_EMAIL",
    "ERASED",
    "Channel",
    "DeadLetter",
    "Lane",
    "Message",
    "MessageState",
    "Outcome",
    "Purpose",
    "belongs_to",
    "forgotten",
]


class Lane(enum.IntEnum):
    """Which message goes first: a smaller lane waits for a larger one no longer than the batch under way takes."""

    INTERACTIVE = 0
    TRANSACTIONAL = 1
    BULK = 2


class Channel(enum.Enum):
    """By which way a message goes."""

    SMS = "sms"
    EMAIL = "email"


class Purpose(enum.Enum):
    """What a message is for, and so which template and which lane it has."""

    CONTROL_PIN = "control_pin"
    REGISTERED = "registered"
    INVITATION = "invitation"
    PIN_REMINDER = "pin_reminder"
    INVITATION_ENDED = "invitation_ended"
    INVITATION_LAPSED = "invitation_lapsed"
    RESERVED = "reserved"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    MOVED = "moved"
    REPLANNED = "replanned"
    SEAT_LOST = "seat_lost"
    DOSE_LOST = "dose_lost"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"
    DUPLICATE_ENDED = "duplicate_ended"
    CORRECTED = "corrected"
    PHONE_CHANGED = "phone_changed"
    CLAIMS_CONFIRMED = "claims_confirmed"
    CLAIMS_DENIED = "claims_denied"
    RESERVED_EMAIL = "reserved_email"
    MOVED_EMAIL = "moved_email"
    REPLANNED_EMAIL = "replanned_email"
    DOSE_LOST_EMAIL = "dose_lost_email"
    SEAT_LOST_EMAIL = "seat_lost_email"
    CANCELLED_EMAIL = "cancelled_email"


BY_EMAIL = {
    Purpose.RESERVED: Purpose.RESERVED_EMAIL,
    Purpose.MOVED: Purpose.MOVED_EMAIL,
    Purpose.REPLANNED: Purpose.REPLANNED_EMAIL,
    Purpose.DOSE_LOST: Purpose.DOSE_LOST_EMAIL,
    Purpose.SEAT_LOST: Purpose.SEAT_LOST_EMAIL,
    Purpose.CANCELLED: Purpose.CANCELLED_EMAIL,
}
"""What an e-mail says beside a short message; those that are not here go to the phone alone."""


class MessageState(enum.Enum):
    """Where a message stands; `DEAD` ones are the dead letters, with their reason."""

    OWED = "owed"
    SENT = "sent"
    DEAD = "dead"


@frozen
class Message:
    """A message owed.

    Attributes:
        id: Also the reference by which a gateway knows a second hand-off of the same message.
        recipient: A phone number or an e-mail address.
        subject: The challenge or the registration that it is about, whose PIN its text may show.
        person: Pseudonym, with the matter after a slash where one person may be owed several of one purpose; at most
            one unsent message of one purpose for each.
        facts: Figures for the template.
        due_at: Not before.
        good_until: Not after; later it goes to the dead letters.
        attempts: Hand-offs begun so far.
    """

    id: str
    lane: Lane
    channel: Channel
    purpose: Purpose
    recipient: str = field(repr=False)
    language: str
    subject: str
    person: str
    created_at: Instant
    due_at: Instant
    good_until: Instant
    facts: Mapping[str, str] = field(factory=dict, repr=False)
    attempts: int = 0


ERASED = "erased"
"""The reason of dead letters whose person was erased before they were sent."""


def belongs_to(message: Message, pseudonym: str) -> bool:
    """Whether a message is about that person or phone."""
    return message.person.split("/")[0] == pseudonym


def forgotten(message: Message) -> Message:
    """The message without whom it went to and what it said."""
    return evolve(message, recipient="", facts={})


@frozen
class Outcome:
    """What became of a leased message: sent, to be tried again at `due_at`, or dead for a reason.

    Attributes:
        gateway_id: What the gateway calls it; empty if it gave no name.
        counts: Whether the try that its lease counted is one; not where the gateway was down for all.
    """

    message_id: str
    state: MessageState
    at: Instant
    due_at: Instant | None = None
    gateway_id: str = ""
    reason: str = ""
    counts: bool = True

    @property
    def tried(self) -> bool:
        """Whether it was tried, or given up; not where it was given back as it was leased."""
        return self.state is not MessageState.OWED or bool(self.reason)


@frozen
class DeadLetter:
    """A message that will not be sent, and why."""

    message: Message
    reason: str
    at: Instant
