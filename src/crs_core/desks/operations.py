"""The operations' desk: rounds over the whole campaign, statistics, explanations, the audit."""

from datetime import datetime

from attrs import define

from crs_core.desks import amending, erasing, explaining, reporting, settling
from crs_core.desks.erasing import Erased
from crs_core.desks.explaining import Explanation, SeatExplanation, SiteExplanation
from crs_core.domain import inputs
from crs_core.domain.campaign import Campaign
from crs_core.domain.circuit import Circuit
from crs_core.domain.maintenance import Maintenance
from crs_core.domain.messages import Channel, DeadLetter
from crs_core.domain.plans import Key
from crs_core.domain.releases import ReleaseRecord
from crs_core.domain.sites import Site
from crs_core.domain.statistics import Statistics, headline
from crs_core.domain.time import Day
from crs_core.office.commands import Office
from crs_core.office.reception import Reception
from crs_core.rounds import audit, dispatch, release, replanning, tick
from crs_core.rounds.audit import Violation
from crs_core.rounds.dispatch import Dispatch
from crs_core.rounds.release import Release
from crs_core.rounds.replanning import Replan
from crs_core.rounds.tick import Tick

__all__ = ["OperationsDesk"]

_OPERATIONS = "operations"
_ROUND = 500
_MOST = 1_000_000
_LAST_MINUTE = 24 * 60 - 1


@define
class OperationsDesk:
    """Rounds are resumable and may run anywhere, each many times; a second one finds nothing to do.

    An argument of the wrong kind is `InvalidInput` everywhere.

    >>> import crs_core as crs
    >>> system = crs.open_system(crs.example_campaign(), keys={"2021-01": b"an invented key of 32 bytes ...."})
    >>> sent = system.citizen.request_control_pin("601 000 001", source="203.0.113.7")
    >>> system.operations.messages()
    {('interactive', 'owed'): 1}
    >>> system.operations.dispatch().sent
    1
    >>> system.operations.audit()
    ()
    """

    _reception: Reception

    @property
    def _office(self) -> Office:
        return self._reception.look()

    def amend(self, campaign: Campaign, *, actor: str = _OPERATIONS, idempotency_key: str | None = None) -> int:
        """Puts another campaign into force; its version, from 1, or the present one where nothing differs.

        It is stored: every process that shares the storage goes by it from its next call on, also one that is opened
        with an older file later. What was in force before now stays: dated rules get steps from now on.

        Raises:
            CampaignInvalid: All that it would do to what exists: another name, zone or lottery, a site or product in
                use that is gone, a rule of the past that differs.
        """
        return amending.amend(self._office, campaign, actor=actor, idempotency_key=idempotency_key)

    def announce_maintenance(
        self, start: datetime, end: datetime, *, actor: str = _OPERATIONS, idempotency_key: str | None = None
    ) -> Maintenance:
        """Announces maintenance from `start` (included) to `end` (excluded), at most 24 hours.

        During it citizens and sites are `Busy` with its end as `retry_at`, nothing is sent and nobody is invited; the
        lives of PINs, the windows of invitations and the time for which messages are good stand still.

        Raises:
            InvalidInput: No moments with a zone, a start in the past, an end before it or too late.
        """
        return amending.announce_maintenance(self._office, start, end, actor=actor, idempotency_key=idempotency_key)

    def end_maintenance(self, *, actor: str = _OPERATIONS, idempotency_key: str | None = None) -> int:
        """Ends the maintenance under way now, and calls off what is announced; how many windows that were.

        Raises:
            Refused: ``no_maintenance``.
        """
        return amending.end_maintenance(self._office, actor=actor, idempotency_key=idempotency_key)

    def delivered(
        self,
        message_id: str,
        at: datetime | None = None,
        *,
        actor: str = "gateway",
        idempotency_key: str | None = None,
    ) -> bool:
        """A gateway reports that a phone has a message: what the call-back of its delivery reports hands in here.

        Of an invitation the moment is kept, once; where its term counts from delivery, its windows begin then.

        Args:
            message_id: The `reference` that the gateway was given with the message.
            at: When, by the gateway's clock; what lies before the hand-off or after now is taken as the nearer of the
                two. None: now.

        Returns:
            Whether that was noted: False of other messages, of an invitation that is over, a second time, and before
            the hand-off is written down; such a report may be handed in again.

        Raises:
            InvalidInput: No text; no moment with a zone.
            NotFound: ``unknown_message``.
        """
        return reporting.delivered(self._office, message_id, at, actor=actor, idempotency_key=idempotency_key)

    def release_all(self, *, actor: str = _OPERATIONS) -> tuple[Release, ...]:
        """One release at every open site, in order of id."""
        inputs.require(inputs.of_text("actor", actor))
        with self._office.storage.read() as view:
            sites = [site.id for site in view.scan(Site) if site.is_open]
        return tuple(release.release(self._office, site, dry_run=False, actor=actor) for site in sites)

    def releases(self, site_id: str | None = None) -> tuple[ReleaseRecord, ...]:
        """What is kept of releases, in order of time, at one site or at all. Reads every record.

        Raises:
            NotFound: ``unknown_site``.
        """
        if site_id is not None:
            self._office.campaign.place(site_id)
        with self._office.storage.read() as view:
            found = [each for each in view.scan(ReleaseRecord) if site_id in {None, each.site_id}]
        return tuple(sorted(found, key=lambda each: (each.at, each.id)))

    def dispatch(self, limit: int = _ROUND, *, actor: str = _OPERATIONS) -> Dispatch:
        """Hands at most so many messages over: interactive before transactional before bulk.

        Raises:
            InvalidInput: The limit is no number from 0 to a million.
        """
        inputs.require(inputs.of_number("limit", limit, least=0, most=_MOST), inputs.of_text("actor", actor))
        return dispatch.dispatch(self._office, limit, actor=actor)

    def tick(self, *, actor: str = _OPERATIONS) -> Tick:
        """Reminders and ends of terms that are due now, and the statistics brought up to date."""
        inputs.require(inputs.of_text("actor", actor))
        return tick.tick(self._office, actor=actor)

    def statistics(self, day: Day | None = None) -> Statistics:
        """The headline table up to a day, included (all days where None), as of the last round."""
        inputs.require(None if day is None else inputs.of_day("day", day))
        now = self._office.now()
        with self._office.storage.read() as view:
            tallies = [tally for tally in view.tallies() if day is None or tally.day <= day]
        return headline(tallies, as_of=now)

    def messages(self) -> dict[tuple[str, str], int]:
        """How many messages by (lane, state)."""
        with self._office.storage.read() as view:
            return view.outbox()

    def gateways(self) -> tuple[Circuit, ...]:
        """How the gateway of each channel does: failures in a row, the last one's code, and when it is tried again."""
        with self._office.storage.read() as view:
            stored = [view.get(Key(Circuit, channel.value)) for channel in Channel]
        pairs = zip(Channel, stored, strict=True)
        return tuple(Circuit(channel.value) if found is None else found.value for channel, found in pairs)

    def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Messages that will not be sent, the latest first, each with its reason."""
        inputs.require(inputs.of_number("limit", limit, least=0, most=_MOST))
        with self._office.storage.read() as view:
            return tuple(view.dead_letters(limit))

    def explain(self, registration_id: str) -> Explanation:
        """Where a registration stands, the first rule that holds it, and how it came there.

        Raises:
            InvalidInput: No text, or no id.
            NotFound: ``unknown_registration``.
        """
        inputs.require(inputs.of_text("registration_id", registration_id, least=1))
        return explaining.explain(self._office, registration_id)

    def explain_site(self, site_id: str) -> SiteExplanation:
        """The first rule that keeps a site from opening, and the first that keeps it from inviting anybody.

        Raises:
            NotFound: ``unknown_site``.
        """
        return explaining.explain_site(self._office, site_id)

    def explain_seat(self, site_id: str, *, calendar: str, day: Day, minute: int) -> SeatExplanation:
        """The first rule that keeps the seats of one time of a calendar from being offered.

        Args:
            minute: Wall-clock time in the campaign's zone, minutes since midnight, 0 to 1439.

        Raises:
            InvalidInput: No text, no day, no time.
            NotFound: ``unknown_site``.
        """
        inputs.require(
            inputs.of_text("calendar", calendar),
            inputs.of_day("day", day),
            inputs.of_number("minute", minute, least=0, most=_LAST_MINUTE),
        )
        return explaining.explain_seat(self._office, site_id, calendar, day, minute)

    def replan(
        self, site_id: str, *, dry_run: bool = False, actor: str = _OPERATIONS, idempotency_key: str | None = None
    ) -> Replan:
        """Moves people who hold seats or doses that a site no longer has: whole, in one commit, each told once.

        As few people as can be lose a seat, those whose series has begun last of all; then as few as can be move. A
        dose moves within the interval in force when its reservation was made, at the earliest by the campaign's notice.
        Who had no dose yet and finds no seat is back in the queue with their seniority; who had one keeps it, and is
        given the first seat that comes free, by the next re-plan or release. Once a site is short no more, another
        re-plan moves nobody.

        Args:
            dry_run: Says whom it would move where, and changes nothing.

        Raises:
            NotFound: ``unknown_site``.
            InvalidInput: A faulty argument.
            Busy: The site, or those whom it moves, are being changed again and again.
        """
        inputs.require(inputs.of_truth("dry_run", dry_run), inputs.of_text("actor", actor))
        return replanning.replan(self._office, site_id, dry_run=dry_run, actor=actor, idempotency_key=idempotency_key)

    def settle_duplicate(
        self, registration_id: str, *, actor: str = _OPERATIONS, idempotency_key: str | None = None
    ) -> None:
        """The office has seen who somebody is: this registration counts, and every other one of the person ends.

        For duplicates that no time frees: the older phone has objected, could not be told, or holds a reservation.
        What the others hold is given back, and their phones are told.

        Raises:
            InvalidInput: No text, or no id.
            NotFound: ``unknown_registration``.
            Refused: ``withdrawn`` where it has ended; ``dose_given`` where another one has had a dose.
        """
        inputs.require(inputs.of_text("registration_id", registration_id, least=1))
        settling.settle_duplicate(self._office, registration_id, actor=actor, idempotency_key=idempotency_key)

    def erase(self, insured_number: str, *, actor: str = _OPERATIONS, idempotency_key: str | None = None) -> Erased:
        """Erases a person: whoever holds an insured number, with every registration of it.

        What is held or waits ends, without a message. Names, birth date, number, phone, address and claims are
        overwritten; messages lose their recipient and what they said, those still owed become dead letters. The journal
        goes on by pseudonym, and a registration stays counted in its age group. Whoever registers again starts anew.

        Raises:
            InvalidInput: Not the form of an insured number.
        """
        return erasing.erase(self._office, insured_number, actor=actor, idempotency_key=idempotency_key)

    def audit(self) -> tuple[Violation, ...]:
        """Violated invariants; empty is good. Reads everything, so it is for the night."""
        return audit.audit(self._office)
