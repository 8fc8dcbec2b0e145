"""What a citizen keeps of a reservation: the page, and documents made of the same facts.

Source: the operator's report of 20 January 2021: confirmations by e-mail did not come, as the address is optional and
was not given. So the page says which of them will come, and offers what needs no address.
"""

from collections.abc import Mapping

from attrs import field, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.confirmation_texts import TEXTS, day_facts
from crs_core.domain.messages import Channel
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Appointment, Attendance, Reservation
from crs_core.domain.time import Day, Instant, clock_time, day_of, minute_of

__all__ = ["Confirmation", "ConfirmedDose", "Document", "channels", "confirmation", "texts"]

_STATES = {
    Attendance.GIVEN: "confirmation_given",
    Attendance.MISSED: "confirmation_missed",
    Attendance.MISSED_WASTED: "confirmation_missed",
    Attendance.LOST: "confirmation_lost",
}


@frozen
class Document:
    """A file for people to keep.

    Attributes:
        name: With its ending, in ASCII, as in ``ockovani.ics``.
        media_type: As in a header, parameters included: ``text/calendar; method=PUBLISH; charset=utf-8``.
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)


@frozen
class ConfirmedDose:
    """One dose, with its time as people read it.

    Attributes:
        minute: Wall-clock minutes since midnight.
        held: Whether the citizen is expected then.
        lost: Whether its time was taken away.
        title: ``1. dávka``.
        day_text: ``pondělí 25. ledna 2021``; empty for a lost one, so that nobody comes on that day.
        time_text: ``v 8:30``; for a dose that is not held, what became of it.
        summary: What a calendar calls it: ``Očkování, 1. dávka``.
    """

    number: int
    day: Day
    minute: int
    held: bool
    lost: bool
    title: str
    day_text: str
    time_text: str
    summary: str


@frozen
class Confirmation:
    """A reservation as a citizen keeps it, in their language.

    Attributes:
        name: First and last name.
        zone: IANA zone of days and minutes.
        revision: Grows with every change of the reservation, its cancellation included.
        issued_at: When it was so.
        channels: By which ways it is sent: by SMS always, by e-mail where there is an address.
        email: The address; None where there is none.
        makes: Whether there are documents to be had.
        comes: By which ways it comes, as a sentence, and that it can be downloaded where it can.
        words: Texts by name, as ``confirmation_title``; those of the campaign before the built-in ones.
        documents: The PDF and the calendar entry; empty where none were asked for, or the system makes none.
    """

    campaign: str
    reservation_id: str
    language: str
    name: str = field(repr=False)
    site: str
    address: str
    product: str
    zone: str
    doses: tuple[ConfirmedDose, ...]
    revision: int
    cancelled: bool
    issued_at: Instant
    channels: tuple[Channel, ...]
    email: str | None = field(repr=False)
    makes: bool
    comes: str
    words: Mapping[str, str] = field(repr=False)
    documents: tuple[Document, ...] = ()


def confirmation(
    campaign: Campaign, registration: Registration, reservation: Reservation, at: Instant, *, makes: bool
) -> Confirmation:
    """The confirmation of a reservation, without documents.

    Args:
        at: When it is so; says so in the document.
        makes: Whether documents can be made of it.
    """
    words = texts(campaign, registration.language)
    place = campaign.place(reservation.site_id)
    sent = channels(registration)
    cancelled = reservation.cancelled_at is not None
    return Confirmation(
        campaign=campaign.name,
        reservation_id=reservation.id,
        language=registration.language,
        name=f"{registration.first_name} {registration.last_name}",
        site=place.name,
        address=place.address,
        product=reservation.product,
        zone=campaign.zone,
        doses=tuple(_dose(each, registration.language, words) for each in reservation.doses),
        revision=reservation.revision + cancelled,
        cancelled=cancelled,
        issued_at=at,
        channels=sent,
        email=registration.email,
        makes=makes,
        comes=_comes(sent, words, makes=makes),
        words=_written(words, reservation, registration.language, campaign.zone, at),
    )


def channels(registration: Registration) -> tuple[Channel, ...]:
    """By which ways a confirmation goes to a person: by SMS always, by e-mail where there is an address."""
    return (Channel.SMS,) if registration.email is None else (Channel.SMS, Channel.EMAIL)


def texts(campaign: Campaign, language: str) -> dict[str, str]:
    """Texts of e-mails, documents and pages about a reservation; those of the campaign before the built-in ones."""
    return {**TEXTS[language], **campaign.texts.get(language, {})}


def _dose(each: Appointment, language: str, words: Mapping[str, str]) -> ConfirmedDose:
    time = words["confirmation_time"].format(time=_clock(each.minute))
    lost = each.attendance is Attendance.LOST
    return ConfirmedDose(
        number=each.dose,
        day=each.day,
        minute=each.minute,
        held=each.held,
        lost=lost,
        title=words["confirmation_dose"].format(number=each.dose),
        day_text="" if lost else words["confirmation_day"].format(**day_facts(language, each.day)),
        time_text=time if each.held else words[_STATES[each.attendance]],
        summary=words["calendar_summary"].format(number=each.dose),
    )


def _clock(minute: int) -> str:
    return clock_time(minute).removeprefix("0")


def _comes(sent: tuple[Channel, ...], words: Mapping[str, str], *, makes: bool) -> str:
    said = words["comes_email" if Channel.EMAIL in sent else "comes_sms"]
    return f"{said} {words['comes_page']}" if makes else said


def _written(
    words: Mapping[str, str], reservation: Reservation, language: str, zone: str, at: Instant
) -> dict[str, str]:
    """The words of documents, with those facts filled in that are the same for all doses."""
    when = {**day_facts(language, day_of(at, zone)), "time": _clock(minute_of(at, zone))}
    named = {name: text for name, text in words.items() if name.startswith(("attached", "confirmation_"))}
    return named | {
        "confirmation_issued": words["confirmation_issued"].format(**when),
        "confirmation_code_alt": words["confirmation_code_alt"].format(reservation=reservation.id),
    }
