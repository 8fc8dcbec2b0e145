"""The site's desk: calendars, deliveries, opening, invitations."""

from collections.abc import Callable, Iterable, Sequence

from attrs import define, evolve

from crs_core.desks import attending
from crs_core.domain import calendar_check, calendars, inputs, shortfall
from crs_core.domain.attendance import Attendee, Visit
from crs_core.domain.calendars import Calendar, Delivery
from crs_core.domain.findings import Finding, Severity
from crs_core.domain.ledger import Account, AccountKind
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.shortfall import Change
from crs_core.domain.sites import DeliveryNote, Site, supplies
from crs_core.domain.time import Day, Instant
from crs_core.errors import InvalidInput, Problem, Refused
from crs_core.office.commands import Command, Office
from crs_core.office.reception import Reception
from crs_core.office.vacancies import vacancies
from crs_core.ports.storage import View, Work
from crs_core.rounds.release import Release, release

__all__ = ["SiteDesk"]


@define
class SiteDesk:
    """One vaccination site. During maintenance its commands are `Busy`, with `retry_at`, and its lists can be read.

    Every command takes ``idempotency_key`` and ``actor``, as at the citizen's desk, and an argument of the wrong kind
    is `InvalidInput` everywhere.

    >>> from datetime import date
    >>> import crs_core as crs
    >>> system = crs.open_system(crs.example_campaign(), keys={"2021-01": b"an invented key of 32 bytes ...."})
    >>> site = system.site("north")
    >>> first = crs.Calendar("V1", "comirnaty", 1, crs.even_slots(date(2100, 1, 25), 10))
    >>> second = crs.Calendar("V2", "comirnaty", 2, crs.even_slots(date(2100, 2, 16), 10))
    >>> site.publish([first, second])
    1
    >>> site.open()
    >>> look = site.release(dry_run=True)
    >>> look.people, look.held_by
    (10, 'queue_empty')
    """

    _reception: Reception
    site_id: str

    @property
    def _office(self) -> Office:
        return self._reception.serve()

    def publish(
        self,
        published: Iterable[Calendar],
        *,
        cut: bool = False,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> int:
        """Publishes calendars: each replaces the one of its name, the others stay; the new calendar version.

        Args:
            cut: Seats that people hold are taken away, and that is meant: a closed day, a smaller team. Those people
                keep their appointments until `OperationsDesk.replan` finds them others; nobody else gets such a seat.

        Raises:
            InvalidInput: Every fault; among them each slot that would fall below the seats already taken, or with
                `cut` below those that were used or whose time has come; and each calendar with taken seats that would
                be of another product or dose.
        """
        campaign = self._office.campaign
        given = _calendars(published)
        inputs.require(inputs.of_truth("cut", cut))
        problems = list(calendars.faults(given, campaign))
        if problems:
            raise InvalidInput(problems)

        def decide(work: Work, site: Site, now: Instant) -> Change:
            accounts = dict(work.accounts(self.site_id))
            return shortfall.published(site, given, accounts, cut=cut, now=now, zone=campaign.zone)

        text = repr([(each.name, each.product, each.dose, each.slots) for each in given])
        return self._change("publish", {"calendars": text, "cut": str(cut)}, decide, actor, idempotency_key)

    def expect(self, delivery: Delivery, *, actor: str | None = None, idempotency_key: str | None = None) -> int:
        """Announces a delivery of doses that can be given from its day on; the new calendar version.

        Raises:
            InvalidInput: An unknown product, a negative number, or an id already announced.
        """
        self._check_delivery(delivery)

        def decide(_work: Work, site: Site, _now: Instant) -> Change:
            self._check_new(site, delivery)
            note = DeliveryNote(delivery.id, delivery.product, delivery.day, delivery.doses)
            notes = tuple(sorted((*site.deliveries, note), key=lambda each: (each.day, each.id)))
            account = Account(self.site_id, AccountKind.DELIVERY, note.id, note.day)
            return Change(evolve(site, deliveries=notes), tuple(shortfall.grown(account, delivery.doses)))

        return self._change("expect", {"delivery": repr(delivery)}, decide, actor, idempotency_key)

    def receive(
        self, delivery: Delivery, *, cut: bool = False, actor: str | None = None, idempotency_key: str | None = None
    ) -> int:
        """Notes that a delivery came, with `received` doses (all that were announced where None); the new version.

        A delivery never announced is announced and received at once; one that was cancelled came with none.

        Args:
            cut: Fewer came than people hold of it, and that is meant. They keep their appointments until
                `OperationsDesk.replan` finds them others; nobody is promised what did not come.

        Raises:
            InvalidInput: As `expect`; or fewer came than are already reserved from it, or with `cut` than were given
                or wasted.
        """
        self._check_delivery(delivery)
        inputs.require(inputs.of_truth("cut", cut))

        def decide(work: Work, site: Site, _now: Instant) -> Change:
            number = delivery.doses if delivery.received is None else delivery.received
            note = next((each for each in site.deliveries if each.id == delivery.id), None)
            if note is None:
                note = DeliveryNote(delivery.id, delivery.product, delivery.day, 0)
            return shortfall.delivered(site, note, number, dict(work.accounts(self.site_id)), cut=cut)

        named = {"delivery": repr(delivery), "cut": str(cut)}
        return self._change("receive", named, decide, actor, idempotency_key)

    def check_calendars(self) -> tuple[Finding, ...]:
        """What is wrong with the linked calendars, the worst first; empty is good. During maintenance too."""
        office = self._reception.look()
        with office.storage.read() as view:
            return self._findings(office, view, office.now())

    def open(self, *, actor: str | None = None, idempotency_key: str | None = None) -> None:
        """Opens the site, if its calendars deserve it.

        Raises:
            Refused: ``calendars_not_ready``, with the worst finding; `facts` hold its days and numbers.
        """
        office = self._office

        def decide(work: Work, site: Site, now: Instant) -> Change:
            blocking = [each for each in self._findings(office, work, now) if each.severity is Severity.BLOCKS]
            if blocking:
                raise _not_ready(self.site_id, blocking)
            return Change(evolve(site, is_open=True), ())

        self._change("open", {}, decide, actor, idempotency_key)

    def close(self, *, actor: str | None = None, idempotency_key: str | None = None) -> None:
        """Closes the site: it is offered to nobody and invites nobody; reservations stay."""

        def decide(_work: Work, site: Site, _now: Instant) -> Change:
            return Change(evolve(site, is_open=False), ())

        self._change("close", {}, decide, actor, idempotency_key)

    def release(self, *, dry_run: bool = False, actor: str | None = None) -> Release:
        """Invites the next in the declared order, as many as the site can still fully book.

        Args:
            dry_run: Says whom it would invite first (at most one batch), and changes nothing.

        Returns:
            Whom, in what order, and what holds back the next one.
        """
        caller = self._actor() if actor is None else actor
        inputs.require(inputs.of_truth("dry_run", dry_run), inputs.of_text("actor", caller))
        office = self._reception.look() if dry_run else self._office
        return release(office, self.site_id, dry_run=dry_run, actor=caller)

    def appointments(self, day: Day | None = None) -> tuple[Attendee, ...]:
        """The list of a day (today where None), by time: everyone expected, given or missed, with their names.

        Raises:
            InvalidInput: It is no day.
        """
        return attending.appointments(self._reception.look(), self.site_id, day)

    def check_in(
        self,
        reservation_id: str | None = None,
        *,
        insured_number: str | None = None,
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> Visit:
        """The person has come to the dose that is due today.

        Args:
            reservation_id: From the list of the day.
            insured_number: From the card of the person, instead; a number that nobody has here gets the answer of one
                who is not expected.

        Raises:
            InvalidInput: No text, or too long.
            Refused: ``no_appointment``, ``not_today``, ``wrong_step``.
        """
        return attending.check_in(
            self._office,
            self.site_id,
            reservation_id,
            insured_number,
            actor=self._caller(actor),
            idempotency_key=idempotency_key,
        )

    def record_dose(
        self,
        reservation_id: str,
        dose: int,
        *,
        batch: str = "",
        actor: str | None = None,
        idempotency_key: str | None = None,
    ) -> Visit:
        """A dose was given, on the day of its appointment; recorded then or later, checked in before or not.

        Args:
            batch: Of the vaccine; kept in the journal.

        Raises:
            InvalidInput: No text, or too long; no dose.
            Refused: ``no_appointment``, ``too_early``, ``wrong_step`` (also where an earlier dose was not given).
        """
        return attending.record_dose(
            self._office,
            self.site_id,
            reservation_id,
            dose,
            batch=batch,
            actor=self._caller(actor),
            idempotency_key=idempotency_key,
        )

    def no_show(
        self, reservation_id: str, dose: int, *, actor: str | None = None, idempotency_key: str | None = None
    ) -> Visit:
        """Nobody came: the seat is wasted; the vaccine is returned or wasted by the dated rule ``no_show``.

        Where no dose was given yet the reservation ends and its other seats are free; the registration returns to the
        queue with its seniority, or lapses, by the same rule. Otherwise the reservation stays, and the dose can be
        moved.

        Raises:
            InvalidInput: No text, no dose.
            Refused: ``no_appointment``, ``too_early``, ``wrong_step``.
        """
        return attending.no_show(
            self._office,
            self.site_id,
            reservation_id,
            dose,
            actor=self._caller(actor),
            idempotency_key=idempotency_key,
        )

    def undo(
        self, reservation_id: str, *, reason: str, actor: str | None = None, idempotency_key: str | None = None
    ) -> Visit:
        """Takes back the last thing that was recorded of a reservation; who did it and why stands in the journal.

        Raises:
            InvalidInput: No text; no reason.
            Refused: ``no_appointment``, ``nothing_to_undo``; ``undo_impossible`` where what it held is taken by
                somebody else, or the person has moved on.
        """
        return attending.undo(
            self._office,
            self.site_id,
            reservation_id,
            reason=reason,
            actor=self._caller(actor),
            idempotency_key=idempotency_key,
        )

    def _caller(self, actor: str | None) -> str:
        return self._actor() if actor is None else actor

    def _actor(self) -> str:
        return f"site:{self.site_id}"

    def _change(
        self,
        name: str,
        arguments: dict[str, str],
        decide: Callable[[Work, Site, Instant], Change],
        actor: str | None,
        idempotency_key: str | None,
    ) -> int:
        office = self._office
        office.campaign.place(self.site_id)
        key = Key(Site, self.site_id)

        def plan(work: Work, now: Instant) -> Plan[int]:
            stored = work.get(key)
            before = Site(self.site_id) if stored is None else stored.value
            change = decide(work, before, now)
            version = before.calendar_version + (name in {"publish", "expect", "receive"})
            return Plan(
                version,
                puts=(
                    Put(key, evolve(change.site, calendar_version=version), 0 if stored is None else stored.version),
                ),
                transfers=change.transfers,
                journal=(office.note(now, f"site_{name}", site_id=self.site_id, version=version),),
            )

        named = {"site": self.site_id, **arguments}
        caller = self._actor() if actor is None else actor
        return office.run(Command(name, caller, named, int, plan, (key,), idempotency_key))

    def _findings(self, office: Office, view: View, now: Instant) -> tuple[Finding, ...]:
        stored = view.get(Key(Site, self.site_id))
        site = Site(self.site_id) if stored is None else stored.value
        free = supplies(site, vacancies(office, view, self.site_id, now), office.campaign, now)
        published = calendar_check.published_seats(view.accounts(self.site_id))
        return calendar_check.check(site, free, published, office.campaign, now)

    def _check_delivery(self, delivery: Delivery) -> None:
        inputs.require(*calendars.delivery_faults(delivery, self._office.campaign))

    def _check_new(self, site: Site, delivery: Delivery) -> None:
        if any(each.id == delivery.id for each in site.deliveries):
            remedy = "receive it, or give a new id"
            raise InvalidInput([Problem("delivery.id", repr(delivery.id), "is already announced", remedy)])


def _calendars(published: Iterable[Calendar]) -> tuple[Calendar, ...]:
    try:
        return tuple(published)
    except TypeError:
        kind = type(published).__name__
        raise InvalidInput([Problem("calendars", kind, "must be calendars", "give a list of them")]) from None


def _not_ready(site_id: str, blocking: Sequence[Finding]) -> Refused:
    worst = blocking[0]
    more = f" ({len(blocking) - 1} more)" if len(blocking) > 1 else ""
    return Refused(
        "calendars_not_ready",
        f"site={site_id}: {worst.text()}{more}",
        remedy=worst.advice(),
        finding=worst.code,
        product=worst.product,
        calendars=", ".join(worst.calendars),
        first_day="" if worst.first_day is None else worst.first_day.isoformat(),
        last_day="" if worst.last_day is None else worst.last_day.isoformat(),
        stranded=worst.stranded,
    )
