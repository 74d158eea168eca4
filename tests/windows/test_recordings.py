"""Recordings in splits: whole files, or each file cut in time."""

from typing import Literal

import numpy as np
import pytest

from echoic.config.audio import AudioSplitSettings
from echoic.errors import DataError
from echoic.types import Series
from echoic.windows.recordings import split_recordings


def recordings(count: int, steps: int = 20) -> list[Series]:
    """Recordings of increasing length, all of whose samples differ."""
    return [
        Series(f"{number}.wav", (1000 * number + np.arange(steps + 10 * number, dtype=np.float32))[:, None], ("x",))
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "split_by"), [(9, None), (2, "time"), (12, "time")])
def test_few_recordings_are_each_cut_in_time(count: int, split_by: Literal["time", "file"] | None) -> None:
    given = recordings(count)
    found = split_recordings(given, AudioSplitSettings(split=(0.5, 0.3, 0.2), split_by=split_by))
    for number, recording in enumerate(given):
        pieces = [found[split][number] for split in ("train", "dev", "test")]
        assert all(piece.recording is recording for piece in pieces)
        assert np.array_equal(np.concatenate([piece.sound for piece in pieces]), recording.values[:, 0])
        assert [piece.end - piece.begin for piece in pieces] == [
            round(fraction * recording.steps) for fraction in (0.5, 0.3, 0.2)
        ]


@pytest.mark.parametrize(("count", "split_by"), [(10, None), (5, "file")])
def test_many_recordings_are_each_in_one_split(count: int, split_by: Literal["time", "file"] | None) -> None:
    given = recordings(count)
    found = split_recordings(given, AudioSplitSettings(split=(0.6, 0.2, 0.2), split_by=split_by))
    assert [len(found[split]) for split in ("train", "dev", "test")] == [0.6 * count, 0.2 * count, 0.2 * count]
    pieces = [piece for split in found.values() for piece in split]
    assert sorted(piece.recording.name for piece in pieces) == sorted(recording.name for recording in given)
    assert all(np.array_equal(piece.sound, piece.recording.values[:, 0]) for piece in pieces)


def test_a_split_without_samples_has_no_excerpts() -> None:
    found = split_recordings(recordings(2), AudioSplitSettings(split=(0.5, 0.5, 0), split_by="time"))
    assert [len(found[split]) for split in ("train", "dev", "test")] == [2, 2, 0]


def test_too_few_recordings_can_be_cut_in_time_instead() -> None:
    with pytest.raises(DataError, match=r"\w, or split within each file: --split-by time\.$"):
        split_recordings(recordings(2), AudioSplitSettings(split_by="file"))
