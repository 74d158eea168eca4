"""Text for the terminal: what stands in names and cells must not control it."""

import re

import typer

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """`text` with its control characters, except tabs and line feeds, as the escapes of Python."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def say(text: str) -> None:
    """Prints a line on stderr."""
    typer.echo(printable(text), err=True)
