"""Evaluation of event detectors, with and without post-processing, next to their baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from echoic.jobs.base import Fitted
from echoic.jobs.detect.baselines import FrameBaselines
from echoic.jobs.detect.reading import labelled_files, labelled_recordings
from echoic.jobs.detect.scored import Scored, scored_files, scored_series
from echoic.jobs.detect.task import DetectTask
from echoic.jobs.from_training import from_training_data
from echoic.labelled.new_sound import notes_on_files, notes_on_series
from echoic.labelled.overlap import overlap_fraction, overlap_notes
from echoic.labelled.tracks import TrackFrames
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.events import count_matches, label_error_rate, num_transitions, segment_scores
from echoic.metrics.paired import MIN_ITEMS, Errors, ItemErrors
from echoic.progress import ProgressFn, no_progress
from echoic.types import Event, Series
from echoic.types.counted import counted

SEGMENT_S = 0.1
COLLAR_S = 0.02
_BLOCKS = 20
"""Of steps whose length is unknown, by which differences are judged."""


@final
@dataclass(frozen=True, eq=False, repr=False)
class DetectEvaluation(Evaluation):
    """Scores over recordings.

    `recording`, `true` and `predicted` are an example: one recording with its events.
    """

    recordings: int
    seconds: float
    recording: Series
    true: tuple[Event, ...]
    predicted: tuple[Event, ...]
    counts_steps: bool = False
    """Whether `seconds` and other times are numbers of steps."""

    @property
    def description(self) -> str:
        """Number of recordings, and their duration."""
        duration = f"{self.seconds:,.0f} steps" if self.counts_steps else f"{self.seconds:,.1f} s, in frames"
        return f"{counted(self.recordings, 'recording')}, {duration}"

    @property
    def details(self) -> dict[str, Any]:
        """Number of recordings, their duration, and the scores after post-processing."""
        duration = {"steps" if self.counts_steps else "seconds": self.seconds}
        return {"recordings": self.recordings, **duration, "postprocessed": self.postprocessed}


def evaluate(
    fitted: Fitted[DetectTask],
    data: Any,
    split: str,
    on_progress: ProgressFn = no_progress,
) -> DetectEvaluation:
    """Scores over the recordings of a split, or of new `data` with events.

    `frame_error_rate` is the fraction of wrong frames, `label_error_rate` the number of edits between the sequences of
    labels per true label; `segment_f1` and `segment_error_rate` are over segments of 100 ms, `event_f1` over events
    with onsets and offsets within 20 ms; `extra_transitions_per_s` counts changes of class per second in excess of the
    true ones. With `overlap`, frames and sequences are those of every label by itself.

    Raises:
        DataError: there are no recordings.
    """
    task, mel, files = fitted.task, fitted.task.features.mel, labelled_files(fitted.task, data)
    kept, notes = from_training_data(lambda: _baselines(fitted), None, "all baselines are")
    if files:
        scored = scored_files(fitted, files, kept, str(data), on_progress)
        notes += () if mel is None else tuple(notes_on_files(list(files), mel.rate_hz))
    else:
        found = None if data is None else labelled_recordings(task, data)
        new = None if found is None else found.series
        recordings, steps = task.require_series(split) if new is None else new, task.steps_of(split, new, on_progress)
        notes += () if found is None else found.notes
        notes += () if new is None or mel is None else notes_on_series(new, mel.rate_hz)
        scored = []
        for one, own in zip(recordings, steps, strict=True):
            scored.append(scored_series(fitted, one, own, kept))
            on_progress(len(scored), len(recordings))
    if data is not None and not task.tracks.overlap:
        notes += tuple(overlap_notes(overlap_fraction(one.events for one in scored), overlap=False))
    return _evaluation(task, scored, notes)


def _evaluation(task: DetectTask, scored: Sequence[Scored], notes: tuple[str, ...]) -> DetectEvaluation:
    events, true, predicted = ([getattr(one, name) for one in scored] for name in ("events", "true", "predicted"))
    postprocessed = [one.postprocessed for one in scored if one.postprocessed is not None]
    baselines = {name: [one.baselines[name] for one in scored] for name in scored[0].baselines}
    return DetectEvaluation(
        _scores(task, events, true, predicted),
        {name: _scores(task, events, true, frames) for name, frames in baselines.items()},
        len(scored),
        sum(one.shape[1] for one in true) * task.hop_s,
        scored[0].recording,
        tuple(events[0]),
        tuple(task.tracks.events((postprocessed or predicted)[0], task.hop_s)),
        task.counts_steps,
        notes=notes,
        postprocessed=_scores(task, events, true, postprocessed) if postprocessed else {},
        item_errors=_item_errors(true, postprocessed or predicted, baselines, _block(task, true)),
    )


def _scores(
    task: DetectTask, events: Sequence[Sequence[Event]], true: Sequence[TrackFrames], predicted: Sequence[TrackFrames]
) -> dict[str, float]:
    hop_s, frames = task.hop_s, sum(one.shape[1] for one in true)
    segment_frames = max(1, round(SEGMENT_S / hop_s))
    active, found_active = ([task.tracks.activity(one, segment_frames) for one in side] for side in (true, predicted))
    segment_f1, error_rate = segment_scores(active, found_active)
    found = [task.tracks.events(one, hop_s) for one in predicted]
    rows, found_rows = ([row for one in side for row in one] for side in (true, predicted))
    matches = sum(count_matches(own, others, COLLAR_S) for own, others in zip(events, found, strict=True))
    num_events = sum(map(len, events)) + sum(map(len, found))
    extra = sum(map(num_transitions, found_rows)) - sum(map(num_transitions, rows))
    wrong = sum(int((a != b).sum()) for a, b in zip(rows, found_rows, strict=True))
    return {
        "frame_error_rate": wrong / (frames * len(task.tracks.rows)),
        "label_error_rate": label_error_rate(rows, found_rows),
        "segment_f1": segment_f1,
        "segment_error_rate": error_rate,
        "event_f1": 2 * matches / num_events if num_events else 1.0,
        f"extra_transitions_per_{'step' if task.counts_steps else 's'}": max(0, extra) / (frames * hop_s),
    }


def _baselines(fitted: Fitted[DetectTask]) -> FrameBaselines:
    """The baselines in the run folder, or fitted again."""
    kept = fitted.baselines
    return FrameBaselines.fit(fitted.task) if kept is None else FrameBaselines.from_json(kept)


def _block(task: DetectTask, true: Sequence[TrackFrames]) -> tuple[int, str]:
    """Frames that are compared at once where there are too few recordings, and the name of such blocks."""
    if not task.counts_steps:
        return max(1, round(1 / task.hop_s)), "seconds"
    frames = max(1, sum(one.shape[1] for one in true) // _BLOCKS)
    return frames, f"blocks of {counted(frames, 'step')}"


def _item_errors(
    true: Sequence[TrackFrames],
    own: Sequence[TrackFrames],
    baselines: Mapping[str, Sequence[TrackFrames]],
    block: tuple[int, str],
) -> ItemErrors:
    """Wrong frames by recording, or by block where there are too few recordings.

    Blocks say how sure a difference is in these recordings, not in others.
    """
    has_few = len(true) < MIN_ITEMS
    step = block[0] if has_few else max(one.shape[1] for one in true)

    def sums(frames: Sequence[Errors]) -> Errors:
        return np.concatenate([np.add.reduceat(one, range(0, len(one), step)) for one in frames])

    def errors(predicted: Sequence[TrackFrames]) -> Errors:
        return sums([(one != other).mean(0) for one, other in zip(true, predicted, strict=True)])

    return ItemErrors(
        block[1] if has_few else "recordings",
        errors(own),
        {name: errors(frames) for name, frames in baselines.items()},
        sums([np.ones(one.shape[1]) for one in true]),
    )
