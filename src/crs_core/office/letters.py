"""Messages and notes about a registration, as desks and rounds owe and write them."""

from crs_core.domain.messages import Channel, Lane, Message, Purpose
from crs_core.domain.registration import Registration
from crs_core.domain.statistics import age_group
from crs_core.domain.time import Instant, age_on, later
from crs_core.office.commands import Office

__all__ = ["about", "sms"]

_GOOD_DAYS = 7
_LANES = {Purpose.INVITATION: Lane.BULK, Purpose.INVITATION_ENDED: Lane.BULK}


def about(office: Office, registration: Registration, _now: Instant) -> dict[str, str | int]:
    """What the journal says of a person: the age group and the registration, nothing more.

    The age is that at the registration, so that whoever is counted into a group is counted out of the same.
    """
    age = age_on(registration.birth_date, office.today(registration.registered_at))
    return {"age": age_group(age), "registration": registration.id}


def sms(office: Office, registration: Registration, purpose: Purpose, now: Instant, **facts: str) -> Message:
    """A message owed to a registration's phone, due now; one of an older registration does not stand for it."""
    place = office.campaign.place(registration.site_id)
    return Message(
        id=office.chance.name(),
        lane=_LANES.get(purpose, Lane.TRANSACTIONAL),
        channel=Channel.SMS,
        purpose=purpose,
        recipient=registration.phone,
        language=registration.language,
        subject=registration.id,
        person=f"{registration.person}/{registration.id}",
        created_at=now,
        due_at=now,
        good_until=later(now, days=_GOOD_DAYS),
        facts={"site": place.name, "address": place.address, **facts},
    )
