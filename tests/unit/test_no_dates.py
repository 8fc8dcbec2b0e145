"""Rules change by data alone: nothing that decides knows a date of this age."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import crs_core

CORE = Path(crs_core.__file__).parent
DECIDING = ("domain", "desks", "rounds", "office", "ports")
YEARS = range(2019, 2101)
DAY = re.compile(r"\b20\d\d-\d{2}-\d{2}")


def dates(text: str) -> Iterator[str]:
    """What in the source of a module tells one day of this age from another: literals, but for what only documents."""
    tree = ast.parse(text)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in said:
            value = node.value
            if isinstance(value, int) and value in YEARS:
                yield f"{node.lineno}: {value}"
            if isinstance(value, str) and DAY.search(value):
                yield f"{node.lineno}: {value}"


MODULES = sorted(path for folder in DECIDING for path in (CORE / folder).rglob("*.py"))


def test_what_decides_knows_no_date() -> None:
    found = {path.relative_to(CORE).as_posix(): list(dates(path.read_text(encoding="utf-8"))) for path in MODULES}

    assert len(found) > 40
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "if now >= pendulum.datetime(2021, 3, 1): hours = 72",
        "if today >= Day(2021, 3, 1): hours = 72",
        "if today.year == 2021 and today.month >= 3: hours = 72",
        "if today.isoformat() >= '2021-03-01': hours = 72",
        "MARCH = parse_day('2021-03-01')",
    ],
)
def test_a_planted_date_is_found(planted: str) -> None:
    assert list(dates(f'"""In 2021-03 the rule changed."""\n{planted}\n'))
