"""What any portal of forms needs, whatever it is for: a form read, a template filled in, a refusal shown as a page."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException as Astray

import crs_core as crs

from .environment import TEXTS, environment

__all__ = ["Page", "install", "page_of"]

OPEN = frozenset({"start", "phone", "enter", "remind"})
CHANGES = frozenset({"newtime", "newname", "newbirth", "newemail", "newlanguage", "newsite", "newphone", "dispute"})
FORMS = OPEN | {"pin", "register", "site", "confirm"} | CHANGES
STATUS: Mapping[type, int] = {
    crs.TooManyAttempts: 429,
    crs.Refused: 409,
    crs.InvalidInput: 400,
    crs.NotFound: 404,
    crs.CrsError: 503,
}
STATUS_OF_CODE = {
    "token_invalid": 400,
    "token_expired": 400,
    "wrong_pin": 403,
    "wrong_pin2": 403,
    "not_eligible": 403,
    "unexpected": 500,
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Page:
    """One request and the answer to it.

    Attributes:
        language: One of the campaign's, from the address.
        source: Where the request comes from, for the budgets of crs.
        doses: When the chosen doses are: local times in ISO 8601, as the page before showed them.
        error: The refusal to show, or None.
    """

    def __init__(
        self, request: Request, language: str, form: Mapping[str, str] | None = None, doses: tuple[str, ...] = ()
    ) -> None:
        self.request = request
        self.language = language
        self.source = request.client.host if request.client else ""
        self.doses = doses
        self.error: crs.CrsError | None = None
        self._form = dict(form or {})

    def __getitem__(self, name: str) -> str:
        """What the form holds; a field that it lacks reads as empty."""
        return self._form.get(name, "")

    def __setitem__(self, name: str, value: str) -> None:
        self._form[name] = value

    @property
    def name(self) -> str:
        """Which page of the portal the address names."""
        return self.request.url.path.split("/")[2]

    def fill(self, known: Mapping[str, str]) -> None:
        """Puts what is known into those fields that nobody has typed into yet."""
        self._form = {**known, **self._form}

    def day(self) -> date | None:
        """The day chosen, if one was."""
        return _date(self["day"])

    def number(self) -> int:
        """The number of the dose to move; 0, which crs refuses, where the form has none."""
        return int(self["number"]) if self["number"] in {"1", "2", "3"} else 0

    def birth_date(self) -> date:
        """The day of birth; one that no calendar has becomes a day that crs refuses, beside all other faults."""
        return _date(f"{self['birth_year']}-{self['birth_month']:0>2}-{self['birth_day']:0>2}") or date.max

    def show(self, name: str, *, status: int = 200, **more: object) -> Response:
        """The answer: a template, filled in with what is known."""
        known: dict[str, object] = {"page": self, "name": name, "language": self.language, "t": TEXTS[self.language]}
        headers = HEADERS
        if self.error is not None:
            status = status_of(self.error)
            headers = HEADERS | retry_after(self.error)
        templates: Jinja2Templates = self.request.app.state.templates
        return templates.TemplateResponse(self.request, f"{name}.html", known | more, status, headers)

    def give(self, confirmation: crs.Confirmation, ending: str) -> Response:
        """The answer: a file to keep; the reservation's page where there is none."""
        for each in confirmation.documents:
            if each.name.endswith(ending):
                headers = HEADERS | {"Content-Disposition": f'attachment; filename="{each.name}"'}
                return Response(each.content, 200, headers, each.media_type)
        raise HTTPException(404)

    @property
    def message(self) -> str:
        """What the refusal says to a citizen; nothing of the machine room."""
        if self.error is None:
            return ""
        if isinstance(self.error, crs.AdapterFault):
            return str(TEXTS[self.language]["unavailable"])
        if self.error.code == "unknown_site" and not self["site"]:
            return str(TEXTS[self.language]["site_hint"])
        return crs.refusal_text(self.error, self.language)

    @property
    def faults(self) -> tuple[str, ...]:
        """The fields that the refusal is about."""
        if self.error is not None and self.error.code == "unknown_site":
            return ("site",)
        problems = self.error.problems if isinstance(self.error, crs.InvalidInput) else ()
        return tuple(dict.fromkeys(problem.place for problem in problems))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def status_of(error: crs.CrsError) -> int:
    """The HTTP status of a refusal."""
    by_class = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return STATUS_OF_CODE.get(error.code, by_class)


def retry_after(error: crs.CrsError) -> dict[str, str]:
    """The header that says in how many seconds trying again makes sense, where it ever does."""
    if error.retry_at is None:
        return {}
    wait = error.retry_at - datetime.now(UTC)
    return {"Retry-After": str(max(1, math.ceil(wait.total_seconds())))}


async def page_of(request: Request, language: str) -> Page:
    """The request as a page, kept where a refusal finds it."""
    if language not in request.app.state.languages:
        raise HTTPException(404)
    async with request.form() as form:
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        doses = tuple(value for value in form.getlist("dose") if isinstance(value, str))
    page = Page(request, language, texts, doses)
    request.state.page = page
    return page


async def home(request: Request) -> Response:
    """The start page, in the first language of the campaign."""
    return RedirectResponse(f"/{request.app.state.languages[0]}/start", 303, HEADERS)


async def show(request: Request, language: str, name: str) -> Response:
    """A page of a form as it stands: for the first time, or once more in another language."""
    if name not in (OPEN if request.method == "GET" else FORMS):
        raise HTTPException(404)
    return (await page_of(request, language)).show(name)


def refused(request: Request, error: Exception) -> Response:
    """A refusal: above its form, with all that was typed; on a page of its own where the form leads no further."""
    page: Page = request.state.page
    page.error = error if isinstance(error, crs.CrsError) else None
    is_form = page.name in FORMS and request.url.path.endswith("/next")
    stuck = isinstance(error, crs.AdapterFault) or page.error is None or page.error.code.startswith("token_")
    return page.show(page.name if is_form and not stuck else "error")


def broken(request: Request, _error: Exception) -> Response:
    """Whatever else goes wrong: the page says so and nothing more; the rest stands in the server's log."""
    page = _blank(request)
    page.error = crs.AdapterFault("unexpected", "")
    return page.show("error")


def astray(request: Request, error: Exception) -> Response:
    """The start page, for an address that is none or that only a form leads to."""
    status = error.status_code if isinstance(error, Astray) else 404
    return _blank(request).show("start", status=status, astray=True)


def _blank(request: Request) -> Page:
    """A page in the language of the address, or else in the first."""
    first = request.url.path.split("/")[1]
    languages: tuple[str, ...] = request.app.state.languages
    return Page(request, first if first in languages else languages[0])


def install(app: FastAPI, desk: crs.CitizenDesk, campaign: crs.Campaign) -> None:
    """Gives an app its desk, its templates, and its pages that need no desk."""
    app.state.desk = desk
    app.state.languages = tuple(each for each in campaign.languages if each in TEXTS)
    app.state.templates = Jinja2Templates(env=environment(desk, campaign))
    pages = APIRouter()
    pages.add_api_route("/", home)
    pages.add_api_route("/{language}/{name}", show, methods=["GET", "POST"])
    app.include_router(pages)
    app.add_exception_handler(crs.CrsError, refused)
    app.add_exception_handler(Astray, astray)
    app.add_exception_handler(Exception, broken)
