"""A registration: its state is gate × blocks × reservation; what people are shown is derived from them."""

import enum

from attrs import evolve, field, frozen

from crs_core.domain.maintenance import Pauses, deadline
from crs_core.domain.terms import CountsFrom, InvitationRule, Stretch
from crs_core.domain.time import Day, Instant

__all__ = [
    "Block",
    "BlockReason",
    "Gate",
    "Invitation",
    "Pending",
    "Registration",
    "Standing",
    "is_duplicate",
    "is_live",
    "reserved",
    "standing",
]


class Gate(enum.Enum):
    """Whether the citizen may reserve, under invitation access (závora).

    QUEUED waits for an invitation; INVITED has one; LAPSED let it pass and is called no more.
    """

    QUEUED = "queued"
    INVITED = "invited"
    LAPSED = "lapsed"


class Standing(enum.Enum):
    """Where a registration stands, as people are shown it."""

    QUEUED = "queued"
    INVITED = "invited"
    RESERVED = "reserved"
    LAPSED = "lapsed"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"


class BlockReason(enum.Enum):
    """Why a registration is blocked.

    NEWER: its person is registered from another phone; see `duplicates`.
    REPLACED: a newer registration took its place.
    CLAIMS: it was admitted by a claim that no registry has confirmed yet; see `claims`.
    """

    NEWER = "newer"
    REPLACED = "replaced"
    CLAIMS = "claims"


@frozen
class Block:
    """What keeps a registration out of the queue and from reserving, and why.

    Attributes:
        told: The older registration whose phone is owed its message about this newer one; "" before that.
        disputed: Whether that phone has said that it was somebody else.
        wakes_at: When a round has to look at it next, or None.
        heard_at: When the gateway had that message, from when on the time to object counts; None before that.
    """

    reason: BlockReason
    since: Instant
    told: str = ""
    disputed: bool = False
    wakes_at: Instant | None = None
    heard_at: Instant | None = None


@frozen
class Pending:
    """Claims whose registry could not be asked.

    Attributes:
        claims: As `priority.claims_text` writes them.
        tries: How often they were asked in vain.
        asked_at: When they are asked next.
    """

    claims: str
    tries: int
    asked_at: Instant


@frozen
class Invitation:
    """An invitation to reserve.

    Attributes:
        number: Which one of this registration, from 1.
        at: When it was made, the anchor of its rule.
        day: The same as a day in the campaign's zone.
        release_id: The release that made it.
        rule: The term in force when it was made; each invitation keeps its own.
        handed_off_at: When the gateway had its message.
        reminded: Reminders that are behind it, of those of its stretch.
        window: The window of the rule with which it began.
        message_id: The message that was handed off, by which a delivery report names it.
        delivered_at: When the phone had it, where the gateway said so.
        resumes: The window with which the next invitation goes on under the same rule; None otherwise.
        put_off_to: When a round has to look at it, where that was put off by maintenance; None otherwise.
        silent_since: The day of the first of those right before it whose terms ended unanswered; None otherwise.
    """

    number: int
    at: Instant
    day: Day
    release_id: str
    rule: InvitationRule
    handed_off_at: Instant | None = None
    reminded: int = 0
    window: int = 0
    message_id: str = ""
    delivered_at: Instant | None = None
    resumes: int | None = None
    put_off_to: Instant | None = None
    silent_since: Day | None = None

    @property
    def unanswered_since(self) -> Day:
        """The day from which on the person has not answered: that of this invitation, or of one before it."""
        return self.silent_since or self.day

    @property
    def stretch(self) -> Stretch:
        """The windows that it opened."""
        return self.rule.stretch(self.window)

    @property
    def begins_at(self) -> Instant | None:
        """From when its hours count; None until it is handed off."""
        reported = None if self.rule.counts_from is CountsFrom.HAND_OFF else self.delivered_at
        return self.handed_off_at and (reported or self.handed_off_at)

    def ends_at(self, pauses: Pauses) -> Instant | None:
        """From when PIN2 lets nobody reserve; None while it has no end or has not been handed off."""
        hours = self.stretch.hours
        return None if hours is None or self.begins_at is None else deadline(self.begins_at, 3600 * hours, pauses)

    def reminders_at(self, pauses: Pauses) -> tuple[Instant, ...]:
        """When the reminders of its stretch are due, sent or not; none until it is handed off."""
        begin = self.begins_at
        return () if begin is None else tuple(deadline(begin, 3600 * h, pauses) for h in self.stretch.reminders_hours)

    def due_at(self, pauses: Pauses) -> Instant | None:
        """When the next reminder or the end is due; None if nothing is."""
        left = self.reminders_at(pauses)[self.reminded :]
        return left[0] if left else self.ends_at(pauses)

    @property
    def wakes_at(self) -> Instant | None:
        """When a round has to look at it: never later than what is due, but for maintenance announced since."""
        due = self.due_at(())
        return due if due is None or self.put_off_to is None else max(due, self.put_off_to)


@frozen
class Registration:
    """One person's registration in a campaign; its `repr` shows nobody.

    Attributes:
        person: Pseudonym, by which the journal knows the person.
        claims: Verified claims, as `priority.claims_text` writes them.
        doubt: Why the insured number is doubtful; empty if it is not.
        seniority: Since when the person waits; kept through invitations and cancellations.
        ticket: Drawn at registration, see `lottery`; the lower is called first where the order is a lottery.
        pin_key_id, pin_generation: What PIN2 is derived with; only a changed phone changes them.
        invitation: The last invitation, or None.
        reservation_id: The active reservation, or None.
        withdrawn_at: When the person withdrew, or None.
    """

    id: str
    person: str
    insured_number: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: Day = field(repr=False)
    phone: str = field(repr=False)
    email: str | None = field(repr=False)
    language: str
    site_id: str
    claims: str
    doubt: str
    registered_at: Instant
    seniority: Instant
    pin_key_id: str
    pin_generation: int = 1
    gate: Gate = Gate.QUEUED
    invitation: Invitation | None = None
    reservation_id: str | None = None
    withdrawn_at: Instant | None = None
    ticket: int = 0
    blocks: tuple[Block, ...] = ()
    pending: Pending | None = None

    @property
    def queued(self) -> bool:
        """Whether it waits for an invitation."""
        waits = self.gate is Gate.QUEUED and self.reservation_id is None
        return waits and self.withdrawn_at is None and not self.blocks

    @property
    def wakes_at(self) -> Instant | None:
        """When a round has to look at it next, or None."""
        if self.withdrawn_at is not None:
            return None
        asked_at = None if self.pending is None else self.pending.asked_at
        times = (self.window_wakes_at, asked_at, *(block.wakes_at for block in self.blocks))
        return min((each for each in times if each is not None), default=None)

    @property
    def window_wakes_at(self) -> Instant | None:
        """When the window of its unanswered invitation wants a reminder or ends, or None."""
        if self.gate is not Gate.INVITED or self.reservation_id is not None or self.withdrawn_at is not None:
            return None
        return None if self.invitation is None else self.invitation.wakes_at


def is_duplicate(registration: Registration) -> bool:
    """Whether another registration of its person keeps it out."""
    return any(block.reason is not BlockReason.CLAIMS for block in registration.blocks)


def is_live(registration: Registration) -> bool:
    """Whether it counts as the person's one registration: neither withdrawn nor blocked as a duplicate."""
    return registration.withdrawn_at is None and not is_duplicate(registration)


def standing(registration: Registration) -> Standing:
    """What people are shown."""
    if registration.withdrawn_at is not None:
        return Standing.WITHDRAWN
    if registration.reservation_id is not None:
        return Standing.RESERVED
    if registration.blocks:
        return Standing.BLOCKED
    return Standing(registration.gate.value)


def reserved(registration: Registration, reservation_id: str) -> Registration:
    """The registration once it holds a reservation; PIN2 opens it as before, the right to reserve is used up."""
    return evolve(registration, reservation_id=reservation_id)
