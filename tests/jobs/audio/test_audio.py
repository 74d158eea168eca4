"""The job itself: sound in, bits and reports out, sound of any length."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from audio_runs import TrainRun, Voice
from narrowing import expect_type
from scipy.signal import welch

from echoic.api.prepare import prepare
from echoic.api.report import write_report
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.codecs import HighPass, MuLaw, Spectrogram
from echoic.config import AudioSettings
from echoic.config.audio import AudioRequest
from echoic.drift import CONTROLS
from echoic.errors import ConfigError, DataError, RunError
from echoic.jobs.audio.evaluate import DRIFT_SCORES, AudioEvaluation
from echoic.jobs.audio.files import write_sound
from echoic.jobs.audio.framing import CodeFrames, SpectralFrames
from echoic.jobs.audio.render import blocks, samples_in
from echoic.jobs.audio.task import AudioTask

RATE_HZ = 2000


def test_sound_is_generated_without_the_recordings(tmp_path: Path, voice: Voice, train_samples: TrainRun) -> None:
    soundfile.write(tmp_path / "voice.wav", voice(20), RATE_HZ)
    run = train_samples(tmp_path / "voice.wav")
    before = run.generate("0.2s").samples
    (tmp_path / "voice.wav").unlink()
    moved = load(run.path)
    assert np.array_equal(moved.generate("0.2s").samples, before)
    with pytest.raises(DataError, match=r"voice\.wav: not found"):
        moved.evaluate()


def test_generated_sound_has_the_requested_length_rate_and_seed(run: Run) -> None:
    first, again, other = (run.generate("0.5s", seed=seed, streams=2) for seed in (0, 0, 1))
    assert first.samples.shape == (2, 1000)
    assert first.rate_hz == RATE_HZ
    assert np.array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)
    assert not np.array_equal(first.samples[0], first.samples[1])
    codec = run.fitted.task.codec
    assert np.abs(first.samples).max() <= codec.scale / (1 - codec.pre_emphasis) * (1 + 1e-6)


def test_a_folder_that_does_not_exist_is_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"0\.wav cannot be written: the folder .*missing does not exist; create it"):
        run.write(tmp_path / "missing" / "0.wav", "0.1s")


def test_a_longer_sound_begins_as_a_shorter_one(run: Run) -> None:
    short, long = run.generate("901samples"), run.generate("2s")
    assert np.array_equal(short.samples, long.samples[:, :901])


def test_sound_of_codes_does_not_rumble_below_the_source() -> None:
    seconds = np.arange(8 * RATE_HZ) / RATE_HZ
    source = (0.5 * np.sin(2 * np.pi * 300 * seconds) + 0.2 * np.sin(2 * np.pi * 711 * seconds)).astype(np.float32)
    codec = MuLaw.fit([source], pre_emphasis=0.85)
    rumble = {}
    for high_pass in (HighPass(0.0, RATE_HZ), HighPass.fit([source], RATE_HZ)):
        framing = CodeFrames(8, codec, high_pass)
        sound = np.concatenate(list(framing.sound(framing.frames([source])[:, None])), 1)[0]
        hz, power = welch(sound[RATE_HZ:], RATE_HZ, nperseg=RATE_HZ)
        rumble[high_pass.cutoff_hz > 0] = 10 * np.log10(power[hz < 60].mean())
        level = np.sqrt(np.square(sound[RATE_HZ:]).mean())
        assert level == pytest.approx(np.sqrt(np.square(source).mean()), rel=0.02)
    assert rumble[True] < rumble[False] - 30


def test_the_loudness_temperature_is_1_05_by_default(run: Run) -> None:
    first, same, surer = (
        run.generate("1s", **asked) for asked in ({}, {"loudness_temperature": 1.05}, {"loudness_temperature": 1})
    )
    assert np.array_equal(first.samples, same.samples)
    assert not np.array_equal(first.samples, surer.samples)


def test_blocks_come_one_by_one(run: Run) -> None:
    made = blocks(run.fitted, AudioRequest(length="1h", streams=3))
    assert next(made).shape == next(made).shape == (3, 496)


def test_a_prime_is_continued(run: Run, recording: Path) -> None:
    assert not np.array_equal(run.generate("0.1s", prime=recording).samples, run.generate("0.1s").samples)


def test_blocks_of_sound_join_without_a_gap() -> None:
    """In level, in the state of the filter, and of spectra in phase."""
    sound = np.sin(np.arange(6 * RATE_HZ) * 0.31).astype(np.float32) * 0.5
    half = 3 * RATE_HZ
    codec = MuLaw.fit([sound], pre_emphasis=0.85)
    levels = CodeFrames(8, codec, HighPass.fit([sound], RATE_HZ))
    spectra = SpectralFrames.fit(Spectrogram(40), [sound])
    for framing, count, error in ((levels, 4, 0.02), (spectra, 400, 0.05)):
        first = (half - framing.window_samples) // framing.step_samples + 1
        continued = framing.sound(framing.frames([sound])[first:, None], sound[:half])
        found = np.concatenate(list(continued), 1)[0]
        np.testing.assert_allclose(found[:count], sound[half:][:count], atol=error)
        # No jump anywhere is larger than those of the sound itself.
        assert np.abs(np.diff(found[: RATE_HZ // 5])).max() < 1.2 * np.abs(np.diff(sound)).max()


@pytest.mark.parametrize(
    ("length", "samples"), [("2s", 4000), (2, 4000), ("0.5min", 60_000), ("7samples", 7), ("1h", 7_200_000)]
)
def test_lengths_are_times(run: Run, length: str | int, samples: int) -> None:
    assert samples_in(run.fitted.task, length) == samples


def test_bad_requests_are_one_sentence(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`length` must be a number of s, min, h or samples, such as 10s, got 'soon'"):
        run.generate("soon")
    with pytest.raises(ConfigError, match="`length` must be at least one sample"):
        run.generate("0s")
    with pytest.raises(ConfigError, match="`streams` must be at least 1, got 0"):
        run.generate("1s", streams=0)
    with pytest.raises(DataError, match="no such file"):
        run.generate("1s", prime=tmp_path / "none.wav")
    soundfile.write(tmp_path / "short.wav", np.ones(3) * 0.1, RATE_HZ)
    with pytest.raises(DataError, match="is shorter than a frame of 16 samples"):
        run.generate("1s", prime=tmp_path / "short.wav")
    with pytest.raises(ConfigError, match=r"one of the endings \.wav, \.flac, \.png, \.pdf, or a folder"):
        write_sound(run.fitted, AudioRequest(length="1s"), tmp_path / "a.mp3", lambda *_: None)
    with pytest.raises(ConfigError, match="`input_noise_std` is not supported for mu-law codes; use `history_noise`"):
        train("audio", run.config["data"]["path"], input_noise_std=0.1)
    with pytest.raises(ConfigError, match="`frame_features` = mel requires --model frames"):
        train("audio", run.config["data"]["path"], frame_features="mel")
    for name in ("history_noise", "mixture_components", "preemphasis"):
        settings: dict[str, Any] = {"model": "frames", name: 0.5 if name == "preemphasis" else 1}
        with pytest.raises(ConfigError, match=f"`{name}` requires --model samples"):
            train("audio", run.config["data"]["path"], **settings)
    for model in ("frames", "samples"):
        with pytest.raises(ConfigError, match="`n_mels` requires --frame-features mel"):
            train("audio", run.config["data"]["path"], model=model, n_mels=20)
    two = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for number, path in enumerate(two):
        soundfile.write(path, 0.1 * np.ones(RATE_HZ + number), RATE_HZ)
    with pytest.raises(DataError, match=r"requires more than 2 recordings; .* --split-by time"):
        train("audio", two, split_by="file")
    with pytest.raises(DataError, match=r"has 3 sound files; --prime must be a single file"):
        run.generate("1s", prime=tmp_path)
    with pytest.raises(DataError, match=r"short\.wav is shorter than two frames of 16 samples.*; add sound\."):
        run.evaluate(tmp_path / "short.wav")


@pytest.mark.slow
def test_a_report_has_the_scores_and_figures_of_generated_sound(run: Run) -> None:
    found = expect_type(AudioEvaluation, run.evaluate())
    assert set(found.scores) == {"bits_per_sample", *DRIFT_SCORES}
    assert set(found.baselines) == {"histogram", "linear_prediction", *CONTROLS}
    assert set(found.baselines["loop"]) == {"frechet_ratio", "spectral_ratio", "survival"}
    assert found.scores["bits_per_sample"] < found.baselines["histogram"]["bits_per_sample"]
    page = write_report([run])
    figures = {path.stem for path in run.folder.figures.glob("*.png")}
    assert figures == {"loss", "strip", "distance", "survival", "level_db", "centroid_hz", "flatness"}
    assert found.drift is not None
    assert len(found.drift.drift.time_s) == 3
    assert "Spectral centroid" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "rate_hz", "samples"),
    [
        ({}, 16_000, 80),
        ({}, 44_100, 220),
        ({"model": "frames", "frame_features": "mel"}, 16_000, 200),
        ({}, 1000, 5),
        ({"frame_samples": 7}, 16_000, 7),
    ],
)
def test_a_step_has_the_same_duration_at_every_rate_by_default(
    given: dict[str, Any], rate_hz: int, samples: int
) -> None:
    assert AudioSettings.build(given).sound.samples_of_step(rate_hz) == samples


@pytest.mark.slow
def test_files_are_assigned_whole_and_the_scale_is_fitted_on_train(
    tmp_path: Path, voice: Voice, train_samples: TrainRun
) -> None:
    for number in range(12):
        soundfile.write(tmp_path / f"{number:02}.wav", voice(5, number) * (0.05 + 0.05 * number), RATE_HZ)
    run = train_samples(tmp_path, preemphasis=0)
    task = run.fitted.task
    names = {split: {excerpt.recording.name for excerpt in excerpts} for split, excerpts in task.splits.items()}
    assert [len(names[split]) for split in ("train", "dev", "test")] == [10, 1, 1]
    assert not names["train"] & (names["dev"] | names["test"])
    loudest = max(np.abs(excerpt.sound).max() for excerpt in task.splits["train"])
    assert task.codec.scale == pytest.approx(float(loudest))
    assert load(run.path).evaluate().scores == run.evaluate().scores


def test_loud_sound_may_come_late(tmp_path: Path, voice: Voice) -> None:
    late, always = tmp_path / "crescendo.wav", tmp_path / "loud.wav"
    soundfile.write(late, np.concatenate([0.01 * voice(90), voice(60)]), RATE_HZ)
    soundfile.write(always, voice(150), RATE_HZ)
    sources = [expect_type(AudioTask, prepare("audio", path, frame_samples=16).task).source for path in (late, always)]
    assert sources[0].max_loudness == sources[1].max_loudness
