"""Every refusal that the core raises is written down: in Czech, in English, and in the reference."""

import ast
from pathlib import Path

import attrs

import crs_core
from crs_core.domain import confirmation_texts, wording

CORE = Path(crs_core.__file__).parent
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "refusals.md"
FOR_CITIZENS = {"Refused", "TooManyAttempts", "Busy", "BudgetUse"}
FOR_STAFF = {
    *("calendars_not_ready", "too_many_attempts", "superseded", "no_maintenance"),
    *("no_appointment", "not_today", "nothing_to_undo", "too_early", "wrong_step"),
}


OF_A_DAY = {"dose", "dose_email", "confirmation_day", "confirmation_issued"}


def raised() -> dict[str, set[str]]:
    """Codes by the class that they are given to."""
    found: dict[str, set[str]] = {}
    for path in CORE.rglob("*.py"):
        if path.is_relative_to(CORE / "testing"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                place = 2 if node.func.id == "BudgetUse" and len(node.args) > 2 else 0
                code = node.args[place]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    found.setdefault(node.func.id, set()).add(code.value)
    return found


def test_every_code_for_citizens_has_texts_in_every_language() -> None:
    codes = set().union(*(raised().get(name, set()) for name in FOR_CITIZENS)) - FOR_STAFF

    assert {"wrong_pin", "too_many_sends", "busy", "offer_taken"} <= codes
    for language in wording.LANGUAGES:
        assert sorted(codes - set(wording._REFUSALS[language])) == [], language


def test_a_fault_of_ours_tells_a_citizen_nothing_of_its_inside() -> None:
    fault = crs_core.AdapterFault("spool_unwritable", "folder=/srv/spool: cannot be written")

    assert "/srv" not in crs_core.refusal_text(fault, "cs") + crs_core.refusal_text(fault, "en")
    assert crs_core.refusal_text(fault, "cs") == crs_core.citizen_text("fault", "cs")


def test_every_field_of_the_forms_has_its_text_in_every_language() -> None:
    fields = {field.name for field in attrs.fields(crs_core.Application)} | {"phone", "pin", "pin2"}
    for language in wording.LANGUAGES:
        assert wording._FIELDS[language].keys() == fields
        assert crs_core.problem_text(crs_core.Problem("elsewhere", "", "", ""), language)


def test_languages_have_the_same_texts() -> None:
    assert wording._REFUSALS["cs"].keys() == wording._REFUSALS["en"].keys()
    assert wording._MESSAGES["cs"].keys() == wording._MESSAGES["en"].keys()
    assert confirmation_texts.TEXTS["cs"].keys() == confirmation_texts.TEXTS["en"].keys()
    for name, text in {**wording._MESSAGES["cs"], **confirmation_texts.TEXTS["cs"]}.items():
        shows = wording.placeholders(text)
        assert shows == wording.PLACEHOLDERS[name] or (name in OF_A_DAY and shows < wording.PLACEHOLDERS[name])


def test_short_messages_keep_to_one_alphabet() -> None:
    """GSM 03.38 without its extension: what is outside costs every message more than half of its letters."""
    for language in wording.LANGUAGES:
        for name, text in wording._MESSAGES[language].items():
            assert text.isascii(), (language, name)


def test_every_code_stands_in_the_reference() -> None:
    listed = REFERENCE.read_text(encoding="utf-8")
    names = FOR_CITIZENS | {"NotFound", "Conflict", "Stale", "AdapterFault"}
    for code in set().union(*(raised().get(name, set()) for name in names)) - {"superseded"}:
        assert f"`{code}`" in listed, code
