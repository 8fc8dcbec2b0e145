"""What messages and refusals say, in Czech and English; a campaign may replace any text.

Texts of short messages keep to the letters of GSM 03.38, so that one of 160 characters is one segment: Czech ones are
written without diacritics, as operators' messages are.
"""

from collections.abc import Iterator, Mapping
from string import Formatter

from crs_core.domain import confirmation_texts
from crs_core.domain.messages import BY_EMAIL, Purpose
from crs_core.domain.time import Day
from crs_core.errors import CrsError, Problem

__all__ = ["LANGUAGES", "PLACEHOLDERS", "message", "placeholders", "problem", "refusal", "text"]

_MESSAGES: dict[str, dict[str, str]] = {
    "cs": {
        "control_pin": "Ockovani: kontrolni PIN je {pin}. Plati {minutes} minut od odeslani. Nikomu ho nerikejte.",
        "registered": (
            "Ockovani: registrace ulozena. PIN2 pro rezervaci: {pin}. Termin si vyberte na webu. "
            "PIN2 plati, dokud se rezervace nepodari."
        ),
        "invitation": (
            "Ockovani: jste na rade. Misto: {site}. PIN2 pro rezervaci: {pin}. Na webu zadejte cislo pojistence "
            "a PIN2 a vyberte si termin."
        ),
        "pin_reminder": "Ockovani: pripominame Vas PIN2: {pin}. Je stale stejny a plati. Misto: {site}.",
        "invitation_ended": "Ockovani: lhuta pozvanky skoncila. Misto: {site}. Dalsi pozvanku poslame SMS.",
        "invitation_lapsed": (
            "Ockovani: lhuta pozvanky skoncila bez rezervace. Misto: {site}. Dalsi uz neposleme. Registraci lze podat "
            "znovu na webu."
        ),
        "reserved": "Ockovani rezervovano. {site}. {doses}. Vezmete si doklad a kartu pojistence.",
        "moved": "Ockovani: termin zmenen. {site}. Plati: {doses}. Vezmete si doklad a kartu pojistence.",
        "replanned": (
            "Ockovani: termin jsme museli zmenit. {site}. Nove plati: {doses}. Nehodi-li se, zmente ho na webu s PIN2."
        ),
        "seat_lost": (
            "Ockovani: rezervaci jsme museli zrusit, omlouvame se. {site}. Poradi Vam zustava, novou pozvanku posleme "
            "SMS."
        ),
        "dose_lost": (
            "Ockovani: termin dalsi davky jsme museli zrusit, omlouvame se. {site}. Novy posleme SMS, "
            "nebo si ho vyberte na webu s PIN2."
        ),
        "cancelled": "Ockovani: rezervace zrusena. {site}. Registrace trva, poradi Vam zustava.",
        "withdrawn": "Ockovani: registrace byla na Vasi zadost ukoncena.",
        "duplicate": (
            "Ockovani: na Vase cislo pojistence prisla registrace z jineho telefonu. Nebyli-li jste to Vy, "
            "ohlaste to co nejdrive na webu timto telefonem."
        ),
        "replaced": (
            "Ockovani: Vasi registraci nahradila novejsi z jineho telefonu. Nebyli-li jste to Vy, ohlaste to na webu "
            "timto telefonem a poradi se Vam vrati."
        ),
        "duplicate_ended": (
            "Ockovani: Vase registrace skoncila, protoze plati jina registrace teze osoby. Dotazy: linka ockovani."
        ),
        "corrected": "Ockovani: udaje Vasi registrace jsou zmeneny. Misto: {site}. Poradi zjistite na webu.",
        "phone_changed": (
            "Ockovani: registrace byla prevedena na jiny telefon. Nebyli-li jste to Vy, zavolejte na linku ockovani."
        ),
        "claims_confirmed": "Ockovani: Vase povolani je overeno, registrace plati. Misto: {site}. Pozvanka prijde SMS.",
        "claims_denied": (
            "Ockovani: uvedene povolani se v registru nepotvrdilo a registrace skoncila. Obratte se na zamestnavatele."
        ),
        "dose": "{number}. davka {day}. {month}. {year} v {time}",
    },
    "en": {
        "control_pin": "Vaccination: your control PIN is {pin}. It is valid for {minutes} minutes. Tell it to nobody.",
        "registered": (
            "Vaccination: registration saved. PIN2 for the reservation: {pin}. Choose a time on the web. "
            "PIN2 is valid until you have a reservation."
        ),
        "invitation": (
            "Vaccination: it is your turn. Site: {site}. PIN2 for the reservation: {pin}. Enter your insured number "
            "and PIN2 on the web and choose a time."
        ),
        "pin_reminder": "Vaccination: a reminder of your PIN2: {pin}. It is the same and still valid. Site: {site}.",
        "invitation_ended": "Vaccination: your invitation's term has ended. Site: {site}. The next one comes by SMS.",
        "invitation_lapsed": (
            "Vaccination: your invitation's term has ended without a reservation. Site: {site}. No other one follows; "
            "you may register again on the web."
        ),
        "reserved": "Vaccination reserved. {site}. {doses}. Bring an identity card and your insurance card.",
        "moved": "Vaccination: time changed. {site}. It is now: {doses}. Bring an identity and an insurance card.",
        "replanned": (
            "Vaccination: we had to change your time. {site}. It is now: {doses}. If it does not suit you, change it "
            "on the web with PIN2."
        ),
        "seat_lost": (
            "Vaccination: we had to cancel your reservation, we are sorry. {site}. Your place in the queue stays; "
            "the next invitation comes by SMS."
        ),
        "dose_lost": (
            "Vaccination: we had to cancel the time of your next dose, we are sorry. {site}. A new one comes by SMS, "
            "or choose it on the web with PIN2."
        ),
        "cancelled": "Vaccination: reservation cancelled. {site}. Your registration and your place in the queue stay.",
        "withdrawn": "Vaccination: your registration was ended as you asked.",
        "duplicate": (
            "Vaccination: somebody registered with your insured number from another phone. If it was not you, say so "
            "soon on the web with this phone."
        ),
        "replaced": (
            "Vaccination: a newer registration from another phone took the place of yours. If it was not you, say so "
            "on the web with this phone; your turn comes back."
        ),
        "duplicate_ended": (
            "Vaccination: your registration has ended, as another one of the same person holds. Questions: the "
            "vaccination line."
        ),
        "corrected": "Vaccination: your registration's details are changed. Site: {site}. See your turn on the web.",
        "phone_changed": (
            "Vaccination: your registration was moved to another phone. If it was not you, call the vaccination line."
        ),
        "claims_confirmed": (
            "Vaccination: your profession is confirmed, your registration holds. Site: {site}. The invitation comes "
            "by SMS."
        ),
        "claims_denied": (
            "Vaccination: no registry confirms the profession you gave, and the registration has ended. Ask your "
            "employer."
        ),
        "dose": "dose {number}: {day} {month_name} {year} at {time}",
    },
}

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_EMAILS = frozenset(BY_EMAIL.values())

LANGUAGES = tuple(sorted(_MESSAGES))

PLACEHOLDERS: dict[str, frozenset[str]] = {
    name: frozenset(part for _, part, _, _ in Formatter().parse(text) if part)
    for name, text in (
        *_MESSAGES["en"].items(),
        *confirmation_texts.TEXTS["en"].items(),
        ("dose", "{number} {day} {month} {month_name} {year} {time}"),
        ("dose_email", "{number} {weekday} {day} {month} {month_name} {year} {time}"),
        ("confirmation_day", "{weekday} {day} {month} {month_name} {year}"),
        ("confirmation_issued", "{weekday} {day} {month} {month_name} {year} {time}"),
    )
}
"""What each template may show; a replacement may show no more."""

_REFUSALS: dict[str, dict[str, str]] = {
    "cs": {
        "already_reserved": "Rezervaci už máte. Chcete-li jiný termín, nejprve ji zrušte.",
        "busy": "Systém je právě zaneprázdněn. Zkuste to za chvíli znovu.",
        "day_strands": "V tento den teď nelze vybrat první dávku tak, aby na každého zbyla i druhá. Vyberte jiný den.",
        "fault": "Omlouváme se, systém má poruchu. Zkuste to prosím za chvíli znovu.",
        "full": "Všechny termíny jsou zatím obsazeny. Váš PIN2 platí dál, zkuste to později.",
        "dose_given": "Tato dávka už byla podána. Změnit lze jen termín další dávky.",
        "dose_past": "Čas této dávky už nastal. Obraťte se prosím na očkovací místo.",
        "idempotency_key_reused": "Tento požadavek už byl odeslán s jinými údaji. Načtěte stránku znovu.",
        "invalid_input": "Některý údaj není v pořádku. Opravte jej prosím.",
        "invitation_expired": "Lhůta Vaší pozvánky skončila. Vyčkejte další pozvánky.",
        "invitation_lapsed": "Na pozvánky jste neodpověděli včas. Zaregistrujte se prosím znovu.",
        "maintenance": "Na systému se právě pracuje. Vraťte se prosím později; platnost PINu se o tu dobu prodlouží.",
        "no_appointment": "Takový termín tu není. Podívejte se na seznam dne.",
        "no_reservation": "Žádnou rezervaci teď nemáte.",
        "not_eligible": "Vaše skupina se zatím registrovat nemůže. Registraci oznámíme.",
        "not_today": "Tento termín je {day}, ne dnes.",
        "not_invited": "Ještě nejste na řadě. Pozvánku s PIN2 dostanete v SMS.",
        "nothing_to_undo": "Nic nebylo zapsáno, není co vracet.",
        "outcome_unknown": "Nevíme, zda se to podařilo. Zkuste to prosím za chvíli znovu, dvakrát se to nezapíše.",
        "offer_strands": "Tento termín už nelze vybrat, někomu by chyběla druhá dávka. Vyberte jiný.",
        "offer_taken": "Tento termín si mezitím vybral někdo jiný. Vyberte prosím jiný.",
        "other_site": "Pozvánka platí pro místo z registrace. Pro jiné místo je třeba nová registrace.",
        "pin_expired": "Platnost PINu skončila nebo byl už použit. Požádejte o nový.",
        "registration_blocked": "Tuto registraci ověřujeme. Výsledek Vám sdělíme; do té doby termín vybrat nelze.",
        "claims_unverified": "Registr povolání teď neodpovídá. Zkuste to prosím za chvíli znovu.",
        "site_closed": "Toto očkovací místo zatím není otevřeno. Vyberte jiné.",
        "storage_away": "Systém je na chvíli mimo provoz. Zkuste to prosím za okamžik znovu, nic se neztratilo.",
        "storage_full": "Systém teď nemůže nic uložit. Pracujeme na tom, zkuste to prosím později.",
        "token_expired": "Stránka byla příliš dlouho otevřená. Začněte prosím tento krok znovu.",
        "token_invalid": "Tato stránka už neplatí. Začněte prosím tento krok znovu.",
        "too_early": "Na to je brzy: termín dávky {dose} je {day}.",
        "too_many_reminders": "PIN2 jsme už připomněli. Další připomenutí pošleme až později.",
        "too_many_sends": "Příliš mnoho žádostí o PIN. Zkuste to prosím později.",
        "too_many_tries": "Příliš mnoho pokusů. Zkuste to prosím později.",
        "unknown_site": "Takové očkovací místo neznáme. Vyberte jiné.",
        "withdrawn": "Tato registrace byla ukončena.",
        "wrong_pin": "PIN nesouhlasí. Zkontrolujte SMS. Zbývá pokusů: {left}.",
        "undo_impossible": "Vrátit to nelze: místo nebo registrace se mezitím změnily.",
        "wrong_pin2": "Číslo pojištěnce a PIN2 k sobě nepatří. Zkontrolujte obojí.",
        "wrong_step": "Dávka {dose} je už v jiném stavu ({state}).",
    },
    "en": {
        "already_reserved": "You already have a reservation. Cancel it first to choose another time.",
        "busy": "The system is busy at this moment. Try again in a while.",
        "day_strands": "On this day no first dose can be taken now without costing somebody a second. Choose another.",
        "fault": "We are sorry, something is out of order here. Please try again in a while.",
        "full": "All times are taken at present. Your PIN2 stays valid; please try again later.",
        "dose_given": "This dose has been given. Only the time of a later dose can be changed.",
        "dose_past": "The time of this dose has come. Please ask at the vaccination site.",
        "idempotency_key_reused": "This request was already sent with other details. Load the page again.",
        "invalid_input": "Something you entered is not right. Please correct it.",
        "invitation_expired": "The term of your invitation has ended. Please wait for the next one.",
        "invitation_lapsed": "Your invitations were not answered in time. Please register again.",
        "maintenance": "The system is being worked on. Please come back later; PINs stay valid for longer by as much.",
        "no_appointment": "There is no such appointment here. Look at the list of the day.",
        "no_reservation": "You have no reservation now.",
        "not_eligible": "Your group cannot register yet. We will announce when it can.",
        "not_today": "This appointment is on {day}, not today.",
        "not_invited": "It is not your turn yet. The invitation with PIN2 will come by SMS.",
        "nothing_to_undo": "Nothing was recorded; there is nothing to undo.",
        "outcome_unknown": "We cannot tell whether it was saved. Try again in a while; it is not saved twice.",
        "offer_strands": "This time can no longer be chosen: somebody would lose a second dose. Choose another.",
        "offer_taken": "Somebody else has taken this time meanwhile. Please choose another.",
        "other_site": "The invitation is for the site you registered for. Another site takes a new registration.",
        "pin_expired": "This PIN has expired or was already used. Ask for a new one.",
        "registration_blocked": "This registration is being checked. We will tell you; no time can be chosen yet.",
        "claims_unverified": "The registry of professions does not answer now. Please try again in a while.",
        "site_closed": "This vaccination site is not open yet. Choose another.",
        "storage_away": "The system is out for a moment. Please try again shortly; nothing is lost.",
        "storage_full": "Nothing can be saved at this moment. We are working on it; please try again later.",
        "token_expired": "The page was open for too long. Please start this step again.",
        "token_invalid": "This page is no longer valid. Please start this step again.",
        "too_early": "It is too early for that: dose {dose} is on {day}.",
        "too_many_reminders": "We have already sent PIN2 again. The next reminder can be sent later.",
        "too_many_sends": "Too many requests for a PIN. Please try later.",
        "too_many_tries": "Too many attempts. Please try later.",
        "unknown_site": "We know no such vaccination site. Choose another.",
        "withdrawn": "This registration was ended.",
        "wrong_pin": "This is not the PIN. Check the message. Tries left: {left}.",
        "undo_impossible": "It cannot be undone: the seat or the registration has changed meanwhile.",
        "wrong_pin2": "The insured number and PIN2 do not go together. Check both.",
        "wrong_step": "Dose {dose} is in another state already ({state}).",
    },
}


_FIELDS: dict[str, dict[str, str]] = {
    "cs": {
        "birth_date": "Datum narození: zadejte den, měsíc a rok svého narození.",
        "claims": "Povolání: vyberte z nabídky.",
        "email": "E-mail: má tvar jmeno@domena.cz. Můžete ho i vynechat.",
        "first_name": "Jméno: opište ho z dokladu.",
        "insured_number": "Číslo pojištěnce: devět nebo deset číslic z kartičky pojištěnce.",
        "language": "Jazyk: vyberte z nabídky.",
        "last_name": "Příjmení: opište ho z dokladu.",
        "phone": "Telefon: devět číslic, nebo + a předvolba země.",
        "pin": "PIN: opište všechny číslice ze zprávy.",
        "pin2": "PIN2: opište všechny číslice ze zprávy.",
        "site_id": "Očkovací místo: vyberte z nabídky.",
    },
    "en": {
        "birth_date": "Date of birth: the day, month and year of your birth.",
        "claims": "Profession: choose from the list.",
        "email": "E-mail: it looks like name@domain.cz. You may leave it out.",
        "first_name": "First name: as on your identity card.",
        "insured_number": "Insured number: nine or ten digits from your insurance card.",
        "language": "Language: choose from the list.",
        "last_name": "Last name: as on your identity card.",
        "phone": "Phone: nine digits, or + and the prefix of your country.",
        "pin": "PIN: copy all digits from the message.",
        "pin2": "PIN2: copy all digits from the message.",
        "site_id": "Vaccination site: choose from the list.",
    },
}
"""What to say beside a field of a form, by its place in a `Problem`."""


def placeholders(template: str) -> frozenset[str]:
    """The names that a template shows.

    Raises:
        ValueError: It is no template: an unmatched brace, or a field that is no plain name.
    """
    found = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError("a placeholder is {name} and nothing more")
        found.add(name)
    return frozenset(found)


def message(
    purpose: Purpose, language: str, facts: Mapping[str, str], replaced: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The subject (empty for an SMS) and the text of a message.

    >>> message(Purpose.CONTROL_PIN, "en", {"pin": "000000", "minutes": "10"})[1]
    'Vaccination: your control PIN is 000000. It is valid for 10 minutes. Tell it to nobody.'
    """
    texts = {**_MESSAGES[language], **confirmation_texts.TEXTS[language], **(replaced or {})}
    doses = _doses(facts, texts["dose"]) if purpose not in _EMAILS else _doses_of_email(facts, language, texts)
    shown = {"attached": "", **facts, "doses": doses}
    subject = texts.get(f"{purpose.value}_subject", "").format_map(shown)
    return subject, texts[purpose.value].format_map(shown)


def _times(facts: Mapping[str, str]) -> Iterator[tuple[int, Day, str]]:
    """The doses still to come; ``dose1`` is written as ``2021-01-27 08:30``."""
    for number in range(1, 10):
        if f"dose{number}" in facts:
            date, time = facts[f"dose{number}"].split(" ")
            yield number, Day.fromisoformat(date), time


def _doses(facts: Mapping[str, str], template: str) -> str:
    """In a row, as short messages have them."""
    found = []
    for number, day, time in _times(facts):
        shown = {"day": day.day, "month": day.month, "month_name": _MONTHS[day.month - 1], "year": day.year}
        found.append(template.format(number=number, time=time, **shown))
    return ", ".join(found)


def _doses_of_email(facts: Mapping[str, str], language: str, texts: Mapping[str, str]) -> str:
    """One a line, in words."""
    lines = [
        texts["dose_email"].format(
            number=number, time=time.removeprefix("0"), **confirmation_texts.day_facts(language, day)
        )
        for number, day, time in _times(facts)
    ]
    return "\n".join(lines)


def refusal(error: CrsError, language: str) -> str:
    """What a refusal says to a citizen; where none is written for its code, that the system is at fault, and no more.

    Raises:
        KeyError: There are no texts in that language: ``cs`` and ``en`` there are.

    >>> refusal(CrsError("not_invited", "…"), "en")
    'It is not your turn yet. The invitation with PIN2 will come by SMS.'
    """
    return text(error.code, language, error.facts)


def text(code: str, language: str, facts: Mapping[str, object] | None = None) -> str:
    """What a code says to a citizen: that of a refusal, of a page without offers, or of why a next step is not open.

    Raises:
        KeyError: There are no texts in that language.

    >>> text("full", "en")
    'All times are taken at present. Your PIN2 stays valid; please try again later.'
    """
    texts = _REFUSALS[language]
    return texts.get(code, texts["fault"]).format_map(_Facts(facts or {}))


def problem(found: Problem, language: str) -> str:
    """What a fault of a form's field says to a citizen.

    Raises:
        KeyError: There are no texts in that language.

    >>> problem(Problem("phone", "…", "…", "…"), "en")
    'Phone: nine digits, or + and the prefix of your country.'
    """
    return _FIELDS[language].get(found.place, _REFUSALS[language]["invalid_input"])


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"
