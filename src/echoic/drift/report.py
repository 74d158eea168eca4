"""How generated sound drifts away from real sound: measured, beside sound that has collapsed for certain."""

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
    """What was measured. `controls` are the same measures of collapsed sound.

    `memorized` is the share of the seconds looked up that the training sound has, too, and `closest` the nearest match
    there; None if none of them is audible. `strip` is one stream, for display. `notes` say what
    could not be read, or only in another form.
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
        """The figures."""
        return self.drift.scores | ({} if self.memorized is None else {"memorized": self.memorized})

    @property
    def summary(self) -> str:
        """What was measured, against what, in a sentence or two."""
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        made = f"{streams}, {self.seconds:,.0f} s in all, against {self.real_seconds:,.0f} s of real sound."
        if self.closest is not None:
            made += (
                f" The nearest second of the training sound is {self.closest.similarity:.2f} alike (1 is a copy): "
                f"{self.closest.name} at {self.closest.time_s:.1f} s."
            )
        return made

    def to_json(self) -> dict[str, Any]:
        """Scores, those of the controls, curves and deaths, as plain JSON values."""
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
    """Real sound that was not trained on, `(samples,)`, and the recordings that were, if they are known."""

    heldout: Floats
    training: Sequence[Excerpt]


def measure_drift(
    generated: str | Path,
    against: str | Path,
    *,
    training: str | Path | None = None,
    on_progress: ProgressFn = no_progress,
) -> DriftReport:
    """Measures the streams in a folder (a file each) against real sound that was not trained on.

    Args:
        generated: a folder of sound files, or one file; each is a stream.
        against: a folder of real sound.
        training: a folder of the sound that was trained on: then copies of it are looked for.
        on_progress: called with the streams that are done and their number.

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
        """One by one: many long streams do not fit into memory together."""
        for path in paths:
            stream = read(path, settings)
            notes.extend(f"{path.name}: {note}" for note in stream.report.notes)
            yield stream.series[0].values[:, 0]

    report = measure_streams(sounds(), len(paths), rate_hz, reference, on_progress)
    return replace(report, notes=tuple(notes))


def concatenated(recordings: Sequence[Series]) -> Floats:
    """Recordings one after the other, `(samples,)`."""
    return np.concatenate([one.values[:, 0] for one in recordings])


def measure_streams(
    sounds: Iterator[Floats],
    streams: int,
    rate_hz: int,
    reference: Reference,
    on_progress: ProgressFn = no_progress,
) -> DriftReport:
    """The drift of `streams` sounds `(samples,)`, and of the controls.

    Raises:
        DataError: there is too little sound.
    """
    reference = reference._replace(heldout=reference.heldout.clip(-1, 1))
    real = Features.from_sound(reference.heldout, rate_hz)
    if len(real) < MIN_WINDOWS:
        raise DataError(
            f"Drift needs {MIN_WINDOWS} s of real sound at least, and there are "
            f"{len(reference.heldout) / rate_hz:.1f} s; give more."
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
            f"Drift needs {MIN_WINDOWS} s of generated sound at least, in streams of {COLLAPSE_S:g} s and more, and "
            f"there are {seconds:.1f} s in all; generate more."
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
    # As a file holds it and a loudspeaker plays it: sound beyond full scale is clipped sound.
    sound = sound.clip(-1, 1)
    features = Features.from_sound(sound, rate_hz)
    collapses = [detect_collapse(sound, features, rate_hz), search.collapse(sound) if search else None]
    return StreamWindows(features, min((collapse for collapse in collapses if collapse), default=None))


def _control(name: str, heldout: Floats, real: Features, rate_hz: int) -> Drift:
    rng = np.random.default_rng(0)
    sounds = [CONTROLS[name](heldout, CONTROL_S * rate_hz, rate_hz, rng) for _ in range(CONTROL_STREAMS)]
    return measure_windows([_stream(sound, rate_hz) for sound in sounds], real)
