"""The calendar check: every fault with its days, numbers and remedy; what blocks the opening and what only warns."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pendulum
import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

import crs_core as crs
from crs_core.domain import calendar_check, finding_texts
from crs_core.domain.campaign import CalendarCheckRule, Campaign, Interval, Product, StockRule
from crs_core.domain.findings import Finding, Severity, Span
from crs_core.domain.ledger import Account, AccountKind, Balance, SiteDays
from crs_core.domain.pairing import Supply
from crs_core.domain.rules import Dated, always
from crs_core.domain.sites import CalendarHead, DeliveryNote, Site, supplies
from crs_core.domain.time import Day, Instant, add_days
from tests.pairing_oracles import by_milp
from tests.systems import OpenTown

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "calendar-findings.md"
NOW = pendulum.datetime(2021, 1, 15, 8)
TODAY = date(2021, 1, 15)
CHANGE = pendulum.datetime(2021, 3, 1)
PRODUCTS = (
    Product("comirnaty", 2, Dated(((NOW, Interval(21, 28)), (CHANGE, Interval(38, 42))))),
    Product("janssen", 1),
    Product("moderna", 2, always(Interval(28, 28))),
    Product("novavax", 3, always(Interval(21, 24))),
)
DOSES = {product.name: product.doses for product in PRODUCTS}


def rules(share: float = 0.2, stock: StockRule = StockRule.IGNORED) -> Campaign:
    return evolve(
        crs.example_campaign(),
        products=PRODUCTS,
        calendar_check=always(CalendarCheckRule(share)),
        stock=always(stock),
    )


@frozen
class Shelf:
    """Calendars by name: product, dose, seats by day, and how many of them are taken; deliveries by day."""

    calendars: Mapping[str, tuple[str, int, Mapping[Day, int]]]
    taken: Mapping[tuple[str, Day], int] = {}
    deliveries: Mapping[tuple[str, Day], int] = {}

    def free(self, name: str) -> dict[Day, int]:
        return {day: seats - self.taken.get((name, day), 0) for day, seats in self.calendars[name][2].items()}

    def findings(self, campaign: Campaign | None = None, now: Instant = NOW) -> tuple[Finding, ...]:
        campaign = campaign or rules()
        heads = tuple(CalendarHead(name, *of[:2]) for name, of in sorted(self.calendars.items()))
        notes = [
            DeliveryNote(f"{product} {day}", product, day, number, number)
            for (product, day), number in self.deliveries.items()
        ]
        site = Site("north", calendars=heads, deliveries=tuple(notes))
        doses = {note.id: {note.day: note.doses} for note in notes}
        days = SiteDays("north", {name: self.free(name) for name in self.calendars}, doses, {})
        return calendar_check.check(site, supplies(site, days, campaign, now), self.published(), campaign, now)

    def published(self) -> calendar_check.Seats:
        return calendar_check.published_seats(
            (
                Account("north", AccountKind.DAY, name, day),
                Balance(free=self.free(name)[day], reserved=self.taken.get((name, day), 0)),
            )
            for name, (_, _, seats) in self.calendars.items()
            for day in seats
        )


def days(first: int, last: int, seats: int) -> dict[Day, int]:
    """So many seats on every day from so many days after today on."""
    return {add_days(TODAY, after): seats for after in range(first, last + 1)}


def pair(first: Mapping[Day, int], second: Mapping[Day, int]) -> dict[str, tuple[str, int, Mapping[Day, int]]]:
    return {"V1": ("comirnaty", 1, first), "V2": ("comirnaty", 2, second)}


def test_calendars_that_fit_have_no_findings() -> None:
    assert Shelf(pair(days(0, 9, 5), days(21, 30, 5))).findings() == ()
    assert Shelf({"V1": ("janssen", 1, days(0, 9, 5))}).findings() == ()


SHORT = Shelf(pair(days(0, 4, 10) | days(5, 9, 4), days(21, 28, 5) | days(29, 40, 5)))
BROKEN: Mapping[str, Shelf] = {
    "no_calendar": Shelf({}),
    "no_dose_calendar": Shelf({"V1": ("comirnaty", 1, days(0, 4, 10))}),
    "wrong_product": Shelf({"V1": ("comirnaty", 1, days(0, 4, 10)), "V2": ("moderna", 2, days(21, 28, 10))}),
    "no_seats": Shelf(pair(days(0, 4, 10), {})),
    "seats_past": Shelf(pair(days(0, 4, 10), days(-9, -1, 10))),
    "out_of_reach": Shelf(pair(days(0, 4, 10), days(10, 20, 10))),
}
CZECH = {
    "no_dose_calendar": (
        (
            "comirnaty: chybí kalendář pro 2. dávku. Žádné z volných míst na 1. dávku (od 15. 1. 2021 do 19. 1. 2021, "
            "celkem 50) nelze dokončit."
        ),
        "Zveřejněte kalendář pro 2. dávku: 50 míst na 2. dávku od 9. 2. 2021 do 12. 2. 2021.",
    ),
    "wrong_product": (
        (
            "comirnaty: chybí kalendář pro 2. dávku, zato V2 nabízí 2. dávku látky moderna, která tu nemá 1. dávky. "
            "Žádné z volných míst na 1. dávku (od 15. 1. 2021 do 19. 1. 2021, celkem 50) nelze dokončit."
        ),
        (
            "Patří-li V2 k látce comirnaty, zveřejněte jej s ní; jinak zveřejněte další kalendář: 50 míst na 2. dávku "
            "od 9. 2. 2021 do 12. 2. 2021."
        ),
    ),
}
ENGLISH = {
    "no_calendar": ("The site has no calendar.", "Publish a calendar for every dose."),
    "seats_past": (
        "comirnaty: all seats of V2 (dose 2) are in the past, from 2021-01-06 to 2021-01-14.",
        "Publish seats from today on: 50 seats of dose 2 from 2021-02-09 to 2021-02-12.",
    ),
    "no_seats": (
        "comirnaty: V2 (dose 2) has no seats.",
        "Publish its seats: 50 seats of dose 2 from 2021-02-09 to 2021-02-12.",
    ),
    "out_of_reach": (
        (
            "comirnaty: no seat of V2 (dose 2) lies 21 to 28 days after the dose before. None of 50 free first doses "
            "from 2021-01-15 to 2021-01-19 can be completed."
        ),
        "Publish seats of dose 2 at that distance: 50 seats of dose 2 from 2021-02-09 to 2021-02-12.",
    ),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_structural_fault_blocks_with_days_numbers_and_remedy(code: str) -> None:
    """Whatever share of stranded seats the campaign allows."""
    [finding] = BROKEN[code].findings(rules(share=1.0))

    assert (finding.code, finding.severity) == (code, Severity.BLOCKS)
    assert finding.stranded == finding.seats == (0 if code == "no_calendar" else 50)
    assert sum(remedy.number for remedy in finding.remedies) == finding.stranded
    for language, expected in (("cs", CZECH), ("en", ENGLISH)):
        if code in expected:
            assert (finding.text(language), finding.advice(language)) == expected[code]


@pytest.mark.parametrize("code", [code for code in BROKEN if code not in {"no_calendar", "wrong_product"}])
def test_the_remedy_mends_a_structural_fault(code: str) -> None:
    [finding] = BROKEN[code].findings()
    more = {remedy.first_day: remedy.number for remedy in finding.remedies}

    mended = evolve(BROKEN[code], calendars={**BROKEN[code].calendars, "V2b": ("comirnaty", 2, more)})

    assert mended.findings() == ()


def test_stranded_seats_name_days_numbers_and_the_limit() -> None:
    """74 first doses, of which the first five days have 50 and reach but 60 - …: here 20 are too many."""
    shelf = Shelf(pair(days(0, 1, 30) | days(20, 21, 7), days(21, 29, 4) | days(41, 49, 9)))
    [finding] = shelf.findings()

    assert (finding.code, finding.severity, finding.calendars) == ("stranded_seats", Severity.BLOCKS, ("V2",))
    assert (finding.first_day, finding.last_day) == (date(2021, 1, 15), date(2021, 1, 16))
    assert (finding.seats, finding.stranded) == (60, 24)
    assert finding.reach == (Span(2, date(2021, 2, 5), date(2021, 2, 13), 36),)
    assert finding.share == (24 / 74, 0.2)
    assert finding.text() == (
        "comirnaty: 24 of 60 free first doses from 2021-01-15 to 2021-01-16 cannot be completed. Only 36 seats of dose "
        "2 from 2021-02-05 to 2021-02-13 can be reached from them. Stranded in all: 32.4% of the product's first "
        "doses; the campaign's limit is 20.0%."
    )
    assert finding.advice() == (
        "Add 24 seats of dose 2 from 2021-02-05 to 2021-02-12, or take as many first doses out."
    )
    assert finding.text("cs") == (
        "comirnaty: od 15. 1. 2021 do 16. 1. 2021 zůstane bez další dávky míst na 1. dávku: 24 z 60. V dosahu je jen "
        "36 míst na 2. dávku od 5. 2. 2021 do 13. 2. 2021. Celkem nelze dokončit 32,4 % míst na 1. dávku této látky; "
        "mez kampaně je 20,0 %."
    )


@pytest.mark.parametrize(("second", "severity"), [(16, Severity.WARNS), (15, Severity.BLOCKS)])
def test_more_than_the_share_allowed_blocks_and_as_much_as_that_warns(second: int, severity: Severity) -> None:
    """4 of 20 are a fifth; 5 are more. The limit is a dated rule."""
    shelf = Shelf(pair(days(0, 0, 20), days(21, 21, second)))
    [finding] = shelf.findings(rules(share=0.2))
    [later] = shelf.findings(
        evolve(rules(), calendar_check=Dated(((NOW, CalendarCheckRule(1.0)), (CHANGE, CalendarCheckRule(0.0)))))
    )

    assert finding.severity is severity
    assert later.severity is Severity.WARNS


def test_the_share_is_of_all_first_doses_so_a_well_booked_site_may_open_again() -> None:
    """19 of 20 first doses are taken with their second ones; the last has none left, and none is published for it."""
    day, after = add_days(TODAY, 0), add_days(TODAY, 21)
    shelf = Shelf(pair({day: 20}, {after: 19}), taken={("V1", day): 19, ("V2", after): 19})
    [finding] = shelf.findings()

    assert (finding.code, finding.severity, finding.stranded) == ("stranded_seats", Severity.WARNS, 1)
    assert finding.reach == (Span(2, date(2021, 2, 5), date(2021, 2, 12), 0),)


def test_an_empty_window_is_told_from_one_that_is_booked() -> None:
    shelf = Shelf(pair(days(0, 0, 3) | days(40, 40, 30), days(61, 61, 30)))
    [finding] = shelf.findings()

    assert (finding.code, finding.dose, finding.stranded) == ("empty_window", 2, 3)
    assert finding.severity is Severity.WARNS
    assert "For dose 2 nothing was published from 2021-02-05 to 2021-02-12." in finding.text()
    assert "Pro 2. dávku nebylo zveřejněno nic od 5. 2. 2021 do 12. 2. 2021." in finding.text("cs")


def test_three_doses_name_the_dose_that_is_short() -> None:
    chain = {"V1": ("novavax", 1, days(0, 0, 9)), "V2": ("novavax", 2, days(21, 21, 9))}
    [finding] = Shelf({**chain, "V3": ("novavax", 3, days(42, 42, 8))}).findings()
    [missing] = Shelf(chain).findings()

    assert (finding.code, finding.dose, finding.stranded, finding.calendars) == ("stranded_seats", 3, 1, ("V3",))
    assert finding.advice() == ("Add 1 seat of dose 3 from 2021-02-26 to 2021-03-01, or take as many first doses out.")
    assert (missing.code, missing.dose, missing.stranded) == ("no_dose_calendar", 3, 9)


def test_missing_vaccine_warns_with_the_day_and_the_doses() -> None:
    """Ten people, of whom three can be done with the seven doses that come."""
    shelf = Shelf(pair(days(0, 0, 10), days(21, 21, 10)), deliveries={("comirnaty", TODAY): 7})
    [finding] = shelf.findings(rules(stock=StockRule.RECEIVED))

    assert shelf.findings() == ()
    assert (finding.code, finding.severity, finding.stranded) == ("doses_short", Severity.WARNS, 7)
    assert finding.text() == (
        "comirnaty: the vaccine runs out on 2021-01-15. People who have seats for all their doses, but no vaccine: 7."
    )
    assert finding.advice() == "Have delivered: 3 doses by 2021-01-15, 10 doses by 2021-02-05."
    assert finding.advice("cs") == "Zajistěte dodání: 3 dávky do 15. 1. 2021, 10 dávek do 5. 2. 2021."


def test_a_product_no_longer_begun_only_warns_unless_nothing_else_is() -> None:
    """Seats that are past, or second doses alone, are what is left of a product that was replaced."""
    old = {"V1": ("moderna", 1, days(-9, -5, 4)), "V2": ("moderna", 2, days(10, 20, 4))}
    second = {"V2": ("moderna", 2, days(10, 20, 4))}
    new = {"W1": ("janssen", 1, days(0, 5, 4))}

    for calendars, code in ((old, "seats_past"), (second, "no_first_dose"), ({"V1": ("janssen", 1, {})}, "no_seats")):
        [alone] = Shelf(calendars).findings()
        assert (alone.code, alone.severity) == (code, Severity.BLOCKS)
    for calendars, code in ((old, "seats_past"), (second, "no_first_dose")):
        [beside] = Shelf({**calendars, **new}).findings()
        assert (beside.code, beside.severity, beside.stranded) == (code, Severity.WARNS, 0)


def test_a_long_remedy_is_cut_short_and_added_up() -> None:
    """All of it stands in `remedies`."""
    apart = {add_days(TODAY, after): 2 for after in range(0, 75, 15)}
    [finding] = Shelf({"V1": ("comirnaty", 1, apart)}).findings()

    assert len(finding.remedies) == 5
    assert finding.advice().endswith("and so on, 10 in all by 2021-04-13.")
    assert finding.advice("cs").endswith("a tak dále, celkem 10 do 13. 4. 2021.")


def test_the_interval_in_force_now_is_the_one_that_counts() -> None:
    """From 1 March it is 38 to 42 days: what was linked before is out of reach after it."""
    shelf = Shelf(pair(days(50, 52, 5), days(71, 73, 5)))

    assert shelf.findings(now=CHANGE.subtract(seconds=1)) == ()
    assert [finding.code for finding in shelf.findings(now=CHANGE)] == ["out_of_reach"]


_NOWS = st.sampled_from(
    [
        pendulum.datetime(2021, 3, 27, 22, 30),  # the 27th in Prague; the clocks go forward that night
        pendulum.datetime(2021, 3, 27, 23, 30),  # the 28th in Prague
        pendulum.datetime(2021, 10, 30, 22, 30),  # the 31st in Prague; the clocks go back
        pendulum.datetime(2021, 2, 28, 22, 59),
        pendulum.datetime(2021, 2, 28, 23, 0),
    ]
)


@st.composite
def shelves(draw: st.DrawFn, today: Day) -> Shelf:
    """Calendars of any product and dose around today, some seats taken; they may lack a dose or be out of reach."""
    calendars: dict[str, tuple[str, int, Mapping[Day, int]]] = {}
    taken: dict[tuple[str, Day], int] = {}
    for product, doses in DOSES.items():
        for dose in range(1, doses + 1):
            if draw(st.integers(0, 3)) == 0:
                continue
            after = st.integers(-2 + 25 * (dose - 1), 8 + 30 * (dose - 1))
            seats = draw(st.dictionaries(after.map(lambda more: add_days(today, more)), st.integers(0, 4), max_size=5))
            name = f"{product} {dose}"
            calendars[name] = product, dose, seats
            taken |= {(name, day): draw(st.integers(0, number)) for day, number in seats.items() if draw(st.booleans())}
    arrivals = st.dictionaries(
        st.tuples(st.sampled_from(sorted(DOSES)), st.integers(-5, 40).map(lambda more: add_days(today, more))),
        st.integers(0, 9),
        max_size=6,
    )
    return Shelf(calendars, taken, draw(arrivals))


@given(data=st.data(), now=_NOWS, stock=st.sampled_from(StockRule))
def test_findings_account_for_every_first_dose_that_cannot_be_used(
    data: st.DataObject, now: Instant, stock: StockRule
) -> None:
    """Over all findings of a product, stranded seats are those that the integer programme cannot use."""
    today = now.in_timezone("Europe/Prague").date()
    shelf = data.draw(shelves(today))
    findings = shelf.findings(rules(stock=stock), now)

    for product in PRODUCTS:
        seats: list[dict[int, int]] = [{} for _ in range(product.doses)]
        for name, (of, dose, _) in shelf.calendars.items():
            if of == product.name:
                ahead = {day.toordinal(): free for day, free in shelf.free(name).items() if day >= today}
                seats[dose - 1] |= ahead
        came = {day.toordinal(): number for (of, day), number in shelf.deliveries.items() if of == product.name}
        interval = None if product.interval is None else product.interval.at(now)
        people = by_milp(Supply(seats, interval, None if stock is StockRule.IGNORED else came))
        mine = [finding for finding in findings if finding.product == product.name]
        assert sum(finding.stranded for finding in mine) == sum(seats[0].values()) - people
        assert all(finding.text(language) and finding.advice(language) for finding in mine for language in ("cs", "en"))


def test_every_code_has_texts_in_every_language_and_stands_in_the_reference() -> None:
    reference = REFERENCE.read_text(encoding="utf-8")
    for language in finding_texts.LANGUAGES:
        assert finding_texts._TEXTS[language].keys() == finding_texts._ADVICE[language].keys() == finding_texts.CODES
    for code in finding_texts.CODES:
        assert f"`{code}`" in reference, code


def published(shelf: Shelf) -> Sequence[crs.Calendar]:
    return [
        crs.Calendar(
            name, product, dose, [slot for day, number in seats.items() for slot in crs.even_slots(day, number)]
        )
        for name, (product, dose, seats) in shelf.calendars.items()
    ]


def test_a_site_opens_only_when_its_calendars_deserve_it(open_town: OpenTown, storage_url: str) -> None:
    """The refusal says day, number and remedy; who follows the advice may open."""
    town = open_town(storage_url, start=NOW.subtract(hours=3), furnished=False)  # before the first time of the day
    site = town.system.site("north")
    site.publish(published(BROKEN["out_of_reach"]))

    with pytest.raises(crs.Refused, match="calendars_not_ready") as refusal:
        site.open()

    [finding] = site.check_calendars()
    assert refusal.value.message == f"site=north: {finding.text()}"
    assert refusal.value.remedy == finding.advice()
    assert refusal.value.facts["finding"] == "out_of_reach"
    assert (refusal.value.facts["first_day"], refusal.value.facts["stranded"]) == ("2021-01-15", 50)
    assert town.desk.sites() == ()

    [remedy] = finding.remedies
    site.publish([crs.Calendar("V2b", "comirnaty", 2, crs.even_slots(remedy.last_day, remedy.number))])
    site.open()

    assert site.check_calendars() == ()
    assert [each.id for each in town.desk.sites()] == ["north"]
