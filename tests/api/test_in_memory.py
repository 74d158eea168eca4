"""Every job is trained on, evaluated on and predicts data in memory, as it does files."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from job_data import beeps, hum, lines, signals, sine, tunes

import echoic
from echoic.errors import ConfigError, DataError
from echoic.sources import read

TINY: dict[str, Any] = {"layers": (4,), "epochs": 1, "threads": 1}
SOUND: dict[str, Any] = {"n_mels": 8, "batch_size": 8, "cache_dir": "none"}

FILES: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": (lines, {}),
    "audio": (hum, {"tbptt_steps": 8, "fast_hidden_size": 8, "conditioning_size": 4}),
    "music": (tunes, {"split": (0.5, 0.25, 0.25)}),
    "classify": (beeps, SOUND | {"split": (0.5, 0.25, 0.25)}),
    "detect": (signals, SOUND | {"split": (0.4, 0.3, 0.3)}),
}


def in_memory(job: str, path: Path, settings: Any) -> tuple[Any, dict[str, Any]]:
    """What a file holds, in memory, and the arguments beside it."""
    if job == "text":
        return None, {"text": path.read_text()}
    series = read(path, settings.data).series
    arrays = [one.values[:, 0] for one in series]
    if job == "audio":
        return arrays, {"rate_hz": 2000}
    if job == "classify":
        return arrays, {"rate_hz": 2000, "labels": [one.annotations.labels[0] for one in series]}  # type: ignore[index]
    if job == "detect":
        return arrays, {"rate_hz": 2000, "events": [one.annotations.events for one in series]}
    return [one.values for one in series], {}


@pytest.mark.parametrize("job", FILES)
def test_a_run_on_data_in_memory_equals_the_run_on_their_file(tmp_path: Path, job: str) -> None:
    make, settings = FILES[job]
    path = make(tmp_path)
    of_file = echoic.train(job, path, out=tmp_path / "file", **settings, **TINY)
    data, beside = in_memory(job, path, of_file.settings)
    of_memory = echoic.train(job, data, out=tmp_path / "memory", **beside, **settings, **TINY)
    assert of_memory.config["data"]["report"] == of_file.config["data"]["report"]
    for name, weights in of_file.model.state_dict().items():
        torch.testing.assert_close(of_memory.model.state_dict()[name], weights, rtol=0, atol=0)
    assert of_memory.evaluate().scores == of_file.evaluate().scores
    if job in {"classify", "detect"}:
        for name, column in of_memory.predict(data).items():
            if name != "file":
                np.testing.assert_array_equal(column, of_file.predict(data)[name])
    beside.pop("rate_hz", None)
    on_new = of_file.evaluate(data, **beside)
    assert on_new.scores == of_memory.evaluate(data, **beside).scores


def clips() -> tuple[np.ndarray, np.ndarray]:
    """Rising and falling lines with some noise, `(40, 20)`."""
    labels = np.array(["up", "down"] * 20)
    slopes = np.where(labels == "up", 1.0, -1.0)[:, None] * np.linspace(0, 1, 20)
    return slopes + 0.1 * np.random.default_rng(0).standard_normal((40, 20)), labels


def test_arrays_of_clips_are_learned_and_predicted(tmp_path: Path) -> None:
    values, labels = clips()
    run = echoic.train("classify", values[:30], labels=labels[:30], out=tmp_path / "run", **TINY)
    found = run.predict(values[30:])
    assert found["file"].tolist() == [f"clip {number}" for number in range(10)]
    assert (found["label"] == labels[30:]).all()
    assert run.evaluate(values[30:], labels=labels[30:]).scores["accuracy"] == 1
    with pytest.raises(DataError, match="have no labels; pass `labels`"):
        run.evaluate(values)
    with pytest.raises(DataError, match="clip 0 has 3 features, but the run was trained on 1"):
        run.predict(np.zeros((2, 20, 3)))
    with pytest.raises(DataError, match=r"a single clip is \[clip\]"):
        run.predict(values[0])


def test_a_run_on_arrays_is_loaded_with_them(tmp_path: Path) -> None:
    values, labels = clips()
    run = echoic.train("classify", values, labels=labels, out=tmp_path / "run", **TINY)
    before = run.evaluate().scores
    assert echoic.load(tmp_path / "run", data=echoic.Clips(values, labels)).evaluate().scores == before
    with pytest.raises(DataError, match="the data in memory differs from the data that"):
        echoic.load(tmp_path / "run", data=echoic.Clips(values + 1, labels)).evaluate()


def test_a_table_of_steps_predicts_without_labels(tmp_path: Path) -> None:
    values, labels = clips()
    rows = {"y": values.ravel(), "label": np.repeat(labels, 20), "clip": np.repeat(np.arange(40), 20)}
    run = echoic.train("classify", rows, id="clip", out=tmp_path / "run", **TINY)
    of_arrays = echoic.train("classify", values, labels=labels, out=tmp_path / "arrays", **TINY)
    found = run.predict({"y": rows["y"], "clip": rows["clip"]})
    assert found["file"].tolist() == [str(number) for number in range(40)]
    np.testing.assert_array_equal(found["confidence"], of_arrays.predict(values)["confidence"])
    path = tmp_path / "rows.csv"
    lines = [f"{clip},{value}" for clip, value in zip(rows["clip"], rows["y"], strict=True)]
    path.write_text("\n".join(["clip,y", *lines]))
    np.testing.assert_array_equal(run.predict(path)["label"], found["label"])
    other_columns = {"battery": np.ones(len(rows["y"])), "clip": rows["clip"], "y": rows["y"]}
    np.testing.assert_array_equal(run.predict(other_columns)["confidence"], found["confidence"])
    with pytest.raises(ConfigError, match="`features`: the DataFrame has no column 'y'"):
        run.predict({"x": rows["y"], "clip": rows["clip"]})


def test_generation_continues_arrays(tmp_path: Path) -> None:
    make, settings = FILES["audio"]
    path = make(tmp_path)
    audio = echoic.train("audio", path, out=tmp_path / "audio", **settings, **TINY)
    samples = read(path, audio.settings.data).series[0].values[:, 0]
    options: dict[str, Any] = {"length": "100samples", "seed": 3}
    np.testing.assert_array_equal(
        audio.generate(prime=samples, **options).samples, audio.generate(prime=str(path), **options).samples
    )
    audio.write(tmp_path / "new.wav", prime=samples, **options)
    music = echoic.train("music", tunes(tmp_path), out=tmp_path / "music", **TINY)
    assert music.generate(8, prime=np.eye(16, 128, 60)).roll.shape == (8, 128)


def test_files_with_labels_are_learned_and_evaluated(tmp_path: Path) -> None:
    with beeps(tmp_path).open() as file:
        rows = list(csv.DictReader(file))
    files, labels = [tmp_path / row["file"] for row in rows], [row["label"] for row in rows]
    settings: dict[str, Any] = {"n_mels": 8, "layers": (4,), "epochs": 1, "threads": 1}
    run = echoic.train("classify", files, labels=labels, out=tmp_path / "run", **settings)
    assert run.predict(files[:2])["file"].tolist() == [row["file"] for row in rows[:2]]
    scores = run.evaluate(iter(files[:9]), labels=labels[:9]).scores
    assert scores == echoic.load(tmp_path / "run").evaluate(files[:9], labels=labels[:9]).scores
    with pytest.raises(DataError, match="or give a list of files and `labels`"):
        echoic.train("classify", files, **settings)


def test_iterators_of_paths_are_lists(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("abcdefgh" * 60)
    run = echoic.train("text", tmp_path.glob("*.txt"), out=tmp_path / "run", **TINY)
    assert run.config["data"]["report"]["files"] == 3
    assert len(run.config["data"]["path"]) == 3


def test_what_belongs_to_another_job_is_refused() -> None:
    values, labels = clips()
    with pytest.raises(ConfigError, match="`labels` is for the job classify or detect; leave it out for forecast"):
        echoic.train("forecast", values, labels=labels)
    with pytest.raises(ConfigError, match="`text` is a text in memory; pass it instead of the data"):
        echoic.train("text", "file.txt", text="abc")
    with pytest.raises(ConfigError, match="`label` has no effect on arrays of clips"):
        echoic.train("classify", values, labels=labels, label="kind")
    run = echoic.train("forecast", sine(Path()), lookback=4, **TINY)
    with pytest.raises(ConfigError, match="`evaluate` has no argument `strides`"):
        run.evaluate(strides=3)


@pytest.mark.parametrize("job", ["forecast", *FILES])
@pytest.mark.parametrize("data", [None, 5, object(), [1.0, 2.0], [object()]])
def test_what_no_job_reads_is_refused_in_one_sentence(job: str, data: Any) -> None:
    with pytest.raises(DataError, match=r"^Cannot read data of type \w+; .*give a path, .*\.$"):
        echoic.train(job, data)
