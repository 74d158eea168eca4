"""The phases of training a task in its run folder: fit on train, calibrate on dev, refit on train and dev."""

import warnings
from collections.abc import Callable
from typing import Any

from torch import Tensor

from echoic.api.restoring import check_shapes
from echoic.distributed.joining import joined
from echoic.errors import RunError
from echoic.jobs.base import Task
from echoic.loggers import NotebookBar, in_notebook
from echoic.model import SequenceModel
from echoic.progress import no_progress
from echoic.run import Checkpoint, RunFolder, damage_named
from echoic.training import (
    Phase,
    Progress,
    Trainer,
    TrainingData,
    TrainResult,
    isolated_randomness,
    no_randomness,
    read_phase,
    thread_count,
)

TrainProgressFn = Callable[[Progress], None]


def chosen_progress(on_progress: TrainProgressFn | None) -> TrainProgressFn:
    """`on_progress`; by default a bar in a notebook, and nothing elsewhere, nor in all processes but the first."""
    if not joined().is_first:
        return no_progress
    if on_progress is not None:
        return on_progress
    return NotebookBar() if in_notebook() else no_progress


def fit_phases(folder: RunFolder, task: Task[Any], on_progress: TrainProgressFn) -> TrainResult:
    """Trains from the newest checkpoint in `folder`, or from the start; the caller holds the folder's lock.

    Args:
        folder: the folder of checkpoints, metrics, model and calibration.
        task: the task to train.
        on_progress: called after every step.

    Raises:
        RunError: no checkpoint can be read.
        TrainingError: losses stay non-finite.
        Interrupted: SIGINT, SIGTERM or SIGHUP was received; the run can be resumed.
    """
    checkpoint, damaged = folder.read_checkpoint()
    for sentence in damaged:
        warnings.warn(f"{sentence} Using the checkpoint before it.", stacklevel=2)
    if checkpoint is None:
        folder.truncate_metrics(0)
    budget = 0.5 if task.should_refit else 1.0
    phase = Phase(budget=budget) if checkpoint is None else read_phase(folder.checkpoints, checkpoint)
    if phase.name == "refit" and not task.should_refit:
        raise RunError(
            f"{folder.checkpoints}: training was in its phase refit, and the settings have none; restore config.json, "
            "or train again."
        )
    if phase.name == "fit":
        result = _run_phase(folder, task, phase, checkpoint, on_progress)
        _calibrate(folder, task, on_progress)
        # A decaying learning rate needs its whole length; with a constant one the best step is the length.
        steps = result.best_step if task.settings.train.lr_schedule == "constant" else result.steps
        phase = Phase("refit", steps, 1 - budget, result.steps)
        checkpoint = None
    if task.should_refit:
        result = _run_phase(folder, task, phase, checkpoint, on_progress)
    return result


def in_stage(on_progress: TrainProgressFn, stage: str) -> TrainProgressFn:
    """Reports progress under the name of a stage of training."""
    return lambda state: on_progress(state._replace(stage=stage))


def _run_phase(
    folder: RunFolder,
    task: Task[Any],
    phase: Phase,
    checkpoint: Checkpoint | None,
    on_progress: TrainProgressFn,
) -> TrainResult:
    if phase.name == "fit":
        data = TrainingData(task.train_batches(), task.dev_batches())
    else:
        data = TrainingData(task.refit_batches(), None)
    initial = folder.read_initial()
    if not task.components.paths:  # a class of the user's own need not build without values
        _check_weights(folder, task, checkpoint, initial)
    with isolated_randomness(task.settings.train.seed, task.settings.train.device):
        model = task.build_model()
        if initial is not None:
            model.load_state_dict(initial)
        trainer = Trainer(model, data, task.settings.train, folder, phase, on_progress, joined())
        if checkpoint is not None:
            trainer.restore(checkpoint)
        return trainer.run()


def _check_weights(
    folder: RunFolder, task: Task[Any], checkpoint: Checkpoint | None, initial: dict[str, Tensor] | None
) -> None:
    """Checks the weights to continue from, before a network of other sizes takes memory.

    Raises:
        RunError: they are not those of the network.
    """
    if initial is not None:
        with damage_named(folder.path / "initial.safetensors"):
            check_shapes(task, initial)
    if checkpoint is not None:
        prefix = "model."
        tensors = checkpoint.tensors.items()
        with damage_named(folder.checkpoints):
            check_shapes(task, {name.removeprefix(prefix): one for name, one in tensors if name.startswith(prefix)})


def _calibrate(folder: RunFolder, task: Task[Any], on_progress: TrainProgressFn) -> None:
    """On dev, with the network that has not been trained on it, and on the networks of folds, where there are some.

    Fits the baselines that evaluation needs, too.
    """
    folds = task.calibration_folds
    fold_models = [
        _fold_model(
            RunFolder(folder.calibration_folds_path / str(number), folder.path),
            fold,
            in_stage(on_progress, f"calibration fold {number} of {len(folds)}"),
        )
        for number, fold in enumerate(folds, 1)
    ]
    with thread_count(task.settings.train.threads):
        calibration = task.calibrate_by_folds(_trained(folder, task), fold_models)
        baselines = task.fit_baselines(calibration)
    if baselines is not None:
        folder.write_baselines(baselines)
    if calibration is not None:
        folder.write_calibration(calibration)
    folder.remove_calibration_folds()


def _fold_model(folder: RunFolder, task: Task[Any], on_progress: TrainProgressFn) -> SequenceModel:
    """The trained network of one fold; an interrupted training resumes."""
    folder.checkpoints.mkdir(parents=True, exist_ok=True)
    checkpoint, _ = folder.read_checkpoint()
    if checkpoint is None:
        folder.truncate_metrics(0)
    _run_phase(folder, task, Phase(), checkpoint, on_progress)
    return _trained(folder, task)


def _trained(folder: RunFolder, task: Task[Any]) -> SequenceModel:
    """The network with the weights in `folder`."""
    with no_randomness():
        model = task.build_model()
    model.load_state_dict(folder.read_model()[0])
    return model.eval()
