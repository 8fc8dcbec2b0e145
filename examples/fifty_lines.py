"""The eight steps in one file: every page is a form, and what it must remember is a signed text in a hidden field."""

from datetime import date
from html import escape
from threading import Thread
from time import sleep
from typing import Annotated

import pendulum
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse as Page

import crs_core as crs

system = crs.open_system(crs.example_campaign(), keys={"first": b"an invented key of 32 bytes ...."})
desk, operations, site = system.citizen, system.operations, system.site("north")
tomorrow = pendulum.tomorrow(system.campaign.zone).date()
days = {"V1": tomorrow, "V2": tomorrow.add(days=21)}
site.publish([crs.Calendar(name, "comirnaty", int(name[1]), crs.even_slots(day, 8)) for name, day in days.items()])
site.open()

app = FastAPI()
Text = Annotated[str, Form()]
Day = Annotated[date, Form()]


def page(title: str, action: str, *fields: str, buttons: str = "<button>Go on</button>", **hidden: str) -> Page:
    """A title and a form: its fields, what the next page needs, and how to go on."""
    kept = [f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in hidden.items()]
    asked = [f'<p><label>{name} <input name="{name}"></label></p>' for name in fields]
    form = f'<form method="post" action="/{action}">{"".join(kept + asked)}{buttons}</form>'
    return Page(f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{form}')


@app.get("/")
def phone() -> Page:
    """Step 1: a phone number."""
    return page("Your phone", "pin", "phone")


@app.post("/pin")
def pin(phone: Text, request: Request) -> Page:
    """Step 2: the control PIN, as it comes."""
    sent = desk.request_control_pin(phone, source=request.client.host, language="en")
    return page("The PIN from the message", "details", "pin", handle=sent.handle)


@app.post("/details")
def details(handle: Text, pin: Text) -> Page:
    """Step 3: who is to be vaccinated."""
    proof = desk.verify_phone(handle, pin)
    return page("About you", "saved", "first_name", "last_name", "insured_number", "birth_date", proof=proof)


@app.post("/saved")
def saved(proof: Text, first_name: Text, last_name: Text, insured_number: Text, birth_date: Day) -> Page:
    """Steps 4 and 5: the registration is saved, and PIN2 opens it."""
    desk.register(proof, crs.Application(insured_number, first_name, last_name, birth_date, "north", "en"))
    return page("Saved. When it is your turn, PIN2 comes", "times", "insured_number", "pin2")


@app.post("/times")
def times(insured_number: Text, pin2: Text, request: Request) -> Page:
    """Steps 6 and 7: both doses, at the site of the registration."""
    entry = desk.enter(insured_number, pin2, source=request.client.host)
    found = [(offer.token, ", ".join(map(str, offer.doses))) for offer in desk.offers(entry).offers]
    buttons = "".join(f'<p><button name="offer" value="{token}">{doses}</button></p>' for token, doses in found)
    return page("Choose a time", "reserved", buttons=buttons, entry=entry)


@app.post("/reserved")
def reserved(entry: Text, offer: Text) -> Page:
    """Step 8: both doses are reserved, or neither is."""
    doses = ", ".join(str(dose.day) for dose in desk.reserve(entry, offer).doses)
    return Page(f"<h1>Reserved: {doses}</h1>")


@app.exception_handler(crs.CrsError)
def refused(_request: Request, refusal: crs.CrsError) -> Page:
    """Whatever crs refuses, it says in words for a citizen."""
    return Page(f"<p>{escape(crs.refusal_text(refusal, 'en'))}</p>", 400)


def rounds() -> None:
    """Invites, sends and minds terms, once a second."""
    while True:
        for each in (operations.release_all, operations.dispatch, operations.tick):
            each()
        sleep(1)


Thread(target=rounds, daemon=True).start()
