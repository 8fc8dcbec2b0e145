"""I6: the confirmation e-mail did not come.

The confirmation went to the e-mail address of the registration alone. The address was optional, most had given none,
and the page said all the same that the confirmation had been sent.

Source: the operator's report of 20 January 2021 (the address is optional and was not given).

    python -m examples.incidents.no_email
"""

import sys
from collections.abc import Iterable, Iterator

from attrs import evolve, frozen

import crs_core as crs
from crs_core.domain.confirmation import Document

from .screen import Incident, Rule, play
from .town import Citizen, Town, calendars, citizen, open_town

PEOPLE = 20
AT_REGISTRATION = range(1, 6)
AT_CONFIRMATION = range(6, 11)  # give the address at the last step; the others give none

ADDRESSED = len(AT_REGISTRATION) + len(AT_CONFIRMATION)


@frozen
class End:
    """How it ended.

    Attributes:
        empty: People with nothing in their hands that says when and where.
        unkept: People whose page promised a way by which nothing came.
        untold: People to whom something came of which their page said nothing.
        mails: E-mails to those who gave an address only at the last step.
        whole: E-mails that enclose a sheet to print and an entry for a calendar.
        kept: People who can download both from their last page.
    """

    empty: int
    unkept: int
    untold: int
    mails: int
    whole: int
    kept: int


def old() -> End:
    """The page says that the confirmation is on its way by e-mail, to everybody."""
    reached = set(AT_REGISTRATION)
    return End(PEOPLE - len(reached), unkept=PEOPLE - len(reached), untold=0, mails=0, whole=0, kept=0)


def ours() -> End:
    """The page names the ways by which the confirmation comes, and those it does come by."""
    end = End(0, 0, 0, 0, 0, 0)
    with open_town(confirmation="typst:") as town:
        site = town.system.site("north")
        site.publish(calendars(PEOPLE))
        site.open()
        crowd = [citizen(number) for number in range(1, PEOPLE + 1)]
        for number, each in enumerate(crowd, start=1):
            town.register(each, email=_address(each) if number in AT_REGISTRATION else None)
        site.release()
        for number, each in enumerate(crowd, start=1):
            end = _reserve(town, each, end, _address(each) if number in AT_CONFIRMATION else None)
    return end


def _address(each: Citizen) -> str:
    return f"citizen{each.phone[-4:]}@example.org"


def _reserve(town: Town, each: Citizen, end: End, email: str | None) -> End:
    """Steps 5 to 8, then whether what the page promises is what comes."""
    entry = town.enter(each)
    town.desk.reserve(entry, town.desk.offers(entry).offers[0], email=email)
    before = len(town.post.texts(each.phone))
    promised = _promised(town, entry)
    town.system.operations.dispatch()
    came = {"sms"} if len(town.post.texts(each.phone)) > before else set()
    came |= {"email"} if town.post.texts(_address(each)) else set()
    return evolve(
        end,
        empty=end.empty + (not came),
        unkept=end.unkept + (not promised <= came),
        untold=end.untold + (not came <= promised),
        mails=end.mails + (email is not None and "email" in came),
        whole=end.whole + _both(town.post.enclosed(_address(each))),
        kept=end.kept + _both(town.desk.confirmation(entry).documents),
    )


def _both(documents: Iterable[Document]) -> bool:
    """Whether these are a sheet and a calendar entry."""
    return {document.content[:4] for document in documents} == {b"%PDF", b"BEGI"}


def _promised(town: Town, entry: crs.Entry) -> set[str]:
    """The ways that the last page names."""
    return {channel.value for channel in town.desk.confirmation(entry, documents=False).channels}


def story(_end: End) -> Iterator[str]:
    """What the page says to somebody with an address, and to somebody without."""
    with open_town(confirmation="typst:") as town:
        site = town.system.site("north")
        site.publish(calendars(PEOPLE))
        site.open()
        for number, email in ((1, None), (2, "citizen0002@example.org")):
            each = citizen(number)
            town.register(each, email=email)
            site.release()
            entry = town.enter(each)
            town.desk.reserve(entry, town.desk.offers(entry).offers[0])
            given = "without" if email is None else "with"
            yield f"Somebody {given} an address reads: “{town.desk.confirmation(entry, documents=False).comes}”"


INCIDENT = Incident(
    number="I6",
    title="The confirmation e-mail did not come",
    history=(
        f"{PEOPLE} people reserve. {len(AT_REGISTRATION)} gave an address when they registered, {len(AT_CONFIRMATION)} "
        "give one at the last step, the others give none, as it is optional."
    ),
    old_way="the confirmation goes to the address of the registration, and every page says that it was sent.",
    our_way=(
        "a short message always, an e-mail where an address was given at either step; the page says which of them will "
        "come, and offers the sheet for download."
    ),
    old=old,
    ours=ours,
    rules=(
        Rule(text="people with nothing that says when and where", figure=lambda end: end.empty, most=0),
        Rule(text="people whose page promised what did not come", figure=lambda end: end.unkept, most=0),
        Rule(text="people to whom came what their page did not say", figure=lambda end: end.untold, most=0),
        Rule(
            text=f"e-mails to {len(AT_CONFIRMATION)} who gave an address at the last step",
            figure=lambda end: end.mails,
            least=len(AT_CONFIRMATION),
        ),
        Rule(
            text=f"of {ADDRESSED} e-mails, with a sheet and a calendar entry",
            figure=lambda end: end.whole,
            least=ADDRESSED,
        ),
        Rule(text=f"of {PEOPLE} people, can download both", figure=lambda end: end.kept, least=PEOPLE),
    ),
    story=story,
)

if __name__ == "__main__":
    sys.exit(play(INCIDENT))
