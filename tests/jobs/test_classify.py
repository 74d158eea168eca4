"""The classify job as its user has it: features, splits, folds, augmentation, predictions, the report."""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
import torch
from narrowing import expect_type
from uncompiled import librosa

from echoic.api.prepare import prepare
from echoic.api.report import write_report
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.cli import make_app
from echoic.config import ClassifySettings
from echoic.errors import ConfigError, DataError, RunError, ShapeError
from echoic.heads import Categorical
from echoic.jobs.classify import ClassifyTask
from echoic.jobs.classify.evaluate import ClassifyEvaluation
from echoic.training.records import Progress
from echoic.types import Series

RATE_HZ = 4000
TINY: dict[str, Any] = {
    "refit": False,
    "n_mels": 12,
    "layers": (16,),
    "batch_size": 8,
    "epochs": 15,
    "lr": 1e-2,
    "threads": 1,
}
CONVNET: dict[str, Any] = {"model": "convnet", **{name: value for name, value in TINY.items() if name != "layers"}}
PITCH_HZ = {"low": 200, "middle": 500, "high": 1100}


def label_of(clip: Series) -> str:
    assert clip.annotations.labels is not None
    (label,) = clip.annotations.labels
    return label


def beep(label: str, draws: np.random.Generator) -> np.ndarray:
    time_s = np.arange(int(draws.integers(800, 2000))) / RATE_HZ
    tone = np.sin(2 * np.pi * PITCH_HZ[label] * draws.uniform(0.95, 1.05) * time_s)
    sound: np.ndarray = draws.uniform(0.05, 0.5) * tone + 0.01 * draws.standard_normal(len(time_s))
    return sound


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 60 clips by 5 singers, and its folder."""
    folder, draws = tmp_path_factory.mktemp("clips"), np.random.default_rng(0)
    rows = ["file,label,fold,singer"]
    for number in range(60):
        label = list(PITCH_HZ)[number % 3]
        soundfile.write(folder / f"{number}.wav", beep(label, draws), RATE_HZ)
        rows.append(f"{number}.wav,{label},{number % 4 + 1},singer {number // 3 % 5}")
    (folder / "clips.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def run(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("classify", clips / "clips.csv", out=tmp_path_factory.mktemp("runs") / "beeps", **TINY)


def test_clips_are_classified_and_scored_next_to_baselines(run: Run) -> None:
    found = run.evaluate()
    assert found.scores["accuracy"] == 1
    assert found.baselines["majority"]["accuracy"] == pytest.approx(1 / 3, abs=0.01)
    assert found.baselines["nearest_centroid"]["accuracy"] > 0.6
    assert found.description == "6 clips of 3 classes"


def test_steps_are_spectra_of_librosa_scaled_by_the_train_split(run: Run) -> None:
    task = run.fitted.task
    clip = task.series("test")[0]
    mel = task.features.mel
    theirs = librosa.feature.melspectrogram(
        y=clip.values[:, 0], sr=RATE_HZ, n_fft=128, hop_length=40, n_mels=12, fmin=50, pad_mode="constant"
    )
    raw = torch.from_numpy(np.log(np.maximum(theirs, 1e-10)).T)
    wanted = (raw - task.features.scaler.center[0]) / task.features.scaler.scale[0]
    assert (mel.window_samples, mel.hop_samples) == (128, 40)
    torch.testing.assert_close(task.features.of([clip])[0], wanted.float(), atol=1e-4, rtol=1e-4)
    training = torch.cat(task.steps["train"])
    torch.testing.assert_close(training.mean(0), torch.zeros(12), atol=1e-3, rtol=0)


def test_learning_curves_have_accuracies(run: Run) -> None:
    rows = run.metrics()
    assert rows[-1]["dev_accuracy"] == run.evaluate(split="dev").scores["accuracy"] == 1
    assert rows[0]["train_accuracy"] < rows[-1]["train_accuracy"] <= 1


def test_groups_are_whole(clips: Path) -> None:
    prepared = prepare("classify", clips / "clips.csv", **TINY, group="singer", split=(0.6, 0.2, 0.2))
    task = expect_type(ClassifyTask, prepared.task)
    singers = {split: {clip.annotations.group for clip in task.series(split)} for split in ("train", "dev", "test")}
    assert [len(singers[split]) for split in ("train", "dev", "test")] == [3, 1, 1]
    assert not singers["train"] & (singers["dev"] | singers["test"])


@pytest.mark.slow
def test_cross_validation_scores_every_clip_once_and_predicts_with_all(clips: Path, tmp_path: Path) -> None:
    run = train("classify", clips / "clips.csv", out=tmp_path / "run", fold="fold", folds=4, **TINY)
    found = expect_type(ClassifyEvaluation, run.evaluate())
    assert len(found.true) == 60
    assert len(found.folds) == 4
    assert found.scores["accuracy"] == pytest.approx(np.mean([fold["accuracy"] for fold in found.folds]))
    assert "mean of 4 folds; standard deviation of accuracy between folds: " in found.description
    tested = [{clip.name for clip in one.fitted.task.series("test")} for one in run.fold_runs()]
    assert sorted(name for names in tested for name in names) == sorted(
        clip.name for clip in run.fitted.task.dataset.series
    )
    for one in run.fold_runs():
        settings = expect_type(ClassifySettings, one.settings)
        assert {clip.annotations.fold for clip in one.fitted.task.series("test")} == {settings.split.test_fold}
    of_folds = [one.evaluate().item_errors for one in run.fold_runs()]
    assert found.item_errors is not None
    for name, errors in found.item_errors.baselines.items():
        np.testing.assert_array_equal(errors, np.concatenate([one.baselines[name] for one in of_folds if one]))
    assert set(run.predict(clips / "0.wav")) == {"file", "label", "confidence", "p(high)", "p(low)", "p(middle)"}
    assert found.lead is not None
    assert found.lead.items == len(found.clips)
    assert load(run.path).evaluate().scores == found.scores
    json.dumps(found.details)
    assert "4 folds" in write_report([run]).read_text("utf-8")


def test_cross_validation_resumes_where_it_was_stopped(clips: Path, tmp_path: Path) -> None:
    wanted = TINY | {"epochs": 2, "folds": 3}
    whole = train("classify", clips / "clips.csv", out=tmp_path / "whole", **wanted)

    class StopError(Exception):
        pass

    steps: list[int] = []

    def stop_in_the_second_fold(progress: Progress) -> None:
        steps.append(progress.step)
        if steps.count(1) == 2:
            raise StopError

    with pytest.raises(StopError):
        train("classify", clips / "clips.csv", out=tmp_path / "cut", on_progress=stop_in_the_second_fold, **wanted)
    cut = load(tmp_path / "cut")
    assert len(cut.fold_runs()) == 2
    with pytest.raises(RunError, match=r"cut has no trained model yet; resume with `echoic train --resume .*cut`"):
        cut.evaluate()
    cut.resume()
    assert cut.evaluate().scores == whole.evaluate().scores


def test_progress_names_the_fold_in_training(clips: Path) -> None:
    stages: list[str] = []
    wanted = TINY | {"epochs": 1, "folds": 3}
    train("classify", clips / "clips.csv", on_progress=lambda progress: stages.append(progress.stage), **wanted)
    assert list(dict.fromkeys(stages)) == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3", "fit"]


def test_refused_settings_leave_no_run(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`conv_stride`"):
        train("classify", clips / "clips.csv", out=tmp_path / "run", conv_stride=2, **TINY)
    for wanted in ({"fold": "fold"}, {"fold": "fold", "test_fold": "2"}):
        with pytest.raises(ConfigError, match="`fold` requires `folds`"):
            train("classify", clips / "clips.csv", out=tmp_path / "run", **TINY | wanted)
    assert not (tmp_path / "run").exists()


def test_predictions_of_clips_are_independent(clips: Path, tmp_path: Path) -> None:
    run = train(
        "classify",
        clips / "clips.csv",
        out=tmp_path / "run",
        conv_channels=(4,),
        conv_stride=3,
        bidirectional=True,
        **TINY,
    )
    together = run.predict(clips / "clips.csv")
    for number in (0, 17, 59):
        alone = run.predict(clips / f"{number}.wav")
        assert alone["p(low)"][0] == pytest.approx(together["p(low)"][number], abs=1e-6)


def test_a_unidirectional_network_reads_a_clip_in_chunks(clips: Path, tmp_path: Path) -> None:
    run = train("classify", clips / "clips.csv", out=tmp_path / "run", pooling="last", **TINY)
    task, model = run.fitted.task, run.model
    steps = task.features.of([task.series("test")[0]])[0][None]
    whole, _ = model(steps)
    state = None
    for piece in torch.split(steps, 7, 1):
        params, state = model(piece, state)
    torch.testing.assert_close(params, whole, atol=1e-5, rtol=1e-5)


def test_the_convnet_learns_whole_clips_of_one_length(clips: Path, tmp_path: Path) -> None:
    rows = (clips / "clips.csv").read_text().splitlines()
    table = tmp_path / "cut.csv"
    table.write_text("\n".join([rows[0] + ",start,end", *(row + ",0,0.2" for row in rows[1:])]))
    wanted = CONVNET | {"hop_ms": 20, "lr": 3e-3, "split": (0.6, 0.2, 0.2)}
    run = train("classify", table, audio=clips, **wanted)
    assert run.evaluate().scores["accuracy"] > 0.9
    assert run.model.state_size == 0
    with pytest.raises(ShapeError, match="requires clips of 11 steps, got "):
        run.predict(clips / "0.wav")


def test_unsupported_settings_of_the_convnet_are_refused_before_a_run_is_created(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"requires clips of equal length, got \d+ to \d+ steps"):
        train("classify", clips / "clips.csv", out=tmp_path / "run", **CONVNET)
    assert not (tmp_path / "run").exists()
    features = np.zeros((4, 12, 9), np.float32)
    np.save(tmp_path / "features.npy", features)
    np.save(tmp_path / "labels.npy", np.array([0, 1, 0, 1]))
    given: dict[str, Any] = {"labels_path": tmp_path / "labels.npy", "axes": "clip,frame,band", "model": "convnet"}
    others: list[dict[str, Any]] = [{"bidirectional": True}, {"layers": (8,)}, {"pooling": "last"}]
    for other in others:
        with pytest.raises(ConfigError, match="of their settings only `dropout` has an effect"):
            train("classify", tmp_path / "features.npy", **given, **other)


def test_balanced_class_weights_equalise_the_classes(clips: Path) -> None:
    lines = (clips / "clips.csv").read_text().splitlines()
    few = [line for number, line in enumerate(lines[1:]) if number % 3 or number < 12]
    (clips / "few.csv").write_text("\n".join([lines[0], *few]))
    prepared = prepare("classify", clips / "few.csv", **TINY, class_weight="balanced", split=(1, 0, 0))
    task = expect_type(ClassifyTask, prepared.task)
    counts = np.bincount([task.classes.index(label_of(clip)) for clip in task.series("train")])
    weights = expect_type(Categorical, task.build_model().head).weights
    assert weights is not None
    torch.testing.assert_close(weights * torch.tensor(counts), torch.full((3,), counts.sum() / 3))
    assert "head.weights" not in task.build_model().state_dict()


def test_bad_settings_are_one_sentence(clips: Path, tmp_path: Path) -> None:
    table = clips / "clips.csv"
    for wanted, message in (
        ({"split": (0.8, 0.1, 0.1), "folds": 4}, "`split`, `folds` and `test_data` each choose the test split"),
        ({"split": (0.9, 0.1, 0), "test_data": table}, "`split`, `folds` and `test_data` each choose the test split"),
        ({"kernel_size": 5}, "`kernel_size` requires convolutions"),
        ({"conv_channels": (0,)}, "`encoder.conv_channels` must be positive sizes"),
        ({"input_noise_std": 0.1}, "`input_noise_std` is not supported for padded sequences; use `noise_std`"),
        ({"bidirectional": True, "pooling": "last"}, "`pooling` = last is not supported with --bidirectional"),
        (
            {"bidirectional": True, "learn_initial_state": True},
            "`learn_initial_state` is not supported by bidirectional layers",
        ),
        ({"fold": "fold", "folds": 3}, r"`folds` must be 4, the number of folds in the data \(1, 2, 3, 4\), got 3"),
        ({"fold": "fold", "folds": 4, "test_fold": "9"}, "`test_fold` must be one of 1, 2, 3, 4, got '9'"),
        ({"conv_stride": 2}, "`conv_stride` requires convolutions"),
        ({"kernel_size": 2}, "`encoder.kernel_size` must be odd"),
        ({"low_hz": 600, "high_hz": 500}, r"`low_hz` must be below `high_hz` \(500\), got 600"),
        ({"high_hz": 3000}, r"`high_hz` = 3000 is above the Nyquist frequency \(2000 Hz at 4,000 Hz\)"),
    ):
        with pytest.raises(ConfigError, match=message):
            train("classify", table, out=tmp_path / "new", **TINY | wanted)
    run = train("classify", table, out=tmp_path / "run", **TINY | {"epochs": 1})
    with pytest.raises(ConfigError, match="`generate` is not supported by classify runs; it is for forecast, music"):
        run.generate()
    with pytest.raises(ConfigError, match="`generate` is not supported by classify runs"):
        run.write(tmp_path / "new.wav")


def test_classes_that_are_only_in_test_are_named(clips: Path, tmp_path: Path) -> None:
    (clips / "odd.csv").write_text("file,label,split\n0.wav,low,train\n1.wav,middle,train\n2.wav,high,test\n")
    with pytest.raises(DataError, match="the class 'high' is only in the test split"):
        train("classify", clips / "odd.csv", out=tmp_path / "run", **TINY)
    (clips / "one.csv").write_text("file,label\n0.wav,low\n3.wav,low\n")
    with pytest.raises(DataError, match="all training clips are labelled 'low'; add clips with other labels"):
        train("classify", clips / "one.csv", out=tmp_path / "run2", **TINY)


def test_incomplete_annotations_are_refused(clips: Path, tmp_path: Path) -> None:
    (clips / "half.csv").write_text("file,label,split\n0.wav,low,\n1.wav,middle,test\n3.wav,low,\n4.wav,middle,\n")
    with pytest.raises(DataError, match=r"0\.wav.* has no split, but other series have one"):
        train("classify", clips / "half.csv", out=tmp_path / "run", **TINY)
    wanted = TINY | {"group": "singer", "fold": "fold", "folds": 4}
    with pytest.raises(DataError, match=r"the group 'singer \d' is in both the train and the test split"):
        train("classify", clips / "clips.csv", out=tmp_path / "run", **wanted)
    with pytest.raises(ConfigError, match="`group` requires a table"):
        train("classify", clips, out=tmp_path / "run", group="singer", **TINY)
    with pytest.raises(DataError, match="must be in one folder or file"):
        train("classify", [clips, clips], out=tmp_path / "run", **TINY)


def test_new_clips_are_resampled_to_the_rate_of_training(run: Run, clips: Path, tmp_path: Path) -> None:
    for number, label in enumerate(PITCH_HZ):
        (tmp_path / "new" / label).mkdir(parents=True)
        sound, rate_hz = soundfile.read(clips / f"{number}.wav")
        soundfile.write(tmp_path / "new" / label / "a.wav", soxr.resample(sound, rate_hz, 4 * rate_hz), 4 * rate_hz)
    found = run.evaluate(tmp_path / "new")
    assert found.scores["accuracy"] == 1
    at_rate = run.predict(clips / "0.wav")["p(low)"]
    assert run.predict(tmp_path / "new" / "low" / "a.wav")["p(low)"] == pytest.approx(at_rate, abs=0.02)


def test_without_a_test_split_files_must_be_named(clips: Path, tmp_path: Path) -> None:
    run = train("classify", clips / "clips.csv", out=tmp_path / "run", **TINY | {"epochs": 1, "split": (0.9, 0.1, 0)})
    with pytest.raises(DataError, match=r"The test split of .* is empty: it has no clips; name the files to predict"):
        run.predict()


def test_features_are_classified_without_labels(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    features = draws.standard_normal((40, 9, 3)).astype(np.float32) + 3 * (np.arange(40) % 2)[:, None, None]
    np.save(tmp_path / "features.npy", features)
    np.save(tmp_path / "labels.npy", np.arange(40) % 2)
    np.save(tmp_path / "new.npy", features[:5])
    given: dict[str, Any] = {
        "labels_path": tmp_path / "labels.npy",
        "axes": "clip,frame,band",
        "layers": 4,
        "lr": 1e-2,
        "threads": 1,
    }
    run = train("classify", tmp_path / "features.npy", out=tmp_path / "run", **given)
    assert run.predict(tmp_path / "new.npy")["label"].tolist() == ["0", "1", "0", "1", "0"]
    with pytest.raises(DataError, match="an array has no labels"):
        run.evaluate(tmp_path / "new.npy")


def test_the_command_predicts_as_a_table_as_json_and_into_a_file(
    run: Run, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> str:
        make_app(list(words))(words, standalone_mode=False)
        return capsys.readouterr().out

    rows = json.loads(command("predict", str(run.path), str(clips / "0.wav"), str(clips / "1.wav"), "--json"))
    assert [(row["file"], row["label"]) for row in rows] == [("0.wav", "low"), ("1.wav", "middle")]
    assert sum(rows[0][f"p({name})"] for name in PITCH_HZ) == pytest.approx(1, abs=1e-4)
    assert "middle" in command("predict", str(run.path), str(clips / "1.wav"))
    command("predict", str(run.path), str(clips / "1.wav"), "-o", str(tmp_path / "predicted.csv"))
    assert (tmp_path / "predicted.csv").read_text().splitlines()[0] == "file,label,confidence,p(high),p(low),p(middle)"


def test_clips_are_classified_without_the_training_data(clips: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(clips, tmp_path / "clips")
    run = train("classify", copied / "clips.csv", out=tmp_path / "run", class_weight="balanced", **TINY)
    before = run.predict(clips / "0.wav")
    copied.rename(tmp_path / "elsewhere")
    moved = load(tmp_path / "run")
    after = moved.predict(clips / "0.wav")
    assert {name: column.tolist() for name, column in after.items()} == {
        name: column.tolist() for name, column in before.items()
    }
    with pytest.raises(DataError, match=r"clips\.csv: not found"):
        moved.evaluate()


@pytest.mark.slow
def test_the_report_shows_confusion_and_calibration(run: Run) -> None:
    page = write_report([run]).read_text("utf-8")
    assert {"confusion", "calibration", "loss", "accuracy"} <= {path.stem for path in run.folder.figures.glob("*.png")}
    assert '"ticktext":["high","low","middle"]' in page.replace(", ", ",")


def test_features_of_another_kind_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("@classLabel true x y\n@data\n1,2:low\n")
    with pytest.raises(DataError, match="the run was trained on"):
        run.predict(tmp_path / "a.ts")


def test_new_clips_may_be_of_another_kind_than_the_training_data(clips: Path, tmp_path: Path) -> None:
    table = (clips / "clips.csv").read_text().replace("file,label", "name,kind")
    (tmp_path / "table.csv").write_text(table)
    columns: dict[str, Any] = {"file": "name", "label": "kind", "audio": clips}
    run = train("classify", tmp_path / "table.csv", out=tmp_path / "run", **TINY | {"epochs": 1}, **columns)
    for number, row in enumerate(table.splitlines()[1:7]):
        place = tmp_path / "classes" / row.split(",")[1] / f"{number}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((clips / row.split(",")[0]).read_bytes())
    assert run.evaluate(tmp_path / "classes").description == "6 clips of 3 classes"
    (tmp_path / "same.csv").write_text("\n".join(table.splitlines()[:7]))
    assert run.evaluate(tmp_path / "same.csv").scores == run.evaluate(tmp_path / "classes").scores


def test_a_clip_without_any_value_is_named_as_a_guess() -> None:
    values = np.random.default_rng(0).standard_normal((12, 20))
    run = train("classify", values, labels=["a", "b"] * 6, epochs=1, layers=[4])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.predict(np.where(values > 1, np.nan, values))
    with pytest.warns(UserWarning, match=r"All values are missing, so that the result is a guess: 1 clip \(clip 1\)"):
        run.predict(np.stack([values[0], np.full(20, np.nan)]))
