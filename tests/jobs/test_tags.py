"""The classify job where a clip has any number of labels."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.api.report import write_report
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.cli import make_app
from echoic.errors import ConfigError, DataError
from echoic.jobs.classify.evaluate import ClassifyEvaluation, aggregate_folds

RATE_HZ = 4000
TINY: dict[str, Any] = {
    "n_mels": 12,
    "layers": (16,),
    "batch_size": 8,
    "epochs": 15,
    "lr": 1e-2,
    "threads": 1,
    "label_separator": ";",
    "refit": False,
}
PITCH_HZ = {"low": 200, "middle": 500, "high": 1100}
SETS = [names for count in range(4) for names in itertools.combinations(PITCH_HZ, count)]


def chord(names: tuple[str, ...], draws: np.random.Generator) -> np.ndarray:
    time_s = np.arange(int(draws.integers(800, 2000))) / RATE_HZ
    sound: np.ndarray = 0.01 * draws.standard_normal(len(time_s))
    for name in names:
        tone = np.sin(2 * np.pi * PITCH_HZ[name] * draws.uniform(0.95, 1.05) * time_s)
        sound += draws.uniform(0.1, 0.3) * tone
    return sound


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 96 clips of none to three tones, and its folder."""
    folder, draws = tmp_path_factory.mktemp("clips"), np.random.default_rng(0)
    rows = ["file,label,fold"]
    for number in range(96):
        names = SETS[number % 8]
        soundfile.write(folder / f"{number}.wav", chord(names, draws), RATE_HZ)
        rows.append(f"{number}.wav,{';'.join(names)},{number // 8 % 3 + 1}")
    (folder / "clips.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def run(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("classify", clips / "clips.csv", out=tmp_path_factory.mktemp("runs") / "chords", **TINY)


def test_simultaneous_tones_are_classified_and_scored_next_to_baselines(run: Run) -> None:
    found = expect_type(ClassifyEvaluation, run.evaluate())
    assert found.scores.keys() == {"macro_f1", "micro_f1", "mean_average_precision", "exact_match", "nats_per_clip"}
    assert found.scores["macro_f1"] > 0.9
    assert found.scores["exact_match"] > 0.8
    assert found.baselines.keys() == {"frequencies", "nearest_centroid"}
    for baseline in found.baselines.values():
        assert found.scores["nats_per_clip"] < baseline["nats_per_clip"]
    assert found.baselines["frequencies"]["nats_per_clip"] == pytest.approx(3 * np.log(2), abs=0.1)
    assert found.baselines["nearest_centroid"]["macro_f1"] > 0.8
    assert found.description == f"{len(found.true)} clips with any of 3 labels"
    assert found.true.shape == found.probabilities.shape == (len(found.clips), 3)


def test_the_run_opened_again_scores_the_same(run: Run) -> None:
    again = load(run.path).evaluate()
    assert again.scores == run.evaluate().scores
    assert again.details == run.evaluate().details


def test_learning_curves_have_the_fraction_of_exact_matches(run: Run) -> None:
    last = run.metrics()[-1]
    dev = run.evaluate(split="dev").scores
    best = max(run.metrics(), key=lambda row: -row["dev_loss"])
    assert best["dev_accuracy"] == pytest.approx(dev["exact_match"])
    assert best["dev_loss"] == pytest.approx(dev["nats_per_clip"], rel=1e-4)
    assert run.metrics()[0]["train_accuracy"] < last["train_accuracy"] <= 1


def test_splits_have_every_label_by_the_fractions(run: Run) -> None:
    task = run.fitted.task
    whole = task.labelling.targets(task.dataset.series).mean(0)
    for split, share in (("train", 0.8), ("dev", 0.1), ("test", 0.1)):
        assert len(task.splits[split]) == pytest.approx(96 * share, abs=4)
        np.testing.assert_allclose(task.labelling.targets(task.series(split)).mean(0), whole, atol=0.25)


def test_the_most_confused_clips_are_those_whose_labels_cost_most(clips: Path, tmp_path: Path) -> None:
    run = train("classify", clips / "clips.csv", out=tmp_path / "run", **TINY | {"epochs": 1})
    found = expect_type(ClassifyEvaluation, run.evaluate(split="train"))
    shown = found.details["most_confused"]
    assert len(shown) == 10
    chosen = np.where(found.true == 1, found.probabilities, 1 - found.probabilities).prod(1)
    at = [found.clips.index(one["clip"]) for one in shown]
    assert (np.diff(chosen[at]) >= 0).all()
    assert all(one["label"] != one["predicted"] for one in shown)
    rows = dict(row.split(",")[:2] for row in (clips / "clips.csv").read_text().splitlines())
    assert all(set(one["label"].split(";")) == set(rows[one["clip"]].split(";")) for one in shown)
    json.dumps(found.details)


def test_cross_validation_scores_every_clip_once(clips: Path, tmp_path: Path) -> None:
    wanted = TINY | {"epochs": 6, "fold": "fold", "folds": 3}
    run = train("classify", clips / "clips.csv", out=tmp_path / "run", **wanted)
    found = expect_type(ClassifyEvaluation, run.evaluate())
    assert sorted(found.clips) == sorted(f"{number}.wav" for number in range(96))
    assert found.scores["exact_match"] == pytest.approx(np.mean([fold["exact_match"] for fold in found.folds]))
    assert "96 clips with any of 3 labels, mean of 3 folds; standard deviation of macro f1" in found.description
    assert found.baselines["nearest_centroid"].keys() == found.scores.keys()
    assert load(run.path).evaluate().scores == found.scores


def test_a_score_that_a_fold_cannot_have_is_the_mean_of_the_others(run: Run) -> None:
    whole, task = expect_type(ClassifyEvaluation, run.evaluate(split="train")), run.fitted.task
    nothing = np.zeros_like(whole.true)
    bare = replace(whole, true=nothing, scores=task.labelling.scores(nothing, whole.probabilities))
    found = aggregate_folds([whole, bare])
    assert "mean_average_precision" not in bare.scores
    assert found.scores["mean_average_precision"] == whole.scores["mean_average_precision"]
    assert found.scores["exact_match"] == pytest.approx((whole.scores["exact_match"] + bare.scores["exact_match"]) / 2)


def test_a_unidirectional_network_reads_a_clip_in_chunks(clips: Path, tmp_path: Path) -> None:
    run = train("classify", clips / "clips.csv", out=tmp_path / "run", pooling="last", **TINY | {"epochs": 2})
    task, model = run.fitted.task, run.model
    steps = task.features.of([task.series("test")[0]])[0][None]
    whole, _ = model(steps)
    state = model.initial_state(1)
    for piece in torch.split(steps, 7, 1):
        params, state = model(piece, state)
    torch.testing.assert_close(params, whole, atol=1e-5, rtol=1e-5)
    assert task.labelling.probabilities(params.detach()).shape == (1, 3)


def test_predictions_go_through_the_command(
    run: Run, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> str:
        make_app(list(words))(words, standalone_mode=False)
        return capsys.readouterr().out

    files = [str(clips / f"{number}.wav") for number in range(8)]
    rows = json.loads(command("predict", str(run.path), *files, "--json"))
    assert [row["file"] for row in rows] == [f"{number}.wav" for number in range(8)]
    assert [set(filter(None, row["label"].split(";"))) for row in rows] == list(map(set, SETS))
    for row in rows:
        probabilities = {name: row[f"p({name})"] for name in PITCH_HZ}
        probs = [chance if name in row["label"].split(";") else 1 - chance for name, chance in probabilities.items()]
        assert row["confidence"] == pytest.approx(np.prod(probs), abs=1e-4)
    assert ";" in command("predict", str(run.path), files[7])
    command("predict", str(run.path), str(clips / "clips.csv"), "-o", str(tmp_path / "predicted.csv"))
    lines = (tmp_path / "predicted.csv").read_text().splitlines()
    assert lines[0] == "file,label,confidence,p(high),p(low),p(middle)"
    assert len(lines) == 97
    # Predictions are a table of clips themselves.
    scored = json.loads(command("eval", str(run.path), str(clips / "clips.csv"), "--json"))
    (tmp_path / "predicted.csv").rename(clips / "predicted.csv")
    own = json.loads(command("eval", str(run.path), str(clips / "predicted.csv"), "--json"))
    assert scored["scores"]["macro_f1"] > 0.9
    assert own["scores"]["exact_match"] == 1
    assert "any of 3 labels" in " ".join(command("eval", str(run.path)).split())


def test_the_command_trains_with_a_separator(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "classify", str(clips / "clips.csv"), "--label-separator", ";", "--out", str(tmp_path / "run")]
    words += ["--n-mels", "12", "--layers", "4", "--epochs", "1"]
    make_app(words)(words, standalone_mode=False)
    assert "12 of 96 clips have no label, such as 0.wav." in " ".join("".join(capsys.readouterr()).split())
    assert load(tmp_path / "run").fitted.task.classes == ("high", "low", "middle")


def test_the_report_has_scores_per_label(run: Run) -> None:
    page = write_report([run]).read_text("utf-8")
    figures = {path.stem for path in run.folder.figures.glob("*.png")}
    assert {"labels", "loss", "accuracy"} <= figures
    assert not {"confusion", "calibration"} & figures
    assert '"ticktext":["high","low","middle"]' in page


def test_settings_that_conflict_with_several_labels_are_refused(clips: Path) -> None:
    with pytest.raises(ConfigError, match="`class_weight` requires one label per clip"):
        prepare("classify", clips / "clips.csv", **TINY, class_weight="balanced")
    with pytest.raises(ConfigError, match=r"`data.label_separator` .* at least 1 character"):
        prepare("classify", clips / "clips.csv", **{**TINY, "label_separator": ""})
    with pytest.raises(ConfigError, match="`label_separator` requires a table"):
        prepare("classify", clips, **TINY)
    with pytest.raises(DataError, match=r"line 2: there is no label; fill it in or remove the clip"):
        prepare("classify", clips / "clips.csv", **{**TINY, "label_separator": None})


def test_labels_that_cannot_be_learned_are_named(clips: Path) -> None:
    def refused(name: str, rows: list[str]) -> str:
        (clips / name).write_text("\n".join(["file,label,split", *rows]))
        with pytest.raises(DataError) as caught:
            prepare("classify", clips / name, **TINY)
        return str(caught.value)

    rows = ["0.wav,,train", "1.wav,low,train", "2.wav,low;middle,test"]
    assert "2.wav: the class 'middle' is only in the test split; add training clips of it" in refused("odd.csv", rows)
    rows = ["4.wav,low;middle,train", "4.wav,middle;low,train", "1.wav,low,test"]
    assert "all training clips are labelled 'low', 'middle'; add clips with other labels" in refused("one.csv", rows)
    rows = ["0.wav,,train", "0.wav,,test"]
    assert "all training clips are labelled nothing; add clips" in refused("none.csv", rows)


def test_new_clips_with_an_unknown_label_are_named(run: Run, clips: Path) -> None:
    (clips / "new.csv").write_text("file,label\n0.wav,low;shrill\n")
    with pytest.raises(DataError, match="has the label 'shrill', which no training clip has"):
        run.evaluate(clips / "new.csv")


def test_presence_of_a_single_label_is_classified(clips: Path, tmp_path: Path) -> None:
    lines = (clips / "clips.csv").read_text().splitlines()
    kept = [line for line in lines[1:] if line.split(",")[1] in {"", "low"}]
    (clips / "binary.csv").write_text("\n".join([lines[0], *kept]))
    run = train("classify", clips / "binary.csv", out=tmp_path / "run", **TINY)
    assert run.evaluate(split="train").scores["exact_match"] == 1
    assert set(run.predict(clips / "1.wav")) == {"file", "label", "confidence", "p(low)"}
