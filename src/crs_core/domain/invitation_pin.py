"""PIN2: days long, bound to the insured number, the same in every invitation and reminder of a registration.

Source: the operator's report of 20 January 2021, points 3 and 5: it is valid until a reservation succeeds; a lost one
stays valid and a reminder carries the same. Afterwards it still opens the registration, to see and to cancel.
"""

from crs_core.domain import one_time_code
from crs_core.domain.campaign import Campaign
from crs_core.domain.keys import Keyring
from crs_core.domain.registration import Registration

__all__ = ["code_of", "digits", "opens"]

_PURPOSE = "invitation_pin"


def digits(campaign: Campaign, registration: Registration) -> int:
    """The length of a registration's PIN2, fixed when it registered."""
    return campaign.invitation.at(registration.registered_at).digits


def code_of(registration: Registration, keyring: Keyring, length: int) -> str:
    """The PIN itself, derived; kept nowhere."""
    return one_time_code.code(
        keyring,
        registration.pin_key_id,
        purpose=_PURPOSE,
        subject=registration.id,
        phone=registration.phone,
        generation=registration.pin_generation,
        digits=length,
    )


def opens(registration: Registration | None, given: str, keyring: Keyring, length: int) -> bool:
    """Whether that PIN2 enters the registration; without one the same work is done and the answer is no."""
    if registration is None:
        nobody = one_time_code.code(
            keyring, keyring.active, purpose=_PURPOSE, subject="", phone="", generation=0, digits=length
        )
        one_time_code.matches(nobody, given)
        return False
    return one_time_code.matches(code_of(registration, keyring, length), given)
