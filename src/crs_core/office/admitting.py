"""Who may register now: by age, by a confirmed claim, or by one that a registry is still to be asked about."""

from crs_core.domain.time import Day, Instant, later
from crs_core.errors import Refused
from crs_core.office.commands import Office
from crs_core.office.verifying import Verified

__all__ = ["counts_on", "not_admitted"]


def not_admitted(office: Office, born: Day, of_claims: Verified, now: Instant) -> Refused | None:
    """Why somebody may not register now: nothing where age, a confirmed claim, or one still to be asked admits them."""
    rule = office.campaign.may_register.at(now)
    if of_claims.confirmed & rule.claims or _old_enough(office, born, now):
        return None
    if of_claims.unavailable & rule.claims:
        asks = office.campaign.pending_claims.at(now)
        if asks.unavailable == "wait":
            return None
        return Refused(
            "claims_unverified",
            "the registry of professions cannot be asked now",
            retry_at=later(now, minutes=asks.first_minutes),
            remedy="try again then",
        )
    wanted = ([] if rule.minimum_age is None else [f"people of at least {rule.minimum_age}"]) + sorted(rule.claims)
    return Refused(
        "not_eligible",
        f"now may register: {', '.join(wanted) or 'nobody'}",
        remedy="wait until your group may register; the campaign announces it",
        age=rule.minimum_age or 0,
    )


def counts_on(office: Office, born: Day, of_claims: Verified, now: Instant) -> bool:
    """Whether nothing but a claim that no registry has confirmed yet admits somebody."""
    return not (of_claims.confirmed & office.campaign.may_register.at(now).claims or _old_enough(office, born, now))


def _old_enough(office: Office, born: Day, now: Instant) -> bool:
    rule = office.campaign.may_register.at(now)
    return rule.minimum_age is not None and rule.age.age(born, office.today(now)) >= rule.minimum_age
