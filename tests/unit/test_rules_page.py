"""The page of all rules names every dated rule and every module of the domain that decides, and tests that exist."""

import re
from pathlib import Path

import attrs

from crs_core.domain.campaign import Campaign

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")

VALUES_AND_WORDS = {
    *("amendments", "calendars", "confirmation_texts", "finding_texts", "findings", "holding", "inputs", "journey"),
    *("keys", "one_time_code", "plans", "registration", "rule_texts", "shortfall", "sms_segments", "tokens", "wording"),
}
"""Modules that hold values, words or parts of a rule that another module names."""


def test_every_dated_rule_is_on_the_page() -> None:
    dated = {each.name for each in attrs.fields(Campaign) if "Dated" in str(each.type)}

    assert len(dated) > 10
    assert {name for name in dated if f"[[{name}]]" not in PAGE} == set()


def test_every_module_that_decides_is_on_the_page() -> None:
    modules = {path.stem for path in (ROOT / "src/crs_core/domain").iterdir() if not path.stem.startswith("__")}
    named = set(re.findall(r"`(\w+)`", PAGE))

    assert modules - named - VALUES_AND_WORDS == set()
    assert modules >= VALUES_AND_WORDS
    assert VALUES_AND_WORDS & named == set()


def test_every_test_on_the_page_exists() -> None:
    tests = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)

    assert len(tests) > 20
    assert [path for path in tests if not (ROOT / path).is_file()] == []
