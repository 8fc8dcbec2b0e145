"""What findings about calendars say to the people of a site, in Czech and English."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from crs_core.domain.time import Day

__all__ = ["CODES", "LANGUAGES", "Span", "advice", "text"]


@frozen
class Span:
    """Seats of a dose from day to day, both included; or, with dose 0, doses of vaccine by the last of them."""

    dose: int
    first_day: Day
    last_day: Day
    number: int


_TEXTS: dict[str, dict[str, str]] = {
    "cs": {
        "no_calendar": "Očkovací místo nemá žádný kalendář.",
        "no_dose_calendar": (
            "{product}: chybí kalendář pro {dose}. dávku. Žádné z volných míst na 1. dávku ({days}, celkem {seats}) "
            "nelze dokončit."
        ),
        "wrong_product": (
            "{product}: chybí kalendář pro {dose}. dávku, zato {calendars} nabízí {dose}. dávku látky {other}, která "
            "tu nemá 1. dávky. Žádné z volných míst na 1. dávku ({days}, celkem {seats}) nelze dokončit."
        ),
        "no_seats": "{product}: {calendars} ({dose}. dávka) nemá žádná místa.",
        "seats_past": "{product}: všechna místa v {calendars} ({dose}. dávka) jsou v minulosti, {days}.",
        "out_of_reach": (
            "{product}: žádné místo v {calendars} ({dose}. dávka) neleží {interval} po předchozí dávce. Žádné z "
            "volných míst na 1. dávku ({days}, celkem {seats}) nelze dokončit."
        ),
        "empty_window": (
            "{product}: {days} zůstane bez další dávky míst na 1. dávku: {stranded} z {seats}. Pro {dose}. dávku "
            "nebylo zveřejněno nic {window}.{limit}"
        ),
        "stranded_seats": (
            "{product}: {days} zůstane bez další dávky míst na 1. dávku: {stranded} z {seats}. V dosahu je jen "
            "{reach}.{limit}"
        ),
        "doses_short": (
            "{product}: vakcína dojde {first}. Lidí, kteří mají místa na všechny dávky, ale ne vakcínu: {stranded}."
        ),
        "no_first_dose": (
            "{product}: {calendars} nabízí {dose}. dávku, ale kalendář pro 1. dávky chybí, takže nelze nikoho pozvat."
        ),
    },
    "en": {
        "no_calendar": "The site has no calendar.",
        "no_dose_calendar": (
            "{product}: there is no calendar for dose {dose}. None of {seats} free first doses {days} can be completed."
        ),
        "wrong_product": (
            "{product}: there is no calendar for dose {dose}, but {calendars} holds dose {dose} of {other}, which "
            "has no first doses here. None of {seats} free first doses {days} can be completed."
        ),
        "no_seats": "{product}: {calendars} (dose {dose}) has no seats.",
        "seats_past": "{product}: all seats of {calendars} (dose {dose}) are in the past, {days}.",
        "out_of_reach": (
            "{product}: no seat of {calendars} (dose {dose}) lies {interval} after the dose before. None of {seats} "
            "free first doses {days} can be completed."
        ),
        "empty_window": (
            "{product}: {stranded} of {seats} free first doses {days} cannot be completed. For dose {dose} nothing "
            "was published {window}.{limit}"
        ),
        "stranded_seats": (
            "{product}: {stranded} of {seats} free first doses {days} cannot be completed. Only {reach} can be "
            "reached from them.{limit}"
        ),
        "doses_short": (
            "{product}: the vaccine runs out on {first}. People who have seats for all their doses, but no vaccine: "
            "{stranded}."
        ),
        "no_first_dose": (
            "{product}: {calendars} holds dose {dose}, but there is no calendar for first doses, so nobody can be "
            "invited to it."
        ),
    },
}

_ADVICE: dict[str, dict[str, str]] = {
    "cs": {
        "no_calendar": "Zveřejněte kalendář pro každou dávku.",
        "no_dose_calendar": "Zveřejněte kalendář pro {dose}. dávku{figures}.",
        "wrong_product": (
            "Patří-li {calendars} k látce {product}, zveřejněte jej s ní; jinak zveřejněte další kalendář{figures}."
        ),
        "no_seats": "Zveřejněte jeho místa{figures}.",
        "seats_past": "Zveřejněte místa ode dneška dál{figures}.",
        "out_of_reach": "Zveřejněte místa na {dose}. dávku v tomto odstupu{figures}.",
        "empty_window": "Přidejte {remedies}, nebo uberte stejný počet míst na 1. dávku.",
        "stranded_seats": "Přidejte {remedies}, nebo uberte stejný počet míst na 1. dávku.",
        "doses_short": "Zajistěte dodání: {remedies}.",
        "no_first_dose": "Zveřejněte kalendář pro 1. dávky, nezbývají-li už jen ty další.",
    },
    "en": {
        "no_calendar": "Publish a calendar for every dose.",
        "no_dose_calendar": "Publish a calendar for dose {dose}{figures}.",
        "wrong_product": (
            "If {calendars} is meant for {product}, publish it as that; otherwise publish another calendar{figures}."
        ),
        "no_seats": "Publish its seats{figures}.",
        "seats_past": "Publish seats from today on{figures}.",
        "out_of_reach": "Publish seats of dose {dose} at that distance{figures}.",
        "empty_window": "Add {remedies}, or take as many first doses out.",
        "stranded_seats": "Add {remedies}, or take as many first doses out.",
        "doses_short": "Have delivered: {remedies}.",
        "no_first_dose": "Publish a calendar for first doses, unless only later ones are left.",
    },
}

LANGUAGES = tuple(sorted(_TEXTS))
CODES = frozenset(_TEXTS["en"])
_SHOWN = 3


def text(language: str, code: str, facts: Mapping[str, Any]) -> str:
    """What is wrong; in English where there are no texts in a language.

    >>> text("cs", "no_calendar", {})
    'Očkovací místo nemá žádný kalendář.'
    """
    return _TEXTS.get(language, _TEXTS["en"])[code].format_map(_shown(language, facts))


def advice(language: str, code: str, facts: Mapping[str, Any]) -> str:
    """What to do about it."""
    return _ADVICE.get(language, _ADVICE["en"])[code].format_map(_shown(language, facts))


def _shown(language: str, facts: Mapping[str, Any]) -> dict[str, object]:
    """The facts of a finding as its texts show them."""
    write = _Czech() if language == "cs" else _English()
    shown: dict[str, object] = dict(facts)
    shown["calendars"] = ", ".join(facts.get("calendars", ()))
    if facts.get("first_day") is not None:
        shown["first"] = write.day(facts["first_day"])
        shown["days"] = write.days(facts["first_day"], facts["last_day"])
    if facts.get("interval") is not None:
        shown["interval"] = write.interval(*facts["interval"])
    reach: Sequence[Span] = facts.get("reach", ())
    shown["reach"] = write.listed(reach)
    shown["window"] = write.days(reach[0].first_day, reach[0].last_day) if reach else ""
    shown["remedies"] = write.listed(facts.get("remedies", ()))
    shown["figures"] = f": {shown['remedies']}" if shown["remedies"] else ""
    shown["limit"] = write.limit(*facts["share"]) if facts.get("share") is not None else ""
    return shown


class _English:
    """Days, numbers and lists in English."""

    more = "{items} and so on, {total} in all by {last}"

    def day(self, day: Day) -> str:
        return day.isoformat()

    def days(self, first: Day, last: Day) -> str:
        return f"on {self.day(first)}" if first == last else f"from {self.day(first)} to {self.day(last)}"

    def interval(self, earliest: int, latest: int) -> str:
        return f"{earliest} days" if earliest == latest else f"{earliest} to {latest} days"

    def span(self, span: Span) -> str:
        if not span.dose:
            return f"{span.number} dose{'s' * (span.number != 1)} by {self.day(span.last_day)}"
        seats = f"{span.number} seat{'s' * (span.number != 1)}"
        return f"{seats} of dose {span.dose} {self.days(span.first_day, span.last_day)}"

    def limit(self, share: float, most: float) -> str:
        return f" Stranded in all: {share:.1%} of the product's first doses; the campaign's limit is {most:.1%}."

    def listed(self, spans: Sequence[Span]) -> str:
        """The first few spans, and what they come to."""
        items = ", ".join(self.span(span) for span in spans[:_SHOWN])
        if len(spans) <= _SHOWN:
            return items
        last = max(span.last_day for span in spans)
        return self.more.format(items=items, total=sum(span.number for span in spans), last=self.day(last))


class _Czech(_English):
    """Days, numbers and lists in Czech."""

    more = "{items} a tak dále, celkem {total} do {last}"

    def day(self, day: Day) -> str:
        return f"{day.day}. {day.month}. {day.year}"

    def days(self, first: Day, last: Day) -> str:
        return f"dne {self.day(first)}" if first == last else f"od {self.day(first)} do {self.day(last)}"

    def interval(self, earliest: int, latest: int) -> str:
        return f"{earliest} dnů" if earliest == latest else f"{earliest} až {latest} dnů"

    def span(self, span: Span) -> str:
        if not span.dose:
            return f"{span.number} {_plural(span.number, 'dávka', 'dávky', 'dávek')} do {self.day(span.last_day)}"
        seats = f"{span.number} {_plural(span.number, 'místo', 'místa', 'míst')}"
        return f"{seats} na {span.dose}. dávku {self.days(span.first_day, span.last_day)}"

    def limit(self, share: float, most: float) -> str:
        stranded, limit = (f"{100 * part:.1f}".replace(".", ",") for part in (share, most))
        return f" Celkem nelze dokončit {stranded} % míst na 1. dávku této látky; mez kampaně je {limit} %."


def _plural(number: int, one: str, few: str, many: str) -> str:
    return one if number == 1 else few if 1 < number < 5 else many  # noqa: PLR2004
