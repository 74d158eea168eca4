"""Training of a task in its run folder, the folds of cross-validation first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from signal import SIGINT
from typing import Any

from echoic.api.data_reference import data_reference
from echoic.api.phases import TrainProgressFn, fit_phases, in_stage
from echoic.errors import Interrupted
from echoic.jobs.base import Task
from echoic.run import RunFolder, damage_named, versions
from echoic.signals import Ended
from echoic.training import TrainResult


def describe(folder: RunFolder, job: str, task: Task[Any], data: Any, notes: Sequence[str] = ()) -> None:
    """Writes series.safetensors, codec.json and config.json; the caller holds the folder's lock.

    `notes` are added to those of the data.
    """
    report = task.data_report()
    folder.write_series(task.kept_series)
    folder.write_codec(task.codec_state())
    folder.write_config(
        {
            "job": job,
            "settings": task.settings.model_dump(mode="json"),
            "data": {
                "path": data_reference(data),
                "fingerprint": task.dataset.fingerprint,
                "report": report | {"notes": [*report["notes"], *notes]},
            },
            "versions": versions(),
            "components": task.components.paths,
        }
    )


def fit_folds(folder: RunFolder, job: str, task: Task[Any], data: Any, on_progress: TrainProgressFn) -> TrainResult:
    """Trains what is not trained yet; the caller holds the folder's lock.

    The whole comes last, so a run that has a model has all of its folds.

    Raises:
        Interrupted: SIGINT, SIGTERM or SIGHUP was received; the run can be resumed.
    """
    with _resumable(folder):
        return _fit_folds(folder, job, task, data, on_progress)


@contextmanager
def _resumable(folder: RunFolder) -> Iterator[None]:
    """Says how to go on after a signal that did not come within the loop of training, which says so itself."""
    try:
        yield
    except (Ended, KeyboardInterrupt) as error:
        number = error.number if isinstance(error, Ended) else SIGINT
        raise Interrupted(f"Stopped by {number.name}; resume with `{folder.resume_command}`.", number) from error


def _fit_folds(folder: RunFolder, job: str, task: Task[Any], data: Any, on_progress: TrainProgressFn) -> TrainResult:
    for number, settings in enumerate(task.folds, 1):
        progress = in_stage(on_progress, f"fold {number} of {len(task.folds)}")
        path = folder.folds_path / str(number)
        if (path / "config.json").is_file():
            fold = RunFolder(path, folder.path)
            fold_task = _restored(fold, task)
            with fold.lock():
                fit_phases(fold, fold_task, progress)
        else:
            fold = RunFolder.create(path, folder.path)
            fold_task = task.fold(settings).with_components(task.components)
            with fold.lock():
                describe(fold, job, fold_task, data)
                fit_phases(fold, fold_task, progress)
    return fit_phases(folder, task, on_progress)


def _restored(fold: RunFolder, task: Task[Any]) -> Task[Any]:
    """The task of a fold that has started.

    Raises:
        RunError: the folder of the fold is damaged.
    """
    config, codec = fold.read_config(), fold.read_codec()
    with damage_named(fold.path / "config.json"):
        settings = type(task.settings).build(config["settings"])
        settings.check_planned()
    with damage_named(fold.path / "codec.json"):
        restored: Task[Any] = type(task).restore(task.dataset, settings, codec)
    return restored.with_components(task.components)
