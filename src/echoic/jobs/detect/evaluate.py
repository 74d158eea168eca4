"""How well a network finds events, raw and cleaned up, beside telling them without memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from echoic.baselines.frames import EnergyThreshold, LogisticRegression
from echoic.jobs.base import Fitted
from echoic.jobs.detect.task import DetectTask, check_labels
from echoic.labelled.frames import Frames, Shares, events_in
from echoic.labelled.postprocessing import read_postprocessing
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.events import count_matches, label_error_rate, num_transitions, segment_scores
from echoic.sources import read
from echoic.sources.events import events_of
from echoic.streams.detection import heard
from echoic.types import Event, Series
from echoic.windows import empty_split

SEGMENT_S = 0.1
COLLAR_S = 0.02


@final
@dataclass(frozen=True, eq=False)
class DetectEvaluation(Evaluation):
    """Scores over recordings. `cleaned` are those after the clean-up that dev chose, if it was to choose one.

    `recording`, `true` and `predicted` are of one recording, to look at.
    """

    recordings: int
    seconds: float
    recording: Series
    true: tuple[Event, ...]
    predicted: tuple[Event, ...]

    @property
    def description(self) -> str:
        """What was scored."""
        return f"{self.recordings:,} recordings, {self.seconds:,.1f} s, in frames"

    @property
    def details(self) -> dict[str, Any]:
        """How much was scored, and the cleaned scores."""
        return {"recordings": self.recordings, "seconds": self.seconds, "postprocessed": self.postprocessed}


def evaluate(
    fitted: Fitted[DetectTask],
    data: Any,
    split: str,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> DetectEvaluation:
    """Scores over the recordings of a part, or of new `data`, a table of events.

    `frame_error_rate` is the share of frames that are wrong, `label_error_rate` the edits between the strings of labels
    for each label that there is; `segment_f1` and `segment_error_rate` are of segments of 100 ms, `event_f1` of events
    with their onsets and offsets within 20 ms; `extra_transitions_per_s` is how many times a second the class changes
    more often than in truth.

    Raises:
        DataError: there is nothing to score.
    """
    task = fitted.task
    recordings = _recordings(task, data, split)
    task.raw.make(on_progress)
    steps = task.steps[split] if data is None else task.features.of(recordings, task.raw.cache, on_progress)
    true, shares = task.classes_of(recordings, steps), list[Shares]()
    for number, one in enumerate(steps):
        shares.append(heard(fitted.model, one, task.delay))
        on_progress(number + 1, len(steps))
    events = [events_of(one) for one in recordings]
    told = [one.argmax(1) for one in shares]
    postprocessing = read_postprocessing(fitted.calibration)
    clean = [] if postprocessing is None else [postprocessing.classes(one) for one in shares]
    return DetectEvaluation(
        _scores(task, events, true, told),
        _naive(task, events, true, steps),
        len(recordings),
        sum(map(len, true)) * task.hop_s,
        recordings[0],
        tuple(events[0]),
        tuple(events_in((clean or told)[0], task.labels, task.hop_s)),
        postprocessed=_scores(task, events, true, clean) if clean else {},
    )


def _recordings(task: DetectTask, data: Any, split: str) -> list[Series]:
    if data is not None:
        settings = task.settings.data.model_copy(update={"split_table": None, "rate_hz": task.rate_hz})
        recordings = list(read(data, settings).series)
        check_labels(recordings, task.labels, "the new data")
        return recordings
    if not task.splits[split]:
        raise empty_split(split, task.dataset.origin, "recordings")
    return task.recordings(split)


def _scores(
    task: DetectTask, events: Sequence[Sequence[Event]], true: Sequence[Frames], told: Sequence[Frames]
) -> dict[str, float]:
    hop_s, frames = task.hop_s, sum(map(len, true))
    segment_f1, error_rate = segment_scores(true, told, max(1, round(SEGMENT_S / hop_s)))
    found = [events_in(one, task.labels, hop_s) for one in told]
    hits = sum(count_matches(real, said, COLLAR_S) for real, said in zip(events, found, strict=True))
    there = sum(map(len, events)) + sum(map(len, found))
    extra = sum(map(num_transitions, told)) - sum(map(num_transitions, true))
    return {
        "frame_error_rate": sum(int((real != said).sum()) for real, said in zip(true, told, strict=True)) / frames,
        "label_error_rate": label_error_rate(true, told),
        "segment_f1": segment_f1,
        "segment_error_rate": error_rate,
        "event_f1": 2 * hits / there if there else 1.0,
        "extra_transitions_per_s": max(0, extra) / (frames * hop_s),
    }


def _naive(
    task: DetectTask, events: Sequence[Sequence[Event]], true: Sequence[Frames], steps: Sequence[torch.Tensor]
) -> dict[str, dict[str, float]]:
    training = torch.cat(task.steps["train"])
    classes = np.concatenate(task.classes_of(task.recordings("train"), task.steps["train"]))
    rows: dict[str, LogisticRegression | EnergyThreshold] = {
        "logistic_regression": LogisticRegression.fit(training, classes, len(task.labels) + 1),
        "energy_threshold": EnergyThreshold.fit(training, classes),
    }
    return {name: _scores(task, events, true, [row.predict(one) for one in steps]) for name, row in rows.items()}
