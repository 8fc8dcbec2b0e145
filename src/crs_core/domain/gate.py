"""The gate (závora): who may reserve now, and how it opens and closes.

Source: the operator's report of 20 January 2021, points 2, 3 and 7. Under immediate access everybody registered may
reserve. Under invitation access only those whose gate an invitation has opened; the rule in force *now* decides, so
a switch hits everyone at once and rewrites no registration.
"""

from collections import Counter
from collections.abc import Iterable

from attrs import evolve

from crs_core.domain.campaign import Access
from crs_core.domain.ledger import Account, AccountKind, State, Transfer
from crs_core.domain.maintenance import Pauses
from crs_core.domain.registration import Gate, Invitation, Registration
from crs_core.domain.terms import InvitationRule, Then
from crs_core.domain.time import Day, Instant
from crs_core.errors import Refused

__all__ = [
    "blocked",
    "delivered",
    "handed_off",
    "invited",
    "is_due",
    "is_open",
    "is_put_off",
    "lapsed",
    "no_longer_invited",
    "now_invited",
    "passed",
    "require_open",
    "returned",
]


def is_open(registration: Registration, access: Access, now: Instant, pauses: Pauses) -> bool:
    """Whether the citizen may reserve now."""
    if registration.withdrawn_at is not None or registration.blocks:
        return False
    if access is Access.IMMEDIATE:
        return True
    if registration.gate is not Gate.INVITED or registration.invitation is None:
        return False
    ends = registration.invitation.ends_at(pauses)
    return ends is None or now < ends


def require_open(registration: Registration, access: Access, now: Instant, pauses: Pauses) -> None:
    """Returns where the citizen may reserve now.

    Raises:
        Refused: ``already_reserved``, ``withdrawn``, ``registration_blocked``, ``invitation_lapsed``,
            ``invitation_expired`` or ``not_invited``.
    """
    if registration.reservation_id is not None:
        raise Refused(
            "already_reserved", "this registration holds a reservation", remedy="cancel it first to change it"
        )
    if is_open(registration, access, now, pauses):
        return
    if registration.withdrawn_at is not None:
        raise Refused("withdrawn", "this registration was withdrawn", remedy="register again")
    if registration.blocks:
        raise blocked()
    if registration.gate is Gate.LAPSED:
        raise Refused("invitation_lapsed", "the invitations were not answered in time", remedy="register again")
    if registration.gate is Gate.INVITED:
        raise Refused("invitation_expired", "the invitation's term has ended", remedy="wait for the next one")
    raise Refused("not_invited", "a seat is reserved only after an invitation", remedy="wait for the message with it")


def blocked() -> Refused:
    """The refusal of a blocked registration; it tells nobody that another one exists."""
    return Refused("registration_blocked", "this registration is being checked", remedy="wait for the message")


def is_due(registration: Registration, now: Instant) -> bool:
    """Whether the window of its invitation wants a reminder or ends."""
    return registration.window_wakes_at is not None and registration.window_wakes_at <= now


def invited(
    registration: Registration, rule: InvitationRule, *, release_id: str, now: Instant, today: Day
) -> Registration:
    """The registration with its gate opened by a new invitation.

    It keeps the rule of this moment, or goes on with the next window of the term that the last one left.
    """
    last = registration.invitation
    number = 1 if last is None else last.number + 1
    made = Invitation(number, now, today, release_id, rule, silent_since=None if last is None else last.silent_since)
    if last is not None and last.resumes is not None:
        made = evolve(made, rule=last.rule, window=last.resumes)
    return evolve(registration, gate=Gate.INVITED, invitation=made)


def handed_off(registration: Registration, now: Instant, message_id: str) -> Registration:
    """The registration once the gateway has its invitation: the window counts from the first hand-off."""
    invitation = registration.invitation
    if invitation is None or invitation.handed_off_at is not None:
        return registration
    return evolve(registration, invitation=evolve(invitation, handed_off_at=now, message_id=message_id))


def delivered(registration: Registration, message_id: str, at: Instant, now: Instant) -> Registration:
    """The registration once its phone is said to have the invitation; the first report of one that is open counts.

    A gateway's clock is not ours: what it says lies between the hand-off and now.
    """
    invitation = registration.invitation
    if registration.gate is not Gate.INVITED or invitation is None or invitation.message_id != message_id:
        return registration
    if invitation.handed_off_at is None or invitation.delivered_at is not None:
        return registration
    moment = min(max(at, invitation.handed_off_at), now)
    return evolve(registration, invitation=evolve(invitation, delivered_at=moment))


def is_put_off(registration: Registration, now: Instant, pauses: Pauses) -> bool:
    """Whether nothing is due of its invitation yet, as maintenance has moved what was."""
    due = None if registration.invitation is None else registration.invitation.due_at(pauses)
    return due is None or now < due


def passed(registration: Registration, now: Instant, pauses: Pauses) -> Registration:
    """The registration once a round has looked at its invitation, which woke it.

    Its windows have ended: back in the queue with its seniority, or lapsed, as its term says. Else a reminder is owed;
    one stands for all that were due by now. Or it is put off.
    """
    invitation = registration.invitation
    if invitation is None:
        return registration
    if is_put_off(registration, now, pauses):
        return evolve(registration, invitation=evolve(invitation, put_off_to=invitation.due_at(pauses)))
    ends = invitation.ends_at(pauses)
    if ends is None or now < ends:
        behind = sum(moment <= now for moment in invitation.reminders_at(pauses))
        return evolve(registration, invitation=evolve(invitation, reminded=behind))
    if invitation.stretch.then is Then.LAPSE:
        return lapsed(registration)
    ended = evolve(invitation, resumes=invitation.stretch.resumes, silent_since=invitation.unanswered_since)
    return evolve(returned(registration), invitation=ended)


def returned(registration: Registration) -> Registration:
    """Back in the queue with its seniority, the gate closed; the next invitation is as if it were the first."""
    invitation = registration.invitation and evolve(registration.invitation, resumes=None, silent_since=None)
    return evolve(registration, gate=Gate.QUEUED, reservation_id=None, invitation=invitation)


def lapsed(registration: Registration) -> Registration:
    """Called no more."""
    return evolve(registration, gate=Gate.LAPSED)


def now_invited(site_id: str, invited: Iterable[Registration]) -> tuple[Transfer, ...]:
    """Puts the invitations of some registrations on the site's account of those that are unanswered.

    Each counts by the day since which its person has not answered: whoever let one pass is not expected anew.
    """
    days = Counter(each.invitation.unanswered_since for each in invited if each.invitation is not None)
    return tuple(Transfer(_account(site_id, day), State.OUTSIDE, State.HELD, days[day]) for day in sorted(days))


def no_longer_invited(registration: Registration) -> tuple[Transfer, ...]:
    """Takes the registration's unanswered invitation, if it has one, off the site's account of them."""
    invitation = registration.invitation
    if registration.gate is not Gate.INVITED or invitation is None or registration.reservation_id is not None:
        return ()
    account = _account(registration.site_id, invitation.unanswered_since)
    return (Transfer(account, State.HELD, State.OUTSIDE),)


def _account(site_id: str, day: Day) -> Account:
    return Account(site_id, AccountKind.INVITED, "", day)
