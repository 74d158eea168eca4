"""Clips as NumPy arrays: one of features, and one of labels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.clips.found import ReadClips
from echoic.types import Annotations, Series

AXES = {"clip", "band", "frame"}


def read_clips(path: Path, settings: ClipDataSettings) -> ReadClips:
    """A series `(frames, bands)` for each clip of the array, with its label.

    Raises:
        ConfigError: the axes or the labels are not named.
        DataError: an array cannot be read, or the two do not fit.
    """
    clips = unlabelled_clips(path, settings)
    if settings.labels_path is None:
        raise ConfigError("`labels_path` must name a .npy file with the label of each clip.")
    labels = _load(settings.labels_path)
    if labels.shape != (len(clips),) or labels.dtype.kind not in "iuUSb":
        raise DataError(
            f"{settings.labels_path} must hold a label for each of the {len(clips)} clips of {path.name}, got "
            f"{_describe(labels)}."
        )
    return ReadClips(
        [
            replace(clip, annotations=Annotations(labels=(_text(label),)))
            for clip, label in zip(clips, labels, strict=True)
        ]
    )


def unlabelled_clips(path: Path, settings: ClipDataSettings) -> list[Series]:
    """A series `(frames, bands)` without a label for each clip of the array.

    Raises:
        ConfigError: the axes are not named.
        DataError: the array cannot be read.
    """
    return clips_of_bands(_load(path), settings.axes, str(path))


def clips_of_bands(values: NDArray[np.generic], axes: Sequence[str], origin: str) -> list[Series]:
    """A series `(frames, bands)` without a label for each clip of an array with the named `axes`.

    Raises:
        ConfigError: the axes are not named.
        DataError: the array does not hold numbers with these axes.
    """
    if set(axes) != AXES or len(axes) != len(AXES):
        raise ConfigError("`axes` must name the array's axes in order, such as clip,band,frame.")
    if values.ndim != len(AXES) or values.dtype.kind not in "fiu":
        raise DataError(f"{origin} must hold numbers with axes {','.join(axes)}, got {_describe(values)}.")
    values = np.moveaxis(values, [axes.index(axis) for axis in ("clip", "frame", "band")], [0, 1, 2])
    bands = tuple(f"band_{number}" for number in range(1, values.shape[2] + 1))
    clips = []
    for number, clip in enumerate(values):
        if not np.isfinite(clip).all():
            raise DataError(f"{origin}, clip {number} has a value that is not a number; correct or remove it.")
        clips.append(
            Series(
                f"clip {number}",
                np.array(clip, np.float32, order="C"),
                bands,
                origin=f"{origin}, clip {number}",
            )
        )
    return clips


def _load(path: Path) -> NDArray[np.generic]:
    if not path.exists():
        raise DataError(f"{path}: no such file; check the name.")
    if not path.is_file():
        raise DataError(f"{path} is not a regular file; save the array in one.")
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            raise DataError(f"{path} is an archive of arrays (.npz); save the one array with numpy.save.")
    try:
        array: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # noqa: BLE001 (damaged files raise whatever zip, zlib and NumPy do)
        raise DataError(f"{path} is not a readable .npy file ({error}); save it with numpy.save.") from None
    return array


def _describe(array: NDArray[np.generic]) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _text(label: np.generic) -> str:
    return label.decode() if isinstance(label, bytes) else str(label)
