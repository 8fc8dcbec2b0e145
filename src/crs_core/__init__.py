"""Fair mass-appointment campaigns: registration, PINs, a prioritised invitation queue, dose-linked calendars.

>>> import crs_core as crs
>>> system = crs.open_system(crs.example_campaign(), keys={"2021-01": b"an invented key of 32 bytes ...."})
>>> sent = system.citizen.request_control_pin("601 000 001", source="203.0.113.7")
>>> system.operations.dispatch().sent
1
"""

from crs_core.composition.campaign_file import load_campaign, read_campaign
from crs_core.composition.example import example_campaign
from crs_core.composition.hookspecs import Adapter, CliCommand, Surroundings, hookimpl
from crs_core.composition.plugins import Plugins
from crs_core.composition.system import System, open_system
from crs_core.desks.citizen import CitizenDesk, Entry, PhoneProof
from crs_core.desks.operations import OperationsDesk
from crs_core.desks.site import SiteDesk
from crs_core.domain.calendars import Calendar, Delivery, Slot, even_slots
from crs_core.domain.campaign import Campaign
from crs_core.domain.confirmation import Confirmation, Document
from crs_core.domain.keys import Keyring
from crs_core.domain.people import Application
from crs_core.domain.reservations import Offer, Offers, Reservation
from crs_core.domain.wording import problem as problem_text
from crs_core.domain.wording import refusal as refusal_text
from crs_core.domain.wording import text as citizen_text
from crs_core.errors import (
    AdapterFault,
    Busy,
    CampaignInvalid,
    Conflict,
    CrsError,
    InvalidInput,
    NotFound,
    Problem,
    Refused,
    TooManyAttempts,
)

__all__ = [
    "Adapter",
    "AdapterFault",
    "Application",
    "Busy",
    "Calendar",
    "Campaign",
    "CampaignInvalid",
    "CitizenDesk",
    "CliCommand",
    "Confirmation",
    "Conflict",
    "CrsError",
    "Delivery",
    "Document",
    "Entry",
    "InvalidInput",
    "Keyring",
    "NotFound",
    "Offer",
    "Offers",
    "OperationsDesk",
    "PhoneProof",
    "Plugins",
    "Problem",
    "Refused",
    "Reservation",
    "SiteDesk",
    "Slot",
    "Surroundings",
    "System",
    "TooManyAttempts",
    "citizen_text",
    "even_slots",
    "example_campaign",
    "hookimpl",
    "load_campaign",
    "open_system",
    "problem_text",
    "read_campaign",
    "refusal_text",
]
