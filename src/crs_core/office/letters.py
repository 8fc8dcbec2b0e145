"""Messages and notes about a registration, as desks and rounds owe and write them."""

from crs_core.domain.messages import Channel, Lane, Message, Purpose
from crs_core.domain.registration import Registration
from crs_core.domain.statistics import age_group
from crs_core.domain.time import Instant, age_on, later
from crs_core.office.commands import Office

__all__ = ["about", "sms"]

_GOOD_DAYS = 7
_LANES = {Purpose.INVITATION: Lane.BULK, Purpose.INVITATION_ENDED: Lane.BULK}


def about(office: Office, registration: Registration, now: Instant) -> dict[str, str | int]:
    """What the journal says of a person: the age group and the registration, nothing more."""
    return {"age": age_group(age_on(registration.birth_date, office.today(now))), "registration": registration.id}


def sms(office: Office, registration: Registration, purpose: Purpose, now: Instant, **facts: str) -> Message:
    """A message owed to a registration's phone, due now."""
    place = office.campaign.place(registration.site_id)
    return Message(
        id=office.chance.name(),
        lane=_LANES.get(purpose, Lane.TRANSACTIONAL),
        channel=Channel.SMS,
        purpose=purpose,
        recipient=registration.phone,
        language=registration.language,
        subject=registration.id,
        person=registration.person,
        created_at=now,
        due_at=now,
        good_until=later(now, days=_GOOD_DAYS),
        facts={"site": place.name, "address": place.address, **facts},
    )
