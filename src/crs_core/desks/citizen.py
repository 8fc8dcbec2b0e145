"""The citizen's desk: the eight steps. A citizen's portal is handed this desk and nothing else."""

from typing import NewType

from attrs import define

from crs_core.desks import (
    confirming,
    correcting,
    disputing,
    entering,
    moving,
    offering,
    proving,
    registering,
    reserving,
)
from crs_core.desks.entering import Reminded
from crs_core.desks.registering import Registered
from crs_core.domain.confirmation import Confirmation
from crs_core.domain.control_pin import Sent
from crs_core.domain.corrections import Details
from crs_core.domain.journey import Journey
from crs_core.domain.maintenance import Maintenance, coming
from crs_core.domain.people import Application
from crs_core.domain.reservations import Offer, Offers, Reservation
from crs_core.domain.sites import OpenSite
from crs_core.domain.time import Day
from crs_core.office.commands import Office
from crs_core.office.reception import Reception

__all__ = ["CitizenDesk", "Entry", "PhoneProof"]

PhoneProof = NewType("PhoneProof", str)
Entry = NewType("Entry", str)

_CITIZEN = "citizen"


@define
class CitizenDesk:
    """The eight steps, from a phone number to a reservation.

    Handles, proofs, entries and offers are signed, expiring texts: put them into a form and hand them back; they hold
    no PIN and no person. Every command takes ``idempotency_key`` (the same key and arguments give the same answer once
    more, for 1 to 255 characters) and ``actor`` (who acts, for the journal). Every refusal is a `CrsError`, and an
    argument of the wrong kind `InvalidInput`; during maintenance all but `maintenance`, `sites`, `journey`, `details`
    and `confirmation` are `Busy`, with `retry_at`.

    >>> import crs_core as crs
    >>> system = crs.open_system(crs.example_campaign(), keys={"2021-01": b"an invented key of 32 bytes ...."})
    >>> desk = system.citizen
    >>> sent = desk.request_control_pin("601 000 001", source="203.0.113.7")
    >>> sent.sends_left
    4
    >>> desk.verify_phone(sent.handle, "12")
    Traceback (most recent call last):
    crs_core.errors.InvalidInput: invalid_input: pin=…: a PIN here has 6 digits; copy it from the message
    """

    _reception: Reception

    @property
    def _office(self) -> Office:
        return self._reception.serve()

    def maintenance(self) -> Maintenance | None:
        """The maintenance under way, during which every command is `Busy`, or the next one announced; or None."""
        office = self._reception.look()
        return coming(office.pauses, office.now())

    def sites(self, region: str | None = None) -> tuple[OpenSite, ...]:
        """Open vaccination sites in the campaign's order, of one region or of all; true as of their `as_of`.

        During maintenance too; their `retry_at` says until when nobody can register or reserve there.
        """
        return offering.sites(self._reception.look(), region)

    def request_control_pin(
        self,
        phone: str,
        *,
        source: str,
        language: str | None = None,
        handle: str | None = None,
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Sent:
        """Step 1: the control PIN is owed to a phone; the answer says when it should come.

        Asking again, with the `handle` of the first answer or without, is the same PIN until it is used or expired,
        and at most one message waits unsent. Its life counts from hand-off to the gateway.

        Args:
            phone: As the person types it.
            source: Where the request comes from, such as an IP address; kept only as a pseudonym, for budgets.
            language: Of the message; the campaign's first where None.

        Raises:
            InvalidInput: The phone or the language.
            TooManyAttempts: ``too_many_sends``, with `retry_at`.
        """
        return proving.request_control_pin(
            self._office,
            phone,
            source=source,
            language=language,
            handle=handle,
            actor=actor,
            idempotency_key=idempotency_key,
        )

    def verify_phone(
        self,
        handle: str,
        pin: str,
        *,
        source: str = "",
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> PhoneProof:
        """Step 2: the proof that the phone is the citizen's, good for an hour and several registrations.

        Raises:
            InvalidInput: Not the form of a PIN; no try is counted.
            Refused: ``wrong_pin`` (how many tries are left is in its facts), ``pin_expired``, ``token_invalid``,
                ``token_expired``.
            TooManyAttempts: ``too_many_tries``: of this handle, of the phone or of the source.
        """
        proof = proving.verify_phone(
            self._office, handle, pin, source=source, actor=actor, idempotency_key=idempotency_key
        )
        return PhoneProof(proof)

    def register(
        self,
        proof: str,
        application: Application,
        *,
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Registered:
        """Steps 3 and 4: the registration is saved.

        The answer is the same whoever else is registered with the insured number. From the phone of that registration
        it is a correction of it. From another phone the newer one is saved and waits, blocked, and the older phone is
        told; see `dispute`.

        Raises:
            InvalidInput: Every fault of every field.
            Refused: ``not_eligible``, ``claims_unverified``, ``site_closed``, ``token_invalid``, ``token_expired``.
            NotFound: The campaign has no such site.
        """
        return registering.register(self._office, proof, application, actor=actor, idempotency_key=idempotency_key)

    def enter(
        self,
        insured_number: str,
        pin2: str,
        *,
        source: str,
        proof: str | None = None,
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Entry:
        """Step 5: the reservation is entered, for half an hour.

        PIN2 works until the reservation, and still opens it afterwards, to see and to cancel.

        Args:
            proof: From `verify_phone`, of the phone of the registration: the tries of others then keep nobody out.

        Raises:
            InvalidInput: Not the form of a number or a PIN.
            Refused: ``wrong_pin2``, the same for unknown numbers.
            TooManyAttempts: ``too_many_tries``: of the source, or, after more, of the registration.
        """
        entry = entering.enter(
            self._office,
            insured_number,
            pin2,
            source=source,
            proof=proof,
            actor=actor,
            idempotency_key=idempotency_key,
        )
        return Entry(entry)

    def offers(self, entry: str, *, site: str | None = None, day: Day | None = None) -> Offers:
        """Steps 6 and 7: linked doses to choose from, that strand nobody else.

        Args:
            entry: From `enter`.
            site: Another site than that of the registration, under immediate access.
            day: The day of the first dose; the first with an offer where None.

        Returns:
            Days and offers, true as of `as_of`; with a `reason` where there are none.

        Raises:
            Refused: ``not_invited``, ``invitation_expired``, ``invitation_lapsed``, ``already_reserved``,
                ``other_site``, ``withdrawn``, ``token_invalid``, ``token_expired``.
        """
        return offering.offers(self._office, entry, site_id=site, day=day)

    def reserve(
        self,
        entry: str,
        offer: Offer | str,
        *,
        email: str | None = None,
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Reservation:
        """Step 8: all the doses are reserved, in one commit or not at all.

        Args:
            offer: From `offers`, or its token as it came back from a form.
            email: Where the confirmation goes beside the SMS; that of the registration where None.

        Raises:
            Refused: ``offer_taken``, ``offer_strands``, and those of `offers`.
        """
        return reserving.reserve(self._office, entry, offer, email=email, actor=actor, idempotency_key=idempotency_key)

    def cancel(self, entry: str, *, actor: str = _CITIZEN, idempotency_key: str | None = None) -> Reservation:
        """Gives all the doses back; the registration returns to the queue with its seniority, its gate closed.

        Raises:
            Refused: ``no_reservation``; ``dose_given`` once a dose has been given.
        """
        return reserving.cancel(self._office, entry, actor=actor, idempotency_key=idempotency_key)

    def confirmation(self, entry: str, *, documents: bool = True) -> Confirmation:
        """The reservation as its holder keeps it: the data of a page, by which ways it is sent, and documents.

        Args:
            entry: From `enter`.
            documents: Whether to make the PDF and the calendar entry; a page that only shows them needs neither.

        Raises:
            Refused: ``no_reservation``, ``withdrawn``, ``token_invalid``, ``token_expired``.
            AdapterFault: The documents cannot be made; without them the answer stands.
        """
        return confirming.confirmation(self._reception.look(), entry, documents=documents)

    def move_offers(self, entry: str, *, dose: int, day: Day | None = None) -> Offers:
        """Where one dose of the reservation may move, at the same site; the other doses stay.

        Only days within the interval in force when the reservation was made, counted from the dose before and to the
        dose after; only seats whose taking leaves no fewer people who can be fully booked.

        Args:
            entry: From `enter`.
            dose: Which one, from 1.
            day: The day to show; the first with an offer where None.

        Returns:
            Every day that is open to it with its free times, and the offers of one day; each offer has one dose.

        Raises:
            InvalidInput: The dose or the day.
            Refused: ``no_reservation``, ``no_appointment``, ``dose_given``, ``dose_past`` (its time has come, and the
                site has not said that it was missed), ``withdrawn``, ``token_invalid``, ``token_expired``.
        """
        return moving.move_offers(self._office, entry, dose=dose, day=day)

    def move_dose(
        self,
        entry: str,
        *,
        dose: int,
        offer: Offer | str,
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Reservation:
        """Moves one dose: the new seat is taken and the old one freed in one commit; whatever fails, the old one stays.

        Args:
            offer: From `move_offers`, or its token as it came back from a form.

        Raises:
            Refused: ``offer_taken``, ``offer_strands``, ``site_closed``, and those of `move_offers`.
        """
        return moving.move_dose(
            self._office, entry, dose=dose, offer=offer, actor=actor, idempotency_key=idempotency_key
        )

    def remind_pin(
        self,
        insured_number: str,
        *,
        source: str = "",
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Reminded:
        """Sends the same PIN2 once more to the phone of the registration, if there is one; the answer does not tell.

        Raises:
            TooManyAttempts: ``too_many_reminders``.
        """
        return entering.remind_pin(
            self._office, insured_number, source=source, actor=actor, idempotency_key=idempotency_key
        )

    def details(self, entry: str) -> Details:
        """What is on record of the citizen, for a form that mends it; during maintenance too.

        Raises:
            Refused: ``withdrawn``, ``token_invalid``, ``token_expired``.
        """
        return correcting.details(self._reception.look(), entry)

    def correct(  # noqa: PLR0913 - one keyword a detail
        self,
        entry: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        birth_date: Day | None = None,
        email: str | None = None,
        language: str | None = None,
        site_id: str | None = None,
        proof: str | None = None,
        actor: str = _CITIZEN,
        idempotency_key: str | None = None,
    ) -> Journey:
        """Corrects details of a registration; those that are None stay.

        The campaign's rule says whether the place in the queue survives. Another site takes back an unanswered
        invitation. Another phone has another PIN2, which is sent to it; the entry ends.

        Args:
            email: ``""`` takes the address out.
            site_id: Another site, while no reservation is held.
            proof: From `verify_phone`, of the new phone.

        Raises:
            InvalidInput: Every fault of every field.
            Refused: ``already_reserved``, ``registration_blocked``, ``not_eligible``, ``site_closed``, ``withdrawn``,
                ``token_invalid``, ``token_expired``.
            NotFound: The campaign has no such site.
        """
        details = {
            "first_name": first_name,
            "last_name": last_name,
            "birth_date": birth_date,
            "email": email,
            "language": language,
            "site_id": site_id,
        }
        return correcting.correct(self._office, entry, details, proof, actor=actor, idempotency_key=idempotency_key)

    def dispute(
        self, proof: str, insured_number: str, *, actor: str = _CITIZEN, idempotency_key: str | None = None
    ) -> None:
        """Says that a newer registration with this insured number, from another phone, is somebody else's.

        It keeps the registration of the proved phone in its place, or brings it back with its seniority. The answer is
        the same whatever there is; whoever is not registered with that phone changes nothing.

        Args:
            proof: From `verify_phone`, of the phone of the older registration.

        Raises:
            InvalidInput: Not the form of an insured number.
            Refused: ``token_invalid``, ``token_expired``.
            TooManyAttempts: ``too_many_tries``: of the phone.
        """
        disputing.dispute(self._office, proof, insured_number, actor=actor, idempotency_key=idempotency_key)

    def withdraw(self, entry: str, *, actor: str = _CITIZEN, idempotency_key: str | None = None) -> None:
        """Ends the registration and gives back its reservation, if it holds one; registering again starts anew.

        Doses given stay recorded. The phone of the registration is told.

        Raises:
            Refused: The entry is forged or has expired, or the registration has been withdrawn before.
        """
        reserving.withdraw(self._office, entry, actor=actor, idempotency_key=idempotency_key)

    def journey(self, entry: str) -> Journey:
        """Where the citizen stands among the eight steps, what comes next, or why not; during maintenance too.

        Raises:
            Refused: The entry is forged or has expired, or the registration has been withdrawn.
        """
        return reserving.journey(self._reception.look(), entry)
