"""A campaign: its dated rules, products, places, languages and limits.

Everything here is data; `crs_core.load_campaign` reads it from a TOML file.
"""

import enum

from attrs import field, frozen

from crs_core.domain.inputs import shown
from crs_core.domain.order import AgeMeaning, Priority, PriorityGroup
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import InvitationRule
from crs_core.errors import NotFound

__all__ = [
    "Access",
    "Budget",
    "CalendarCheckRule",
    "Campaign",
    "ClaimsRule",
    "ControlPinRule",
    "CorrectionRule",
    "DuplicateRule",
    "Eligibility",
    "Interval",
    "InvitationRule",
    "Limits",
    "NoShowRule",
    "Place",
    "Priority",
    "PriorityGroup",
    "Product",
    "ReplanRule",
    "ResponseRule",
    "Sending",
    "StockRule",
]


class Access(enum.Enum):
    """Who may reserve: everybody registered, or those invited. Anchor: now; a switch hits everyone at once."""

    IMMEDIATE = "immediate"
    INVITATION = "invitation"


class StockRule(enum.Enum):
    """Which doses a seat may count on: none needed, those announced, or those in the fridge. Anchor: now."""

    IGNORED = "ignored"
    EXPECTED = "expected"
    RECEIVED = "received"


@frozen
class Interval:
    """Calendar days from one dose to the next, both bounds included. Anchor: the reservation."""

    earliest: int
    latest: int


@frozen
class Product:
    """A vaccine: its number of doses (1 to 3) and the dated interval between each dose and the next."""

    name: str
    doses: int
    interval: Dated[Interval] | None = None


@frozen
class Place:
    """A vaccination site as the campaign names it; whether it is open is state, not rule."""

    id: str
    name: str
    region: str
    address: str = ""


@frozen
class Eligibility:
    """Who may register: of at least that age, or with one of these verified claims. Anchor: now.

    It says nothing of who may be invited; that is `Priority`.
    """

    minimum_age: int | None
    claims: frozenset[str] = frozenset()
    age: AgeMeaning = AgeMeaning.BIRTHDAY


@frozen
class ControlPinRule:
    """PIN1, an out-of-band code. Anchor: the challenge.

    Attributes:
        digits: Length; six have 20 bits.
        life_minutes: Life of the PIN from its last hand-off to the gateway.
        sends: Most hand-offs of one PIN.
        wait_seconds: Least time from a hand-off to asking again.
        good_minutes: How long an unsent message is worth sending.

    Source: NIST SP 800-63B, section 5.1.3 (20 bits, ten minutes, once).
    """

    digits: int = 6
    life_minutes: int = 10
    sends: int = 5
    wait_seconds: int = 60
    good_minutes: int = 120


@frozen
class NoShowRule:
    """What follows where nobody comes. Anchor: the moment it is recorded.

    Attributes:
        dose: ``returned`` to its delivery for somebody else, or ``wasted``.
        registration: Where no dose was given yet: ``return`` to the queue with its seniority, or ``lapse``.
    """

    dose: str = "returned"
    registration: str = "return"


@frozen
class DuplicateRule:
    """What becomes of a registration for somebody who is registered from another phone. Anchor: the newer one.

    It stays blocked while the older one stands. The older phone is told and may say that it was somebody else.

    Attributes:
        frees: ``undisputed``: the newer one takes the place of the older, unless that holds a reservation or its phone
            objects in time; ``older``: only the end of the older one, or the office.
        undisputed_hours: How long the older phone has, from the hand-off of what it is told, without maintenance.
    """

    frees: str = "undisputed"
    undisputed_hours: int = 72


@frozen
class CorrectionRule:
    """What becomes of the place in the queue. Anchor: the correction.

    Attributes:
        details: Names, birth date, language, e-mail or phone corrected: the seniority ``keeps`` or ``restarts``.
        site: Another site: the same choice. A new registration for another site is such a correction.
    """

    details: str = "keeps"
    site: str = "restarts"


@frozen
class ClaimsRule:
    """Claims whose registry cannot be asked at registration. Anchor: now.

    Attributes:
        unavailable: Whoever may register by such a claim alone: ``wait``, saved and blocked until the registry
            answers; or ``refuse``.
        first_minutes: When the registry is asked again; the pause doubles after every time it cannot be asked.
        longest_minutes: The longest pause.
    """

    unavailable: str = "wait"
    first_minutes: int = 10
    longest_minutes: int = 360


@frozen
class ReplanRule:
    """How a re-plan moves people. Anchor: now.

    Attributes:
        notice_days: Least calendar days from today to a new appointment; 1 is tomorrow at the earliest.
    """

    notice_days: int = 1


@frozen
class ResponseRule:
    """How much an unanswered invitation still counts. Anchor: now.

    Without it those who never answer would hold capacity for ever; and if six of ten answer, sites that invite one a
    seat stay half empty.

    Attributes:
        percent: Pairs of (whole days since the invitation, how many of a hundred are still expected to reserve), from
            day 0 on; each holds until the next day named. The first is above 0, and none is above the one before.
        over_invitation: How many are expected for every hundred people that can still be fully booked; above 100 the
            last of them find the site full, and wait with their PIN2 for the next seats.

    Sources: about 60 of 100 invited people booked (press, February 2021); Prague invited 110 to 120 a hundred slots.
    """

    percent: tuple[tuple[int, int], ...] = ((0, 100),)
    over_invitation: int = 100

    def at(self, days: int) -> int:
        """How many of a hundred invitations that are so many days old are expected to be answered.

        >>> ResponseRule(((0, 60), (3, 20))).at(2)
        60
        """
        return next((share for since, share in reversed(self.percent) if since <= days), self.percent[0][1])

    def most(self, people: int) -> int:
        """How many answers may be expected where so many can still be fully booked, in hundredths of a person.

        >>> ResponseRule(((0, 60),), over_invitation=115).most(100)
        11500
        """
        return people * self.over_invitation


@frozen
class CalendarCheckRule:
    """What keeps a site from opening beside a structural fault of its calendars. Anchor: now.

    Attributes:
        stranded_share: The most of a product's first doses, from today on, that may be stranded; 0 to 1.
    """

    stranded_share: float = 0.2


@frozen
class Budget:
    """At most so many in a window of so many minutes that opens with the first."""

    most: int
    minutes: int


@frozen
class Limits:
    """Budgets of tries and sends. Those of a source are counted first, so that nobody burns another's."""

    pin_sends_phone: Budget = Budget(10, 60)
    pin_sends_source: Budget = Budget(30, 60)
    pin_sends_overall: Budget = Budget(500_000, 60)
    pin_tries_handle: Budget = Budget(5, 24 * 60)
    pin_tries_phone: Budget = Budget(15, 60)
    pin_tries_source: Budget = Budget(60, 60)
    entries_source: Budget = Budget(20, 15)
    entries_registration: Budget = Budget(50, 24 * 60)
    reminders_registration: Budget = Budget(2, 24 * 60)
    reminders_source: Budget = Budget(10, 60)
    registrations_phone: Budget = Budget(30, 60)


@frozen
class Sending:
    """How messages leave. Anchor: now.

    Attributes:
        per_second: What the gateway takes; the dispatcher paces itself to it and citizens are told when.
        attempts: Tries before a message goes to the dead letters.
        backoff_seconds: First pause after a failed try; it doubles, to an hour at most.
        pause_seconds: Longest pause, give or take half, before a gateway that is down is tried again.
        lease_seconds: How long a dispatcher may hold a message before another takes it.
    """

    per_second: int = 20
    attempts: int = 8
    backoff_seconds: int = 30
    lease_seconds: int = 120
    pause_seconds: int = 60


@frozen
class Campaign:
    """One campaign and all of its rules.

    Attributes:
        zone: IANA zone in whose wall-clock time slots live.
        phones: Prefixes that messages may go to; the first is the country's own.
        claims: What people may say they are; each is verified by the registry.
        lottery_seed: What lottery tickets are drawn with, beside the keyring; the same for the whole campaign.
        texts: Templates of messages that replace the built-in ones, by language and name.

    >>> import crs_core as crs
    >>> campaign = crs.example_campaign()
    >>> [step.value for step in campaign.access]
    ['immediate', 'invitation']
    >>> campaign.place("north").name
    'Nemocnice Vzorov Sever'
    """

    name: str
    zone: str
    languages: tuple[str, ...]
    phones: tuple[str, ...]
    products: tuple[Product, ...]
    places: tuple[Place, ...]
    access: Dated[Access]
    may_register: Dated[Eligibility]
    priority: Dated[Priority]
    claims: frozenset[str] = frozenset()
    lottery_seed: str = ""
    stock: Dated[StockRule] = field(factory=lambda: always(StockRule.IGNORED))
    response: Dated[ResponseRule] = field(factory=lambda: always(ResponseRule()))
    control_pin: Dated[ControlPinRule] = field(factory=lambda: always(ControlPinRule()))
    invitation: Dated[InvitationRule] = field(factory=lambda: always(InvitationRule()))
    no_show: Dated[NoShowRule] = field(factory=lambda: always(NoShowRule()))
    duplicates: Dated[DuplicateRule] = field(factory=lambda: always(DuplicateRule()))
    corrections: Dated[CorrectionRule] = field(factory=lambda: always(CorrectionRule()))
    pending_claims: Dated[ClaimsRule] = field(factory=lambda: always(ClaimsRule()))
    replan: Dated[ReplanRule] = field(factory=lambda: always(ReplanRule()))
    calendar_check: Dated[CalendarCheckRule] = field(factory=lambda: always(CalendarCheckRule()))
    limits: Limits = Limits()
    sending: Dated[Sending] = field(factory=lambda: always(Sending()))
    texts: dict[str, dict[str, str]] = field(factory=dict)
    _places: dict[str, Place] = field(init=False, repr=False, eq=False)
    _products: dict[str, Product] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_places", {place.id: place for place in self.places})
        object.__setattr__(self, "_products", {product.name: product for product in self.products})

    def place(self, site_id: str) -> Place:
        """The vaccination site of that id.

        Raises:
            NotFound: The campaign names no such site.
        """
        try:
            return self._places[site_id]
        except (KeyError, TypeError):
            raise _unknown("site", site_id, len(self.places)) from None

    def product(self, name: str) -> Product:
        """The product of that name.

        Raises:
            NotFound: The campaign has no such product.
        """
        try:
            return self._products[name]
        except (KeyError, TypeError):
            raise _unknown("product", name, len(self.products)) from None


def _unknown(kind: str, name: object, known: int) -> NotFound:
    return NotFound(
        f"unknown_{kind}",
        f"{kind}={shown(name)}: the campaign has no such {kind}; it names {known}",
        remedy=f"add the {kind} to the campaign, or mend the name",
    )
