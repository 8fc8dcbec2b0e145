"""What every test run shares: examples in documents, Hypothesis profiles, readable asserts of the test kit.

Python blocks of a document run top to bottom, in one namespace and one temporary folder. `<!--- skip: next -->` above a
block leaves it out, `<!--- skip: next "reason" -->` says why.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, chdir
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest.register_assert_rewrite("crs_core.testing")

if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ and not os.access(Path(__file__).parent, os.W_OK):
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder = tempfile.mkdtemp(prefix="crs-hypothesis-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

usual = settings(settings.get_profile("default"), deadline=None, derandomize=False, print_blob=True)
settings.register_profile("default", usual)
settings.register_profile("quick", usual, max_examples=20, stateful_step_count=15)
# What CI tries is a function of the code: it fails for what a change broke, not for luck. Luck is for everybody else.
settings.register_profile("ci", usual, max_examples=200, database=None, derandomize=True)
settings.register_profile("deep", usual, max_examples=5_000, stateful_step_count=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "default"))


def enter_document(namespace: dict[str, Any]) -> None:
    """Give a document its temporary folder."""
    namespace["_leave"] = leave = ExitStack()
    leave.enter_context(chdir(leave.enter_context(tempfile.TemporaryDirectory(prefix="crs-docs-"))))


def leave_document(namespace: dict[str, Any]) -> None:
    """Return from the folder of a document and remove it."""
    namespace["_leave"].close()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    pattern="*.md",
    setup=enter_document,
    teardown=leave_document,
).pytest()


@pytest.fixture(autouse=True)
def _examples_write_nowhere(request: pytest.FixtureRequest) -> Iterator[None]:
    """Examples in docstrings run in a temporary folder too."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="crs-docs-") as folder, chdir(folder):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the examples of a document back in order, where tests are shuffled."""
    documents: dict[Path, list[SybilItem]] = {}
    for item in items:
        if isinstance(item, SybilItem):
            documents.setdefault(item.path, []).append(item)
    for examples in documents.values():
        examples.sort(key=lambda item: (item.example.line, item.example.column))
    ordered: list[pytest.Item] = []
    for item in items:
        ordered += documents.pop(item.path, []) if isinstance(item, SybilItem) else [item]
    items[:] = ordered
