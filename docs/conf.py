"""Settings of Sphinx: the pages here as HTML."""

from importlib.metadata import version as version_of

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
html_title = "crs"
html_copy_source = False
html_show_sphinx = False
