"""Runs and evaluations in a notebook: short texts, tables, figures, reports, and nothing left behind."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_data import beeps, hum, lines, signals, sine, tunes
from matplotlib.figure import Figure

import echoic
from echoic.errors import ConfigError, DataError, Interrupted
from echoic.jobs.audio.render import Sound
from echoic.jobs.music.clock import Clock
from echoic.jobs.music.compose import Composition
from echoic.metrics.memorization import Match
from echoic.metrics.notebook import scores_html

TINY: dict[str, Any] = {"layers": (4,), "epochs": 1, "threads": 1}
SOUND: dict[str, Any] = {"n_mels": 8, "batch_size": 8, "cache_dir": "none"}
JOBS: dict[str, tuple[Any, dict[str, Any]]] = {
    "forecast": (sine, {"lookback": 8}),
    "text": (lines, {}),
    "audio": (hum, {"tbptt_steps": 8, "fast_hidden_size": 8, "conditioning_size": 4}),
    "music": (tunes, {}),
    "classify": (beeps, SOUND),
    "detect": (signals, SOUND),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_run_and_its_evaluation_are_shown_in_short_and_drawn(tmp_path: Path, job: str) -> None:
    make, settings = JOBS[job]
    run = echoic.train(job, make(tmp_path), out=tmp_path / "run", **settings, **TINY)
    evaluation = run.evaluate()
    name, value = next(iter(evaluation.result.items()))
    assert repr(evaluation).startswith(f"{type(evaluation).__name__}({name}={value:.4g}")
    assert len(repr(evaluation)) < 400
    table = evaluation._repr_html_()
    assert table.startswith("<table>")
    assert all(row in table for row in evaluation.baselines)
    assert f"<td>{run.path}</td>" in run._repr_html_()
    learning, whole, added = run.plot(), run.plot(evaluation), evaluation.plot()
    assert whole.keys() == learning.keys() | added.keys()
    assert not learning.keys() & added.keys()
    assert all(isinstance(figure, Figure) for figure in whole.values())
    assert whole._repr_html_().count("data:image/png;base64,iVBOR") == len(whole)


def test_a_report_is_written_by_the_run(tmp_path: Path) -> None:
    run = echoic.train("forecast", sine(tmp_path), lookback=8, out=tmp_path / "run", **TINY)
    assert run.report() == run.path / "report.html"
    assert run.report(tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_the_best_scores_are_bold_and_names_are_escaped() -> None:
    table = scores_html({"model": {"mae": 1.0}, "<b>": {"mae": 2.0, "accuracy": 0.5}}, "3 windows", "worse & so")
    assert "<td><b>1</b></td>" in table
    assert "<th>&lt;b&gt;</th><td>2</td><td>0.5</td>" in table
    assert table.endswith("<p>worse &amp; so</p>")


def test_generated_sound_and_music_are_not_printed_sample_by_sample() -> None:
    clock = Clock(1.0, None, (), (), ())
    roll = np.zeros((8, 128), np.uint8)
    assert repr(Sound(np.zeros((1, 9), np.float32), 8000)) == "Sound(samples=(1, 9), rate_hz=8000)"
    made = Composition("a song, continued", roll, roll[:4], clock, Match(0, 0, 0), "")
    assert repr(made) == "Composition(name='a song, continued', roll=(8, 128), before=(4, 128))"


def test_data_in_memory_are_not_printed() -> None:
    assert repr(echoic.Clips(np.zeros(9), [1], rate_hz=8000)) == "Clips(rate_hz=8000)"
    assert repr(echoic.Recordings(np.zeros(9))) == "Recordings(rate_hz=None)"
    assert repr(echoic.Text("To be")) == "Text()"
    assert repr(echoic.prepare("forecast", sine(Path()), lookback=8)) == "Prepared(job='forecast', data='the array')"


@pytest.mark.slow
def test_a_temporary_run_lasts_as_long_as_python(tmp_path: Path) -> None:
    code = (
        "import tempfile, numpy, pathlib, echoic\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "wave = numpy.sin(numpy.arange(200) / 4)\n"
        "run = echoic.train('forecast', wave, lookback=8, layers=(4,), epochs=1, threads=1)\n"
        "path = run.path\n"
        "del run\n"
        f"assert path.is_relative_to({str(tmp_path)!r})\n"
        "echoic.load(path, data=None)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not list(tmp_path.iterdir())


def test_refused_calls_leave_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(DataError):
        echoic.train("forecast", np.zeros(3), **TINY)
    with pytest.raises(ConfigError):
        echoic.train("forecast", sine(tmp_path), lookbak=3)

    def stop(_progress: Any) -> None:
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        echoic.train("forecast", sine(tmp_path), lookback=8, on_progress=stop, **TINY)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_temporary_run_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def stop(_progress: Any) -> None:
        raise Interrupted("stop", 2)

    with pytest.raises(Interrupted):
        echoic.train("forecast", sine(tmp_path), lookback=8, on_progress=stop, **TINY)
    assert [path.name for path in tmp_path.glob("*/*")] == ["forecast"]
