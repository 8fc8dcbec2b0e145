"""What an e-mail about a reservation encloses, made at hand-off of the reservation as it then stands."""

from crs_core.domain import confirmation as confirmations
from crs_core.domain.confirmation import Confirmation, Document
from crs_core.domain.messages import BY_EMAIL, Message
from crs_core.domain.plans import Key
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.errors import AdapterFault, Refused
from crs_core.office.adapters import spoken_to
from crs_core.office.commands import Office
from crs_core.ports.storage import View

__all__ = ["attached", "confirmation_of", "documents_of"]

_EMAILS = frozenset(BY_EMAIL.values())


def confirmation_of(office: Office, view: View, message: Message) -> Confirmation | None:
    """The reservation that an e-mail is about, dated by its message, so that a second hand-off encloses the same.

    The address is the registration's now: one that was mistyped may have been corrected since.

    Raises:
        Refused: ``superseded`` where it is no longer known.
    """
    if message.purpose not in _EMAILS:
        return None
    registration = view.get(Key(Registration, message.subject))
    reservation = view.get(Key(Reservation, message.facts.get("reservation", "")))
    if registration is None or reservation is None:
        raise Refused("superseded", "the reservation is no longer known")
    makes = office.documents is not None
    return confirmations.confirmation(
        office.campaign, registration.value, reservation.value, message.created_at, makes=makes
    )


def documents_of(office: Office, confirmed: Confirmation, message: Message) -> tuple[Document, ...]:
    """What an e-mail encloses; without it the e-mail leaves at its last try, as the times are worth more.

    Raises:
        AdapterFault: They cannot be made now, and there are tries left.
    """
    if office.documents is None:
        return ()
    try:
        with spoken_to("confirmation"):
            return office.documents.render(confirmed)
    except AdapterFault:
        if message.attempts < office.campaign.sending.at(office.now()).attempts:
            raise
        return ()


def attached(confirmed: Confirmation, documents: tuple[Document, ...]) -> str:
    """The sentence of an e-mail that says what it encloses; empty where that is nothing."""
    if not documents:
        return ""
    return confirmed.words["attached_calendar" if confirmed.cancelled else "attached"]
