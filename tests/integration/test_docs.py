"""The pages build without a warning, and the reference has every public name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import crs_core as crs

ROOT = Path(__file__).parents[2]


def built(source: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Sphinx as `make docs` runs it, into a folder of the test."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", f"{folder}/doctrees", str(source)]
    return subprocess.run([*command, f"{folder}/html"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.slow
def test_the_pages_build_and_the_reference_has_every_public_name(tmp_path: Path) -> None:
    done = built(ROOT / "docs", tmp_path)

    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "reference" / "api.html").read_text(encoding="utf-8")
    assert set(crs.__all__) <= set(re.findall(r'id="crs_core\.(\w+)"', page))
    listed = set(re.findall(r'id="crs_core\.[\w.]+\.(\w+)"', page))
    assert {"Sent", "Journey", "Release", "Storage", "SmsGateway"} <= listed
    described = re.findall(r"<strong>(\w+)</strong>", page)
    assert {"first_name", "last_name", "registered", "withdrawn"} <= set(described)


def test_every_page_is_found_from_the_first() -> None:
    folder = ROOT / "docs"
    links = set(re.findall(r"\]\(([\w/-]+\.md)\)", (folder / "index.md").read_text(encoding="utf-8")))

    assert links == {page.relative_to(folder).as_posix() for page in folder.rglob("*.md")} - {"index.md"}


@pytest.mark.slow
def test_a_link_to_nowhere_ends_the_build(tmp_path: Path) -> None:
    """The negative control: what is wrong on a page is an error."""
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text('extensions = ["myst_parser"]\n', encoding="utf-8")
    (source / "index.md").write_text("# A page\n\n[nowhere](nowhere.md)\n", encoding="utf-8")
    done = built(source, tmp_path)

    assert done.returncode != 0
    assert "nowhere" in done.stderr
