"""The contracts of .importlinter hold on the real tree, and each is broken by an import planted in a copy of it."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sysconfig.get_path("scripts"), "lint-imports")

FLOORS = "A floor of crs_core imports only floors below it"
CYCLES = "No two neighbours import each other"
NO_ADAPTER = "The core knows no adapter"
APART = "No adapter imports another"
KIT = "The test kit is imported by tests and the demo alone"
PURE = "Decisions have no clock, chance, files or network of their own"
CATTRS = "Only composition knows cattrs"
PYTEST = "Only the test kit knows pytest and Hypothesis"

# Where a module is planted, what stands in it, and which contracts that breaks.
PLANTS = [
    ("crs_core/domain/planted.py", "import crs_core.ports", {FLOORS}),
    ("crs_core/domain/planted.py", "import crs_core.desks", {FLOORS}),
    ("crs_core/ports/planted.py", "import crs_core.office", {FLOORS}),
    ("crs_core/office/planted.py", "import crs_core.rounds", {FLOORS}),
    ("crs_core/rounds/planted.py", "import crs_core.desks", {FLOORS}),
    ("crs_core/desks/planted.py", "import crs_core.composition", {FLOORS}),
    ("crs_core/cellar/__init__.py", "", {FLOORS}),
    ("crs_core/domain/planted.py", "import crs_core.domain.another", {CYCLES}),
    ("crs_core/domain/planted.py", "import crs_adapters.planted", {NO_ADAPTER}),
    ("crs_core/composition/planted.py", "import crs_adapters.planted", {NO_ADAPTER}),
    ("crs_core/testing/planted.py", "import crs_adapters.planted", {NO_ADAPTER}),
    ("crs_adapters/sms/planted.py", "import crs_adapters.planted", {APART}),
    ("crs_adapters/simulation/planted.py", "import crs_adapters.planted", {APART}),
    ("crs_adapters/cli/planted.py", "import crs_adapters.planted", {APART}),
    ("crs_adapters/newcomer.py", "import crs_adapters.planted", {APART}),
    ("crs_core/composition/planted.py", "import crs_core.testing", {KIT}),
    ("crs_adapters/sms/planted.py", "import crs_core.testing", {KIT}),
    ("crs_adapters/cli/planted.py", "import crs_core.testing", {KIT}),
    *(("crs_core/domain/planted.py", f"import {name}", {PURE}) for name in ("asyncio", "logging", "os", "random")),
    *(("crs_core/ports/planted.py", f"import {name}", {PURE}) for name in ("secrets", "smtplib", "socket")),
    *(("crs_core/desks/planted.py", f"import {name}", {PURE}) for name in ("sqlite3", "subprocess")),
    *(("crs_core/rounds/planted.py", f"import {name}", {PURE}) for name in ("time", "urllib.request")),
    ("crs_core/domain/planted.py", "def late():\n    import sqlite3", {PURE}),
    ("crs_core/office/planted.py", "from time import time", {PURE}),
    *(
        (f"crs_core/{floor}/planted.py", "import cattrs", {CATTRS})
        for floor in ("domain", "ports", "office", "rounds", "desks", "testing")
    ),
    *(
        (f"crs_core/{floor}/planted.py", "import pytest", {PYTEST})
        for floor in ("domain", "ports", "office", "rounds", "desks", "composition")
    ),
    ("crs_adapters/storage/planted.py", "import hypothesis", {PYTEST}),
]


def broken_contracts(tree: Path) -> set[str]:
    """Return the names of the contracts that a tree breaks."""
    result = subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    broken = set(re.findall(r"^(.*) BROKEN\b", result.stdout, re.MULTILINE))
    kept = set(re.findall(r"^(.*) KEPT\b", result.stdout, re.MULTILINE))

    assert broken | kept == {FLOORS, CYCLES, NO_ADAPTER, APART, KIT, PURE, CATTRS, PYTEST}, result.stdout
    assert (result.returncode == 0) == (not broken)

    return broken


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources and their contracts."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def plant(tree: Path, path: str, source: str) -> None:
    """Write a module into a tree, in a package of the tree or a new one."""
    file = tree / "src" / path
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(f'"""Planted."""\n{source}\n')


def test_floors_are_kept_by_the_real_tree() -> None:
    assert broken_contracts(ROOT) == set()


@pytest.mark.slow  # twelve seconds together, and only a changed contract changes them
@pytest.mark.parametrize(("path", "source", "expected"), PLANTS, ids=[f"{path}-{source}" for path, source, _ in PLANTS])
def test_floors_break_on_a_planted_import(tree: Path, path: str, source: str, expected: set[str]) -> None:
    plant(tree, "crs_core/domain/another.py", "import crs_core.domain.planted" if expected == {CYCLES} else "")
    plant(tree, "crs_adapters/planted.py", "")
    plant(tree, path, source)

    broken = broken_contracts(tree)

    assert expected <= broken <= expected | {CYCLES}  # an import upwards closes a circle where one already comes down


def test_floors_allow_the_demo_what_it_needs(tree: Path) -> None:
    plant(tree, "crs_adapters/simulation/planted.py", "")
    plant(tree, "crs_adapters/cli/demo.py", "import crs_adapters.simulation\nimport crs_core.testing")

    assert broken_contracts(tree) == set()
