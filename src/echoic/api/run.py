"""From data to a trained run, and from a run folder back to something that can be used."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from echoic import sources
from echoic.api.fit import TrainProgressFn, fit
from echoic.api.prepare import get_job, prepare
from echoic.config import JobSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import AUDIO_OPTIONS, Fitted, GenerateRequest, Task
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.run import RunFolder, ensure_new, versions
from echoic.training import TrainResult, isolated_randomness
from echoic.windows import SPLITS


@final
class Run:
    """A trained run: its folder, its task over the data, its network.

    Made by `train`, `resume` and `load`. The data are read again when they are first needed, and checked against
    the fingerprint taken in training.
    """

    def __init__(self, folder: RunFolder, data: Any = None) -> None:
        self.folder = folder
        self.config = folder.read_config()
        self.job = get_job(self.config["job"])
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
            with isolated_randomness(task.train_settings.seed):
                model = task.build_model()
            weights, _ = self.folder.read_model()
            model.load_state_dict(weights)
            self._fitted = Fitted(task, model.eval(), self.folder.read_calibration())
        return self._fitted

    @property
    def model(self) -> SequenceModel:
        """The network with the weights that scored best on dev."""
        return self.fitted.model

    def evaluate(self, data: Any = None, *, split: str = "test", stride: int | None = None, **options: Any) -> Any:
        """Scores beside the naive rows, on a part of the run's data or on new data.

        `stride` is the number of steps between the windows that are scored, of jobs that score windows: by default 1.

        Raises:
            ConfigError: there is no such part, or a stride of what has no windows.
            DataError: there is nothing to score.
        """
        _check_split(split)
        if stride is not None:
            if not self.job.scores_windows:
                raise ConfigError("`stride` is for forecasts; the others are scored at every step.")
            options["stride"] = stride
        if data is None and split == "test" and self.job.aggregate_folds is not None and (folds := self.folder.folds()):
            self.folder.read_model()  # a run that has none has not all of its folds
            return self.job.aggregate_folds([Run(fold, self._data).evaluate(**options) for fold in folds])
        return self.job.evaluate(self.fitted, data, split, **options)

    def predict(self, data: Any = None) -> Any:
        """What the model says of `data`: by default what follows its own, of clips and recordings of its test part."""
        return self.job.predict(self.fitted, data)

    def generate(self, length: int | str | None = None, **options: Any) -> Any:
        """Lets the model feed itself.

        Args:
            length: steps, or what else the job counts in (`"32bars"`); by default what the job finds fit.
            **options: fields of `echoic.jobs.base.GenerateRequest`: `prime`, `temperature`, `top_k`, `top_p`, `seed`,
                `on_chunk`; of sound also `streams`, `prob_floor` and `loudness_temperature`.

        Raises:
            ConfigError: a length, prime or way of drawing that the job does not know.
        """
        audio_options = [f"`{name}`" for name in AUDIO_OPTIONS if name in options]
        if audio_options and not self.job.generates_audio:
            raise ConfigError(f"{', '.join(audio_options)}: for audio runs alone.")
        return self.job.generate(self.fitted, GenerateRequest(length, **options))

    def metrics(self) -> list[dict[str, Any]]:
        """A row for each look at dev: losses, learning rate, skipped steps."""
        return self.folder.read_metrics()

    def backtest(self, data: Any = None, *, split: str = "test", stride: int = 1) -> Any:
        """Every forecast that `evaluate` scores beside what happened, as a long table with its cutoff."""
        _check_split(split)
        return self.job.backtest(self.fitted, data, split, stride)

    def result(self) -> dict[str, Any]:
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

    def resume(self, on_progress: TrainProgressFn = no_progress, started_at: float | None = None) -> TrainResult:
        """Goes on training from the newest checkpoint that is whole, bit for bit as if it had never stopped (CPU).

        Raises:
            RunError: another process writes this run, or no checkpoint can be read.
            Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
        """
        started_at = time.monotonic() if started_at is None else started_at
        with self.folder.lock():
            result = self.fit(self._task(), on_progress, started_at)
        self._fitted = None
        return result

    def _task(self) -> Task:
        return self.job.task.restore(sources.LazyDataset(self._read), self.settings, self.folder.read_codec())

    def _read(self) -> sources.Dataset:
        """What the run was trained on."""
        if self._data is None:
            raise DataError(
                f"{self.path}: was trained on what no file holds; give it again, with `data=` or --training-data."
            )
        missing = [place for place in _data_paths(self._data) if not Path(place).exists()]
        if missing:
            raise DataError(
                f"{missing[0]}: is gone, and {self.path} was trained on it; put it back, or say with `data=` or "
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

    def fit(self, task: Task, on_progress: TrainProgressFn, started_at: float) -> TrainResult:
        """Trains what is not trained yet, the folds of cross-validation first; the caller holds the lock.

        So a run that has a model has all of its folds.
        """
        started = {folder.path.name: folder for folder in self.folder.folds()}
        for number, settings in enumerate(task.folds, 1):
            fold_progress = _fold_progress(on_progress, number, len(task.folds))
            if str(number) in started:
                Run(started[str(number)], self._data).resume(fold_progress)
            else:
                folder = RunFolder.create(self.folder.folds_path / str(number), self.path)
                _train_run(task.fold(settings), self._data, folder, fold_progress, started_at)
            started_at = time.monotonic()
        return fit(self.folder, task, on_progress, started_at)


def train(
    job: str,
    data: Any,
    *,
    out: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    on_progress: TrainProgressFn = no_progress,
    on_prepare: ProgressFn = no_progress,
    started_at: float | None = None,
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
        started_at: `time.monotonic()` when the work began, for a budget in minutes; by default now.
        settings: any field of the job's settings by its name, such as `lookback=96`.

    Raises:
        ConfigError: an unknown setting, or settings that do not go together.
        DataError: the data cannot be read or do not suffice.
        RunError: `out` exists or cannot be written.
        TrainingError: losses stay non-finite.
        Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
    """
    started_at = time.monotonic() if started_at is None else started_at
    path = Path(tempfile.mkdtemp(prefix="echoic-")) / job if out is None else Path(out)
    ensure_new(path)
    task = prepare(job, data, config or {}, settings, on_prepare)
    _dry_run(task)
    return _train_run(task, data, RunFolder.create(path), on_progress, started_at)


def _train_run(task: Task, data: Any, folder: RunFolder, on_progress: TrainProgressFn, started_at: float) -> Run:
    with folder.lock():
        folder.write_codec(task.codec_state())
        folder.write_config(
            {
                "job": task.name,
                "settings": task.settings.model_dump(mode="json"),
                "data": {
                    "path": _data_reference(data),
                    "fingerprint": task.dataset.fingerprint,
                    "report": task.data_report(),
                },
                "versions": versions(),
            }
        )
        run = Run(folder, data)
        run.fit(task, on_progress, started_at)
    return run


def _dry_run(task: Task) -> None:
    """Whatever has to be refused is refused before there is a run folder."""
    with isolated_randomness(task.train_settings.seed):
        task.build_model()
    task.train_batches()
    task.dev_batches()
    for settings in task.folds:
        task.fold(settings)


def _fold_progress(on_progress: TrainProgressFn, number: int, folds: int) -> TrainProgressFn:
    return lambda at: on_progress(at._replace(stage=f"fold {number} of {folds}"))


def load(path: str | Path, *, data: Any = None) -> Run:
    """The run in a folder. `data` stands in for the training data if they were in memory or have moved.

    Raises:
        RunError: there is no run at `path`, or it is damaged.
    """
    return Run(RunFolder.open(Path(path)), data)


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ConfigError(f"`--split` must be one of {', '.join(SPLITS)}, got {split!r}.")


def _data_reference(data: Any) -> str | list[str] | None:
    """How a run finds its data again: absolute paths, the name of a synthetic signal, or None for memory."""
    if isinstance(data, str) and data.startswith("synth:"):
        return data
    places = [str(Path(place).resolve()) for place in _data_paths(data)]
    return places[0] if len(places) == 1 else places or None


def _data_paths(data: Any) -> list[str | Path]:
    """The files or folders that `data` names; none for data in memory, synthetic signals and standard input."""
    named = data if isinstance(data, list | tuple) else [data]
    if all(isinstance(one, str | Path) for one in named) and data != sources.STANDARD_INPUT:
        return [one for one in named if not str(one).startswith("synth:")]
    return []
