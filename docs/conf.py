"""Settings of the documents: MyST pages, reference pages generated from the code, no network."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import echoic
from echoic.config import Section

project = "echoic"
author = "The echoic authors"
copyright = author  # noqa: A001 (Sphinx's name for it)
version = release = echoic.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "echoic_docs"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "internals/layers.md"]  # the second is included in another page

html_theme = "furo"
html_title = f"echoic {version}"
html_static_path = ["_static"]
html_css_files = ["echoic.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e6e", "color-brand-content": "#0b6e6e"},
    "dark_css_variables": {"color-brand-primary": "#5fd0c5", "color-brand-content": "#5fd0c5"},
}
html_copy_source = False
smartquotes = False

# Docstrings write `name` for code.
default_role = "literal"
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # the fields of a NamedTuple are documented once
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100


def shorten(_app: Any, _what: str, _name: str, item: Any, _options: Any, signature: str, _returns: str) -> Any:
    """Leaves out the signature of a section of settings: it would only repeat their table."""
    return ("", None) if isinstance(item, type) and issubclass(item, Section) else (signature, _returns)


def leave_out(_app: Any, _what: str, name: str, _item: Any, skip: bool, _options: Any) -> bool | None:  # noqa: FBT001
    """Leaves out what scikit-learn adds to estimators, whose texts refer to its own pages."""
    return skip or name.endswith("_request") or None


def setup(app: Any) -> None:
    """Hooks into autodoc."""
    app.connect("autodoc-skip-member", leave_out)
    app.connect("autodoc-process-signature", shorten)
