"""Evaluation of audio models: their predictions, and the drift of generated sound, next to baselines."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from echoic.baselines.sound import LinearPrediction, histogram_nats
from echoic.config.audio import AudioRequest
from echoic.drift import MIN_WINDOWS, WINDOW_S
from echoic.drift.report import DriftReport, Reference, measure_streams
from echoic.errors import DataError
from echoic.heads import Point
from echoic.jobs.audio.render import generate
from echoic.jobs.audio.task import AudioTask, eval_batches
from echoic.jobs.base import Fitted
from echoic.jobs.from_training import from_training_data
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn, no_progress
from echoic.sources import place_of, read_new
from echoic.training import total_loss
from echoic.types import Floats
from echoic.windows import empty_split
from echoic.windows.recordings import Excerpt

DRIFT_STREAMS, DRIFT_S = 32, 15
"""Number and duration of generated streams: three points of the drift curve, enough for a slope."""

DRIFT_SCORES = ("frechet_ratio", "spectral_ratio", "survival", "slope", "slope_low", "slope_high", "memorized")


@final
@dataclass(frozen=True, repr=False)
class AudioEvaluation(Evaluation):
    """Scores over `seconds` of sound; the first frame is not scored.

    `drift` is that of generated sound; None if there is too little sound to compare it with.
    """

    seconds: float
    drift: DriftReport | None

    @property
    def description(self) -> str:
        """Duration of the sound."""
        return f"{self.seconds:,.1f} s of sound, the state carried"

    @property
    def details(self) -> dict[str, Any]:
        """Duration of the sound."""
        return {"seconds": self.seconds}


def evaluate(
    fitted: Fitted[AudioTask], data: Any, split: str, on_progress: ProgressFn = no_progress
) -> AudioEvaluation:
    """Scores over a split, or over new `data`: bits per sample, or the mean squared error of the frames model.

    If there is enough sound, also generates 32 streams of 15 s and measures their distance from that sound, its slope,
    survival and copies, next to the scores of collapsed sound; `echoic drift` does so for longer streams.

    Raises:
        DataError: there is nothing to score.
    """
    task = fitted.task
    sounds, notes = _sounds(task, data, split)
    frames = task.framing.frames(sounds)
    if len(frames) < 2:
        needed = f"two frames of {task.framing.window_samples} samples"
        if data is not None:
            raise DataError(f"{place_of(data)} is shorter than {needed}; add sound.")
        raise empty_split(split, task.dataset.origin, needed)
    batches = eval_batches(frames)
    seconds = len(frames) * task.framing.step_samples / task.rate_hz
    compared = seconds >= MIN_WINDOWS * WINDOW_S
    work = len(batches) + DRIFT_S * compared
    total, values = total_loss(fitted.model, batches, lambda done: on_progress(done, work))
    on_second = lambda made: on_progress(len(batches) + made, work)  # noqa: E731
    drift, left_out = None, tuple[str, ...]()
    if compared:
        recorded = np.concatenate(sounds)
        none_known = list[Excerpt]()
        known, left_out = from_training_data(lambda: task.splits["train"], none_known, "copies of training sound are")
        drift = _drift(fitted, Reference(recorded, known), on_second)
    drifted = {name: drift.scores[name] for name in DRIFT_SCORES if name in drift.scores} if drift else {}
    if task.settings.sound.model == "frames":
        scores, baselines = {"mse": total / values}, _frame_baselines(task, frames)
    else:
        none = dict[str, dict[str, float]]()
        names = "the baselines histogram and linear_prediction are"
        baselines, missing = from_training_data(lambda: _sample_baselines(fitted, frames), none, names)
        scores, left_out = {"bits_per_sample": total / values / math.log(2)}, left_out + missing
    for name, collapsed in (drift.controls if drift else {}).items():
        baselines.setdefault(name, {}).update(collapsed.scores)
    return AudioEvaluation(scores | drifted, baselines, seconds, drift, notes=notes + left_out)


def _drift(fitted: Fitted[AudioTask], reference: Reference, on_second: Callable[[int], None]) -> DriftReport:
    rate_hz = fitted.task.rate_hz
    # The frames model does not sample, so all streams would be equal.
    streams = 1 if isinstance(fitted.model.head, Point) else DRIFT_STREAMS
    done = 0

    def count(block: Floats) -> None:
        nonlocal done
        done += block.shape[1]
        on_second(done // rate_hz)

    made = generate(fitted, AudioRequest(length=f"{DRIFT_S}s", streams=streams), count).samples
    return measure_streams(iter(made), len(made), rate_hz, reference)


def _sounds(task: AudioTask, data: Any, split: str) -> tuple[list[Floats], tuple[str, ...]]:
    """The sounds to evaluate, and notes on their reading."""
    if data is None:
        return task.sounds(split), ()
    new = read_new(data, task.settings.data)
    return [one.values[:, 0] for one in new.series], tuple(new.report.notes)


def _sample_baselines(fitted: Fitted[AudioTask], frames: torch.Tensor) -> dict[str, dict[str, float]]:
    """The histogram of codes, and linear prediction; from the run folder, or fitted again."""
    task, kept, scored = fitted.task, fitted.baselines, [frames.flatten().numpy()]
    prediction = task.fit_prediction() if kept is None else LinearPrediction.from_json(kept, task.scale)
    nats = {
        "histogram": histogram_nats(prediction.histogram, scored),
        "linear_prediction": prediction.nats(scored),
    }
    return {name: {"bits_per_sample": found / math.log(2)} for name, found in nats.items()}


def _frame_baselines(task: AudioTask, frames: torch.Tensor) -> dict[str, dict[str, float]]:
    """Silence, and the previous frame."""
    silence = task.framing.frames([np.zeros(task.framing.window_samples, np.float32)])
    return {
        "silence": {"mse": float((frames[1:] - silence).square().mean())},
        "repeat": {"mse": float((frames[1:] - frames[:-1]).square().mean())},
    }
