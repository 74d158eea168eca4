"""The detect job as its user has it: frames and events, streaming, post-processing, predictions, the report."""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
import torch
from hypothesis import given
from hypothesis import strategies as st

from echoic.api.report import write_report
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.cli import make_app
from echoic.errors import ConfigError, DataError
from echoic.jobs.detect.evaluate import DetectEvaluation
from echoic.labelled import separation
from echoic.labelled.frames import events_in, frame_classes
from echoic.labelled.postprocessing import PostProcessing
from echoic.sources import recordings
from echoic.sources.audio import decoding
from echoic.streams.detection import DetectionStream, predict_probs
from echoic.types import Event

RATE_HZ = 2000
PITCH_HZ = {"low": 200, "high": 700}
TINY: dict[str, Any] = {
    "n_mels": 10,
    "window_ms": 32,
    "hop_ms": 8,
    "conv_channels": (4,),
    "layers": (16,),
    "excerpt_s": 1.0,
    "batch_size": 8,
    "epochs": 25,
    "lr": 1e-2,
    "dropout": 0,
    "threads": 1,
}


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve songs of 4 s: tones of 60 to 200 ms with pauses, in much noise; a table of events and one of splits."""
    folder, draws = tmp_path_factory.mktemp("songs"), np.random.default_rng(0)
    events, splits = ["file,onset_s,offset_s,label"], ["file,split"]
    for number in range(12):
        sound, at = 0.4 * draws.standard_normal(4 * RATE_HZ), 0.1
        while at < 3.6:
            label, length = ("low", "high")[int(draws.integers(2))], draws.uniform(0.06, 0.2)
            begin, end = round(at * RATE_HZ), round((at + length) * RATE_HZ)
            sound[begin:end] += 0.3 * np.sin(2 * np.pi * PITCH_HZ[label] * np.arange(end - begin) / RATE_HZ)
            events.append(f"{number}.wav,{at:.4f},{at + length:.4f},{label}")
            at += length + draws.uniform(0.05, 0.3)
        soundfile.write(folder / f"{number}.wav", sound, RATE_HZ)
        splits.append(f"{number}.wav,{('train', 'train', 'valid', 'test')[number % 4]}")
    (folder / "events.csv").write_text("\n".join(events))
    (folder / "split.csv").write_text("\n".join(splits))
    return folder


@pytest.mark.parametrize("data", [[3], 5])
def test_a_path_or_sound_is_expected(run: Any, data: Any) -> None:
    with pytest.raises(DataError, match=r"Cannot read data of type (list|int);.* give a path, or arrays of sound"):
        run.predict(data)


@pytest.fixture(scope="module")
def run(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "songs"
    return train(
        "detect",
        songs / "events.csv",
        split_table=songs / "split.csv",
        out=out,
        conv_stride=2,
        bidirectional=True,
        **TINY,
    )


@pytest.fixture(scope="module")
def unidirectional(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "one-way"
    return train(
        "detect", songs / "events.csv", split_table=songs / "split.csv", out=out, conv_stride=2, delay_ms=24, **TINY
    )


@pytest.mark.parametrize(("few", "least", "unit"), [(6, 12, "seconds"), (3, 3, "recordings")])
def test_the_lead_is_that_of_the_frame_error_rates(
    run: Run, monkeypatch: pytest.MonkeyPatch, few: int, least: int, unit: str
) -> None:
    monkeypatch.setattr(sys.modules[DetectEvaluation.__module__], "MIN_ITEMS", few)
    found = run.evaluate()
    best = found.best_baseline
    assert found.lead is not None
    assert best is not None
    error = found.postprocessed["frame_error_rate"]
    assert found.lead.mean == pytest.approx(found.baselines[best]["frame_error_rate"] - error)
    # Each of the three recordings may have a part of a second at its end.
    assert least <= found.lead.items <= least + 3
    assert found.verdict is not None
    assert f"over {found.lead.items} {unit})" in found.verdict


EVENTS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from("ab")), max_size=8)


def test_a_file_read_in_blocks_has_the_events_of_its_samples_in_memory(
    songs: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = [soundfile.read(songs / f"{number}.wav", dtype="float32")[0] for number in (3, 7, 11)]
    sound = np.concatenate([part for one in sounds for part in (one, np.zeros(3 * RATE_HZ, np.float32))])
    soundfile.write(tmp_path / "long.wav", sound, RATE_HZ, "FLOAT")
    whole = run.predict([sound])
    monkeypatch.setattr(decoding, "BLOCK_FRAMES", 777)
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 50)
    streamed = run.predict(tmp_path / "long.wav")
    assert len(whole["label"]) > 20
    for name in ("onset_s", "offset_s", "label"):
        assert streamed[name].tolist() == whole[name].tolist()
    np.testing.assert_allclose(streamed["confidence"], whole["confidence"], atol=1e-5)


@pytest.mark.parametrize("which", ["run", "unidirectional"])
def test_files_are_scored_in_blocks_as_the_same_recordings_in_memory(
    which: str, request: pytest.FixtureRequest, songs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request.getfixturevalue(which)
    with monkeypatch.context() as whole:
        whole.setattr(sys.modules[DetectEvaluation.__module__], "labelled_files", lambda *_: {})
        expected = run.evaluate(songs / "events.csv")
    monkeypatch.setattr(decoding, "BLOCK_FRAMES", 1500)
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 50)
    monkeypatch.setattr(recordings, "decode_file", None)  # which decodes all of a file
    found = run.evaluate(songs / "events.csv")
    assert found.scores == pytest.approx(expected.scores, abs=5e-3)
    assert found.postprocessed == pytest.approx(expected.postprocessed, abs=5e-3)
    assert found.baselines.keys() == expected.baselines.keys()
    for name, scores in found.baselines.items():
        assert scores == pytest.approx(expected.baselines[name], abs=5e-3)
    assert (found.recordings, found.true) == (expected.recordings, expected.true)


def test_files_of_a_folder_that_cannot_be_read_are_left_out_with_a_warning(
    songs: Path, run: Run, tmp_path: Path
) -> None:
    shutil.copy(songs / "3.wav", tmp_path / "good.wav")
    (tmp_path / "bad.wav").write_bytes((songs / "7.wav").read_bytes()[:100])
    with pytest.warns(UserWarning, match=r"Skipped 1:\n.*bad\.wav"):
        found = run.predict(tmp_path)
    assert found["label"].tolist() == run.predict(tmp_path / "good.wav")["label"].tolist()
    (tmp_path / "good.wav").unlink()
    with pytest.raises(DataError, match=r"bad\.wav"):
        run.predict(tmp_path)


@given(pieces=EVENTS)
def test_frames_and_events_are_inverse_on_the_grid(pieces: list[tuple[int, int, str]]) -> None:
    events, at = [], 0
    for pause, length, label in pieces:
        events.append(Event((at + pause) / 100, (at + pause + length) / 100, label))
        at += pause + length
    classes = frame_classes(events, ("a", "b"), at + 3, 0.01)
    found = events_in(classes, ("a", "b"), 0.01)
    assert [event.label for event in found] == [event.label for event in events]
    for one, other in zip(found, events, strict=True):
        assert one.onset_s == pytest.approx(other.onset_s)
        assert one.offset_s == pytest.approx(other.offset_s)


def test_an_event_that_ends_after_the_last_frame_ends_with_it() -> None:
    assert frame_classes([Event(0.02, 0.09, "a")], ("a",), 5, 0.01).tolist() == [0, 0, 1, 1, 1]


def one_hot(classes: Sequence[int] | np.ndarray, count: int = 3) -> np.ndarray:
    """Probabilities of 0 and 1."""
    probs: np.ndarray = np.eye(count)[np.array(classes)]
    return probs


def test_default_postprocessing_changes_nothing() -> None:
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    assert PostProcessing().classes(probs).tolist() == probs.argmax(1).tolist()


def test_short_pauses_within_a_label_are_closed_and_then_short_events_removed() -> None:
    classes = [0, 1, 1, 1, 0, 1, 1, 0, 2, 0, 2, 2, 2, 0, 0, 0, 2, 2]
    closed = PostProcessing(pause_frames=2).classes(one_hot(classes)).tolist()
    assert closed == [0, 1, 1, 1, 1, 1, 1, 0, 2, 2, 2, 2, 2, 0, 0, 0, 2, 2]
    removed = PostProcessing(shortest_frames=3).classes(one_hot(classes)).tolist()
    assert removed == [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0]
    both = PostProcessing(pause_frames=2, shortest_frames=3).classes(one_hot(classes)).tolist()
    assert both == [0, 1, 1, 1, 1, 1, 1, 0, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0]


def test_a_median_removes_events_shorter_than_half_of_it() -> None:
    classes = [0, 0, 1, 0, 0, 1, 1, 1, 2, 1, 1, 0, 0]
    assert PostProcessing(median_frames=3).classes(one_hot(classes)).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0]


def test_hysteresis_has_a_higher_threshold_for_onsets_than_for_offsets() -> None:
    prob = np.array([0.1, 0.4, 0.6, 0.4, 0.1, 0.4, 0.9, 0.4, 0.3, 0.6, 0.1])
    probs = np.stack([1 - prob, 0.3 * prob, 0.7 * prob], 1)
    assert PostProcessing(hysteresis=0.25).classes(probs).tolist() == [0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 0]


def test_one_label_gives_each_event_its_most_probable_label() -> None:
    classes = [0, 1, 2, 1, 1, 0, 2, 2, 1, 0]
    assert PostProcessing(one_label=True).classes(one_hot(classes)).tolist() == [0, 1, 1, 1, 1, 0, 2, 2, 2, 0]


@pytest.mark.parametrize(
    ("wanted", "spoil"),
    [
        (PostProcessing(), lambda _: None),
        (PostProcessing(shortest_frames=2), lambda probs: probs.__setitem__(np.arange(5, 200, 20), np.eye(3)[2])),
        (PostProcessing(pause_frames=4), lambda probs: probs.__setitem__(np.arange(13, 200, 20), np.eye(3)[0])),
    ],
)
def test_the_best_and_simplest_postprocessing_is_chosen(
    wanted: PostProcessing, spoil: Callable[[np.ndarray], None]
) -> None:
    classes = np.tile(np.repeat([0, 1], 10), 10)
    probs = one_hot(classes)
    spoil(probs)
    chosen = PostProcessing.chosen([classes], [probs], 0.005)
    assert chosen == wanted
    assert chosen.classes(probs).tolist() == classes.tolist()
    assert PostProcessing.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


@pytest.mark.parametrize("which", ["run", "unidirectional"])
def test_events_are_found_better_than_without_memory(which: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(which).evaluate()
    assert found.scores["frame_error_rate"] < 0.5 * found.baselines["energy_threshold"]["frame_error_rate"]
    assert found.scores["frame_error_rate"] < found.baselines["logistic_regression"]["frame_error_rate"]
    assert found.scores["frame_error_rate"] < 0.1
    assert found.postprocessed["label_error_rate"] <= found.scores["label_error_rate"]
    assert found.scores["event_f1"] > 0.4
    assert set(found.baselines) == {"logistic_regression", "energy_threshold"}
    json.dumps(found.details)


@pytest.mark.parametrize("pieces", [[1] * 60, [3, 50, 7], [60], [59, 1]])
def test_a_recording_in_pieces_is_the_recording_in_one(unidirectional: Run, pieces: list[int]) -> None:
    task, model = unidirectional.fitted.task, unidirectional.model
    steps = task.steps["test"][0][:60]
    whole = predict_probs(model, steps, task.delay)
    assert whole.shape == (60, 3)
    stream = DetectionStream(model, task.features.values, task.delay)
    state, predicted = stream.start(), []
    for piece in torch.split(steps, pieces):
        probs, state = stream.push(piece, state)
        predicted.append(probs)
    # No frame is predicted before it and the frames of its delay are there.
    assert (np.cumsum([len(one) for one in predicted]) <= np.maximum(np.cumsum(pieces) - task.delay, 0)).all()
    np.testing.assert_allclose(np.concatenate([*predicted, stream.finish(state)]), whole, atol=1e-6)


def test_the_latency_adds_delay_stride_and_half_a_window(unidirectional: Run) -> None:
    task = unidirectional.fitted.task
    assert task.delay == 3
    assert task.latency_s == pytest.approx(0.024 + 0.008 + 0.016)


def test_a_bidirectional_network_is_not_a_stream(run: Run) -> None:
    with pytest.raises(ConfigError, match="train without --bidirectional"):
        DetectionStream(run.model, run.fitted.task.features.values, 0)
    with pytest.raises(ConfigError, match="train without --bidirectional"):
        run.stream()


def test_the_command_writes_events_as_json_and_into_a_file(
    run: Run, songs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_app(["predict"])(["predict", str(run.path), str(songs / "3.wav"), "--json"], standalone_mode=False)
    rows = json.loads(capsys.readouterr().out)
    assert {frozenset(row) for row in rows} == {frozenset({"file", "onset_s", "offset_s", "label", "confidence"})}
    assert all(row["onset_s"] < row["offset_s"] for row in rows)
    assert {row["label"] for row in rows} <= set(PITCH_HZ)
    output = songs / "predicted.csv"
    make_app(["predict"])(["predict", str(run.path), str(songs / "3.wav"), "-o", str(output)], standalone_mode=False)
    assert len(output.read_text().splitlines()) == len(rows) + 1
    again = run.evaluate(output)
    # Scored against their own table, predictions have no errors, but for frames between grid and table.
    assert again.postprocessed["frame_error_rate"] < 0.01


def test_events_are_predicted_without_the_training_data(songs: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(songs, tmp_path / "songs")
    wanted = TINY | {"epochs": 1}
    run = train("detect", copied / "events.csv", split_table=copied / "split.csv", out=tmp_path / "run", **wanted)
    before = run.predict(songs / "3.wav")
    copied.rename(tmp_path / "elsewhere")
    after = load(tmp_path / "run").predict(songs / "3.wav")
    assert {name: column.tolist() for name, column in after.items()} == {
        name: column.tolist() for name, column in before.items()
    }


def test_a_loaded_run_has_the_same_scores(run: Run) -> None:
    assert load(run.path).evaluate().scores == run.evaluate().scores


def test_the_report_shows_the_events_over_the_spectrum(run: Run) -> None:
    write_report([run])
    figures = {path.stem for path in run.folder.figures.glob("*.png")}
    assert {"loss", "accuracy", "events"} <= figures


def test_bad_settings_and_labels_are_one_sentence(songs: Path, tmp_path: Path) -> None:
    table = songs / "events.csv"
    for wanted, message in (
        ({"bidirectional": True, "delay_ms": 20}, "`delay_ms` has no effect with --bidirectional"),
        ({"delay_ms": 1000}, "`delay_ms` must be shorter than `excerpt_s`"),
        ({"input_noise_std": 0.1}, "`input_noise_std` is not supported for padded sequences; use `noise_std`"),
        ({"max_shift_steps": 3}, "`max_shift_steps` is not supported"),
        (
            {"split": (0.8, 0.1, 0.1), "split_table": songs / "split.csv"},
            "`split` and `split_table` each choose the splits",
        ),
    ):
        with pytest.raises(ConfigError, match=message):
            train("detect", table, out=tmp_path / "new", **TINY | wanted)
    (songs / "odd.csv").write_text(table.read_text() + "\n3.wav,3.9,3.95,rare")
    with pytest.raises(DataError, match=r"the label 'rare' at 3.9 s is only in the test split"):
        train("detect", songs / "odd.csv", split_table=songs / "split.csv", out=tmp_path / "new", **TINY)


def test_new_recordings_are_resampled_to_the_rate_of_training(run: Run, songs: Path, tmp_path: Path) -> None:
    sound, _ = soundfile.read(songs / "3.wav")
    soundfile.write(tmp_path / "3.wav", soxr.resample(sound, RATE_HZ, 4 * RATE_HZ), 4 * RATE_HZ)
    rows = (songs / "events.csv").read_text().splitlines()
    own = [row for row in rows if row.startswith("3.wav")]
    (tmp_path / "events.csv").write_text("\n".join([rows[0], *own]))
    assert run.evaluate(tmp_path / "events.csv").scores["frame_error_rate"] < 0.2
    (tmp_path / "strange.csv").write_text(f"{rows[0]}\n3.wav,0.1,0.2,owl\n")
    with pytest.raises(DataError, match=r"the label 'owl' at 0\.1 s is only in the new data"):
        run.evaluate(tmp_path / "strange.csv")


def test_no_event_ends_after_its_recording(run: Run, songs: Path, tmp_path: Path) -> None:
    for number in range(12):
        sound, _ = soundfile.read(songs / f"{number}.wav")
        loudest = 0.3 * np.sin(2 * np.pi * PITCH_HZ["low"] * np.arange(RATE_HZ) / RATE_HZ)
        soundfile.write(tmp_path / f"{number}.wav", np.concatenate([sound, loudest])[: 4 * RATE_HZ + 1003], RATE_HZ)
    table = run.predict(tmp_path)
    assert 4.4 < table["offset_s"].max() <= 4 + 1003 / RATE_HZ


def test_without_a_test_split_recordings_must_be_named(songs: Path, tmp_path: Path) -> None:
    run = train("detect", songs / "events.csv", out=tmp_path / "run", split=(0.9, 0.1, 0), **TINY | {"epochs": 1})
    with pytest.raises(DataError, match=r"The test split of .* is empty: it has no recordings; name the files"):
        run.predict()


def labelled_recording(folder: Path, name: str, seconds: int, seed: int) -> None:
    """A long recording of tones with a label track of Audacity beside it."""
    draws = np.random.default_rng(seed)
    sound, track = 0.05 * draws.standard_normal(seconds * RATE_HZ), []
    for second in range(seconds - 1):
        label = ("low", "high")[int(draws.integers(2))]
        onset_s = second + draws.uniform(0.1, 0.5)
        begin = round(onset_s * RATE_HZ)
        sound[begin : begin + 800] += 0.3 * np.sin(2 * np.pi * PITCH_HZ[label] * np.arange(800) / RATE_HZ)
        track.append(f"{onset_s:.6f}\t{onset_s + 800 / RATE_HZ:.6f}\t{label}\n")
    soundfile.write(folder / f"{name}.wav", sound, RATE_HZ)
    (folder / f"{name}.txt").write_text("".join(track))


@pytest.mark.parametrize("count", [1, 2])
def test_few_recordings_are_cut_in_time(tmp_path: Path, count: int) -> None:
    (tmp_path / "songs").mkdir()
    for number in range(count):
        labelled_recording(tmp_path / "songs", f"song{number}", 40, number)
    run = train("detect", tmp_path / "songs", out=tmp_path / "run", **TINY)
    splits = {split: [one.steps for one in run.fitted.task.series(split)] for split in ("train", "dev", "test")}
    assert splits == {"train": [64_000] * count, "dev": [8000] * count, "test": [8000] * count}
    assert any("each is cut in time" in note for note in run.config["data"]["report"]["notes"])
    again = load(tmp_path / "run")
    assert again.evaluate().scores == run.evaluate().scores
    assert run.evaluate().scores["frame_error_rate"] < 0.1
    (test,) = run.fitted.task.series("test")[:1]
    last = [line.split("\t") for line in (tmp_path / "songs/song0.txt").read_text().splitlines()]
    expected = [(float(begin) - 36, label) for begin, _, label in last if float(begin) >= 36]
    found = [(event.onset_s, event.label) for event in test.annotations.events or ()]
    assert found == [(pytest.approx(onset_s, abs=1e-3), label) for onset_s, label in expected]


def test_few_recordings_remain_whole_where_the_splits_are_fewer(tmp_path: Path) -> None:
    labelled_recording(tmp_path, "song", 20, 0)
    run = train("detect", tmp_path, out=tmp_path / "run", split=(1, 0, 0), **TINY | {"epochs": 1})
    assert [one.steps for one in run.fitted.task.series("train")] == [40_000]
