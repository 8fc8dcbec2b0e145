"""What the first rule that holds a person, a site or a seat says to those who answer for it, in Czech and English."""

from collections.abc import Mapping

from crs_core.domain.time import Day

__all__ = ["CODES", "LANGUAGES", "text"]

_TEXTS: dict[str, dict[str, str]] = {
    "cs": {
        "another_day_first": "Místo dává úplnou dvojici, ale k 1. dávce {first} se dříve nabízí {offered}.",
        "beyond_the_page": "Stránka dne ukazuje nejvýše {most} časů; tento přijde na řadu, až se dřívější obsadí.",
        "blocked_claims": "Registraci dovoluje jen údaj o povolání, který rejstřík ještě nepotvrdil.",
        "blocked_newer": "Osoba je registrována z jiného telefonu; čeká se na potvrzení nebo na lhůtu.",
        "blocked_replaced": "Registraci nahradila novější registrace téže osoby.",
        "calendars_not_ready": "Místo nelze otevřít: {finding}",
        "day_strands": "Kdo by místo obsadil, připravil by někoho jiného o další dávku.",
        "dose_lost": "{dose}. dávka přišla o místo; dostane první, které se uvolní.",
        "full": "Žádné místo na 1. dávku není volné.",
        "group_not_open": "Skupina se otevírá až {opens}.",
        "groups_not_open": "Čekají jen lidé, jejichž skupina ještě není otevřena.",
        "immediate_access": "Přístup je okamžitý: rezervuje každý registrovaný, pozvánky se neposílají.",
        "invitation_expired": "Lhůta pozvánky skončila.",
        "invitation_unsent": "Pozvánka čeká na odeslání.",
        "invited": "Je pozván a zatím nerezervoval.",
        "invites": "Nic: počet těch, které příští kolo pozve: {number}.",
        "lapsed": "Pozvánky zůstaly bez odpovědi a registrace zanikla.",
        "maintenance": "Systém se udržuje do {end}.",
        "next": "Nic: příští kolo ho pozve.",
        "no_first_dose": "Žádné volné místo na 1. dávku neleží {interval} před tímto dnem.",
        "no_free_pair": "Nikdo už nemůže dostat všechny dávky.",
        "no_group": "Vyhlášené pořadí nezná skupinu, do které by patřil.",
        "nobody_in_a_group": "Čekají jen lidé, které žádná skupina vyhlášeného pořadí nezahrnuje.",
        "no_next_dose": "Žádné volné místo na další dávku neleží {interval} po tomto dni.",
        "no_next_doses": "Žádné volné místo na 1. dávku nemá v odstupu volné místo na další.",
        "no_slot": "Kalendář {calendar} nemá v tento čas žádné místo.",
        "no_vaccine": "Místa jsou, ale chybí pro ně vakcína.",
        "not_linked": "Chybí kalendář pro {dose}. dávku látky {product}.",
        "not_opened": "Kalendáře jsou v pořádku; místo ještě nikdo neotevřel.",
        "offered": "Nic: místo se nabízí.",
        "open": "Nic: místo je otevřené.",
        "others_first": "Dříve jsou na řadě jiní, a na všechny místa nestačí.",
        "outstanding_invitations": (
            "Lidí, které lze ještě objednat: {people}; na odpověď čeká pozvánek: {outstanding}."
        ),
        "queue_empty": "Ve frontě nikdo není.",
        "replan_owed": "Místo nebo vakcína této rezervace už není; čeká na přeplánování.",
        "reserved": "Má rezervaci.",
        "seat_past": "Čas tohoto místa už minul.",
        "seat_short": "Místo bylo zrušeno; drží ho jen ti, kdo čekají na přeplánování.",
        "seat_taken": "Místo je obsazené.",
        "site_closed": "Očkovací místo není otevřené.",
        "withdrawn": "Registraci ukončil její držitel.",
    },
    "en": {
        "another_day_first": (
            "It completes a pair, but with the first dose of {first} another day is offered before it, {offered}."
        ),
        "beyond_the_page": "The page of a day shows at most {most} times; this one comes when earlier ones are taken.",
        "blocked_claims": "The registration rests on a claim of profession that no registry has confirmed yet.",
        "blocked_newer": "The person is registered from another phone; its confirmation or a period is waited for.",
        "blocked_replaced": "A newer registration of the same person has taken its place.",
        "calendars_not_ready": "The site cannot open: {finding}",
        "day_strands": "Whoever took it would leave somebody else without a next dose.",
        "dose_lost": "Dose {dose} lost its seat; it gets the first that comes free.",
        "full": "No first dose is free.",
        "group_not_open": "The group opens on {opens}.",
        "groups_not_open": "Only people wait whose group is not open yet.",
        "immediate_access": "Access is immediate: everybody registered reserves, and nobody is invited.",
        "invitation_expired": "The invitation's term has ended.",
        "invitation_unsent": "The invitation waits to be sent.",
        "invited": "Invited, and has not reserved yet.",
        "invites": "Nothing: the next release invites {number}.",
        "lapsed": "The invitations were not answered, and the registration has lapsed.",
        "maintenance": "The system is being worked on until {end}.",
        "next": "Nothing: the next release invites them.",
        "no_first_dose": "No free first dose lies {interval} before this day.",
        "no_free_pair": "Nobody can be given all doses any more.",
        "no_group": "The declared order has no group that takes them.",
        "nobody_in_a_group": "Only people wait whom no group of the declared order takes.",
        "no_next_dose": "No free next dose lies {interval} after this day.",
        "no_next_doses": "No free first dose has a free next one within the interval.",
        "no_slot": "Calendar {calendar} has no seat at this time.",
        "no_vaccine": "There are seats, but no vaccine for them.",
        "not_linked": "There is no calendar for dose {dose} of {product}.",
        "not_opened": "The calendars are in order; nobody has opened the site yet.",
        "offered": "Nothing: the seat is offered.",
        "open": "Nothing: the site is open.",
        "others_first": "Others are in turn before, and there are not seats for all.",
        "outstanding_invitations": (
            "People who can still be booked: {people}; invitations that wait for an answer: {outstanding}."
        ),
        "queue_empty": "Nobody is in the queue.",
        "replan_owed": "The seat or the vaccine of this reservation is gone; it waits for a re-plan.",
        "reserved": "Holds a reservation.",
        "seat_past": "The time of this seat has come.",
        "seat_short": "The seat was taken away; only those hold it who wait for a re-plan.",
        "seat_taken": "The seat is taken.",
        "site_closed": "The vaccination site is not open.",
        "withdrawn": "The holder has withdrawn the registration.",
    },
}

LANGUAGES = tuple(sorted(_TEXTS))
CODES = frozenset(_TEXTS["en"])


def text(language: str, code: str, facts: Mapping[str, object]) -> str:
    """What holds; in English where there are no texts in a language.

    >>> text("en", "group_not_open", {"opens": Day(2021, 1, 26)})
    'The group opens on 2021-01-26.'
    """
    shown = {name: _shown(language, value) for name, value in facts.items()}
    return _TEXTS.get(language, _TEXTS["en"])[code].format_map(shown)


def _shown(language: str, value: object) -> object:
    czech = language == "cs"
    if isinstance(value, Day):
        return f"{value.day}. {value.month}. {value.year}" if czech else value.isoformat()
    if isinstance(value, tuple):
        first, last = value
        days = f"{first}" if first == last else f"{first} až {last}" if czech else f"{first} to {last}"
        return f"{days} dnů" if czech else f"{days} days"
    return value
