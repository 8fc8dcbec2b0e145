"""Asking the registry about claims, outside of any transaction."""

from collections.abc import Iterable

from attrs import field, frozen

from crs_core.errors import AdapterFault
from crs_core.office.adapters import spoken_to, untrue
from crs_core.office.commands import Office
from crs_core.ports.registry import Answer

__all__ = ["Verified", "verified"]


@frozen
class Verified:
    """What the registry said: the claims that it confirms, and those that it could not be asked about."""

    confirmed: frozenset[str] = frozenset()
    unavailable: frozenset[str] = field(default=frozenset())


def verified(office: Office, claims: Iterable[str], insured_number: str) -> Verified:
    """What the registry says of a person's claims; after the first that it does not answer it is asked no more."""
    wanted = sorted(claims)
    confirmed: set[str] = set()
    for place, claim in enumerate(wanted):
        try:
            answer = _answer(office, claim, insured_number)
        except AdapterFault:
            return Verified(frozenset(confirmed), frozenset(wanted[place:]))
        if answer is Answer.CONFIRMED:
            confirmed.add(claim)
    return Verified(frozenset(confirmed))


def _answer(office: Office, claim: str, insured_number: str) -> Answer:
    """What the registry says; neither yes nor no where it says what it may not."""
    with spoken_to("registry"):
        answer: object = office.registry.verify(claim, insured_number)
    if not isinstance(answer, Answer):
        raise untrue("registry", answer, "Answer")
    return answer
