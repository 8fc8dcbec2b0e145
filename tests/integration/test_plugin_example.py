"""The example of an adapter package, installed as a distribution of its own, passes its own tests outside of here."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.mark.slow
def test_the_package_keeps_its_contracts_through_its_entry_point(tmp_path: Path) -> None:
    package = copytree(EXAMPLE, tmp_path / "package", ignore=ignore_patterns("__pycache__", "*.egg-info", ".*"))
    install = ["pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    command = [sys.executable, "-m", *install, "--target", str(tmp_path / "site"), str(package)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    folders = [str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark"],
        cwd=package,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed in " in done.stdout
    assert "skipped" not in done.stdout
