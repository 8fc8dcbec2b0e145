"""What a citizen keeps of a reservation, and by which ways it comes."""

from attrs import evolve

from crs_core.desks.entering import entered, entry_id
from crs_core.desks.reserving import held_by
from crs_core.domain import confirmation as confirmations
from crs_core.domain import inputs
from crs_core.domain.confirmation import Confirmation
from crs_core.office.adapters import spoken_to
from crs_core.office.commands import Office

__all__ = ["confirmation"]


def confirmation(office: Office, entry: str, *, documents: bool) -> Confirmation:
    """See `CitizenDesk.confirmation`."""
    inputs.require(inputs.of_truth("documents", documents))
    now = office.now()
    with office.storage.read() as view:
        registration = entered(view, entry_id(office, entry, now)).value
        held = held_by(view, registration).value
    found = confirmations.confirmation(office.campaign, registration, held, now, makes=office.documents is not None)
    if office.documents is None or not documents:
        return found
    with spoken_to("confirmation"):
        return evolve(found, documents=office.documents.render(found))
