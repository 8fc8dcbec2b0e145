"""Steps 3 and 4: a registration is saved."""

from attrs import frozen

from crs_core.desks.proving import challenge_of, proved
from crs_core.domain import insured_number, lottery, people
from crs_core.domain.campaign import Access, Eligibility
from crs_core.domain.control_pin import Challenge
from crs_core.domain.messages import Purpose
from crs_core.domain.people import Application, Person
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.priority import claims_text
from crs_core.domain.registration import Registration
from crs_core.domain.sites import Site, require_open
from crs_core.domain.time import Instant
from crs_core.errors import Refused
from crs_core.office.commands import Command, Office
from crs_core.office.letters import about, sms
from crs_core.ports.registry import Answer
from crs_core.ports.storage import BudgetUse, View, Work

__all__ = ["Registered", "register"]


@frozen
class Registered:
    """What the page says once a registration is saved; the same whoever else holds the insured number.

    Attributes:
        pin_follows: Whether a message with PIN2 is on its way; otherwise it comes with an invitation.
    """

    registration_id: str
    site_id: str
    registered_at: Instant
    pin_follows: bool


def register(
    office: Office, proof: str, application: Application, *, actor: str, idempotency_key: str | None
) -> Registered:
    """See `CitizenDesk.register`."""
    now = office.now()
    campaign = office.campaign
    given = people.check(application, today=office.today(now), languages=campaign.languages, claims=campaign.claims)
    campaign.place(given.site_id)
    phone = proved(office, proof, now)
    confirmed = frozenset(
        claim for claim in given.claims if office.registry.verify(claim, given.insured_number) is Answer.CONFIRMED
    )
    _require_eligible(office, campaign.may_register.at(now), given, confirmed, now)
    name = office.chance.name()
    key = Key(Person, office.person(given.insured_number))

    def decide(work: Work, now: Instant) -> Plan[Registered]:
        challenge = challenge_of(work, phone)
        work.take((BudgetUse(f"register:phone:{phone.id}", campaign.limits.registrations_phone),), now)
        site = work.get(Key(Site, given.site_id))
        require_open(None if site is None else site.value, given.site_id)
        fresh = _registration(office, name, key.id, challenge, given, confirmed, now)
        person = work.get(key)
        if person is not None and person.value.registration_id is not None:
            return _duplicate(office, work, person.value.registration_id, fresh, now)
        return _saved(office, key, person, fresh, now)

    arguments = {"proof": proof, "application": _text(given)}
    return office.run(Command("register", actor, arguments, Registered, decide, (key,), idempotency_key))


def _text(given: Application) -> str:
    parts = (given.insured_number, given.first_name, given.last_name, given.birth_date.isoformat(), given.site_id)
    return "\x1f".join((*parts, given.language, given.email or "", *sorted(given.claims)))


def _require_eligible(
    office: Office, rule: Eligibility, given: Application, confirmed: frozenset[str], now: Instant
) -> None:
    if confirmed & rule.claims:
        return
    if rule.minimum_age is not None and rule.age.age(given.birth_date, office.today(now)) >= rule.minimum_age:
        return
    wanted = ([] if rule.minimum_age is None else [f"people of at least {rule.minimum_age}"]) + sorted(rule.claims)
    raise Refused(
        "not_eligible",
        f"now may register: {', '.join(wanted) or 'nobody'}",
        remedy="wait until your group may register; the campaign announces it",
        age=rule.minimum_age or 0,
    )


def _registration(
    office: Office,
    name: str,
    person: str,
    challenge: Challenge,
    given: Application,
    confirmed: frozenset[str],
    now: Instant,
) -> Registration:
    verdict = insured_number.verdict(given.insured_number, office.today(now))
    doubt = verdict.reason or ("birth_date_differs" if verdict.birth_date != given.birth_date else "")
    return Registration(
        id=name,
        person=person,
        insured_number=given.insured_number,
        first_name=given.first_name,
        last_name=given.last_name,
        birth_date=given.birth_date,
        phone=challenge.phone,
        email=given.email,
        language=given.language,
        site_id=given.site_id,
        claims=claims_text(confirmed),
        doubt=doubt,
        registered_at=now,
        seniority=now,
        pin_key_id=office.keyring.active,
        ticket=lottery.ticket(office.keyring, office.campaign.lottery_seed, person),
    )


def _saved(
    office: Office, key: Key[Person], person: Versioned[Person] | None, fresh: Registration, now: Instant
) -> Plan[Registered]:
    immediate = office.campaign.access.at(now) is Access.IMMEDIATE
    holder = Person(fresh.insured_number, fresh.id)
    return Plan(
        Registered(fresh.id, fresh.site_id, now, immediate),
        puts=(
            Put(key, holder, 0 if person is None else person.version),
            Put(Key(Registration, fresh.id), fresh, 0),
        ),
        journal=(
            office.note(now, "registered", person=fresh.person, site_id=fresh.site_id, **about(office, fresh, now)),
        ),
        messages=(sms(office, fresh, Purpose.REGISTERED, now),) if immediate else (),
    )


def _duplicate(office: Office, view: View, older_id: str, fresh: Registration, now: Instant) -> Plan[Registered]:
    """The answer is the same as if it were saved; the outcome goes to the older registration's phone."""
    older = view.get(Key(Registration, older_id))
    immediate = office.campaign.access.at(now) is Access.IMMEDIATE
    if older is None:
        return Plan(Registered(fresh.id, fresh.site_id, now, immediate))
    if older.value.phone == fresh.phone:
        return Plan(Registered(older.value.id, older.value.site_id, older.value.registered_at, immediate))
    return Plan(
        Registered(fresh.id, fresh.site_id, now, immediate),
        journal=(office.note(now, "duplicate_refused", person=fresh.person, site_id=fresh.site_id),),
        messages=(sms(office, older.value, Purpose.DUPLICATE, now),),
    )
