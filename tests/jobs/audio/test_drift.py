"""How far generated sound has drifted from real sound."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_runs import Voice

from echoic.drift.page import write_drift_page
from echoic.drift.report import Reference, measure_drift, measure_streams
from echoic.errors import DataError
from echoic.types import Series
from echoic.windows.recordings import whole_recording

RATE_HZ = 2000


@pytest.mark.slow
def test_drift_of_real_sound_is_small_and_collapsed_sound_is_caught(tmp_path: Path, voice: Voice) -> None:
    for folder, seeds in {"made": range(3), "real": range(10, 13), "noise": ()}.items():
        (tmp_path / folder).mkdir()
        for seed in seeds:
            soundfile.write(tmp_path / folder / f"{seed}.wav", voice(40, seed), RATE_HZ)
    soundfile.write(tmp_path / "noise" / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(20_000), RATE_HZ)
    found = measure_drift(tmp_path / "made", tmp_path / "real")
    assert found.scores["survival"] == 1
    assert found.scores["frechet_ratio"] < 2
    for control in found.controls.values():
        assert control.scores["frechet_ratio"] > 2 * found.scores["frechet_ratio"]
    assert [control.scores["survival"] for control in found.controls.values()] == [0, 0, 0, 0]
    json.dumps(found.to_json(), allow_nan=False)
    collapsed = measure_drift(tmp_path / "noise", tmp_path / "real")
    assert collapsed.scores["survival"] == 0
    (collapse,) = collapsed.drift.collapses
    assert collapse is not None
    assert collapse.detector == "noise"
    assert "memorized" not in collapsed.scores


@pytest.mark.slow
def test_streams_that_copy_the_training_sound_collapse_there(voice: Voice) -> None:
    training = [
        whole_recording(Series(name, voice(60, seed)[:, None], ("sample",))) for name, seed in {"a": 1, "b": 2}.items()
    ]
    begin = 31 * RATE_HZ + 77
    copying = np.concatenate([voice(20, 3), 0.5 * training[1].sound[begin : begin + 20 * RATE_HZ]])
    sounds = [voice(40, 4), copying, voice(40, 5), 0.5 * training[0].sound[: 40 * RATE_HZ]]
    found = measure_streams(iter(sounds), len(sounds), RATE_HZ, Reference(voice(40, 6), training))
    collapses = found.drift.collapses
    assert [collapse is None for collapse in collapses] == [True, False, True, False]
    assert {collapse.detector for collapse in collapses if collapse} == {"copy"}
    late, early = (collapse for collapse in collapses if collapse)
    assert 20 <= late.time_s <= 23.5
    assert early.time_s < 1
    assert found.scores["survival"] == 0.5
    assert found.scores["memorized"] == pytest.approx(0.375, abs=0.02)
    assert found.closest is not None
    assert found.closest.similarity == pytest.approx(1)


@pytest.mark.slow
def test_the_drift_page_names_skipped_files_and_the_closest_training_sound(tmp_path: Path, voice: Voice) -> None:
    for folder, seed in {"made": 1, "real": 2, "training": 1}.items():
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", voice(20, seed), RATE_HZ)
    (tmp_path / "real" / "broken.wav").write_text("no sound")
    found = measure_drift(tmp_path / "made", tmp_path / "real", training=tmp_path / "training")
    write_drift_page(found, tmp_path / "drift.html")
    page = (tmp_path / "drift.html").read_text("utf-8")
    assert "1 stream, 20 s in total, compared with 20 s of real sound." in page
    assert "similarity 1.00 (1 is a copy), a.wav at " in page
    assert "broken.wav is not a readable sound file" in page
    assert any("broken.wav is not a readable sound file" in note for note in found.to_json()["notes"])


def test_too_little_generated_sound_is_refused(tmp_path: Path, voice: Voice) -> None:
    for folder, seconds in {"made": 7, "real": 10}.items():
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", voice(seconds), RATE_HZ)
    with pytest.raises(
        DataError, match=r"requires at least 8 s of generated sound .* got 7\.0 s in total; generate more"
    ):
        measure_drift(tmp_path / "made", tmp_path / "real")
    with pytest.raises(DataError, match="Drift requires at least 8 s of real sound"):
        measure_drift(tmp_path / "real", tmp_path / "made")


@pytest.mark.slow
def test_sound_beyond_full_scale_is_scored_as_clipped(voice: Voice) -> None:
    loud = np.concatenate([voice(10), 20 * voice(6), voice(10)])
    found = measure_streams(iter([loud]), 1, RATE_HZ, Reference(voice(40, 1), []))
    (collapse,) = found.drift.collapses
    assert collapse is not None
    assert collapse.detector == "clipping"
    assert collapse.time_s == pytest.approx(10, abs=1)
