"""Tables in Markdown."""

from collections.abc import Sequence


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; line feeds and vertical bars in cells are escaped."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines) + "\n"


def cell(text: str) -> str:
    """Text that can stand in a cell of a table."""
    return " ".join(text.replace("|", r"\|").split())


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def escape(text: str) -> str:
    """Prose whose angle brackets and asterisks are not markup."""
    return text.replace("<", "&lt;").replace("*", r"\*")
