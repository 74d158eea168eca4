"""Drift reports: drift of generated sound next to that of collapsed sound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from echoic.config import AudioDataSettings
from echoic.drift import (
    COLLAPSE_S,
    CONTROLS,
    MIN_STREAM_WINDOWS,
    MIN_WINDOWS,
    Drift,
    Features,
    StreamWindows,
    detect_collapse,
    measure_windows,
)
from echoic.drift.copies import MemorizationSearch, TrainingMatch
from echoic.errors import DataError
from echoic.progress import ProgressFn, no_progress
from echoic.sources import read
from echoic.sources.audio import sound_files
from echoic.types import Floats, Series, sampling_rate
from echoic.windows.recordings import Excerpt, whole_recording

CONTROL_STREAMS, CONTROL_S = 8, 30


@final
@dataclass(frozen=True, eq=False)
class DriftReport:
    """Drift of generated streams; `controls` are the same measures of collapsed sound.

    `memorized` is the fraction of the seconds searched for that are copies of the training sound, `closest` the best
    match; both are None without training sound or audible seconds. `strip` is one stream, to display. `notes` are
    remarks about the files read.
    """

    drift: Drift
    controls: dict[str, Drift]
    memorized: float | None
    closest: TrainingMatch | None
    strip: Floats
    rate_hz: int
    streams: int
    seconds: float
    real_seconds: float
    notes: tuple[str, ...] = ()

    @property
    def scores(self) -> dict[str, float]:
        """Scores by name."""
        return self.drift.scores | ({} if self.memorized is None else {"memorized": self.memorized})

    @property
    def summary(self) -> str:
        """The amounts of sound, and the closest match, in a sentence or two."""
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        text = f"{streams}, {self.seconds:,.0f} s in total, compared with {self.real_seconds:,.0f} s of real sound."
        if self.closest is not None:
            text += (
                f" Best match in the training sound: similarity {self.closest.similarity:.2f} (1 is a copy), "
                f"{self.closest.name} at {self.closest.time_s:.1f} s."
            )
        return text

    def to_json(self) -> dict[str, Any]:
        """Scores, also of the controls, curves and collapses, as plain JSON values."""
        return self.drift.to_json() | {
            "scores": self.scores,
            "controls": {name: control.scores for name, control in self.controls.items()},
            "closest": None if self.closest is None else self.closest._asdict(),
            "streams": self.streams,
            "seconds": self.seconds,
            "real_seconds": self.real_seconds,
            "notes": list(self.notes),
        }


class Reference(NamedTuple):
    """Held-out real sound `(samples,)`, and the training recordings, if known."""

    heldout: Floats
    training: Sequence[Excerpt]


def measure_drift(
    generated: str | Path,
    against: str | Path,
    *,
    training: str | Path | None = None,
    on_progress: ProgressFn = no_progress,
) -> DriftReport:
    """Measures the drift of the streams in a folder from real sound not used in training.

    Args:
        generated: a sound file or a folder of them; each file is a stream.
        against: a folder of real sound.
        training: a folder of the training sound, to search for copies of it.
        on_progress: called with the number of finished streams and the total.

    Raises:
        DataError: a file cannot be read, or there is too little sound.
    """
    paths = sound_files(Path(generated))
    rate_hz = sampling_rate(read(paths[0], AudioDataSettings()).series[0])
    settings = AudioDataSettings(rate_hz=rate_hz)
    real = read(against, settings)
    known = None if training is None else read(training, settings)
    reference = Reference(concatenated(real.series), [] if known is None else list(map(whole_recording, known.series)))
    notes = [*real.report.notes, *(known.report.notes if known else ())]

    def sounds() -> Iterator[Floats]:
        """Reads one stream at a time; all of them may not fit into memory."""
        for path in paths:
            stream = read(path, settings)
            notes.extend(f"{path.name}: {note}" for note in stream.report.notes)
            yield stream.series[0].values[:, 0]

    report = measure_streams(sounds(), len(paths), rate_hz, reference, on_progress)
    return replace(report, notes=tuple(notes))


def concatenated(recordings: Sequence[Series]) -> Floats:
    """Concatenates recordings, `(samples,)`."""
    return np.concatenate([one.values[:, 0] for one in recordings])


def measure_streams(
    sounds: Iterator[Floats],
    streams: int,
    rate_hz: int,
    reference: Reference,
    on_progress: ProgressFn = no_progress,
) -> DriftReport:
    """Measures the drift of `streams` sounds `(samples,)`, and of the controls.

    Raises:
        DataError: there is too little sound.
    """
    reference = reference._replace(heldout=reference.heldout.clip(-1, 1))
    real = Features.from_sound(reference.heldout, rate_hz)
    if len(real) < MIN_WINDOWS:
        raise DataError(
            f"Drift requires at least {MIN_WINDOWS} s of real sound, got {len(reference.heldout) / rate_hz:.1f} s; "
            "add recordings."
        )
    search = MemorizationSearch(reference.training, rate_hz, streams) if reference.training else None
    found, strip, seconds = list[StreamWindows](), np.zeros(0, np.float32), 0.0
    for number, sound in enumerate(sounds):
        found.append(_stream(sound, rate_hz, search))
        strip = sound if number == 0 else strip
        seconds += len(sound) / rate_hz
        on_progress(number + 1, streams)
    if sum(len(stream.features) for stream in found if len(stream.features) >= MIN_STREAM_WINDOWS) < MIN_WINDOWS:
        raise DataError(
            f"Drift requires at least {MIN_WINDOWS} s of generated sound in streams of at least {COLLAPSE_S:g} s, got "
            f"{seconds:.1f} s in total; generate more."
        )
    controls = {name: _control(name, reference.heldout, real, rate_hz) for name in CONTROLS}
    real_seconds = len(reference.heldout) / rate_hz
    matches = search.matches if search else []
    return DriftReport(
        drift=measure_windows(found, real),
        controls=controls,
        memorized=search.fraction if search and matches else None,
        closest=max(matches, default=None),
        strip=strip,
        rate_hz=rate_hz,
        streams=len(found),
        seconds=seconds,
        real_seconds=real_seconds,
    )


def _stream(sound: Floats, rate_hz: int, search: MemorizationSearch | None = None) -> StreamWindows:
    # Files and loudspeakers clip sound to full scale.
    sound = sound.clip(-1, 1)
    features = Features.from_sound(sound, rate_hz)
    collapses = [detect_collapse(sound, features, rate_hz), search.collapse(sound) if search else None]
    return StreamWindows(features, min((collapse for collapse in collapses if collapse), default=None))


def _control(name: str, heldout: Floats, real: Features, rate_hz: int) -> Drift:
    rng = np.random.default_rng(0)
    sounds = [CONTROLS[name](heldout, CONTROL_S * rate_hz, rate_hz, rng) for _ in range(CONTROL_STREAMS)]
    return measure_windows([_stream(sound, rate_hz) for sound in sounds], real)
