"""The invariants, proved after the fact: what is stored is read whole and held against itself."""

from collections.abc import Iterator

from crs_core.domain import lottery
from crs_core.domain.control_pin import Challenge
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.order import Order
from crs_core.domain.people import Person
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.office.commands import Office
from crs_core.ports.storage import View
from crs_core.rounds import account_audit, people_audit, release_audit, reservation_audit
from crs_core.rounds.violations import Violation

__all__ = ["Violation", "audit"]


def audit(office: Office) -> tuple[Violation, ...]:
    """See `OperationsDesk.audit`."""
    with office.storage.read() as view:
        registrations = {each.id: each for each in view.scan(Registration)}
        made = list(view.scan(Reservation))
        active = [each for each in made if each.cancelled_at is None]
        empty = {place.id: Site(place.id) for place in office.campaign.places}
        sites = empty | {each.id: each for each in view.scan(Site)}
        return (
            *reservation_audit.violations(office.campaign, sites, registrations, active),
            *people_audit.violations(office, list(view.scan(Person)), registrations),
            *_tickets(office, registrations),
            *account_audit.violations(view, sites, registrations.values(), made),
            *account_audit.told(office, view, registrations.values(), active),
            *_messages(view, registrations),
            *release_audit.violations(view, registrations),
        )


def _tickets(office: Office, registrations: dict[str, Registration]) -> Iterator[Violation]:
    """Where some step of the order is a lottery, every ticket is drawn again."""
    if all(declared.then is not Order.LOTTERY for declared in office.campaign.priority):
        return
    for registration in registrations.values():
        if registration.ticket != lottery.ticket(office.keyring, office.campaign.lottery_seed, registration.person):
            yield Violation(5, registration.id, "its lottery ticket is not the one that its person drew")


def _messages(view: View, registrations: dict[str, Registration]) -> Iterator[Violation]:
    """Nobody waits for a message that is not owed any more."""
    owed: dict[str, Message] = {message.id: message for message in view.owed()}
    invited = {message.subject for message in owed.values() if message.purpose is Purpose.INVITATION}
    for challenge in view.scan(Challenge):
        if challenge.unsent is not None and challenge.unsent not in owed and challenge.used_at is None:
            yield Violation(6, challenge.id, "it waits for a message that is neither owed nor settled")
    for registration in registrations.values():
        invitation = registration.invitation
        waits = registration.gate is Gate.INVITED and registration.reservation_id is None
        if not waits or registration.withdrawn_at is not None or invitation is None:
            continue
        if invitation.handed_off_at is None and registration.id not in invited:
            yield Violation(6, registration.id, "its invitation is neither owed nor sent")
