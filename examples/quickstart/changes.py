"""What comes after the eight steps, one function each: to move, cancel, correct, object, withdraw."""

from fastapi import APIRouter, Response

import crs_core as crs

from .pages import Page
from .portal import Desk, Form, signpost

__all__ = ["router"]

router = APIRouter(prefix="/{language}")


@router.post("/move")
def move(desk: Desk, page: Form) -> Response:
    """Where one dose may move: on the day asked for, or on the first that has any."""
    offers = desk.move_offers(page["entry"], dose=page.number(), day=page.day())
    if page.error and not offers.offers:
        offers = desk.move_offers(page["entry"], dose=page.number())
    return page.show("move", offers=offers)


@router.post("/newtime/next")
def move_dose(desk: Desk, page: Form) -> Response:
    """One dose moves; or somebody was faster, the old time stays, and what is free now is shown at once."""
    try:
        desk.move_dose(page["entry"], dose=page.number(), offer=page["offer"], idempotency_key=page["key"])
    except crs.Refused as refusal:
        if refusal.code not in {"offer_taken", "offer_strands"} and refusal.facts.get("kind") != "move":
            raise
        page.error = refusal
        return move(desk, page)
    return done(desk, page, "moved")


@router.post("/cancel")
def ask_whether_to_cancel(desk: Desk, page: Form) -> Response:
    """The question before a reservation is given back."""
    return page.show("cancel", journey=desk.journey(page["entry"]))


@router.post("/cancel/next")
def cancel(desk: Desk, page: Form) -> Response:
    """Both doses are given back."""
    desk.cancel(page["entry"], idempotency_key=page["key"])
    return done(desk, page, "cancelled")


@router.post("/change")
def ask_what_to_change(desk: Desk, page: Form) -> Response:
    """What can be changed: each on a page of its own."""
    return page.show("change", journey=desk.journey(page["entry"]))


@router.post("/newname")
@router.post("/newbirth")
@router.post("/newemail")
@router.post("/newlanguage")
def ask_for_detail(desk: Desk, page: Form) -> Response:
    """A detail as it is on record, to be mended."""
    known = desk.details(page["entry"])
    born = known.birth_date
    page.fill({"first_name": known.first_name, "last_name": known.last_name, "email": known.email or ""})
    page.fill({"birth_day": str(born.day), "birth_month": str(born.month), "birth_year": str(born.year)})
    page.fill({"written": known.language})
    return page.show(page.name)


@router.post("/newname/next")
def correct_name(desk: Desk, page: Form) -> Response:
    """Another name."""
    first, last = page["first_name"], page["last_name"]
    desk.correct(page["entry"], first_name=first, last_name=last, idempotency_key=page["key"])
    return done(desk, page, "corrected")


@router.post("/newbirth/next")
def correct_birth_date(desk: Desk, page: Form) -> Response:
    """Another date of birth."""
    desk.correct(page["entry"], birth_date=page.birth_date(), idempotency_key=page["key"])
    return done(desk, page, "corrected")


@router.post("/newemail/next")
def correct_email(desk: Desk, page: Form) -> Response:
    """Another e-mail address, or none."""
    desk.correct(page["entry"], email=page["email"], idempotency_key=page["key"])
    return done(desk, page, "corrected")


@router.post("/newlanguage/next")
def correct_language(desk: Desk, page: Form) -> Response:
    """Another language of messages."""
    desk.correct(page["entry"], language=page["written"], idempotency_key=page["key"])
    return done(desk, page, "corrected")


@router.post("/newsite/next")
def correct_site(desk: Desk, page: Form) -> Response:
    """Another site, while there is no reservation."""
    desk.correct(page["entry"], site_id=page["site"], idempotency_key=page["key"])
    return done(desk, page, "corrected")


@router.post("/newphone/next")
def correct_phone(desk: Desk, page: Form) -> Response:
    """Another phone, proved by steps 1 and 2: it has another PIN2, and nothing is open until that is given."""
    desk.correct(page["entry"], proof=page["proof"], idempotency_key=page["key"])
    page["done"] = "newphone"
    return page.show("enter")


@router.get("/objection")
def object_with_phone(page: Form) -> Response:
    """Somebody registered with the citizen's insured number: steps 1 and 2 first, with the phone that was told."""
    page["why"] = "dispute"
    return page.show("phone")


@router.post("/dispute/next")
def dispute(desk: Desk, page: Form) -> Response:
    """The objection; the answer is the same whatever there is."""
    desk.dispute(page["proof"], page["insured_number"], idempotency_key=page["key"])
    return page.show("disputed")


@router.post("/withdraw")
def ask_whether_to_withdraw(desk: Desk, page: Form) -> Response:
    """The question before a registration ends."""
    return page.show("withdraw", journey=desk.journey(page["entry"]))


@router.post("/withdraw/next")
def withdraw(desk: Desk, page: Form) -> Response:
    """The registration ends, and with it the reservation."""
    desk.withdraw(page["entry"], idempotency_key=page["key"])
    return page.show("withdrawn")


def done(desk: crs.CitizenDesk, page: Page, what: str) -> Response:
    """Where the citizen stands now, and that what they wanted is done."""
    page["done"] = what
    return signpost(desk, page)
