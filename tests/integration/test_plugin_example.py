"""Adapter packages, installed as distributions of their own, keep the contracts outside of here."""

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugin"
PAGE = ROOT / "docs" / "how-to" / "write-an-adapter.md"
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "crs-lines"
version = "1.0"
dependencies = ["crs"]
"""


def tried(package: Path, site: Path) -> str:
    """What pytest says in a package once it is installed."""
    install = ["pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    command = [sys.executable, "-m", *install, "--target", str(site), str(package)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    folders = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark"],
        cwd=package,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_example_keeps_its_contracts_through_its_entry_point(tmp_path: Path) -> None:
    package = copytree(EXAMPLE, tmp_path / "package", ignore=ignore_patterns("__pycache__", "*.egg-info", ".*"))
    told = tried(package, tmp_path / "site")

    assert re.search(r"^\d\d passed in ", told, re.MULTILINE), told


@pytest.mark.slow
def test_whoever_follows_the_page_to_the_letter_has_a_plugin_that_is_found(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    module, contract, *_ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    [announced] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    package = tmp_path / "package"
    (package / "crs_lines").mkdir(parents=True)
    (package / "crs_lines" / "__init__.py").touch()
    (package / "pyproject.toml").write_text(PROJECT + announced, encoding="utf-8")
    (package / "crs_lines" / "plugin.py").write_text(module, encoding="utf-8")
    (package / "test_lines.py").write_text(
        f"""import json
import crs_core as crs
from crs_lines.plugin import LineGateway
{contract}

def test_it_is_found():
    assert type(crs.Plugins.installed().open("sms", "lines:messages.jsonl", None)) is LineGateway
""",
        encoding="utf-8",
    )
    told = tried(package, tmp_path / "site")

    assert re.search(r"^10 passed in ", told, re.MULTILINE), told
