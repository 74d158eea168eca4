"""Classifiers with --live: few examples, cut and varied, and networks that run as a stream."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from echoic.api.prepare import prepare
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.config import ClassifySettings
from echoic.errors import ConfigError
from echoic.jobs.classify.plan import ClipStats, plan

RATE_HZ = 8000
SPEAKER = "jackson"


def sound_of(pitch_hz: float, silence_s: float, seed: int) -> np.ndarray:
    """A tone of 0.3 s in faint noise, between pauses."""
    draws = np.random.default_rng(seed)
    pause = np.zeros(int(silence_s * RATE_HZ))
    tone = 0.2 * np.sin(2 * np.pi * pitch_hz * np.arange(int(0.3 * RATE_HZ)) / RATE_HZ)
    sound = np.concatenate([pause, tone, pause])
    return (sound + 1e-4 * draws.standard_normal(len(sound))).astype(np.float32)


def write_tones(folder: Path, count: int = 6) -> Path:
    """Folders of `count` low and high tones, with silence around them, and one of a single clip of noise."""
    for label, pitch_hz in (("low", 300), ("high", 1200)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            soundfile.write(folder / label / f"{number}.wav", sound_of(pitch_hz, 0.4, number), RATE_HZ)
    (folder / "background").mkdir()
    soundfile.write(folder / "background" / "room.wav", sound_of(0, 1.0, 99), RATE_HZ)
    return folder


def write_series(path: Path) -> Path:
    """A .ts file of steps up and steps down."""
    draws = np.random.default_rng(0)
    clips = [(np.arange(20) > 9) * (1 - 2 * (number % 2)) + 0.1 * draws.standard_normal(20) for number in range(24)]
    rows = [",".join(f"{value:.3f}" for value in clip) + f":{number % 2}" for number, clip in enumerate(clips)]
    path.write_text("\n".join(["@problemName steps", "@classLabel true 0 1", "@data", *rows]))
    return path


def stats(clips: int, *, is_sound: bool) -> ClipStats:
    return ClipStats([30] * clips, clips // 10, is_sound, False, clips, is_sound=is_sound)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("tones")
    settings: dict[str, Any] = {"layers": (16,), "n_mels": 24, "steps": 60, "lr": 0.02, "cache_dir": "none"}
    return train("classify", write_tones(folder / "clips"), out=folder / "run", live=True, threads=1, **settings)


def test_live_chooses_what_streams_and_leaves_the_choices_of_the_user() -> None:
    for is_sound in (True, False):
        found = plan(ClassifySettings.build({"live": True}), stats(30, is_sound=is_sound))
        assert not found.encoder.bidirectional
        assert found.network.network_weight == 1
        assert found.network.clip_norm in (None, "none")
        assert bool(found.data.trim) == is_sound
        assert (found.vary.max_stretch > 0) == is_sound
        assert plan(found, stats(30, is_sound=is_sound)) == found
    own = {"pooling": "mean", "trim": False, "max_stretch": 0.0, "class_weight": "none", "epochs": 7}
    found = plan(ClassifySettings.build({"live": True} | own), stats(30, is_sound=True))
    assert {name: getattr(getattr(found, found.places()[name]), name) for name in own} == own
    assert found.vary.max_band_shift > 0


def test_few_clips_are_all_learned_from_in_the_end() -> None:
    given = stats(30, is_sound=True)._replace(dev_is_given=True)
    assert plan(ClassifySettings.build({"live": True}), given).split.refit
    assert not plan(ClassifySettings.build({"live": True}), given._replace(dev=0)).split.refit
    assert not plan(ClassifySettings.build({"live": True}), given._replace(lengths=[30] * 400)).split.refit


def test_without_live_nothing_is_trimmed_or_varied() -> None:
    found = plan(ClassifySettings(), stats(30, is_sound=True))
    assert found.vary == ClassifySettings().vary
    assert found.data.trim is False


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({"bidirectional": True}, "--bidirectional"),
        ({"clip_norm": "center"}, "--clip-norm center"),
        ({"network_weight": 0.5}, "--network-weight 0.5"),
        ({"weight_folds": 3}, "--weight-folds 3"),
        ({"model": "convnet"}, "--model convnet"),
    ],
)
def test_what_needs_whole_clips_contradicts_live(settings: dict[str, Any], option: str) -> None:
    with pytest.raises(ConfigError, match=f"`live` networks need no whole clips, but {option} does"):
        plan(ClassifySettings.build({"live": True} | settings), stats(30, is_sound=False))


def test_clips_are_read_without_their_silence(run: Run) -> None:
    task = run.fitted.task
    lengths = {
        clip.annotations.labels: len(steps) for clip, steps in zip(task.dataset.series, task.raw.make(), strict=True)
    }
    assert lengths["low",] == pytest.approx(41, abs=2)
    assert lengths["background",] > 200


def test_a_prediction_does_not_depend_on_the_silence_around_a_sound(run: Run, tmp_path: Path) -> None:
    for number, silence_s in enumerate((0.1, 1.5)):
        soundfile.write(tmp_path / f"{number}.wav", sound_of(1200, silence_s, 7), RATE_HZ)
    one, other = (load(run.path).predict(tmp_path / f"{number}.wav") for number in (0, 1))
    assert one["label"][0] == other["label"][0] == "high"
    assert one["confidence"][0] == pytest.approx(other["confidence"][0], abs=0.05)


def test_a_run_of_tones_names_them_live(run: Run) -> None:
    stream = run.stream(pause_s=0.3)
    pitches = [300, 1200, 1200, 300]
    sound = np.concatenate([sound_of(pitch, 0.5, number) for number, pitch in enumerate(pitches, 50)])
    state, found = stream.start(), []
    for chunk in np.array_split(sound, len(sound) // 160):
        result, state = stream.push(chunk, state)
        found += result.ended
    found += stream.finish(state).ended
    assert [one.label for one in found] == ["low", "high", "high", "low"]


def test_series_run_live_too(tmp_path: Path) -> None:
    data = write_series(tmp_path / "steps.ts")
    with pytest.raises(ConfigError, match="to stream, train with --live, which implies --no-bidirectional"):
        train("classify", data, epochs=1, threads=1).stream()
    run = train("classify", data, live=True, epochs=2, threads=1)
    stream = run.stream()
    clip = run.fitted.task.dataset.series[0].values
    _, state = stream.push(clip, stream.start())
    (found,) = stream.finish(state).ended
    assert found.label in ("0", "1")
    with pytest.raises(ConfigError, match=r"`max_stretch` has no effect on data that are features already"):
        prepare("classify", data, live=True, max_stretch=0.2)


@pytest.mark.slow
@pytest.mark.data
def test_ten_examples_of_three_digits_suffice_live(data_dir: Path, tmp_path: Path) -> None:
    """Of one speaker; tests/web/test_teach_page_training.py teaches the page three other ones of six speakers."""
    digits = "147"
    recordings = data_dir / "fsdd" / "recordings"
    for digit in digits:
        (tmp_path / "clips" / digit).mkdir(parents=True)
        for take in range(10):
            name = f"{digit}_{SPEAKER}_{take}.wav"
            (tmp_path / "clips" / digit / name).write_bytes((recordings / name).read_bytes())
    run = train("classify", tmp_path / "clips", live=True, split=(0.8, 0.2, 0), threads=1, cache_dir="none")
    held_out = [(digit, recordings / f"{digit}_{SPEAKER}_{take}.wav") for take in range(10, 30) for digit in digits]
    correct = [label == digit for (digit, path) in held_out for label in [live_label(run, soundfile.read(path)[0])]]
    assert np.mean(correct) >= 0.95


def live_label(run: Run, sound: np.ndarray) -> str | None:
    """The label of a sound between pauses, in chunks of 20 ms; None unless one clip is found."""
    stream = run.stream(pause_s=0.4)
    silence = np.zeros(RATE_HZ // 2)
    played = np.concatenate([silence, sound, silence]).astype(np.float32)
    state, found = stream.start(), []
    for begin in range(0, len(played), 160):
        result, state = stream.push(played[begin : begin + 160], state)
        found += result.ended
    found += stream.finish(state).ended
    return found[0].label if len(found) == 1 else None
