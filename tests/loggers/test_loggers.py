"""What shows and logs the progress of a training."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import echoic
from echoic.errors import MissingExtraError
from echoic.loggers import MLflowLogger, NotebookBar, ProgressLines, Several, TensorBoardLogger, in_notebook
from echoic.training import Progress

WAVE = np.sin(np.arange(200) / 4).astype(np.float32)
TINY: dict[str, Any] = {"lookback": 8, "horizon": 2, "layers": (3,), "epochs": 3, "threads": 1, "strategy": "direct"}


def at(step: int, **values: Any) -> Progress:
    given: dict[str, Any] = {"stage": "fit", "epoch": 0, "fraction": step / 10, "train_loss": 0.5, "dev_loss": None}
    return Progress(**given | {"step": step, "best_dev_loss": None, "batches_per_s": 10.0} | values)


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_lines_come_at_the_interval_and_have_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, lines = Clock(), list[str]()
    monkeypatch.setattr("echoic.loggers.lines.time", clock)
    logger = ProgressLines(10, lines.append)
    for step in range(1, 26):
        clock.now += 1
        logger(at(step % 10, dev_loss=0.25, best_dev_loss=0.125))
    assert (
        lines
        == [
            "training 0%, epoch 1, train 0.5 dev 0.25 (best 0.125), 10 batches/s",
        ]
        * 2
    )


def test_lines_go_to_standard_error_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    ProgressLines(0)(at(3, stage="fold 1 of 3"))
    assert capsys.readouterr() == ("", "fold 1 of 3 30%, epoch 1, train 0.5, 10 batches/s\n")


class Notebook:
    """As much of IPython as a bar uses."""

    def __init__(self) -> None:
        self.shown: list[list[str]] = []
        self.display = SimpleNamespace(display=self._display)

    def get_ipython(self) -> Any:
        return SimpleNamespace(kernel=None)

    def _display(self, content: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        texts = [content["text/plain"]]
        self.shown.append(texts)
        return SimpleNamespace(update=lambda new, *, raw: texts.append(new["text/plain"]) if raw else None)


def test_a_notebook_shows_a_bar_for_each_stage_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook()
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    assert in_notebook()
    echoic.train("forecast", WAVE, refit=True, **TINY)
    stages = [[text.split(" ", 2)[1:2] for text in texts] for texts in notebook.shown]
    assert len(stages) == 2
    assert notebook.shown[0][0].startswith("training ")
    assert notebook.shown[1][-1].startswith("training on train and dev 100%")


def test_updates_of_a_bar_are_rare_but_for_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook, clock = Notebook(), Clock()
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setattr("echoic.loggers.notebook.time", clock)
    bar = NotebookBar()
    for step in range(1, 11):
        clock.now += 0.125
        bar(at(step))
    (texts,) = notebook.shown
    assert [text.split(",")[0] for text in texts] == [f"training {step}0%" for step in (1, 3, 5, 7, 9, 10)]


def test_scripts_and_terminals_of_ipython_are_no_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=SimpleNamespace))
    assert not in_notebook()


def test_several_loggers_see_every_report() -> None:
    one, other = list[Progress](), list[Progress]()
    Several(one.append, other.append)(at(1))
    assert one == other == [at(1)]


@pytest.mark.parametrize(
    ("logger", "package"), [(lambda: TensorBoardLogger("logs"), "tensorboard"), (MLflowLogger, "mlflow")]
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, logger: Any, package: str) -> None:
    for name in ("tensorboard", "torch.utils.tensorboard", "mlflow"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'echoic\[{package}\]'"):
        logger()


def test_tensorboard_has_the_scores_of_every_evaluation(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    reader: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with TensorBoardLogger(tmp_path / "logs") as logger:
        run = echoic.train("forecast", WAVE, on_progress=logger, **TINY)
    events = reader.EventAccumulator(str(tmp_path / "logs")).Reload()
    found = {
        name: [(one.step, one.value) for one in events.Scalars(f"fit/{name}")] for name in ("train_loss", "dev_loss")
    }
    for name, points in found.items():
        assert [step for step, _ in points] == [row["step"] for row in run.metrics()]
        np.testing.assert_allclose([value for _, value in points], [row[name] for row in run.metrics()], rtol=1e-6)


def test_mlflow_has_the_scores_of_every_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow: Any = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"file:{tmp_path}/mlruns")
    with MLflowLogger({"layers": 3}) as logger:
        run_id = mlflow.active_run().info.run_id
        run = echoic.train("forecast", WAVE, on_progress=logger, **TINY)
    client = mlflow.tracking.MlflowClient(f"file:{tmp_path}/mlruns")
    assert client.get_run(run_id).data.params == {"layers": "3"}
    points = client.get_metric_history(run_id, "fit/dev_loss")
    assert [(one.step, one.value) for one in points] == [(row["step"], row["dev_loss"]) for row in run.metrics()]
    assert client.get_run(run_id).info.status == "FINISHED"


def test_mlflow_gets_each_evaluation_once(monkeypatch: pytest.MonkeyPatch) -> None:
    logged = list[tuple[int, dict[str, float]]]()
    calls = {
        "active_run": lambda: None,
        "start_run": lambda: None,
        "end_run": lambda status: logged.append((-1, {status: 0.0})),
        "log_metrics": lambda scores, step: logged.append((step, scores)),
    }
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(**calls))
    with MLflowLogger() as logger:
        run = echoic.train("forecast", WAVE, on_progress=logger, **TINY)
    assert [step for step, _ in logged] == [*(row["step"] for row in run.metrics()), -1]
    assert logged[0][1]["fit/dev_loss"] == run.metrics()[0]["dev_loss"]
    assert logged[-1] == (-1, {"FINISHED": 0.0})
