"""Where a citizen stands among the eight steps, what comes next, and why not.

Source: the operator's report of 20 January 2021, points 1 and 9 (eight steps, a signpost page with contextual help).
"""

from attrs import evolve, field, frozen

from crs_core.domain.campaign import Access, Campaign
from crs_core.domain.confirmation import channels
from crs_core.domain.gate import is_open
from crs_core.domain.maintenance import Pauses, under_way
from crs_core.domain.messages import Channel
from crs_core.domain.moving import movable
from crs_core.domain.priority import claims_of
from crs_core.domain.registration import Gate, Registration, Standing, standing
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Instant

__all__ = ["Journey", "journey"]

_LAST_STEP = 8
_WHY_NOT = {
    Standing.LAPSED: "invitation_lapsed",
    Standing.BLOCKED: "registration_blocked",
    Standing.WITHDRAWN: "withdrawn",
}


@frozen
class Journey:
    """A signpost for one citizen.

    Attributes:
        step: The last step done, 4 (registered), 5 (may choose) or 8 (reserved).
        next_step: The next one the citizen can take, or None while there is none.
        why_not: Why the next step is not open; ``""`` where it is. A code with texts in every language.
        site_id: The site of the registration.
        waiting_since: Seniority.
        invited_until: The end of the invitation's term, exclusive, later by any maintenance until then; None if it has
            none.
        reservation: The active reservation, or None.
        pending: Claims that a registry is still to be asked about.
        retry_at: The end of a maintenance under way, before which nothing can be done; None otherwise.
        channels: By which ways a confirmation comes, or would: by e-mail only where there is an address.
        may_move: The doses, by number, whose time can be changed now; none during maintenance.
        may_cancel: Whether all the doses can be given back now: none of them has been given, and no maintenance is
            under way.
    """

    step: int
    next_step: int | None
    standing: Standing
    why_not: str
    site_id: str
    waiting_since: Instant
    invited_until: Instant | None = None
    reservation: Reservation | None = field(default=None)
    pending: frozenset[str] = frozenset()
    retry_at: Instant | None = None
    channels: tuple[Channel, ...] = (Channel.SMS,)
    may_move: tuple[int, ...] = ()
    may_cancel: bool = False


def journey(
    registration: Registration, reservation: Reservation | None, campaign: Campaign, now: Instant, pauses: Pauses
) -> Journey:
    """Where this registration stands now."""
    state, access = standing(registration), campaign.access.at(now)
    invitation = registration.invitation if registration.gate is Gate.INVITED else None
    until = None if invitation is None else invitation.ends_at(pauses)
    rest = under_way(pauses, now)
    pending = frozenset() if registration.pending is None else claims_of(registration.pending.claims)

    def at(step: int, next_step: int | None, why_not: str = "") -> Journey:
        back = None if rest is None else rest.end
        site_id, since = registration.site_id, registration.seniority
        ways = channels(registration)
        found = Journey(step, next_step, state, why_not, site_id, since, until, reservation, pending, back, ways)
        if reservation is None or rest is not None:
            return found
        return evolve(found, may_move=movable(reservation, now, campaign.zone), may_cancel=not reservation.begun)

    if state is Standing.RESERVED:
        return at(_LAST_STEP, None)
    if is_open(registration, access, now, pauses):
        return at(5, 6 if access is Access.IMMEDIATE else 7) if rest is None else at(5, None, "maintenance")
    if state is Standing.INVITED:
        return at(4, None, "invitation_expired")
    return at(4, None, _WHY_NOT.get(state, "not_invited"))
