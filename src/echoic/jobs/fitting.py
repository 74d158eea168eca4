"""Training of a task in a run folder: on the training part, on all but test if asked to, with a calibration between."""

import warnings
from collections.abc import Callable

from echoic.jobs.base import Task
from echoic.run import Checkpoint, RunFolder
from echoic.training import (
    Outcome,
    Phase,
    Progress,
    Trainer,
    TrainingData,
    isolated_randomness,
    read_phase,
    thread_count,
)

OnProgress = Callable[[Progress], None]


def fit(folder: RunFolder, task: Task, on_progress: OnProgress, began: float) -> Outcome:
    """Trains from the newest checkpoint in `folder`, or from the start; the caller holds the folder's lock.

    Args:
        folder: where checkpoints, metrics, the model and its calibration are written.
        task: what is trained, on what.
        on_progress: called after every step.
        began: `time.monotonic()` when the work began, for a budget in minutes.

    Raises:
        RunError: no checkpoint can be read.
        TrainingError: losses stay non-finite.
        Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
    """
    checkpoint, damaged = folder.read_checkpoint()
    for sentence in damaged:
        warnings.warn(f"{sentence} The checkpoint before it is used.", stacklevel=2)
    if checkpoint is None:
        folder.keep_metrics(0)
    share = 0.5 if task.refits else 1.0
    phase = Phase(budget=(0.0, share)) if checkpoint is None else read_phase(checkpoint)
    if phase.name == "fit":
        outcome = _run_phase(folder, task, phase, checkpoint, on_progress, began)
        _calibrate(folder, task)
        # A falling learning rate is made for its whole length; with a constant one the best step is the length.
        steps = outcome.best_step if task.training.schedule == "constant" else outcome.steps
        phase = Phase("refit", steps, (share, 1.0), outcome.steps)
        if checkpoint is not None:
            began -= checkpoint.notes["at"]["seconds"]
            checkpoint = None
    if task.refits:
        outcome = _run_phase(folder, task, phase, checkpoint, on_progress, began)
    return outcome


def _run_phase(
    folder: RunFolder,
    task: Task,
    phase: Phase,
    checkpoint: Checkpoint | None,
    on_progress: OnProgress,
    began: float,
) -> Outcome:
    if phase.name == "fit":
        data = TrainingData(task.train_batches(), task.dev_batches())
    else:
        data = TrainingData(task.refit_batches(), None)
    with isolated_randomness(task.training.seed):
        trainer = Trainer(task.network(), data, task.training, folder, phase, on_progress, began)
        if checkpoint is not None:
            trainer.restore(checkpoint)
        return trainer.run()


def _calibrate(folder: RunFolder, task: Task) -> None:
    """On dev, with the network that has not been trained on it."""
    with isolated_randomness(task.training.seed):
        model = task.network()
    model.load_state_dict(folder.read_model()[0])
    with thread_count(task.training.threads):
        calibration = task.calibrate(model.eval())
    if calibration is not None:
        folder.write_calibration(calibration)
