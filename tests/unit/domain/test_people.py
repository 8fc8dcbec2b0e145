"""What people give of themselves: only what cannot be right is refused, and what is refused is not repeated."""

import unicodedata
from datetime import date
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain import people
from crs_core.domain.inputs import has_controls
from crs_core.domain.people import Application, check, email_address, mask, personal_name, phone_number
from crs_core.errors import InvalidInput
from crs_core.testing import strategies as invented

TODAY = date(2021, 1, 15)
CZECH = ["+420"]
BOTH = ["+420", "+421"]

anything = st.text(st.characters(exclude_categories=()))
names = st.sampled_from(
    [
        *(
            "Božena",
            "Đuro",
            "Ng",
            "O'Vzor",
            "d\u2019Exempel",
            "Vzorová-Příkladná",
            "Václav Vzor",
            "李",
            "Ólafur",
            "Łucja",
        ),
        *("Jose\u0301", "X Æ A-12", "Иван", "عمر", "José María de la Vzorová y Příkladný", "A", "ß", "Ştefan"),
    ]
)


@given(invented.phones, st.lists(st.sampled_from([" ", "-", ".", "/", "(", ")", "\u00a0"]), max_size=9), st.data())
def test_a_phone_is_read_as_people_type_it(phone: str, marks: list[str], data: st.DataObject) -> None:
    typed = data.draw(st.sampled_from([phone, phone[4:], f"00{phone[1:]}"]))
    for mark in marks:
        place = data.draw(st.integers(0, len(typed)))
        typed = typed[:place] + mark + typed[place:]

    assert phone_number(typed, CZECH) == phone


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "+",
            "60100000",
            "6010000011",
            "+42060100000",
            "+4206010000012",
            "112",
            "155",
            "+420112",
        ),
        *("001000001", "+420101000001", "800000001", "+421601000001", "+12025550123", "601000001a", "++420601000001"),
        *("900000001", "906000001", "909000001", "+420976000001", "811000001", "840000001", "00420800000001"),
        *("0420601000001", "+0420601000001", "6O1000001", "nobody", "+420601000001,+420601000002"),
    ],
)
def test_what_is_no_czech_phone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        phone_number(text, CZECH)


@pytest.mark.parametrize("text", ["700000001", "706000001", "790000001", "222000001", "910000001", "972000001"])
def test_phones_that_are_no_mobile_ones_by_the_plan_are_taken(text: str) -> None:
    """A message may reach a landline or a personal number; refusing a real person is worse."""
    assert phone_number(text, CZECH) == f"+420{text}"


def test_phones_of_other_countries_are_as_the_campaign_says() -> None:
    assert phone_number("+421 901 000 001", BOTH) == "+421901000001"
    assert phone_number("901 000 001", BOTH) == "+420901000001"
    with pytest.raises(ValueError, match=r"begin with \+420$"):
        phone_number("+421 901 000 001", CZECH)


@given(anything)
def test_any_text_is_a_phone_or_refused_without_being_repeated(text: str) -> None:
    try:
        found = phone_number(text, BOTH)
    except ValueError as error:
        assert len(text) < 6 or text not in str(error)  # noqa: PT017 - both ends are right
    else:
        assert found.startswith(tuple(BOTH))
        assert found[1:].isascii()
        assert found[1:].isdigit()
        assert phone_number(found, BOTH) == found


@given(names)
def test_real_names_are_taken(name: str) -> None:
    assert personal_name(f"  {name}  ") == unicodedata.normalize("NFC", name)
    assert personal_name(name.replace(" ", "   ")) == personal_name(name)


@pytest.mark.parametrize(
    "text", ["", " ", "-", "123", "😀", "x" * 101, "Vzor\x00", "Vzor\nová", "Vzor\u202e", "\ud800x"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a name has"):
        personal_name(text)


@given(anything)
def test_a_name_in_its_form_stays_as_it_is(text: str) -> None:
    try:
        name = personal_name(text)
    except ValueError:
        return

    assert personal_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert not has_controls(name)
    assert 0 < len(name) <= 100


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("vzor@example.org", "vzor@example.org"),
        (" Vzor.Nova+ockovani@EXAMPLE.Org ", "Vzor.Nova+ockovani@example.org"),
        ("o'vzor@sub.example.co", "o'vzor@sub.example.co"),
        ("vzorová@příklad.example", "vzorová@příklad.example"),
        ("1@xn--exmple-cua.example", "1@xn--exmple-cua.example"),
    ],
)
def test_addresses_are_taken(text: str, address: str) -> None:
    assert email_address(text) == address
    assert email_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "vzor", "@example.org", "vzor@", "vzor@example", "vzor@.org", "vzor@example..org", "vzor@-x.org"),
        *("a b@example.org", "a@b@example.org", "a,b@example.org", "<a@example.org>", "a@example.o", "a@example.123"),
        *("a@exam ple.org", "a\n@example.org", "a\x00@example.org", "\ud800@example.org", "a\u202e@example.org"),
        *(f"{'x' * 65}@example.org", f"a@{'x' * 260}.org", 'a"b@example.org', "a@example.org\nBcc: b@example.org"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"name@domain\.top"):
        email_address(text)


@given(st.from_regex(r"[a@.\-_]{0,260}", fullmatch=True) | anything)
def test_any_text_is_an_address_or_refused_at_once(text: str) -> None:
    try:
        address = email_address(text)
    except ValueError:
        return

    assert email_address(address) == address
    assert address.count("@") == 1


@given(anything)
def test_a_mask_shows_two_characters_at_most(text: str) -> None:
    masked = mask(text)

    assert len(masked) <= 3
    assert masked.isprintable()
    assert masked in {"", "…", f"…{text[-2:]}"}
    if len(text) <= 4:
        assert masked in {"", "…"}


@given(invented.applications())
def test_a_right_application_is_taken_as_it_is(application: Application) -> None:
    checked = check(application, today=TODAY, languages=["cs", "en"], claims=invented.CLAIMS)

    assert checked == application
    assert check(checked, today=TODAY, languages=["cs", "en"], claims=invented.CLAIMS) == checked


@given(st.sampled_from(["first_name", "last_name", "insured_number", "email", "language", "site_id"]), anything)
def test_a_wrong_one_names_the_field_and_not_the_value(name: str, text: str) -> None:
    right = Application("401231001", "Vzorka", "Vzorová", date(1940, 12, 31), "north")
    changes: Any = {name: text}
    try:
        check(evolve(right, **changes), today=TODAY, languages=["cs"], claims=[])
    except InvalidInput as error:
        found = error
    else:
        return

    assert [problem.place for problem in found.problems] == [name]
    assert len(text) < 6 or name == "language" or text not in str(found)
    assert str(found).isprintable()


@pytest.mark.parametrize(
    ("born", "taken"),
    [
        (date(1895, 1, 1), True),
        (date(1894, 12, 31), False),
        (TODAY, True),
        (date(2021, 1, 16), False),
        (date(1940, 1, 31), True),
        ("1940-01-31", False),
        (None, False),
    ],
)
def test_a_birth_date_is_a_day_until_today(born: Any, taken: object) -> None:
    application = Application("401231001", "Vzorka", "Vzorová", born, "north")
    if taken:
        assert type(check(application, today=TODAY, languages=["cs"], claims=[]).birth_date) is date
        return
    with pytest.raises(InvalidInput) as caught:
        check(application, today=TODAY, languages=["cs"], claims=[])
    assert [problem.place for problem in caught.value.problems] == ["birth_date"]


@pytest.mark.parametrize("claims", [["teacher"], ("teacher",), {"teacher"}, {"teacher": 1}, iter(["teacher"])])
def test_claims_are_a_set_whatever_they_come_as(claims: Any) -> None:
    application = Application("401231001", "Vzorka", "Vzorová", date(1940, 12, 31), "north", claims=claims)

    assert application.claims == {"teacher"}


def test_no_value_shows_a_person() -> None:
    application = Application("401231001", "Vzorka", "Vzorová", date(1940, 12, 31), "north", email="vzor@example.org")

    for shown in (repr(application), repr(people.Person("401231001", "r"))):
        assert not any(part in shown for part in ("401231", "Vzor", "1940", "vzor"))
