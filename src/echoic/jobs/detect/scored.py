"""The classes of the frames of recordings: true ones, and those that a detector and its baselines predict."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from echoic.jobs.base import Fitted
from echoic.jobs.detect.baselines import FrameBaselines
from echoic.jobs.detect.task import DetectTask, check_events
from echoic.labelled.postprocessing import PostProcessing, read_postprocessing
from echoic.labelled.separation import separate
from echoic.labelled.tracks import TrackFrames, TrackProbs
from echoic.progress import ProgressFn
from echoic.sources.audio.decoding import open_sound
from echoic.sources.events import events_of
from echoic.sources.recordings import PlacedEvent, events_in_time
from echoic.sources.usable import usable, warn_of_skipped
from echoic.streams.detection import stream_probs
from echoic.types import Annotations, Event, Floats, Series

_SHOWN_S = 60
"""Seconds of a file that are kept for a chart."""


class Scored(NamedTuple):
    """A recording, or its beginning, its events, and the class of each frame; `postprocessed` None without a choice."""

    recording: Series
    events: Sequence[Event]
    true: TrackFrames
    predicted: TrackFrames
    postprocessed: TrackFrames | None
    baselines: Mapping[str, TrackFrames]


def scored_series(fitted: Fitted[DetectTask], one: Series, steps: Tensor, baselines: FrameBaselines | None) -> Scored:
    """A recording in memory with the features `steps` `(frames, values)`."""
    return _compared(fitted.task, one, events_of(one), _predicted(fitted, [steps], baselines))


def scored_files(
    fitted: Fitted[DetectTask],
    files: Mapping[Path, tuple[str, Sequence[PlacedEvent]]],
    baselines: FrameBaselines | None,
    origin: str,
    on_progress: ProgressFn,
) -> list[Scored]:
    """Sound files with their names and events, read block by block; the frames are all that is kept of each.

    Raises:
        DataError: none can be used; or one cannot and `on_error` is stop.
    """
    done = 0

    def scored(path: Path) -> Scored:
        nonlocal done
        done += 1
        found = _scored_file(fitted, path, *files[path], baselines)
        on_progress(done, len(files))
        return found

    found, skipped = usable(list(files), scored, fitted.task.sound_files.on_error, origin=origin, kind="recordings")
    warn_of_skipped(skipped)
    return found


def _scored_file(
    fitted: Fitted[DetectTask],
    path: Path,
    name: str,
    placed: Sequence[PlacedEvent],
    baselines: FrameBaselines | None,
) -> Scored:
    task, samples, beginning = fitted.task, 0, list[Floats]()
    check_events([one.event for one in placed], task.labels, str(path), "the new data")

    def counted(blocks: Iterable[Floats]) -> Iterator[Tensor]:
        nonlocal samples
        for block in blocks:
            if samples < _SHOWN_S * task.rate_hz:
                beginning.append(block)
            samples += len(block)
            yield torch.from_numpy(block)

    with open_sound(path, task.sound_files, task.sound_files.rate_hz) as sound:
        predicted = _predicted(fitted, task.features.of_blocks(counted(sound.blocks)), baselines)
    values, annotations = np.concatenate(beginning)[:, None], Annotations(rate_hz=sound.rate_hz)
    shown = Series(name, values, ("sample",), origin=str(path), annotations=annotations)
    return _compared(task, shown, events_in_time(placed, samples / sound.rate_hz).events, predicted)


class _Predicted(NamedTuple):
    """The class of each frame by the network, with post-processing, and by each baseline."""

    own: TrackFrames
    postprocessed: TrackFrames | None
    baselines: Mapping[str, TrackFrames]


def _predicted(fitted: Fitted[DetectTask], pieces: Iterable[Tensor], baselines: FrameBaselines | None) -> _Predicted:
    """The classes of a recording that comes as pieces `(frames, values)` of its features."""
    own, by_name = list[TrackFrames](), dict[str, list[TrackFrames]]()

    def by_baselines() -> Iterator[Tensor]:
        for piece in pieces:
            if baselines is not None:
                for name in baselines.names:
                    by_name.setdefault(name, []).append(baselines.predict(name, piece))
            yield piece

    def by_network() -> Iterator[TrackProbs]:
        for probs in map(fitted.task.tracks.probs, stream_probs(fitted.model, by_baselines(), fitted.task.delay)):
            own.append(probs.argmax(-1))
            yield probs

    postprocessing, postprocessed = read_postprocessing(fitted.calibration), list[TrackFrames]()
    for _, probs in separate(by_network(), postprocessing or PostProcessing()):
        if postprocessing is not None:
            postprocessed.append(np.stack([postprocessing.classes(track) for track in probs]))
    smooth = np.concatenate(postprocessed, 1) if postprocessed else None
    rows = {name: np.concatenate(frames, 1) for name, frames in by_name.items()}
    return _Predicted(np.concatenate(own, 1), smooth, rows)


def _compared(task: DetectTask, recording: Series, events: Sequence[Event], found: _Predicted) -> Scored:
    true = task.tracks.frames(events, found.own.shape[1], task.hop_s)
    return Scored(recording, events, true, found.own, found.postprocessed, found.baselines)
