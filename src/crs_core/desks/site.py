"""The site's desk: calendars, deliveries, opening, invitations."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import define, evolve

from crs_core.desks import attending
from crs_core.domain import calendar_check, calendars, inputs
from crs_core.domain.attendance import Attendee, Visit
from crs_core.domain.calendars import Calendar, Delivery
from crs_core.domain.findings import Finding, Severity
from crs_core.domain.ledger import Account, AccountKind, Balance, State, Transfer
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.sites import DeliveryNote, Site, heads, supplies
from crs_core.domain.time import Day, Instant, clock_time
from crs_core.errors import InvalidInput, Problem, Refused
from crs_core.office.commands import Command, Office
from crs_core.ports.storage import View, Work
from crs_core.rounds.release import Release, release

__all__ = ["SiteDesk"]


@define
class SiteDesk:
    """One vaccination site. Every command takes ``idempotency_key`` and ``actor``, as at the citizen's desk."""

    _office: Office
    site_id: str

    def publish(
        self, published: Iterable[Calendar], *, actor: str | None = None, idempotency_key: str | None = None
    ) -> int:
        """Publishes calendars: each replaces the one of its name, the others stay; the new calendar version.

        Raises:
            InvalidInput: Every fault; among them each slot that would fall below the seats already taken.
        """
        given = _calendars(published)
        problems = list(calendars.faults(given, self._office.campaign))
        if problems:
            raise InvalidInput(problems)

        def decide(work: Work, site: Site, _now: Instant) -> tuple[Site, list[Transfer]]:
            changes = _changes(self.site_id, given, dict(work.accounts(self.site_id)))
            kept = [head for head in site.calendars if head.name not in {each.name for each in given}]
            return evolve(site, calendars=tuple(sorted((*kept, *heads(given)), key=lambda head: head.name))), changes

        text = repr([(each.name, each.product, each.dose, each.slots) for each in given])
        return self._change("publish", {"calendars": text}, decide, actor, idempotency_key)

    def expect(self, delivery: Delivery, *, actor: str | None = None, idempotency_key: str | None = None) -> int:
        """Announces a delivery of doses that can be given from its day on; the new calendar version.

        Raises:
            InvalidInput: An unknown product, a negative number, or an id already announced.
        """
        self._check_delivery(delivery)

        def decide(_work: Work, site: Site, _now: Instant) -> tuple[Site, list[Transfer]]:
            self._check_new(site, delivery)
            note = DeliveryNote(delivery.id, delivery.product, delivery.day, delivery.doses)
            notes = tuple(sorted((*site.deliveries, note), key=lambda each: (each.day, each.id)))
            return evolve(site, deliveries=notes), list(self._doses(note, delivery.doses))

        return self._change("expect", {"delivery": repr(delivery)}, decide, actor, idempotency_key)

    def receive(self, delivery: Delivery, *, actor: str | None = None, idempotency_key: str | None = None) -> int:
        """Notes that a delivery came, with `received` doses (all that were announced where None); the new version.

        A delivery never announced is announced and received at once.

        Raises:
            InvalidInput: As `expect`; or fewer came than are already reserved from it.
        """
        self._check_delivery(delivery)

        def decide(work: Work, site: Site, _now: Instant) -> tuple[Site, list[Transfer]]:
            number = delivery.doses if delivery.received is None else delivery.received
            old = next((each for each in site.deliveries if each.id == delivery.id), None)
            if old is None:
                old = DeliveryNote(delivery.id, delivery.product, delivery.day, 0)
            self._check_received(work, old, number)
            note = evolve(old, received=number)
            rest = [each for each in site.deliveries if each.id != delivery.id]
            notes = tuple(sorted((*rest, note), key=lambda each: (each.day, each.id)))
            before = old.doses if old.received is None else old.received
            return evolve(site, deliveries=notes), list(self._doses(note, number - before))

        return self._change("receive", {"delivery": repr(delivery)}, decide, actor, idempotency_key)

    def check_calendars(self) -> tuple[Finding, ...]:
        """What is wrong with the linked calendars, the worst first; empty is good."""
        with self._office.storage.read() as view:
            return self._findings(view, self._office.now())

    def open(self, *, actor: str | None = None, idempotency_key: str | None = None) -> None:
        """Opens the site, if its calendars deserve it.

        Raises:
            Refused: ``calendars_not_ready``, with the worst finding; `facts` hold its days and numbers.
        """

        def decide(work: Work, site: Site, now: Instant) -> tuple[Site, list[Transfer]]:
            blocking = [each for each in self._findings(work, now) if each.severity is Severity.BLOCKS]
            if blocking:
                raise _not_ready(self.site_id, blocking)
            return evolve(site, is_open=True, opened_at=now), []

        self._change("open", {}, decide, actor, idempotency_key)

    def close(self, *, actor: str | None = None, idempotency_key: str | None = None) -> None:
        """Closes the site: it is offered to nobody and invites nobody; reservations stay."""
        self._change("close", {}, lambda _w, site, _n: (evolve(site, is_open=False), []), actor, idempotency_key)

    def release(self, *, dry_run: bool = False, actor: str | None = None) -> Release:
        """Invites the next in the declared order, as many as the site can still fully book.

        Args:
            dry_run: Says whom it would invite first (at most one batch), and changes nothing.

        Returns:
            Whom, in what order, and what holds back the next one.
        """
        caller = self._actor() if actor is None else actor
        inputs.require(inputs.of_text("actor", caller))
        return release(self._office, self.site_id, dry_run=dry_run, actor=caller)

    def appointments(self, day: Day | None = None) -> tuple[Attendee, ...]:
        """The list of a day (today where None), by time: everyone expected, given or missed, with their names."""
        return attending.appointments(self._office, self.site_id, day)

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
        decide: Callable[[Work, Site, Instant], tuple[Site, list[Transfer]]],
        actor: str | None,
        idempotency_key: str | None,
    ) -> int:
        self._office.campaign.place(self.site_id)
        key = Key(Site, self.site_id)

        def plan(work: Work, now: Instant) -> Plan[int]:
            stored = work.get(key)
            before = Site(self.site_id) if stored is None else stored.value
            site, changes = decide(work, before, now)
            version = before.calendar_version + (name in {"publish", "expect", "receive"})
            return Plan(
                version,
                puts=(Put(key, evolve(site, calendar_version=version), 0 if stored is None else stored.version),),
                transfers=tuple(changes),
                journal=(self._office.note(now, f"site_{name}", site_id=self.site_id, version=version),),
            )

        named = {"site": self.site_id, **arguments}
        caller = self._actor() if actor is None else actor
        return self._office.run(Command(name, caller, named, int, plan, (key,), idempotency_key))

    def _findings(self, view: View, now: Instant) -> tuple[Finding, ...]:
        stored = view.get(Key(Site, self.site_id))
        site = Site(self.site_id) if stored is None else stored.value
        free = supplies(site, view.days(self.site_id), self._office.campaign, now)
        published = calendar_check.published_seats(view.accounts(self.site_id))
        return calendar_check.check(site, free, published, self._office.campaign, now)

    def _check_delivery(self, delivery: Delivery) -> None:
        inputs.require(*calendars.delivery_faults(delivery, self._office.campaign))

    def _check_new(self, site: Site, delivery: Delivery) -> None:
        if any(each.id == delivery.id for each in site.deliveries):
            remedy = "receive it, or give a new id"
            raise InvalidInput([Problem("delivery.id", repr(delivery.id), "is already announced", remedy)])

    def _check_received(self, view: View, note: DeliveryNote, number: int) -> None:
        balance = dict(view.accounts(self.site_id)).get(self._account(note), Balance())
        taken = balance.total - balance.free
        if number < taken:
            rule = f"{taken} of its doses are already reserved"
            raise InvalidInput([Problem("delivery.received", str(number), rule, "re-plan those reservations first")])

    def _account(self, note: DeliveryNote) -> Account:
        return Account(self.site_id, AccountKind.DELIVERY, note.id, note.day)

    def _doses(self, note: DeliveryNote, change: int) -> Iterator[Transfer]:
        yield from _moved(self._account(note), change)


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


def _moved(account: Account, change: int) -> Iterator[Transfer]:
    if change > 0:
        yield Transfer(account, State.OUTSIDE, State.FREE, change)
    if change < 0:
        yield Transfer(account, State.FREE, State.OUTSIDE, -change)


def _changes(site_id: str, given: tuple[Calendar, ...], old: dict[Account, Balance]) -> list[Transfer]:
    """Transfers from the accounts as they are to the calendars as published."""
    wanted: dict[Account, int] = {}
    names = {calendar.name for calendar in given}
    for account in old:
        if account.kind == AccountKind.SLOT and account.series in names:
            wanted[account] = 0
    for calendar in given:
        for slot in calendar.slots:
            wanted[Account(site_id, AccountKind.SLOT, calendar.name, slot.day, slot.minute)] = slot.seats
    problems = [_below(account, seats, old[account]) for account, seats in wanted.items() if account in old]
    if any(problems):
        raise InvalidInput(problem for problem in problems if problem is not None)
    found: list[Transfer] = []
    by_day: dict[tuple[str, Day], int] = {}
    for account, seats in sorted(wanted.items()):
        change = seats - old.get(account, Balance()).total
        found += _moved(account, change)
        by_day[account.series, account.day] = by_day.get((account.series, account.day), 0) + change
    for (series, day), change in sorted(by_day.items()):
        found += _moved(Account(site_id, AccountKind.DAY, series, day), change)
    return found


def _below(account: Account, seats: int, balance: Balance) -> Problem | None:
    taken = balance.total - balance.free
    if seats >= taken:
        return None
    place = f"calendars[{account.series}].slots[{account.day} {clock_time(account.minute)}].seats"
    return Problem(place, str(seats), f"{taken} of its seats are taken", "keep them, or re-plan those people first")
