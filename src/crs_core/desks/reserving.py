"""Step 8: all the doses are reserved, in one commit or not at all; and given back."""

from attrs import evolve

from crs_core.desks.entering import entered, entry_id, locks_of
from crs_core.desks.offering import chosen_site, read_offer
from crs_core.domain import gate
from crs_core.domain.campaign import Access
from crs_core.domain.journey import Journey
from crs_core.domain.journey import journey as journey_of
from crs_core.domain.ledger import State
from crs_core.domain.messages import Purpose
from crs_core.domain.people import email_address, mask
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration, reserved
from crs_core.domain.reservations import Offer, Reservation, appointments, changes, require_offered, transfers
from crs_core.domain.sites import Site, free_doses, require_open, supplies
from crs_core.domain.time import Instant
from crs_core.errors import InvalidInput, Problem, Refused, Short
from crs_core.office.commands import Command, Office
from crs_core.office.letters import note, sms, told
from crs_core.office.persons import ended, held
from crs_core.office.vacancies import vacancies
from crs_core.ports.storage import View, Work

__all__ = ["cancel", "held_by", "journey", "reserve", "withdraw"]


def reserve(
    office: Office, entry: str, offer: Offer | str, *, email: str | None, actor: str, idempotency_key: str | None
) -> Reservation:
    """See `CitizenDesk.reserve`."""
    now = office.now()
    ident = entry_id(office, entry, now)
    wanted = read_offer(office, offer, now)
    address = _email(email)
    name = office.chance.name()

    def decide(work: Work, now: Instant) -> Plan[Reservation]:
        stored = entered(work, ident)
        access = office.campaign.access.at(now)
        gate.require_open(stored.value, access, now, office.pauses)
        chosen_site(stored.value, wanted.site_id, access)
        reservation = _reservation(office, work, stored.value, wanted, name, now)
        return _plan(office, stored, reservation, address, now)

    keys = (Key(Registration, ident[0]), Key(Site, wanted.site_id))
    arguments = {"entry": ident[0], "offer": wanted.token, "email": address or ""}
    command = Command("reserve", actor, arguments, Reservation, decide, keys, idempotency_key)
    try:
        return office.run(command)
    except Short as short:
        remedy = "choose another time; the page shows what is free now"
        raise Refused("offer_taken", "a seat of this offer is no longer free", remedy=remedy) from short


def _email(text: str | None) -> str | None:
    if text is None or text == "":
        return None
    given: object = text
    if not isinstance(given, str):
        raise InvalidInput([Problem("email", type(given).__name__, "must be text", "mend it or leave it out")])
    try:
        return email_address(text)
    except ValueError as error:
        raise InvalidInput([Problem("email", mask(text), str(error), "mend it or leave it out")]) from None


def _reservation(
    office: Office, view: View, registration: Registration, offer: Offer, name: str, now: Instant
) -> Reservation:
    stored = view.get(Key(Site, offer.site_id))
    site = require_open(None if stored is None else stored.value, offer.site_id)
    days = vacancies(office, view, site.id, now)
    supply = supplies(site, days, office.campaign, now).get(offer.product)
    if supply is None:
        raise Refused("offer_taken", "the site no longer offers this product", remedy="choose another time")
    require_offered(offer, supply, site, office.campaign.zone, now)
    access = office.campaign.access.at(now)
    invitation = registration.invitation if access is Access.INVITATION else None
    of_product = free_doses(site, days, offer.product, office.campaign.stock.at(now))
    return Reservation(
        id=name,
        registration_id=registration.id,
        site_id=site.id,
        product=offer.product,
        doses=appointments(offer, supply, of_product),
        made_at=now,
        interval=None if supply.interval is None else (supply.interval.earliest, supply.interval.latest),
        access=access.value,
        invitation=0 if invitation is None else invitation.number,
    )


def _plan(
    office: Office, stored: Versioned[Registration], reservation: Reservation, address: str | None, now: Instant
) -> Plan[Reservation]:
    registration = stored.value if address is None else evolve(stored.value, email=address)
    taken = transfers(reservation.site_id, reservation.doses, State.FREE, State.RESERVED)
    return Plan(
        reservation,
        puts=(
            Put(Key(Registration, registration.id), reserved(registration, reservation.id), stored.version),
            Put(Key(Reservation, reservation.id), reservation, 0),
        ),
        transfers=taken + gate.no_longer_invited(registration),
        journal=(note(office, "reserved", registration, reservation, now),),
        messages=told(office, registration, reservation, Purpose.RESERVED, now),
    )


def cancel(office: Office, entry: str, *, actor: str, idempotency_key: str | None) -> Reservation:
    """See `CitizenDesk.cancel`."""
    ident = entry_id(office, entry, office.now())

    def decide(work: Work, now: Instant) -> Plan[Reservation]:
        stored = entered(work, ident)
        held = held_by(work, stored.value)
        if held.value.begun:
            raise Refused(
                "dose_given", "a dose of this reservation has been given", remedy="move the next dose instead"
            )
        gone = held.value.cancelled(now)
        return Plan(
            gone,
            puts=(
                Put(Key(Registration, ident[0]), gate.returned(stored.value), stored.version),
                Put(Key(Reservation, gone.id), gone, held.version),
            ),
            transfers=changes(held.value, gone),
            journal=(note(office, "cancelled", stored.value, gone, now),),
            messages=told(office, stored.value, gone, Purpose.CANCELLED, now),
        )

    arguments = {"entry": ident[0]}
    keys = (Key(Registration, ident[0]),)
    return office.run(Command("cancel", actor, arguments, Reservation, decide, keys, idempotency_key))


def held_by(view: View, registration: Registration) -> Versioned[Reservation]:
    """The active reservation of a registration.

    Raises:
        Refused: ``no_reservation``.
    """
    if registration.reservation_id is None:
        raise Refused(
            "no_reservation", "this registration holds no reservation", remedy="see the journey for what comes next"
        )
    held = view.get(Key(Reservation, registration.reservation_id))
    if held is None:
        raise Refused("no_reservation", "the reservation is gone", remedy="call the campaign's line")
    return held


def withdraw(office: Office, entry: str, *, actor: str, idempotency_key: str | None) -> None:
    """See `CitizenDesk.withdraw`."""
    ident = entry_id(office, entry, office.now())

    def decide(work: Work, now: Instant) -> Plan[bool]:
        stored = entered(work, ident)
        reservation = None if stored.value.reservation_id is None else held_by(work, stored.value)
        ends = ended(office, held(work, stored.value.person), stored, reservation, now, "withdrawal")
        return Plan(True, messages=(sms(office, stored.value, Purpose.WITHDRAWN, now),)).with_(ends)

    keys = locks_of(office, ident[0])
    office.run(Command("withdraw", actor, {"entry": ident[0]}, bool, decide, keys, idempotency_key))


def journey(office: Office, entry: str) -> Journey:
    """See `CitizenDesk.journey`."""
    now = office.now()
    with office.storage.read() as view:
        registration = entered(view, entry_id(office, entry, now)).value
        held = None if registration.reservation_id is None else held_by(view, registration).value
    return journey_of(registration, held, office.campaign, now, office.pauses)
