"""What e-mails, documents and pages about a reservation say, in Czech and English; a campaign may replace any text.

Nothing here goes into a short message, so nothing keeps to its alphabet.
"""

from crs_core.domain.time import Day

__all__ = ["TEXTS", "day_facts"]

_WEEKDAYS = {
    "cs": ["pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota", "neděle"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_MONTHS = {
    "cs": [
        *("ledna", "února", "března", "dubna", "května", "června"),
        *("července", "srpna", "září", "října", "listopadu", "prosince"),
    ],
    "en": [
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ],
}

_EMAILS: dict[str, dict[str, str]] = {
    "cs": {
        "reserved_email_subject": "Potvrzení rezervace očkování",
        "reserved_email": (
            "Dobrý den,\n\nVaše očkování je rezervováno.\n\n{doses}\n\nMísto: {site}\n{address}\n\n"
            "Vezměte si s sebou občanský průkaz a kartu pojištěnce.\n{attached}"
        ),
        "moved_email_subject": "Změna termínu očkování",
        "moved_email": (
            "Dobrý den,\n\ntermín Vašeho očkování je změněn. Nově platí:\n\n{doses}\n\nMísto: {site}\n{address}\n\n"
            "Vezměte si s sebou občanský průkaz a kartu pojištěnce.\n{attached}"
        ),
        "replanned_email_subject": "Termín očkování jsme museli změnit",
        "replanned_email": (
            "Dobrý den,\n\ntermín Vašeho očkování jsme museli změnit, omlouváme se. Nově platí:\n\n{doses}\n\n"
            "Místo: {site}\n{address}\n\nNehodí-li se Vám, změňte ho na webu s číslem pojištěnce a PIN2.\n{attached}"
        ),
        "dose_lost_email_subject": "Termín další dávky jsme museli zrušit",
        "dose_lost_email": (
            "Dobrý den,\n\ntermín další dávky jsme museli zrušit, omlouváme se. Nový Vám pošleme v SMS, "
            "nebo si ho vyberte na webu s číslem pojištěnce a PIN2.\n\nMísto: {site}\n{address}\n{attached}"
        ),
        "seat_lost_email_subject": "Rezervaci očkování jsme museli zrušit",
        "seat_lost_email": (
            "Dobrý den,\n\nVaši rezervaci jsme museli zrušit, omlouváme se. Pořadí Vám zůstává; novou pozvánku "
            "pošleme v SMS.\n\nMísto: {site}\n{address}\n{attached}"
        ),
        "cancelled_email_subject": "Rezervace očkování je zrušena",
        "cancelled_email": "Dobrý den,\n\nVaše rezervace očkování je zrušena.\n\nMísto: {site}\n{address}\n{attached}",
        "dose_email": "{number}. dávka: {weekday} {day}. {month_name} {year} v {time}",
        "attached": "\nV příloze je potvrzení k vytištění a zápis do kalendáře.",
        "attached_calendar": "\nV příloze je zápis do kalendáře; otevřete-li ho, Váš kalendář se opraví.",
    },
    "en": {
        "reserved_email_subject": "Your vaccination is reserved",
        "reserved_email": (
            "Good day,\n\nyour vaccination is reserved.\n\n{doses}\n\nSite: {site}\n{address}\n\n"
            "Bring an identity card and your insurance card.\n{attached}"
        ),
        "moved_email_subject": "The time of your vaccination has changed",
        "moved_email": (
            "Good day,\n\nthe time of your vaccination has changed. It is now:\n\n{doses}\n\n"
            "Site: {site}\n{address}\n\nBring an identity card and your insurance card.\n{attached}"
        ),
        "replanned_email_subject": "We had to change the time of your vaccination",
        "replanned_email": (
            "Good day,\n\nwe had to change the time of your vaccination, we are sorry. It is now:\n\n{doses}\n\n"
            "Site: {site}\n{address}\n\nIf it does not suit you, change it on the web with your insured number and "
            "PIN2.\n{attached}"
        ),
        "dose_lost_email_subject": "We had to cancel the time of your next dose",
        "dose_lost_email": (
            "Good day,\n\nwe had to cancel the time of your next dose, we are sorry. A new one comes by SMS, or choose "
            "it on the web with your insured number and PIN2.\n\nSite: {site}\n{address}\n{attached}"
        ),
        "seat_lost_email_subject": "We had to cancel your reservation",
        "seat_lost_email": (
            "Good day,\n\nwe had to cancel your reservation, we are sorry. Your place in the queue stays; the next "
            "invitation comes by SMS.\n\nSite: {site}\n{address}\n{attached}"
        ),
        "cancelled_email_subject": "Your reservation is cancelled",
        "cancelled_email": "Good day,\n\nyour reservation is cancelled.\n\nSite: {site}\n{address}\n{attached}",
        "dose_email": "Dose {number}: {weekday} {day} {month_name} {year} at {time}",
        "attached": "\nEnclosed: a confirmation to print and an entry for your calendar.",
        "attached_calendar": "\nEnclosed: an entry for your calendar; open it, and your calendar is put right.",
    },
}

_WORDS: dict[str, dict[str, str]] = {
    "cs": {
        "confirmation_title": "Potvrzení rezervace očkování",
        "confirmation_name": "Jméno",
        "confirmation_dose": "{number}. dávka",
        "confirmation_day": "{weekday} {day}. {month_name} {year}",
        "confirmation_time": "v {time}",
        "confirmation_given": "už podána",
        "confirmation_missed": "zmeškána",
        "confirmation_lost": "nový termín Vám pošleme v SMS",
        "confirmation_site": "Kde",
        "confirmation_bring": "Vezměte si s sebou občanský průkaz a kartu pojištěnce.",
        "confirmation_change": "Termín změníte nebo zrušíte na webu, s číslem pojištěnce a PIN2.",
        "confirmation_code": "Ukažte na místě",
        "confirmation_code_alt": "QR kód rezervace {reservation}",
        "confirmation_issued": "Stav ke dni {day}. {month_name} {year}, {time}",
        "calendar_summary": "Očkování, {number}. dávka",
        "comes_sms": "Potvrzení Vám přijde v SMS.",
        "comes_email": "Potvrzení Vám přijde v SMS a e-mailem.",
        "comes_page": "Můžete si ho i stáhnout a vytisknout.",
    },
    "en": {
        "confirmation_title": "Confirmation of your vaccination",
        "confirmation_name": "Name",
        "confirmation_dose": "Dose {number}",
        "confirmation_day": "{weekday} {day} {month_name} {year}",
        "confirmation_time": "at {time}",
        "confirmation_given": "given",
        "confirmation_missed": "missed",
        "confirmation_lost": "a new time comes by SMS",
        "confirmation_site": "Where",
        "confirmation_bring": "Bring an identity card and your insurance card.",
        "confirmation_change": "Change or cancel your time on the web, with your insured number and PIN2.",
        "confirmation_code": "Show this at the site",
        "confirmation_code_alt": "QR code of the reservation {reservation}",
        "confirmation_issued": "As of {day} {month_name} {year}, {time}",
        "calendar_summary": "Vaccination, dose {number}",
        "comes_sms": "A confirmation will come by SMS.",
        "comes_email": "A confirmation will come by SMS and e-mail.",
        "comes_page": "You can also download and print it.",
    },
}

TEXTS: dict[str, dict[str, str]] = {language: {**_EMAILS[language], **_WORDS[language]} for language in _WORDS}


def day_facts(language: str, day: Day) -> dict[str, str]:
    """A day in words, for templates.

    >>> day_facts("cs", Day(2021, 1, 25))["weekday"], day_facts("en", Day(2021, 1, 25))["month_name"]
    ('pondělí', 'January')
    """
    return {
        "weekday": _WEEKDAYS[language][day.weekday()],
        "day": str(day.day),
        "month": str(day.month),
        "month_name": _MONTHS[language][day.month - 1],
        "year": str(day.year),
    }
