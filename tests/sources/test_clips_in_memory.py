"""Clips as arrays, lists and pairs read like the same clips in files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.clips import labels_of
from echoic.sources.memory import Clips
from echoic.types import Annotations

X = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
"""Four clips of three steps with two features."""

LABELS = ["a", "b", "a", "b"]
WAYS: dict[str, Any] = {
    "array": Clips(X, LABELS),
    "list": Clips(list(X), LABELS),
    "nested lists": Clips(X.tolist(), LABELS),
    "objects": Clips(np.array([*X, None], object)[:4], LABELS),
    "pairs": list(zip(X, LABELS, strict=True)),
}


@pytest.mark.parametrize("way", WAYS)
def test_arrays_are_clips_by_steps_by_features(way: str) -> None:
    found = read(WAYS[way], ClipDataSettings())
    assert [labels_of(clip) for clip in found.series] == [("a",), ("b",), ("a",), ("b",)]
    for clip, values in zip(found.series, X, strict=True):
        np.testing.assert_array_equal(clip.values, values)
    assert found.report.to_json()["labels"] == {"a": 2, "b": 2}
    assert found.fingerprint == read(WAYS["array"], ClipDataSettings()).fingerprint


def test_clips_may_differ_in_length_and_have_missing_values() -> None:
    found = read(Clips([np.array([1.0, np.nan]), np.arange(5)], [True, False]), ClipDataSettings()).series
    assert [clip.steps for clip in found] == [2, 5]
    assert np.isnan(found[0].values[1, 0])
    assert [labels_of(clip) for clip in found] == [("True",), ("False",)]


def test_sound_in_memory_reads_as_its_file(tmp_path: Path) -> None:
    stereo = (np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 2)) * 32767).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", stereo, 8000)
    (tmp_path / "clips.csv").write_text("file,label\na.wav,x\n")
    for settings in (ClipDataSettings(rate_hz=8000), ClipDataSettings(channel=2), ClipDataSettings(rate_hz=4000)):
        (expected,) = read(tmp_path / "clips.csv", settings).series
        (clip,) = read(Clips([stereo], ["x"], rate_hz=8000), settings).series
        assert clip.annotations == expected.annotations
        np.testing.assert_allclose(clip.values, expected.values, atol=1e-6)


def test_a_list_of_files_reads_as_a_table_of_them(tmp_path: Path) -> None:
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.arange(8) if name == "a" else np.ones(5), 8000)
    (tmp_path / "clips.csv").write_text("file,label,group\na.wav,x,1\nb.wav,y,2\n")
    expected = read(tmp_path / "clips.csv", ClipDataSettings(group="group")).series
    files = [tmp_path / "a.wav", str(tmp_path / "b.wav")]
    found = read(Clips(files, ["x", "y"], groups=[1, 2]), ClipDataSettings()).series
    for clip, other in zip(found, expected, strict=True):
        assert clip.annotations == other.annotations
        np.testing.assert_array_equal(clip.values, other.values)
    with pytest.raises(DataError, match=r"one label for each of the 2 clips, got 1"):
        read(Clips(files, ["x"]), ClipDataSettings())
    with pytest.raises(DataError, match=r"missing\.wav"):
        read(Clips([tmp_path / "missing.wav"], ["x"]), ClipDataSettings())


def test_groups_and_several_labels_are_annotated() -> None:
    settings = ClipDataSettings(label_separator=";")
    found = read(Clips(X, [("b", "a"), "a;b", (), ["a"]], groups=[1, 1, 2, 2]), settings).series
    assert [clip.annotations for clip in found] == [
        Annotations(labels=("a", "b"), group="1"),
        Annotations(labels=("a", "b"), group="1"),
        Annotations(labels=(), group="2"),
        Annotations(labels=("a",), group="2"),
    ]
    with pytest.raises(ConfigError, match="several labels for a clip; pass `label_separator`"):
        read(Clips(X, [("b", "a")] * 4), ClipDataSettings())


def test_axes_are_named_for_bands() -> None:
    found = read(Clips(X, LABELS), ClipDataSettings(axes=("clip", "band", "frame"))).series
    np.testing.assert_array_equal(found[2].values, X[2].T)


def test_more_features_than_steps_are_noted() -> None:
    found = read(Clips(np.zeros((2, 3, 50)), ["a", "b"]), ClipDataSettings())
    note = found.report.notes[0]
    assert note.startswith("Clips have 50 features at up to 3 steps: the axes are clips, steps, features, so transpose")


WRONG: dict[str, tuple[Any, str]] = {
    "one clip": (Clips(np.zeros(5), LABELS), r"clip 0 must be \(steps,\) or \(steps, features\), got the shape \(\)"),
    "four axes": (Clips(np.zeros((4, 2, 2, 2)), LABELS), r"clip 0 must be .* got the shape \(2, 2, 2\)"),
    "no clips": (Clips(np.zeros((0, 3)), []), "is empty|are empty"),
    "text": (Clips([["a"]], ["x"]), r"number 0 holds <U1 values, not real numbers; convert"),
    "infinite": (Clips([np.array([0, np.inf])], ["x"]), "clip 0, step 1: inf is infinite or beyond 3.4e38"),
    "features": (Clips([np.zeros((2, 2)), np.zeros((2, 3))], ["x", "y"]), "clip 1 has 3 values per step, but"),
    "no labels": (Clips(X), "have no labels; pass `labels`, one for each of the 4 clips"),
    "few labels": (Clips(X, LABELS[:3]), "`labels` must have one label for each of the 4 clips, got 3"),
    "fractions": (Clips(X, [0.5, 1.0, 1.0, 2.0]), "`labels`, number 0: a label must be a name, a whole number"),
    "missing": (Clips(X, [1.0, np.nan, 1.0, 2.0]), "`labels`, number 1: there is no label; fill it in"),
    "none": (Clips(X, ["a", None, "b", ""]), "`labels`, number 1: there is no label"),
    "matrix": (Clips(X, np.eye(4)), r"`labels` must have one axis, got the shape \(4, 4\)"),
    "a name": (Clips(X, "abab"), "`labels` must be a sequence with one label for each clip, got str"),
    "groups": (Clips(X, LABELS, groups=[1]), "`groups` must have a name or a whole number for each of the 4 clips"),
    "no sound": (Clips([[0.1, np.nan]], ["x"], rate_hz=8000), "clip 0: the sample at 0.000 s in channel 1 is nan"),
    "int64": (Clips([np.array([1, 2])], ["x"], rate_hz=8000), "clip 0 has samples of type int64; give floats"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_clips_are_refused_with_their_number(case: str) -> None:
    data, message = WRONG[case]
    with pytest.raises(DataError, match=message):
        read(data, ClipDataSettings())
