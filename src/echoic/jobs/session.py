"""From data to a trained run, and from a run folder back to something that can be used."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from echoic import sources
from echoic.config import JobSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import OF_SOUND, Fitted, OnWork, Request, Task, unwatched
from echoic.jobs.fitting import OnProgress, fit
from echoic.jobs.preparation import job_of, prepare
from echoic.model import SequenceModel
from echoic.run import RunFolder, check_free, versions
from echoic.training import Outcome, Progress, isolated_randomness
from echoic.windows import PARTS


def _silent(_: Progress) -> None:
    pass


@final
class Run:
    """A trained run: its folder, its task over the data, its network.

    Made by `train`, `resume` and `load`. The data are read again when they are first needed, and checked against
    the fingerprint taken in training.
    """

    def __init__(self, folder: RunFolder, data: Any = None) -> None:
        self.folder = folder
        self.config = folder.read_config()
        self.job = job_of(self.config["job"])
        self.settings: JobSettings = self.job.task.settings_class.build(self.config["settings"])
        self._data = self.config["data"]["path"] if data is None else data
        self._fitted: Fitted | None = None

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def seed(self) -> int:
        """The seed of weights, order and dropout."""
        return int(self.config["settings"]["train"]["seed"])

    @property
    def fitted(self) -> Fitted:
        """Task, network and calibration, loaded once.

        Raises:
            RunError: the folder is damaged or has no model yet.
            DataError: the training data are gone, or not those that the run was trained on.
        """
        if self._fitted is None:
            task = self._task()
            with isolated_randomness(task.training.seed):
                model = task.network()
            weights, _ = self.folder.read_model()
            model.load_state_dict(weights)
            self._fitted = Fitted(task, model.eval(), self.folder.read_calibration())
        return self._fitted

    @property
    def model(self) -> SequenceModel:
        """The network with the weights that scored best on dev."""
        return self.fitted.model

    def evaluate(self, data: Any = None, *, part: str = "test", stride: int | None = None, **options: Any) -> Any:
        """Scores beside the naive rows, on a part of the run's data or on new data.

        `stride` is the number of steps between the windows that are scored, of jobs that score windows: by default 1.

        Raises:
            ConfigError: there is no such part, or a stride of what has no windows.
            DataError: there is nothing to score.
        """
        _check_part(part)
        if stride is not None:
            if not self.job.scores_windows:
                raise ConfigError("`stride` is for forecasts; the others are scored at every step.")
            options["stride"] = stride
        if data is None and part == "test" and self.job.across is not None and (folds := self.folder.folds()):
            self.folder.read_model()  # a run that has none has not all of its folds
            return self.job.across([Run(fold, self._data).evaluate(**options) for fold in folds])
        return self.job.evaluate(self.fitted, data, part, **options)

    def predict(self, data: Any = None) -> Any:
        """What the model says of `data`: by default what follows its own, of clips and recordings of its test part."""
        return self.job.predict(self.fitted, data)

    def generate(self, length: int | str | None = None, **options: Any) -> Any:
        """Lets the model feed itself.

        Args:
            length: steps, or what else the job counts in (`"32bars"`); by default what the job finds fit.
            **options: fields of `echoic.jobs.base.Request`: `prime`, `temperature`, `top_k`, `top_p`, `seed`,
                `on_made`; of sound also `streams`, `floor` and `loudness_temperature`.

        Raises:
            ConfigError: a length, prime or way of drawing that the job does not know.
        """
        of_sound = [f"`{name}`" for name in OF_SOUND if name in options]
        if of_sound and not self.job.makes_sound:
            raise ConfigError(f"{', '.join(of_sound)}: for audio runs alone.")
        return self.job.generate(self.fitted, Request(length, **options))

    def metrics(self) -> list[dict[str, Any]]:
        """A row for each look at dev: losses, learning rate, skipped steps."""
        return self.folder.read_metrics()

    def backtest(self, data: Any = None, *, part: str = "test", stride: int = 1) -> Any:
        """Every forecast that `evaluate` scores beside what happened, as a long table with its cutoff."""
        _check_part(part)
        return self.job.backtest(self.fitted, data, part, stride)

    def outcome(self) -> dict[str, Any]:
        """What training came to: the dev loss and the step of the weights that are kept, epochs and steps in all.

        After a refit, which learns from dev as well, there is no dev loss.
        """
        _, best = self.folder.read_model()
        rows = self.metrics()
        ends = {row["phase"]: row for row in rows}.values()
        return {
            "run": str(self.path),
            "best_dev_loss": best["dev_loss"],
            "best_step": best["step"],
            "epochs": sum(row["epoch"] + 1 for row in ends),
            "steps": rows[-1]["step"] if rows else 0,
            "skipped_steps": sum(row["skipped"] for row in ends),
        }

    def fold_runs(self) -> list["Run"]:
        """The runs of cross-validation, if there are any."""
        return [Run(folder, self._data) for folder in self.folder.folds()]

    def resume(self, on_progress: OnProgress = _silent, began: float | None = None) -> Outcome:
        """Goes on training from the newest checkpoint that is whole, bit for bit as if it had never stopped (CPU).

        Raises:
            RunError: another process writes this run, or no checkpoint can be read.
            Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
        """
        began = time.monotonic() if began is None else began
        with self.folder.writing():
            outcome = self.fit(self._task(), on_progress, began)
        self._fitted = None
        return outcome

    def _task(self) -> Task:
        return self.job.task.reopen(sources.Later(self._read), self.settings, self.folder.read_codec())

    def _read(self) -> sources.Dataset:
        """What the run was trained on."""
        if self._data is None:
            raise DataError(
                f"{self.path}: was trained on what no file holds; give it again, with `data=` or --training-data."
            )
        gone = [place for place in _places(self._data) if not Path(place).exists()]
        if gone:
            raise DataError(
                f"{gone[0]}: is gone, and {self.path} was trained on it; put it back, or say with `data=` or "
                "--training-data where it is."
            )
        settings: Any = self.settings
        dataset = sources.read(self._data, settings.data)
        if dataset.fingerprint != self.config["data"]["fingerprint"]:
            raise DataError(
                f"{dataset.origin}: is not what {self.path} was trained on, or has changed since; restore it, say with "
                "`data=` or --training-data where the same data are, or train anew."
            )
        return dataset

    def fit(self, task: Task, on_progress: OnProgress, began: float) -> Outcome:
        """Trains what is not trained yet, the folds of cross-validation first; the caller holds the lock.

        So a run that has a model has all of its folds.
        """
        begun = {folder.path.name: folder for folder in self.folder.folds()}
        for number, settings in enumerate(task.folds, 1):
            tell = _of_fold(on_progress, number, len(task.folds))
            if str(number) in begun:
                Run(begun[str(number)], self._data).resume(tell)
            else:
                folder = RunFolder.create(self.folder.folds_path / str(number), self.path)
                _trained(task.fold(settings), self._data, folder, tell, began)
            began = time.monotonic()
        return fit(self.folder, task, on_progress, began)


def train(
    job: str,
    data: Any,
    *,
    out: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    on_progress: OnProgress = _silent,
    on_prepare: OnWork = unwatched,
    began: float | None = None,
    **settings: Any,
) -> Run:
    """Trains a network and gives the run.

    Args:
        job: `forecast`, `music`, `text`, `audio`, `classify` or `detect`.
        data: what the job reads: a path; for forecasts also a DataFrame, an array `(steps, features)` or `synth:NAME`.
        out: the run folder to make; by default one in the temporary folder.
        config: settings by section, as in a TOML file; `settings` go before them.
        on_progress: called after every step.
        on_prepare: called with how many clips are prepared and how many there are, by jobs that prepare clips first.
        began: `time.monotonic()` when the work began, for a budget in minutes; by default now.
        settings: any field of the job's settings by its name, such as `lookback=96`.

    Raises:
        ConfigError: an unknown setting, or settings that do not go together.
        DataError: the data cannot be read or do not suffice.
        RunError: `out` exists or cannot be written.
        TrainingError: losses stay non-finite.
        Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
    """
    began = time.monotonic() if began is None else began
    path = Path(tempfile.mkdtemp(prefix="echoic-")) / job if out is None else Path(out)
    check_free(path)
    task = prepare(job, data, config or {}, settings, on_prepare)
    _rehearse(task)
    return _trained(task, data, RunFolder.create(path), on_progress, began)


def _trained(task: Task, data: Any, folder: RunFolder, on_progress: OnProgress, began: float) -> Run:
    with folder.writing():
        folder.write_codec(task.codec_json())
        folder.write_config(
            {
                "job": task.name,
                "settings": task.settings.model_dump(mode="json"),
                "data": {"path": _kept(data), "fingerprint": task.dataset.fingerprint, "report": task.data_report()},
                "versions": versions(),
            }
        )
        run = Run(folder, data)
        run.fit(task, on_progress, began)
    return run


def _rehearse(task: Task) -> None:
    """Whatever has to be refused is refused before there is a run folder."""
    with isolated_randomness(task.training.seed):
        task.network()
    task.train_batches()
    task.dev_batches()
    for settings in task.folds:
        task.fold(settings)


def _of_fold(on_progress: OnProgress, number: int, folds: int) -> OnProgress:
    return lambda at: on_progress(at._replace(stretch=f"fold {number} of {folds}"))


def load(path: str | Path, *, data: Any = None) -> Run:
    """The run in a folder. `data` stands in for the training data if they were in memory or have moved.

    Raises:
        RunError: there is no run at `path`, or it is damaged.
    """
    return Run(RunFolder.open(Path(path)), data)


def _check_part(part: str) -> None:
    if part not in PARTS:
        raise ConfigError(f"`--part` must be one of {', '.join(PARTS)}, got {part!r}.")


def _kept(data: Any) -> str | list[str] | None:
    """How a run finds its data again: absolute paths, the name of a synthetic signal, or None for memory."""
    if isinstance(data, str) and data.startswith("synth:"):
        return data
    places = [str(Path(place).resolve()) for place in _places(data)]
    return places[0] if len(places) == 1 else places or None


def _places(data: Any) -> list[str | Path]:
    """The files or folders that `data` names; none for data in memory, synthetic signals and standard input."""
    named = data if isinstance(data, list | tuple) else [data]
    if all(isinstance(one, str | Path) for one in named) and data != sources.STANDARD_INPUT:
        return [one for one in named if not str(one).startswith("synth:")]
    return []
