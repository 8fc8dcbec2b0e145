"""I6, a confirmation that did not come: the page says what comes, and what needs no address is there without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import icalendar
import pytest
from attrs import define, evolve, field, frozen

import crs_core as crs
from crs_core.domain.confirmation import Confirmation, Document
from crs_core.domain.messages import BY_EMAIL, Channel, Purpose
from crs_core.ports.confirmation import ConfirmationDocuments
from crs_core.ports.mail import Mail
from tests.confirmations import SheetRead, read_sheet
from tests.mail_server import MailHost, mail_host
from tests.systems import FIRST_DAY, OpenTown, Town, invented

ADDRESS = "vzorka@example.org"


@pytest.fixture
def town(open_town: OpenTown, storage_url: str) -> Town:
    return open_town(storage_url)


def entered(town: Town, number: int = 1, email: str | None = None) -> str:
    """The entry of a citizen who gave an address at the registration, or none."""
    citizen = invented(number)
    town.register(evolve(citizen, application=evolve(citizen.application, email=email)))
    town.system.site("north").release()
    town.system.operations.dispatch()
    return town.enter(citizen)


def owed(town: Town) -> list[tuple[Purpose, str]]:
    with town.system._office.storage.read() as view:
        return sorted(((each.purpose, each.recipient) for each in view.owed()), key=lambda each: each[0].value)


def test_without_an_address_the_sms_comes_and_the_page_says_so(town: Town) -> None:
    entry = entered(town)
    before = town.desk.journey(entry)
    town.reserve(entry)

    assert before.channels == (Channel.SMS,)
    assert owed(town) == [(Purpose.RESERVED, "+420601000001")]
    assert town.desk.confirmation(entry).channels == (Channel.SMS,)
    assert town.desk.confirmation(entry).comes == "Potvrzení Vám přijde v SMS."


@pytest.mark.parametrize("when", ["registration", "confirmation"])
def test_an_address_may_be_given_at_either_end(town: Town, when: str) -> None:
    entry = entered(town, email=ADDRESS if when == "registration" else None)
    offer = town.desk.offers(entry).offers[0]
    town.desk.reserve(entry, offer, email=ADDRESS if when == "confirmation" else None)

    assert owed(town) == [(Purpose.RESERVED, "+420601000001"), (Purpose.RESERVED_EMAIL, ADDRESS)]
    assert town.desk.journey(entry).channels == (Channel.SMS, Channel.EMAIL)
    assert town.desk.confirmation(entry).comes == "Potvrzení Vám přijde v SMS a e-mailem."


def test_every_change_is_told_by_email_too(town: Town) -> None:
    entry = entered(town, email=ADDRESS)
    town.reserve(entry)
    town.system.operations.dispatch()
    town.desk.move_dose(entry, dose=2, offer=town.desk.move_offers(entry, dose=2).offers[0])
    moved = owed(town)
    town.system.operations.dispatch()
    town.desk.cancel(entry)

    assert moved == [(Purpose.MOVED, "+420601000001"), (Purpose.MOVED_EMAIL, ADDRESS)]
    assert owed(town) == [(Purpose.CANCELLED, "+420601000001"), (Purpose.CANCELLED_EMAIL, ADDRESS)]


def test_whoever_withdraws_is_told_of_the_reservation_where_the_calendar_is(town: Town) -> None:
    entry = entered(town, email=ADDRESS)
    town.reserve(entry)
    town.system.operations.dispatch()
    town.desk.withdraw(entry)

    assert owed(town) == [(Purpose.CANCELLED_EMAIL, ADDRESS), (Purpose.WITHDRAWN, "+420601000001")]


def test_an_address_that_is_given_later_gets_the_confirmation(town: Town) -> None:
    entry = entered(town)
    town.desk.correct(entry, email="early@example.org")
    assert not [purpose for purpose, _ in owed(town) if purpose is Purpose.RESERVED_EMAIL], "nothing to confirm yet"
    town.reserve(entry)
    town.system.operations.dispatch()
    town.desk.correct(entry, email=ADDRESS)
    town.desk.correct(entry, last_name="Vymyšlená")

    assert [each for each in owed(town) if each[0] in BY_EMAIL.values()] == [(Purpose.RESERVED_EMAIL, ADDRESS)]
    assert town.desk.confirmation(entry).email == ADDRESS


def test_an_address_that_is_given_by_registering_again_gets_the_confirmation(town: Town) -> None:
    entry, citizen = entered(town), invented(1)

    def again(email: str) -> None:
        town.register(evolve(citizen, application=evolve(citizen.application, email=email)))
        town.system.operations.dispatch()

    again("early@example.org")
    town.desk.reserve(entry, town.desk.offers(entry).offers[0], email="given@example.org")
    town.system.operations.dispatch()
    again(ADDRESS)
    again(ADDRESS)
    mails = [file.read_text(encoding="utf-8").splitlines()[0] for file in (town.spool / "mail").glob("*.txt")]

    assert sorted(mails) == ["To: given@example.org", f"To: {ADDRESS}"]
    assert town.desk.confirmation(entry).email == ADDRESS


def test_what_is_on_record_is_shown_to_whoever_entered(town: Town) -> None:
    entry = entered(town, email="early@example.org")
    before = town.desk.details(entry)
    town.desk.correct(entry, email=ADDRESS, last_name="Vymyšlená", language="en")
    after = town.desk.details(entry)

    assert before.email == "early@example.org"
    assert (after.last_name, after.email, after.language) == ("Vymyšlená", ADDRESS, "en")
    assert (after.first_name, after.birth_date) == (before.first_name, invented(1).application.birth_date)
    assert after.phone == "…01"
    assert not any(each in repr(after) for each in ("Vymyšlená", ADDRESS, "…01", str(after.birth_date)))


def test_an_email_goes_to_the_address_as_it_is_when_it_leaves(town: Town) -> None:
    """Whoever mistyped theirs and mends it at once gets one e-mail, and nobody else gets it."""
    entry = entered(town, email="vzorkaa@example.org")
    town.reserve(entry)
    town.desk.correct(entry, email=ADDRESS)
    town.system.operations.dispatch()
    mails = [file.read_text(encoding="utf-8").splitlines()[0] for file in (town.spool / "mail").glob("*.txt")]

    assert mails == [f"To: {ADDRESS}"]


def test_an_email_of_what_has_changed_since_is_not_sent(town: Town) -> None:
    entry = entered(town, email=ADDRESS)
    town.reserve(entry)
    town.desk.cancel(entry)
    done = town.system.operations.dispatch()

    assert (done.sent, done.dead) == (2, 2)
    [mail] = (town.spool / "mail").glob("*.txt")
    assert "Subject: Rezervace očkování je zrušena\n" in mail.read_text(encoding="utf-8")


def test_there_is_nothing_to_confirm_before_the_reservation(town: Town) -> None:
    entry = entered(town)

    with pytest.raises(crs.Refused) as caught:
        town.desk.confirmation(entry)
    assert caught.value.code == "no_reservation"


@pytest.fixture
def papers(open_town: OpenTown, tmp_path: Path) -> Town:
    """A town that makes documents."""
    return open_town(f"sqlite:///{tmp_path / 'crs.db'}", confirmation="typst:")


@frozen
class Letter:
    """An e-mail in the spool, and what it encloses, read back."""

    text: str
    files: dict[str, bytes] = field(repr=False)

    @property
    def sheet(self) -> SheetRead:
        return read_sheet(self.files["potvrzeni.pdf"])

    @property
    def entry(self) -> Any:
        return icalendar.Calendar.from_ical(self.files["ockovani.ics"])

    @property
    def events(self) -> dict[str, Any]:
        return {str(event["UID"]): event for event in self.entry.events}


def letters(town: Town) -> Iterator[Letter]:
    """What came by e-mail, the oldest first; each is taken out of the spool."""
    folder = town.spool / "mail"
    for file in sorted(folder.glob("*.txt"), key=lambda file: file.stat().st_mtime_ns):
        text = file.read_text(encoding="utf-8")
        names = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("Attachment: ")]
        yield Letter(text, {name.partition(".")[2]: (folder / name).read_bytes() for name in names})
        file.unlink()


def sent(town: Town) -> list[Letter]:
    """What one round of sending brings by e-mail."""
    town.system.operations.dispatch()
    return list(letters(town))


def test_the_email_encloses_what_the_page_offers(papers: Town) -> None:
    entry = entered(papers, email=ADDRESS)
    reservation = papers.reserve(entry)
    [letter] = sent(papers)
    page = papers.desk.confirmation(entry)

    assert "V příloze je potvrzení k vytištění a zápis do kalendáře." in letter.text
    assert page.comes == "Potvrzení Vám přijde v SMS a e-mailem. Můžete si ho i stáhnout a vytisknout."
    assert letter.sheet.codes == [reservation.id]
    assert letter.sheet.text == read_sheet(page.documents[0].content).text
    assert letter.files["ockovani.ics"] == page.documents[1].content
    for dose in page.doses:
        assert f"{dose.title} {dose.day_text} {dose.time_text}" in letter.sheet.text
        assert f"{dose.title}: {dose.day_text} {dose.time_text}" in letter.text
    assert [event.start.date() for event in letter.events.values()] == [dose.day for dose in reservation.doses]
    assert papers.desk.confirmation(entry, documents=False) == evolve(page, documents=())


def test_without_an_address_the_page_has_it_all(papers: Town) -> None:
    entry = entered(papers)
    papers.reserve(entry)

    assert sent(papers) == []
    assert [each.name for each in papers.desk.confirmation(entry).documents] == ["potvrzeni.pdf", "ockovani.ics"]


def test_the_calendar_follows_every_change(papers: Town) -> None:
    entry = entered(papers, email=ADDRESS)
    papers.reserve(entry)
    [reserved] = sent(papers)
    offer = papers.desk.move_offers(entry, dose=2).offers[0]
    papers.desk.move_dose(entry, dose=2, offer=offer)
    [moved] = sent(papers)
    papers.desk.cancel(entry)
    [cancelled] = sent(papers)

    assert reserved.events.keys() == moved.events.keys() == cancelled.events.keys()
    changes = [[int(event["SEQUENCE"]) for event in each.events.values()] for each in (reserved, moved, cancelled)]
    assert changes == [[0, 0], [1, 1], [2, 2]]
    first, second = moved.events.values()
    assert first.start == next(iter(reserved.events.values())).start
    assert (second.start.date(), second.start.hour * 60 + second.start.minute) == (
        offer.doses[0].day,
        offer.doses[0].minute,
    )
    assert [each.entry["METHOD"] for each in (reserved, moved, cancelled)] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert {event["STATUS"] for event in cancelled.events.values()} == {"CANCELLED"}
    assert cancelled.files.keys() == {"ockovani.ics"}
    assert "otevřete-li ho, Váš kalendář se opraví" in cancelled.text


def test_the_site_takes_the_code_of_the_sheet(papers: Town) -> None:
    entry = entered(papers)
    papers.reserve(entry)
    [code] = read_sheet(papers.desk.confirmation(entry).documents[0].content).codes
    papers.clock.set(papers.clock.now().replace(year=FIRST_DAY.year, month=FIRST_DAY.month, day=FIRST_DAY.day))

    assert papers.system.site("north").check_in(code).dose == 1


@define
class Printer:
    """Makes documents as the real one does, notes what happens meanwhile, and fails when told to."""

    real: ConfirmationDocuments
    meanwhile: Any = None
    fails: int = 0
    made: list[tuple[Document, ...]] = field(factory=list)

    def render(self, confirmation: Confirmation) -> tuple[Document, ...]:
        """See `ConfirmationDocuments.render`."""
        if self.meanwhile is not None:
            self.meanwhile()
        if self.fails:
            self.fails -= 1
            raise crs.AdapterFault("printer_out_of_paper", "there is no paper")
        self.made.append(self.real.render(confirmation))
        return self.made[-1]


@pytest.fixture
def printer(papers: Town) -> Printer:
    office = papers.system._office
    assert office.documents is not None
    office.documents = Printer(office.documents)
    return office.documents


def test_documents_are_made_at_hand_off_and_outside_of_any_transaction(
    papers: Town, printer: Printer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one is made no view and no work is open, and somebody else is served."""
    entry = entered(papers, email=ADDRESS)
    papers.reserve(entry)
    assert printer.made == []
    served = []
    begun = watch_transactions(papers, monkeypatch)

    def meanwhile() -> None:
        assert begun == [], "a transaction is open"
        served.append(papers.desk.request_control_pin("601 000 777", source="203.0.113.9"))

    printer.meanwhile = meanwhile
    [letter] = sent(papers)

    assert len(served) == 1
    assert letter.files["potvrzeni.pdf"] == printer.made[0][0].content


def watch_transactions(town: Town, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The transactions that are open, by kind."""
    storage = town.system._office.storage
    begun: list[str] = []

    def watched(kind: str) -> Any:
        begin = getattr(storage, kind)

        @contextmanager
        def transaction(**arguments: Any) -> Iterator[Any]:
            with begin(**arguments) as found:
                begun.append(kind)
                yield found
                begun.remove(kind)

        return transaction

    for kind in ("read", "write"):
        monkeypatch.setattr(storage, kind, watched(kind))
    return begun


def test_an_email_that_is_handed_over_twice_is_the_same(papers: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[Mail] = []

    def loses_its_answer(mail: Mail) -> str:
        handed.append(mail)
        if len(handed) == 1:
            raise crs.AdapterFault("gateway_timeout", "no answer")
        return "taken"

    monkeypatch.setattr(papers.system._office.mail, "send", loses_its_answer)
    entry = entered(papers, email=ADDRESS)
    papers.reserve(entry)
    papers.system.operations.dispatch()
    papers.clock.move(hours=1)
    papers.system.operations.dispatch()

    assert len(handed) == 2
    assert handed[0] == handed[1]
    assert len(handed[0].documents) == 2


def test_the_last_try_goes_without_documents_that_cannot_be_made(papers: Town, printer: Printer) -> None:
    """The times are worth more than the paper."""
    entry = entered(papers, email=ADDRESS)
    papers.reserve(entry)
    printer.fails = 1000
    tries = 0
    found: list[Letter] = []
    while not found and tries < 50:
        found, tries = sent(papers), tries + 1
        papers.clock.move(hours=2)

    assert tries == papers.system.campaign.sending.at(papers.clock.now()).attempts > 1
    [letter] = found
    assert letter.files == {}
    assert "1. dávka: pondělí 25. ledna 2021" in letter.text
    assert "příloze" not in letter.text


def test_a_document_that_fails_once_is_tried_again(papers: Town, printer: Printer) -> None:
    entry = entered(papers, email=ADDRESS)
    papers.reserve(entry)
    printer.fails = 1
    assert sent(papers) == []
    papers.clock.move(hours=1)

    assert len(sent(papers)[0].files) == 2


def test_the_page_stands_without_documents_that_cannot_be_made(papers: Town, printer: Printer) -> None:
    entry = entered(papers)
    papers.reserve(entry)
    printer.fails = 1

    with pytest.raises(crs.AdapterFault):
        papers.desk.confirmation(entry)
    assert papers.desk.confirmation(entry, documents=False).doses


def test_nothing_of_the_documents_is_kept(papers: Town, tmp_path: Path) -> None:
    entry = entered(papers, email=ADDRESS)
    papers.reserve(entry)
    sent(papers)

    kept = b"".join(file.read_bytes() for file in tmp_path.glob("crs.db*"))
    assert ADDRESS.encode() in kept
    assert b"BEGIN:VCALENDAR" not in kept
    assert b"%PDF" not in kept


def test_a_confirmation_goes_all_the_way_to_a_mail_server(open_town: OpenTown) -> None:
    with mail_host() as host:
        town = open_town("memory:", confirmation="typst:?organizer=ockovani@example.org", mail=_url(host))
        entry = entered(town, email="žofie@example.org")
        reservation = town.reserve(entry)
        town.system.operations.dispatch()
        [found] = host.received

    assert found.to == ["žofie@example.org"]
    assert found.message["Subject"] == "Potvrzení rezervace očkování"
    pdf, ics = found.message.iter_attachments()
    assert read_sheet(pdf.get_content()).codes == [reservation.id]
    calendar: Any = icalendar.Calendar.from_ical(ics.get_payload(decode=True))  # type: ignore[arg-type]
    assert [event["ORGANIZER"] for event in calendar.events] == ["mailto:ockovani@example.org"] * 2


def _url(host: MailHost) -> str:
    return host.url("&starttls=no")
