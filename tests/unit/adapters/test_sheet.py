"""The sheet as readers of PDF see it: what it says, in which order, for whom."""

import importlib.util
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pendulum
import pytest
from attrs import evolve
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import crs_core as crs
from crs_adapters.confirmation.documents import crs_register_adapters
from crs_adapters.confirmation.sheet import Sheet
from crs_core.domain.reservations import Attendance
from crs_core.domain.time import Day
from crs_core.ports.confirmation import ConfirmationDocuments
from crs_core.testing.clock import VirtualClock
from tests.confirmations import DOSES, NOW, RESERVATION, confirmed, read_sheet

AROUND = crs.Surroundings("example", "Europe/Prague", VirtualClock(NOW))
LONGEST = (
    "Nejkulaťoulinkatější-Roztomiloučká Žluťoučkokoňová-Příšernědlouhonosníčková z Předlouhých Třebechovic u Úpějova"
)


def opened(url: str) -> ConfirmationDocuments:
    [adapter] = crs_register_adapters()
    made: ConfirmationDocuments = adapter.open(url, AROUND)
    return made


def test_it_says_what_matters_in_the_order_in_which_it_is_needed() -> None:
    read = read_sheet(Sheet().pdf(confirmed()))

    assert read.text == (
        "Potvrzení rezervace očkování Jméno Vzorka Vzorová "
        "1. dávka pondělí 25. ledna 2021 v 8:30 2. dávka pondělí 15. února 2021 v 0:00 "
        "Kde Nemocnice Vzorov Sever Smyslena 1, Vzorov "
        "Vezměte si s sebou občanský průkaz a kartu pojištěnce. "
        "Termín změníte nebo zrušíte na webu, s číslem pojištěnce a PIN2. "
        "Ukažte na místě res-1 Stav ke dni 21. ledna 2021, 0:30"
    )
    assert not [line for line in read.lines if re.search(r"\s[ksvzouai]$", line)], "a letter alone at the end of a line"


def test_it_speaks_english_to_whoever_does() -> None:
    read = read_sheet(Sheet().pdf(confirmed(language="en")))

    assert read.title == "Confirmation of your vaccination"
    assert "Dose 1 Monday 25 January 2021 at 8:30 Dose 2 Monday 15 February 2021 at 0:00 Where" in read.text
    assert b"/Lang(en)" in read.raw


def test_it_claims_both_standards_and_has_what_they_ask_for() -> None:
    """typst has checked them: it makes nothing that breaks them. A reader finds the claims."""
    read = read_sheet(Sheet().pdf(confirmed()))

    assert read.tagged
    assert read.title == "Potvrzení rezervace očkování"
    assert b"/Lang(cs)" in read.raw
    for claim in (b"<pdfaid:part>2<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<"):
        assert claim in read.raw


def test_equal_confirmations_are_equal_to_the_byte() -> None:
    """So an e-mail handed over twice is the same e-mail."""
    assert Sheet().pdf(confirmed()) == Sheet().pdf(confirmed())
    assert Sheet().pdf(confirmed()) != Sheet().pdf(evolve(confirmed(), issued_at=pendulum.datetime(2021, 1, 21)))


SHEET = Sheet()


@settings(max_examples=15, phases=[Phase.generate])
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=16, max_size=16))
def test_its_code_is_the_reservation_as_the_site_takes_it(name: str) -> None:
    """At 150 dots an inch, as a cheap printer has them and a cheap reader sees them."""
    read = read_sheet(SHEET.pdf(evolve(confirmed(), reservation_id=name)))

    assert read.codes == [name]
    assert name in read.text


def test_facts_are_never_markup() -> None:
    name = '#panic("x") $y$ *b* _i_ `c` <l> @r // \\u{1} "q" {d.name}'
    read = read_sheet(SHEET.pdf(evolve(confirmed(), name=name, site="#pagebreak()", address="= Heading")))

    assert read.pages == 1
    assert "#panic" in read.text
    assert "{d.name}" in read.text
    assert "#pagebreak()" in read.text
    assert "= Heading" in read.text


@pytest.mark.parametrize("doses", [1, 2, 3])
def test_the_longest_names_fit_one_page(doses: int) -> None:
    last = evolve(DOSES[1], dose=3, day=Day(2021, 9, 30), minute=1185)
    found = confirmed(evolve(RESERVATION, doses=(*DOSES, last)[:doses]))
    site = "Fakultní nemocnice Královské Vinohrady, očkovací centrum O2 universum"
    address = "Českomoravská 2345/17a, 190 00 Praha 9 – Libeň, vchod B, přízemí vpravo"
    read = read_sheet(SHEET.pdf(evolve(found, name=LONGEST, site=site, address=address)))

    assert read.pages == 1
    assert read.text.replace("- -", "-").count(LONGEST) == 1, "Czech repeats the hyphen where a line ends with it"
    assert site in read.text
    assert address in read.text
    assert read.codes == ["res-1"]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
        ("Володимир Ґонта", "Володимир Ґонта"),
        ("Αθηνά Παπαδοπούλου", "Αθηνά Παπαδοπούλου"),
        ("Vzorka\u0301", "Vzorká"),
        ("Čing 北京", "Čing ??"),
        ("😀 Vzorová", "? Vzorová"),
    ],
)
def test_a_letter_that_no_font_has_is_shown_as_missing_and_the_rest_is_printed(name: str, printed: str) -> None:
    assert f"Jméno {printed} 1. dávka" in read_sheet(SHEET.pdf(evolve(confirmed(), name=name))).text


@pytest.mark.parametrize(
    ("attendance", "says"),
    [
        (Attendance.GIVEN, "1. dávka pondělí 25. ledna 2021 už podána 2. dávka"),
        (Attendance.LOST, "1. dávka nový termín Vám pošleme v SMS 2. dávka"),
    ],
)
def test_nobody_is_sent_to_a_dose_that_is_over_or_lost(attendance: Attendance, says: str) -> None:
    found = confirmed(RESERVATION.with_dose(evolve(DOSES[0], attendance=attendance)))

    assert says in read_sheet(SHEET.pdf(found)).text


def test_many_threads_make_many_sheets() -> None:
    """A compiler of typst serves one thread at a time; a second one would be refused."""
    sheet, together = Sheet(), Barrier(4)
    expected = {number: sheet.pdf(evolve(confirmed(), name=f"Vzorka{number}")) for number in range(4)}

    def make(number: int) -> set[bytes]:
        together.wait(timeout=60)
        return {sheet.pdf(evolve(confirmed(), name=f"Vzorka{number}")) for _ in range(5)}

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(make, range(4))) == [{expected[number]} for number in range(4)]


OWN = """
#let d = json(bytes(sys.inputs.data))
#set document(title: "Vzorov")
= #d.words.confirmation_title
#read("greeting.txt") #d.name, #d.product, #d.doses.map(dose => dose.day).join(" a ")
#image(bytes(d.qr), format: "svg", width: 4cm, alt: "QR")
"""


def test_a_portal_brings_its_own_template(tmp_path: Path) -> None:
    folder = tmp_path / "our papers"
    folder.mkdir()
    (folder / "sheet.typ").write_text(OWN, encoding="utf-8")
    (folder / "greeting.txt").write_text("Vítáme", encoding="utf-8")
    [pdf, _] = opened(f"typst:{str(folder).replace(' ', '%20')}").render(confirmed())
    read = read_sheet(pdf.content)

    assert read.text == "Potvrzení rezervace očkování Vítáme Vzorka Vzorová, comirnaty, 2021-01-25 a 2021-02-15"
    assert read.codes == ["res-1"]


def test_a_folder_with_fonts_alone_keeps_the_template(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    [pdf, _] = opened(f"typst:{tmp_path}").render(confirmed())

    assert read_sheet(pdf.content).lines[0] == "Potvrzení rezervace očkování"


def fault_of(url: str) -> crs.CrsError:
    with pytest.raises(crs.CrsError) as caught:
        opened(url)
    return caught.value


def test_a_broken_template_is_found_when_the_system_opens(tmp_path: Path) -> None:
    """With what typst says of it: nobody's data was in it."""
    (tmp_path / "sheet.typ").write_text("#let d = json(bytes(sys.inputs.data))\n#d.surname\n", encoding="utf-8")
    fault = fault_of(f"typst:{tmp_path}")

    assert fault.code == "confirmation_template"
    assert "surname" in fault.message
    assert "sheet.typ:2" in fault.message


def test_a_template_that_breaks_later_says_where_and_nothing_of_the_person(tmp_path: Path) -> None:
    source = '#let d = json(bytes(sys.inputs.data))\n#set document(title: "x")\n'
    source += '#if d.name.starts-with("Vzorkaa") { panic(d.name) }\n'
    (tmp_path / "sheet.typ").write_text(source, encoding="utf-8")
    documents = opened(f"typst:{tmp_path}")
    with pytest.raises(crs.AdapterFault) as caught:
        documents.render(evolve(confirmed(), name="Vzorkaa Tajemná"))

    assert "sheet.typ:3" in caught.value.message
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert "Vzorkaa" not in shown
    assert caught.value.__suppress_context__, "a log of the fault would show what typst said"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("typst:?minutes=0", "minutes='0': must be a whole number from 1 to 1440"),
        ("typst:?minutes=²", "minutes='²': must be a whole number"),
        ("typst:?colour=blue", "confirmation='colour': must be minutes or organizer"),
        ("typst:?organizer=x%0d%0aATTENDEE:y", "organizer=…:y: an e-mail address is"),
        ("typst:/no/such/folder", "folder=/no/such/folder: there is none"),
    ],
)
def test_a_bad_url_is_told(url: str, said: str) -> None:
    assert said in str(fault_of(url))


def test_without_the_extra_opening_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "typst" else there(name))
    fault = fault_of("typst:")

    assert fault.code == "confirmation_unavailable"
    assert fault.message == "not installed: typst"
    assert "crs[confirmation]" in fault.remedy


def test_a_cancelled_reservation_has_no_sheet() -> None:
    [entry] = opened("typst:").render(confirmed(RESERVATION.cancelled(NOW)))

    assert entry.media_type == "text/calendar; method=CANCEL; charset=utf-8"


@pytest.mark.parametrize(
    ("language", "names"),
    [("cs", ["potvrzeni.pdf", "ockovani.ics"]), ("en", ["confirmation.pdf", "vaccination.ics"])],
)
def test_files_are_named_in_the_language_of_their_reader(language: str, names: list[str]) -> None:
    assert [each.name for each in opened("typst:").render(confirmed(language=language))] == names
