"""Settings of the documents: MyST pages, API pages from docstrings, no network."""

from typing import Any

from pydantic_core import PydanticUndefined

import echoic
from echoic.config import Section

project = "echoic"
author = "the echoic authors"
version = release = echoic.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
smartquotes = False
html_title = f"echoic {version}"
html_copy_source = False
myst_heading_anchors = 3

# Docstrings write `name` for code.
default_role = "literal"
napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100


def list_settings(_app: Any, what: str, _name: str, item: Any, _options: Any, lines: list[str]) -> None:
    """Adds the name, default and description of each setting to the docstring of a section."""
    if what != "class" or not issubclass(item, Section):
        return
    for name, field in item.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            own = ", ".join(f"`{key}={value!r}`" for key, value in field.default.model_dump(exclude_unset=True).items())
            lines.append(
                f"* `{name}`: the section {field.annotation.__name__}" + (f", by default {own}" if own else "")
            )
        else:
            default = "" if field.default is PydanticUndefined else f" (`{field.default!r}`)"
            lines.append(f"* `{name}`{default}: {field.description}")
    lines.append("")


def shorten(_app: Any, _what: str, _name: str, item: Any, _options: Any, signature: str, _returns: str) -> Any:
    """Leaves out the signature of a section: it would only repeat the list of its settings."""
    return ("", None) if isinstance(item, type) and issubclass(item, Section) else (signature, _returns)


def setup(app: Any) -> None:
    """Hooks the two into autodoc."""
    app.connect("autodoc-process-docstring", list_settings)
    app.connect("autodoc-process-signature", shorten)
