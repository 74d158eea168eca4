"""Signals from signals: delays, rates, warm-up, files and streams."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from job_data import driven

import echoic
from echoic.api.run import Run
from echoic.cli import main
from echoic.config.audio import AudioSplitSettings
from echoic.errors import ConfigError, DataError, Interrupted
from echoic.jobs.map.codec import delayed, held
from echoic.jobs.map.delay import find_delay
from echoic.jobs.map.splits import split_pairs
from echoic.types import Annotations, Covariates, Series

COMMON: dict[str, Any] = {"layers": (8,), "epochs": 1, "threads": 1, "seed": 1}
RATE_HZ = 4000
NOISE = np.random.default_rng(0).standard_normal(4000)


def smoothed(values: np.ndarray, lag: int = 0) -> np.ndarray:
    """A response of some steps that begins `lag` steps late."""
    made = np.convolve(np.tanh(values), [0.1, 0.4, 0.3, 0.1])[: len(values)]
    return np.roll(made, lag)


def sounds(folder: Path, count: int = 3) -> tuple[Path, Path]:
    """Dry and wet sound of unequal lengths."""
    draws = np.random.default_rng(0)
    for name in ("dry", "wet"):
        (folder / name).mkdir()
    for number in range(count):
        sound = 0.2 * draws.standard_normal(2000 + 300 * number)
        for name, samples in (("dry", sound), ("wet", np.tanh(3 * sound) / 4)):
            soundfile.write(folder / name / f"{number}.wav", samples, RATE_HZ, "FLOAT")
    return folder / "dry", folder / "wet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("map")


@pytest.fixture(scope="module")
def pedal(folder: Path) -> Run:
    dry, wet = sounds(folder)
    return echoic.train("map", dry, targets=wet, out=folder / "pedal", **COMMON)


LONG = np.random.default_rng(3).standard_normal(20_000)
INPUTS = {"white": LONG, "smooth": np.convolve(LONG, np.ones(20) / 4.5)[:20_000]}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("lag", [0, 3, 25, 400])
def test_a_planted_delay_is_found_and_none_is_invented(kind: str, lag: int) -> None:
    inputs, draws = INPUTS[kind], np.random.default_rng(1)
    for made in (np.tanh(4 * inputs), np.convolve(inputs, 0.9 ** np.arange(100))[:20_000]):
        target = np.concatenate([np.zeros(lag), made[: 20_000 - lag]])
        for noise in (0.0, 0.02):
            noisy = target + noise * target.std() * draws.standard_normal(20_000)
            assert find_delay([(inputs[:, None], noisy[:, None])], may_lead=False) == lag


@pytest.mark.parametrize("lag", [-30, 0, 2, 25, 100])
def test_a_response_that_begins_gradually_is_kept_whole(lag: int) -> None:
    rising = np.convolve(np.tanh(LONG), [0.005, 0.02, 0.1, 0.4, 0.3, 0.1])[:20_000]
    found = find_delay([(LONG[:, None], np.roll(rising, lag)[:, None])], may_lead=True)
    assert lag - 5 <= found <= lag if lag else found == 0


def test_signals_without_a_clear_response_have_no_delay() -> None:
    walk = np.cumsum(NOISE)[:, None]
    other = np.random.default_rng(5).standard_normal((4000, 1))
    for pairs in ((NOISE[:, None], other), (np.zeros((4000, 1)), walk), (NOISE[:20, None], NOISE[:20, None])):
        assert find_delay([pairs], may_lead=True) == 0


def test_a_reaction_to_the_target_is_no_delay_of_it() -> None:
    assert find_delay([(smoothed(NOISE, 30)[:, None], NOISE[:, None])], may_lead=False) == 0


def test_a_delay_is_found_in_train_alone_reported_and_put_back() -> None:
    late = smoothed(NOISE, 40)
    late[3200:] = np.roll(late[3200:], 25)  # dev and test have another delay
    run = echoic.train("map", NOISE, targets=late, lr=2e-2, **COMMON | {"epochs": 4})
    settings: Any = run.settings
    assert 37 <= settings.window.delay_steps <= 40
    notes = " ".join(run.config["data"]["report"]["notes"])
    assert "The targets come" in notes
    assert "steps after the inputs; the delay is taken out of training" in notes
    made = run.predict(NOISE[:3000])["y"]
    error = late[200:3000] - made[200:]
    assert np.std(error) < 0.6 * np.std(late[200:3000])


def test_the_future_never_changes_the_past() -> None:
    run = echoic.train("map", NOISE, targets=smoothed(NOISE, 30), **COMMON)
    changed = NOISE[:600].copy()
    changed[300:] = 9.0
    first, other = (run.predict(values)["y"] for values in (NOISE[:600], changed))
    np.testing.assert_array_equal(first[:300], other[:300])
    assert not np.array_equal(first[360:], other[360:])


def test_inputs_are_held_and_delayed() -> None:
    values = np.array([[np.nan], [1.0], [np.nan], [3.0]], np.float32)
    np.testing.assert_array_equal(held(values)[:, 0], [0, 1, 1, 3])
    np.testing.assert_array_equal(delayed(held(values), 1)[:, 0], [0, 0, 1, 1])
    np.testing.assert_array_equal(delayed(held(values), -1)[:, 0], [1, 1, 3, 0])
    for delay in (3, 4, 5, 9, -3, -4, -5, -9):
        moved = delayed(held(values), delay)
        assert moved.shape == values.shape
        assert np.count_nonzero(moved) <= max(0, len(values) - abs(delay))


def test_the_warm_up_is_not_scored_and_stated() -> None:
    target = smoothed(NOISE)
    target[3600:3650] = 1e6
    settings = COMMON | {"split": (0.8, 0.1, 0.1), "delay_steps": 0}
    run = echoic.train("map", NOISE, targets=target, warmup=50, **settings)
    evaluation = run.evaluate()
    assert evaluation.scores["rmse"] < 10
    assert "350 steps after a warm-up of 50 that is not scored" in evaluation.description
    assert evaluation.details["warmup_steps"] == 50
    assert echoic.train("map", NOISE, targets=target, warmup=49, **settings).evaluate().scores["rmse"] > 1e4
    with pytest.raises(DataError, match=r"no target after the warm-up of 50 steps"):
        run.evaluate(NOISE[:40], targets=NOISE[:40])


def test_scores_are_those_of_the_predictions() -> None:
    target = smoothed(NOISE)
    run = echoic.train("map", NOISE, targets=target, warmup=0, **COMMON)
    made = run.predict()["y"]
    error = target[3600:] - made
    scores = run.evaluate().scores
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-6)
    assert scores["esr"] == pytest.approx(np.sum(error**2) / np.sum(target[3600:] ** 2), rel=1e-6)


def test_targets_at_a_lower_rate_are_predicted_at_their_steps() -> None:
    run = echoic.train("map", NOISE, targets=smoothed(NOISE)[::4], **COMMON)
    assert any("at one step in 4" in note for note in run.config["data"]["report"]["notes"])
    table = run.predict(NOISE[:100])
    assert table["ds"].tolist() == list(range(0, 100, 4))
    evaluation = run.evaluate()
    assert evaluation.baselines.keys() == {"scaled_input", "polynomial", "fir"}
    assert "The baseline arx is left out" in " ".join(evaluation.notes)
    stream = run.stream()
    result, _ = stream.push(NOISE[:100], stream.start())
    records = stream.records(result)
    np.testing.assert_allclose([record["y"] for record in records], table["y"], atol=1e-5)


def test_missing_targets_have_no_loss_and_no_score() -> None:
    inputs, target = NOISE.copy(), smoothed(NOISE)
    target[::7] = np.nan
    inputs[5::50] = np.nan
    run = echoic.train("map", inputs, targets=target, **COMMON)
    assert np.isfinite(run.evaluate().scores["rmse"])
    assert any(
        "missing values in train; the last known one is held" in note for note in run.config["data"]["report"]["notes"]
    )
    batch = next(iter(run.fitted.task.train_batches().epoch(0, 0)))
    assert torch.isfinite(batch.targets).all()
    assert not batch.mask.all()


def test_several_targets_have_scores_of_their_own(folder: Path) -> None:
    table = np.stack([NOISE, smoothed(NOISE), 100 * smoothed(NOISE)], 1)
    np.savetxt(folder / "two.csv", table, header="u,a,b", comments="", delimiter=",", fmt="%.6g")
    run = echoic.train("map", folder / "two.csv", targets="a,b", head="gaussian", **COMMON)
    evaluation = run.evaluate()
    assert evaluation.headline == "nrmse"
    assert evaluation.details["by_target"].keys() == {"a", "b"}
    assert {"coverage_80", "coverage_95"} <= evaluation.scores.keys()
    assert {"a", "b", "a-lo-80", "b-hi-95"} <= run.predict(folder / "two.csv").keys()


def series(split: Any = None) -> Series:
    past = Covariates(past=NOISE[:100, None], past_names=("u",))
    return Series("one", NOISE[:100, None], ("y",), covariates=past, annotations=Annotations(split=split))


def test_data_of_their_own_replace_parts_of_the_split() -> None:
    def lengths(*splits: Any) -> dict[str, int]:
        found = split_pairs([series(), *map(series, splits)], AudioSplitSettings())
        return {split: sum(one.end - one.begin for one in excerpts) for split, excerpts in found.items()}

    assert lengths() == {"train": 80, "dev": 10, "test": 10}
    assert lengths("dev", "test") == {"train": 100, "dev": 100, "test": 100}
    assert lengths("dev") == {"train": 100, "dev": 100, "test": 0}
    assert lengths("test") == {"train": 88, "dev": 12, "test": 100}


def test_new_pairs_of_sound_are_two_folders_named_as_in_training(pedal: Run, tmp_path: Path) -> None:
    sounds(tmp_path, 2)
    (tmp_path / "dry").rename(tmp_path / "clean")
    evaluation = pedal.evaluate(tmp_path)
    assert evaluation.details["series"] == 2


def test_sound_is_predicted_into_a_file_block_by_block(
    pedal: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("echoic.sources.audio.decoding.BLOCK_FRAMES", 333)
    summary = pedal.write_signals(tmp_path / "out.wav", folder / "dry" / "0.wav")
    assert "0.5 s at 4,000 Hz" in summary
    made, rate_hz = soundfile.read(tmp_path / "out.wav")
    assert rate_hz == RATE_HZ
    np.testing.assert_allclose(made, pedal.predict(folder / "dry" / "0.wav")["target"], atol=2**-15)


def test_outputs_that_do_not_fit_are_refused(pedal: Run, folder: Path, tmp_path: Path) -> None:
    for output, data, reason in (
        ("out.wav", folder / "dry", "holds one sound, but there are 3 files"),
        ("out.npz", folder / "dry", "holds one series, but there are 3"),
        ("out.wav", None, "name the sound file to predict from"),
    ):
        with pytest.raises((ConfigError, DataError), match=reason):
            pedal.write_signals(tmp_path / output, data)
    with pytest.raises(ConfigError, match="would be overwritten"):
        pedal.write_signals(folder / "dry" / "0.wav", folder / "dry" / "0.wav")
    run = echoic.train("map", NOISE, targets=smoothed(NOISE), **COMMON)
    with pytest.raises(ConfigError, match=r"is sound, but the run predicts y"):
        run.write_signals(tmp_path / "out.wav", NOISE)
    run.write_signals(tmp_path / "out.npz", NOISE[:50])
    np.testing.assert_array_equal(np.load(tmp_path / "out.npz")["y"], run.predict(NOISE[:50])["y"])
    with pytest.raises(DataError, match=r"has 2 inputs per step, but the run was trained on u"):
        run.predict(np.zeros((50, 2)))


@pytest.mark.parametrize("sample_format", ["s16", "f32"])
def test_raw_sound_goes_through_the_command(
    pedal: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, sample_format: str
) -> None:
    sound = soundfile.read(folder / "dry" / "0.wav", dtype="float32")[0]
    raw = sound.astype("<f4") if sample_format == "f32" else np.rint(sound * 2**15).astype("<i2")
    monkeypatch.setattr(sys, "argv", ["echoic", "live", str(pedal.path), "--sample-format", sample_format])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw.tobytes())))
    with pytest.raises(SystemExit) as ended:
        main()
    out, said = capfdbinary.readouterr()
    assert not ended.value.code, said
    assert f"raw sound out: {sample_format}, 1 channel, 4000 samples per second".encode() in said
    made = np.frombuffer(out, raw.dtype).astype(np.float64) / (1 if sample_format == "f32" else 2**15)
    expected = pedal.predict(folder / "dry" / "0.wav")["target"]
    np.testing.assert_allclose(made, expected, atol=1e-6 if sample_format == "f32" else 2**-13)


def test_the_report_has_the_charts_of_signals(pedal: Run) -> None:
    evaluation = pedal.evaluate()
    keys = {chart.key for chart in pedal.job.charts(pedal.fitted, pedal.metrics(), evaluation)}
    assert {"loss", "signals", "errors", "histogram", "spectra", "response"} <= keys
    assert {chart.key for chart in pedal.job.charts(pedal.fitted, pedal.metrics(), None)} == {"loss"}


@pytest.mark.parametrize("batching", ["excerpts", "chunks"])
def test_a_stopped_training_goes_on_bit_for_bit(tmp_path: Path, batching: str) -> None:
    data = driven(tmp_path)
    settings = COMMON | {"targets": "y", "batching": batching, "dropout": 0.2, "epochs": 2, "input_noise_std": 0.1}
    straight = echoic.train("map", data, out=tmp_path / "straight", **settings)
    left = straight.result()["steps"] * 3 // 4

    def stop(_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        echoic.train("map", data, out=tmp_path / "stopped", on_progress=stop, **settings)
    stopped = echoic.load(tmp_path / "stopped")
    stopped.resume()
    own, other = (run.folder.read_model()[0] for run in (straight, stopped))
    assert all(torch.equal(own[name], other[name]) for name in own)


def test_streams_are_longer_than_their_warm_up() -> None:
    settings = COMMON | {"batching": "chunks", "warmup": 700, "batch_size": 64}
    task = echoic.prepare("map", NOISE, targets=smoothed(NOISE), **settings).task
    masks = [batch.mask for batch in task.train_batches().epoch(0, 0)]
    assert {len(mask) for mask in masks} == {1}
    assert sum(int(mask.sum()) for mask in masks) == 3200 - 700 - 1


def test_sound_of_a_lower_rate_is_resampled_and_named(pedal: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "low.wav", 0.1 * NOISE[:1000], RATE_HZ // 2)
    with pytest.warns(UserWarning, match=r"low\.wav"):
        table = pedal.predict(tmp_path / "low.wav")
    assert len(table["target"]) == 2000
