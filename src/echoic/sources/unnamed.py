"""Sound files beside those that a table names."""

from collections.abc import Sequence
from pathlib import Path

from echoic.sources.audio import ENDINGS
from echoic.sources.examples import Examples
from echoic.sources.folder_contents import is_hidden

_UNREAD = (".m4a", ".mp4", ".aac", ".wma", ".amr", ".webm")
"""Endings of sound that is not read."""


def unnamed_files(folder: Path, names: Sequence[str]) -> Examples:
    """Sound files in the folders of the files `names`, relative to `folder`, that are not among them."""
    named = {folder / name for name in names}
    beside = (
        path for place in sorted({path.parent for path in named}) if place.is_dir() for path in sorted(place.iterdir())
    )
    return Examples.of(
        path.name
        for path in beside
        if path not in named and path.suffix.lower() in (*ENDINGS, *_UNREAD) and not is_hidden(Path(path.name))
    )
