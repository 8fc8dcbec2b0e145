"""Settings of Sphinx: the pages here as HTML.

What desks answer and what ports ask for is read from the code, so the reference is never behind it.
"""

import pkgutil
import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from importlib.metadata import version as version_of
from inspect import isclass
from typing import Any, get_args, get_type_hints

import attrs
from sphinx.application import Sphinx

import crs_core as crs
from crs_core import ports

SHARED = re.compile(r"(?P<indent> +)(?P<names>[a-z_0-9]+(?:, [a-z_0-9]+)+): (?P<text>.*)")

project = "crs"
author = "The crs authors"
project_copyright = "The crs authors"
version = release = version_of("crs")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

source_suffix = {".md": "markdown"}
highlight_language = "none"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_title = "crs"
html_copy_source = False
html_show_sphinx = False


def classes_in(hint: Any) -> Iterator[type]:
    """The classes of crs in an annotation."""
    if isclass(hint) and hint.__module__.startswith("crs_core"):
        yield hint
    for part in get_args(hint):
        yield from classes_in(part)


def answers() -> list[type]:
    """What the three desks answer, and what that is made of, beside the public names; in order of the desks."""
    desks = (crs.CitizenDesk, crs.SiteDesk, crs.OperationsDesk)
    methods = [
        each for desk in desks for name, each in vars(desk).items() if callable(each) and not name.startswith("_")
    ]
    left = [found for each in methods for found in classes_in(get_type_hints(each).get("return"))]
    seen: dict[type, None] = {}
    while left:
        each = left.pop(0)
        if each not in seen:
            seen[each] = None
            left += [found for hint in get_type_hints(each).values() if attrs.has(each) for found in classes_in(hint)]
    return [each for each in seen if each.__name__ not in crs.__all__]


def protocols() -> list[type]:
    """What the outside must provide, and the values that it is handed, port by port."""
    modules = [import_module(f"{ports.__name__}.{each.name}") for each in pkgutil.iter_modules(ports.__path__)]
    return [getattr(module, name) for module in modules for name in module.__all__ if isclass(getattr(module, name))]


def directive(found: type) -> str:
    """How autodoc is asked for a class."""
    members = "\n   :members:" + ("\n   :undoc-members:" if issubclass(found, Enum) else "")
    return f".. autoclass:: {found.__module__}.{found.__name__}{members}"


def filled_in(_app: Sphinx, page: str, source: list[str]) -> None:
    """Puts the classes into the reference."""
    if page == "reference/api":
        for name, found in (("answers", answers()), ("ports", protocols())):
            listed = "\n".join(directive(each) for each in found)
            source[0] = source[0].replace(f"<!-- {name} -->", f"```{{eval-rst}}\n{listed}\n```")


def one_entry_a_name(_app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Writes ``first_name, last_name: …`` as an entry for each, which is what napoleon reads."""
    written: list[str] = []
    while lines:
        line = lines.pop(0)
        shared = SHARED.fullmatch(line)
        if shared is None:
            written.append(line)
            continue
        indent = len(shared["indent"])
        more = []
        while lines and len(lines[0]) - len(lines[0].lstrip()) > indent:
            more.append(lines.pop(0))
        for each in shared["names"].split(", "):
            written += [f"{shared['indent']}{each}: {shared['text']}", *more]
    lines[:] = written


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", filled_in)
    app.connect("autodoc-process-docstring", one_entry_a_name, priority=400)  # before napoleon, at 500
