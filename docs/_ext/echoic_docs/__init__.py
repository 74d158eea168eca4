"""Sphinx extension: writes the reference pages from the settings, the command line and the docstrings.

The pages are written before Sphinx looks for its sources, and are not kept in git. A page is only rewritten when its
text changes, so that Sphinx rebuilds no more than it has to.
"""

from pathlib import Path
from typing import Any

from echoic_docs.api import api_pages
from echoic_docs.command import command_page
from echoic_docs.layers import layers_table
from echoic_docs.names import KnownNames
from echoic_docs.settings import settings_pages


def generated_pages() -> dict[str, str]:
    """Markdown by path, relative to `docs/`."""
    return (
        {"reference/command.md": command_page(), "internals/layers.md": layers_table()}
        | {f"reference/settings/{name}.md": page for name, page in settings_pages().items()}
        | {f"reference/api/{name}.md": page for name, page in api_pages().items()}
    )


def write_pages(app: Any) -> None:
    """Writes the generated pages into the source folder, and deletes those of modules that are gone."""
    docs, pages = Path(app.srcdir), generated_pages()
    for folder in ("reference/settings", "reference/api"):
        (docs / folder).mkdir(exist_ok=True)
        for path in (docs / folder).glob("*.md"):
            if path.relative_to(docs).as_posix() not in pages:
                path.unlink()
    for name, text in pages.items():
        path = docs / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Registers the extension."""
    app.add_domain(KnownNames, override=True)
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
