"""The model of registrations: who waits, who is invited, who has reserved what."""

from collections.abc import Iterator

from attrs import define, field

from crs_core.domain.campaign import Access, Campaign, InvitationRule
from crs_core.domain.reservations import Reservation
from crs_core.domain.terms import Then, Window
from crs_core.domain.time import Day, Instant, day_of
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle.rests import Rests

__all__ = ["People", "Registered", "age"]


def age(born: Day, today: Day) -> int:
    """Birthdays lived through; 29 February counts on 1 March."""
    return sum(1 for year in range(born.year + 1, today.year + 1) if (year, born.month, born.day) <= _tuple(today))


def _tuple(day: Day) -> tuple[int, int, int]:
    return (day.year, day.month, day.day)


@define
class Registered:
    """One registration as the model sees it.

    Attributes:
        state: ``queued``, ``invited`` or ``lapsed``.
        term: Of its last invitation, which begins with the window `window`.
        resumes: The window with which its next invitation goes on; None: with a term of its own.
        calls: Invitations so far; each has a message of its own.
        handed: When the gateway took the last invitation.
        invited_on: The day by which its invitation counts, that of the first of those in a row left unanswered.
        silent_since: The same while it is queued again; None where it let none pass.
        pin2: As the citizen read it; None until a message came.
        since: Seniority.
        generation: Grows by one with every other phone.
        blocked: ``newer`` or ``replaced`` where it is a duplicate; "" otherwise.
        told: The live registration whose phone is owed its message about this newer one.
        due: When a round takes the next step of it as a duplicate.
        heard: When the gateway had that message.
    """

    id: str
    person: Invented
    phone: str
    site: str
    claims: frozenset[str]
    since: Instant
    email: str | None
    rests: Rests = field(repr=False)
    state: str = "queued"
    withdrawn: bool = False
    term: InvitationRule | None = None
    window: int = 0
    resumes: int | None = None
    calls: int = 0
    handed: Instant | None = None
    reminded: int = 0
    invited_on: Day | None = None
    silent_since: Day | None = None
    reservation: Reservation | None = None
    pin2: str | None = None
    generation: int = 1
    blocked: str = ""
    told: str = ""
    disputed: bool = False
    due: Instant | None = None
    heard: Instant | None = None
    erased: bool = False
    registered: Instant = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.registered = self.since

    @property
    def waits(self) -> bool:
        """Whether it is in the queue."""
        return self.state == "queued" and self.reservation is None and not self.withdrawn and not self.blocked

    @property
    def is_invited(self) -> bool:
        """Whether an invitation of it is unanswered."""
        return self.state == "invited" and self.reservation is None and not self.withdrawn

    def windows(self) -> list[tuple[int, Window]]:
        """The windows in which its invitation holds, each with the hour in which it begins."""
        found: list[tuple[int, Window]] = []
        for window in () if self.term is None else self.term.windows[self.window :]:
            found.append((found[-1][0] + (found[-1][1].hours or 0) if found else 0, window))
            if window.then is not Then.NEXT:
                break
        return found

    @property
    def ends(self) -> Instant | None:
        """The end of its invitation."""
        windows = self.windows()
        if self.handed is None or not windows or windows[-1][1].hours is None:
            return None
        return self.rests.after(self.handed, hours=windows[-1][0] + windows[-1][1].hours)

    @property
    def reminders(self) -> list[Instant]:
        """When it is reminded."""
        hours = [begin + each for begin, window in self.windows() for each in window.reminders_hours]
        return [] if self.handed is None else [self.rests.after(self.handed, hours=each) for each in hours]

    @property
    def wakes(self) -> Instant | None:
        """When the next reminder or the end is due."""
        if not self.is_invited or self.handed is None:
            return None
        return next(iter(self.reminders[self.reminded :]), self.ends)

    def invite(self, term: InvitationRule, today: Day) -> None:
        """It is invited, under that term or on with its own."""
        if self.resumes is None:
            self.term, self.window = term, 0
        else:
            self.window = self.resumes
        self.state, self.handed, self.reminded, self.resumes = "invited", None, 0, None
        self.invited_on = self.silent_since or today
        self.calls += 1

    def returns(self) -> None:
        """It is in the queue, and its next invitation is as if it were the first."""
        self.state, self.resumes, self.silent_since = "queued", None, None

    def ends_now(self) -> bool:
        """Its windows are over; whether it lapses by that."""
        place, (_, window) = self.window + len(self.windows()) - 1, self.windows()[-1]
        is_last = self.term is None or place + 1 == len(self.term.windows)
        self.state = "lapsed" if window.then is Then.LAPSE else "queued"
        self.resumes = None if is_last else place + 1
        self.silent_since = self.invited_on
        return window.then is Then.LAPSE


@define
class People:
    """Everybody who ever registered, by registration."""

    campaign: Campaign
    rests: Rests
    all: dict[str, Registered] = field(factory=dict)
    others: dict[str, list[str]] = field(factory=dict)
    """Those blocked as duplicates, by insured number, in the order in which they were saved."""

    def live(self, person: Invented) -> Registered | None:
        """The one live registration of a person."""
        return next((each for each in self.of(person) if not each.blocked), None)

    def of(self, person: Invented) -> list[Registered]:
        """Every registration of a person that has not ended."""
        return [each for each in self.all.values() if each.person == person and not each.withdrawn]

    def has_pin(self, one: Registered, now: Instant) -> bool:
        """Whether its phone was sent a PIN2 that opens something, or must not know that it opens nothing."""
        waits = one.blocked == "newer" and self.campaign.access.at(now) is Access.IMMEDIATE
        return one.reservation is not None or waits or self.is_open(one, now)

    def invited(self, site: str) -> list[Registered]:
        """Whose invitations at a site are unanswered."""
        return [each for each in self.all.values() if each.is_invited and each.site == site]

    def reserved(self) -> Iterator[Reservation]:
        """Every active reservation."""
        return (each.reservation for each in self.all.values() if each.reservation is not None)

    def may_register(self, person: Invented, claims: frozenset[str], now: Instant) -> bool:
        """Whether the rule in force lets somebody register."""
        rule = self.campaign.may_register.at(now)
        old_enough = rule.minimum_age is not None and age(person.birth_date, self.today(now)) >= rule.minimum_age
        return old_enough or bool(claims & rule.claims)

    def order(self, site: str, now: Instant) -> list[Registered]:
        """The queue of a site as declared: group, birth date, seniority, id."""
        ranked = [(self._rank(each, now), each) for each in self.all.values() if each.waits and each.site == site]
        called = [(rank, each.person.birth_date, each.since, each.id) for rank, each in ranked if rank is not None]
        return [self.all[name] for *_, name in sorted(called)]

    def _rank(self, one: Registered, now: Instant) -> int | None:
        years = age(one.person.birth_date, self.today(now))
        for number, group in enumerate(self.campaign.priority.at(now).groups):
            anybody = group.minimum_age is None and not group.claims
            if anybody or group.claims & one.claims or (group.minimum_age is not None and years >= group.minimum_age):
                return number
        return None

    def today(self, now: Instant) -> Day:
        """The day in the campaign's zone."""
        return day_of(now, self.campaign.zone)

    def is_open(self, one: Registered, now: Instant) -> bool:
        """Whether somebody may reserve."""
        if one.withdrawn or one.blocked:
            return False
        if self.campaign.access.at(now) is Access.IMMEDIATE:
            return True
        return one.state == "invited" and (one.ends is None or now < one.ends)

    def why_not(self, one: Registered, now: Instant) -> str:
        """The refusal of somebody who wants to reserve; empty where they may."""
        if one.withdrawn:
            return "withdrawn"
        if one.reservation is not None:
            return "already_reserved"
        if one.blocked:
            return "registration_blocked"
        if self.is_open(one, now):
            return ""
        return {"queued": "not_invited", "invited": "invitation_expired", "lapsed": "invitation_lapsed"}[one.state]

    def step(self, one: Registered, now: Instant) -> tuple[str, int, int | None, str]:
        """Where somebody stands: standing, last step, next step, why not."""
        if one.withdrawn:
            return ("withdrawn", 4, None, "withdrawn")
        if one.reservation is not None:
            return ("reserved", 8, None, "")
        if self.is_open(one, now):
            return (one.state, 5, 6 if self.campaign.access.at(now) is Access.IMMEDIATE else 7, "")
        return ("blocked" if one.blocked else one.state, 4, None, self.why_not(one, now))
