"""The .ts files of the UEA and UCR archives (format of aeon and sktime), with one clip per line."""

from pathlib import Path

import numpy as np

from echoic.config import ClipDataSettings
from echoic.config.numbers import number_in
from echoic.errors import DataError
from echoic.sources.clips.found import ReadClips
from echoic.types import Annotations, Floats, Series


def read_clips(path: Path, settings: ClipDataSettings) -> ReadClips:  # noqa: ARG001
    """A series `(steps, dimensions)` for each line after `@data`, with the line's last field as its label.

    Raises:
        DataError: a line cannot be read; the message has its number.
    """
    clips, dimensions, begun = list[Series](), 0, False
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                text = line.strip()
                if begun and text and not text.startswith("#"):
                    clips.append(_clip(path, number, text, dimensions))
                    dimensions = len(clips[0].features)
                elif text.lower().startswith("@classlabel") and text.split()[1:2] != ["true"]:
                    raise DataError(f"{path}, line {number} declares no class labels, which classification requires.")
                elif text.lower().startswith("@targetlabel") and text.split()[1:2] == ["true"]:
                    raise DataError(
                        f"{path}, line {number} declares a regression, whose targets are numbers, not classes; give a "
                        "file with @classLabel true, or write a class in the place of each number."
                    )
                elif text.lower().startswith("@timestamps") and text.split()[1:2] == ["true"]:
                    raise DataError(
                        f"{path}, line {number} has time stamps, which are not supported; export without them."
                    )
                begun = begun or text.lower() == "@data"
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text; give a .ts file.") from None
    if not begun:
        raise DataError(f"{path} has no @data line; give a complete .ts file.")
    return ReadClips(clips)


def _clip(path: Path, number: int, text: str, dimensions: int) -> Series:
    *columns, label = text.split(":")
    if not columns or not label.strip():
        raise DataError(f"{path}, line {number} has no label after the last colon; correct the line.")
    rows = [_numbers(path, number, column) for column in columns]
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise DataError(f"{path}, line {number}: dimensions must be equally long, got {sorted(lengths)} values.")
    if dimensions and len(rows) != dimensions:
        raise DataError(f"{path}, line {number} has {len(rows)} dimensions, but the first line has {dimensions}.")
    names = tuple(f"dimension_{place}" for place in range(1, len(rows) + 1))
    return Series(
        f"line {number}",
        np.stack(rows, 1),
        names,
        origin=f"{path}, line {number}",
        annotations=Annotations(labels=(label.strip(),)),
    )


def _numbers(path: Path, number: int, column: str) -> Floats:
    try:
        values = np.array(
            [np.nan if cell.strip() == "?" else number_in(cell) for cell in column.split(",")], np.float32
        )
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {error}; correct the line.") from None
    if np.isinf(values).any():
        raise DataError(f"{path}, line {number} holds an infinite value; correct the line.")
    return values
