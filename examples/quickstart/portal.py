"""A citizen's portal: the eight steps, one function each.

Handles, proofs, entries and offers are signed by crs and travel in hidden fields: no session, no cookie, no database of
the portal's own. A form also carries a random `key`, so that a button pressed twice acts once.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

import crs_core as crs

from .pages import Page, page_of

__all__ = ["Desk", "Form", "desk_of", "router", "signpost"]

PROVED_FOR = frozenset({"dispute", "newphone"})  # beside a registration
router = APIRouter(prefix="/{language}")


def desk_of(request: Request) -> crs.CitizenDesk:
    """The one thing that the portal was handed."""
    desk: crs.CitizenDesk = request.app.state.desk
    return desk


Desk = Annotated[crs.CitizenDesk, Depends(desk_of)]
Form = Annotated[Page, Depends(page_of)]


@router.post("/phone/next")
def ask_for_pin(desk: Desk, page: Form) -> Response:
    """Step 1: the control PIN goes to the phone; asked for again, it is the same PIN."""
    sent = desk.request_control_pin(
        page["phone"],
        source=page.source,
        language=page.language,
        handle=page["handle"] or None,
        idempotency_key=page["key"],
    )
    page["handle"] = sent.handle
    return page.show("pin", sent=sent)


@router.post("/pin/next")
def prove_phone(desk: Desk, page: Form) -> Response:
    """Step 2: the control PIN proves the phone; what for, the page before knows."""
    page["proof"] = desk.verify_phone(page["handle"], page["pin"], source=page.source, idempotency_key=page["key"])
    return page.show(page["why"] if page["why"] in PROVED_FOR else "register")


@router.post("/register/next")
def register(desk: Desk, page: Form) -> Response:
    """Steps 3 and 4: the registration is saved and shown."""
    application = crs.Application(
        insured_number=page["insured_number"],
        first_name=page["first_name"],
        last_name=page["last_name"],
        birth_date=page.birth_date(),
        site_id=page["site"],
        language=page.language,
        email=page["email"],
    )
    registered = desk.register(page["proof"], application, idempotency_key=page["key"])
    return page.show("registered", registered=registered, application=application)


@router.post("/enter/next")
def enter(desk: Desk, page: Form) -> Response:
    """Step 5: PIN2 opens the registration."""
    page["entry"] = desk.enter(page["insured_number"], page["pin2"], source=page.source)
    return signpost(desk, page)


@router.post("/journey")
def signpost(desk: Desk, page: Form) -> Response:
    """Where the citizen stands, and what comes next."""
    journey = desk.journey(page["entry"])
    confirmation = desk.confirmation(page["entry"], documents=False) if journey.reservation else None
    return page.show("journey", journey=journey, confirmation=confirmation)


@router.post("/sheet")
@router.post("/calendar")
def download(desk: Desk, page: Form) -> Response:
    """The reservation to print, or for a calendar; whoever gave no e-mail address has them from here."""
    return page.give(desk.confirmation(page["entry"]), "pdf" if page.request.url.path.endswith("sheet") else "ics")


@router.post("/times")
def times(desk: Desk, page: Form) -> Response:
    """Steps 6 and 7: both doses, of the day asked for or of the first that has any."""
    journey, site = desk.journey(page["entry"]), page["site"] or None
    offers = desk.offers(page["entry"], site=site, day=page.day())
    if page.error and not offers.offers:
        offers = desk.offers(page["entry"], site=site)
    return page.show("times", offers=offers, journey=journey)


@router.post("/confirm")
def ask_to_confirm(desk: Desk, page: Form) -> Response:
    """The times chosen, once more before they are reserved; and where the confirmation will go."""
    return page.show("confirm", known=desk.details(page["entry"]))


@router.post("/confirm/next")
def reserve(desk: Desk, page: Form) -> Response:
    """Step 8: both doses are reserved; or somebody was faster, and what is free now is shown at once."""
    try:
        desk.reserve(page["entry"], page["offer"], email=page["email"] or None, idempotency_key=page["key"])
    except crs.Refused as refusal:
        if refusal.code not in {"offer_taken", "offer_strands"} and refusal.facts.get("kind") != "offer":
            raise
        page.error = refusal
        return times(desk, page)
    page["done"] = "reserved"
    return signpost(desk, page)


@router.post("/remind/next")
def remind(desk: Desk, page: Form) -> Response:
    """A lost PIN2 is sent once more."""
    reminded = desk.remind_pin(page["insured_number"], source=page.source, idempotency_key=page["key"])
    return page.show("enter", reminded=reminded)
