"""Names of rows that tell the files of several predictions apart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echoic.jobs.base import Table
from echoic.sources.audio import ENDINGS
from echoic.sources.folder_contents import contents_of


class _Place(NamedTuple):
    """A file, and what is meant in it, if it is not the whole file."""

    path: Path
    inner: str = ""


def told_apart(files: Sequence[Any], tables: Sequence[Table]) -> list[Table]:
    """The tables of the predictions for each of `files`, whose first column names files or series.

    Where two files would have the same name, all are named by the shortest ends of their paths that differ.
    """
    if len(tables) < 2 or not all(isinstance(file, str | Path) for file in files):
        return list(tables)
    column = next(iter(tables[0]))
    places = [_places(Path(file).absolute(), table[column]) for file, table in zip(files, tables, strict=True)]
    if max(Counter(name for own in places for name in own).values(), default=0) < 2:
        return list(tables)
    ends = _shortest_ends({place.path for own in places for place in own.values()})
    return [table | {column: _renamed(table[column], own, ends)} for table, own in zip(tables, places, strict=True)]


def _places(file: Path, names: Iterable[str]) -> dict[str, _Place]:
    """The place of each name, also of sound files without a row."""
    if file.is_dir():
        inside = (str(path.relative_to(file)) for path in contents_of(file, ENDINGS).files)
        return {name: _Place(file / name) for name in [*names, *inside]}
    if file.name.lower().endswith(ENDINGS):
        return {file.name: _Place(file)}
    return {name: _Place(file, name) for name in names}


def _shortest_ends(paths: set[Path]) -> dict[Path, str]:
    """The last parts of each path, as few as tell all of them apart."""
    longest = max(len(path.parts) for path in paths)
    for count in range(1, longest + 1):
        ends = {path: str(Path(*path.parts[-count:])) for path in paths}
        if len(set(ends.values())) == len(paths):
            return ends
    return {path: str(path) for path in paths}


def _renamed(names: Any, places: Mapping[str, _Place], ends: Mapping[Path, str]) -> Any:
    renamed = [", ".join(filter(None, (ends[places[name].path], places[name].inner))) for name in names]
    return np.array(renamed, object)
