"""Training of a task in its run folder, the folds of cross-validation first, one after the other or side by side."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from signal import SIGINT
from typing import Any

from echoic.api.data_reference import data_reference
from echoic.api.phases import TrainProgressFn, fit_phases, in_stage
from echoic.api.side_by_side import Training, train_side_by_side
from echoic.components import Components
from echoic.distributed.joining import joined
from echoic.errors import Interrupted, LostProcessError
from echoic.jobs import get_job, settings_class
from echoic.jobs.base import Task
from echoic.run import RunFolder, damage_named, last_step, make_room, versions
from echoic.signals import Ended
from echoic.sources import DatasetLike
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


def fit_folds(
    folder: RunFolder, job: str, task: Task[Any], data: Any, on_progress: TrainProgressFn, workers: int = 1
) -> TrainResult:
    """Trains what is not trained yet; the caller holds the folder's lock.

    The whole comes last, so a run that has a model has all of its folds.

    Args:
        folder: the run folder.
        job: the job.
        task: the task to train.
        data: where its data come from.
        on_progress: called after every step; with several workers, of folds less often.
        workers: processes for the folds; 1: none, they are trained one after the other.

    Raises:
        Interrupted: SIGINT, SIGTERM or SIGHUP was received; the run can be resumed.
    """
    with _resumable(folder):
        if workers > 1 and task.folds:
            if last_step(folder.checkpoints) is None:  # the whole comes last
                _fit_side_by_side(folder, job, task, data, on_progress, workers)
        else:
            _fit_in_turn(folder, job, task, data, on_progress)
        return fit_phases(folder, task, on_progress)


@contextmanager
def _resumable(folder: RunFolder) -> Iterator[None]:
    """Says how to resume after a signal that did not come within the loop of training, which says so itself.

    And after the loss of another process.
    """
    try:
        yield
    except LostProcessError as error:
        if not joined().is_first:  # its folder is a copy
            raise
        raise LostProcessError(f"{error} Resume with `{folder.resume_command}`.") from error
    except (Ended, KeyboardInterrupt) as error:
        number = error.number if isinstance(error, Ended) else SIGINT
        raise Interrupted(f"Stopped by {number.name}; resume with `{folder.resume_command}`.", number) from error


def _fit_in_turn(folder: RunFolder, job: str, task: Task[Any], data: Any, on_progress: TrainProgressFn) -> None:
    for number, settings in enumerate(task.folds, 1):
        fold = _fold_folder(folder, number)
        if _is_described(fold):
            fold_task = restored(fold, fold.read_config(), task.dataset, task.components)
        else:
            fold_task = _described(fold, job, task, settings, data)
        with fold.lock():
            fit_phases(fold, fold_task, in_stage(on_progress, _stage(number, task)))


def _fit_side_by_side(
    folder: RunFolder, job: str, task: Task[Any], data: Any, on_progress: TrainProgressFn, workers: int
) -> None:
    trainings = []
    for number, settings in enumerate(task.folds, 1):
        fold = _fold_folder(folder, number)
        if not _is_described(fold):
            _described(fold, job, task, settings, data)
        trainings.append(Training(str(fold.path), str(folder.path), _stage(number, task)))
    sent = ([task.dataset], task.components)
    train_side_by_side(folder.path, trainings, sent, workers, folder.resume_command, on_progress)


def _fold_folder(folder: RunFolder, number: int) -> RunFolder:
    return RunFolder(folder.folds_path / str(number), folder.path)


def _stage(number: int, task: Task[Any]) -> str:
    return f"fold {number} of {len(task.folds)}"


def _is_described(fold: RunFolder) -> bool:
    return (fold.path / "config.json").is_file()


def _described(fold: RunFolder, job: str, task: Task[Any], settings: Any, data: Any) -> Task[Any]:
    """The task of a fold, whose folder is made and described."""
    make_room(fold.path)
    RunFolder.create(fold.path, fold.parent)
    fold_task = task.fold(settings).with_components(task.components)
    with fold.lock():
        describe(fold, job, fold_task, data)
    return fold_task


def restored(folder: RunFolder, config: Mapping[str, Any], dataset: DatasetLike, components: Components) -> Task[Any]:
    """The task of a described run.

    Raises:
        RunError: the folder is damaged.
    """
    with damage_named(folder.path / "config.json"):
        settings = settings_class(config["job"]).build(config["settings"])
        settings.check_planned()
    codec = folder.read_codec()
    with damage_named(folder.path / "codec.json"):
        task: Task[Any] = get_job(config["job"]).task_class.restore(dataset, settings, codec)
    return task.with_components(components)
