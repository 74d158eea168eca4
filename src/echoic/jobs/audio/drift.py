"""How generated sound drifts away from real sound: measured, beside sound that has collapsed for certain."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from echoic.config import AudioDataSettings
from echoic.errors import DataError
from echoic.metrics.drift import CONTROLS, LEAST_WINDOWS, Drift, Features, KnownSound, Stream, find_death, measure
from echoic.metrics.drift.known import COPY_LIKENESS, SNIPPET_S, Likeness
from echoic.sources import read
from echoic.sources.audio import sound_files
from echoic.types import Floats, Series

CONTROL_STREAMS, CONTROL_S = 8, 30
MOST_SNIPPETS = 64
"""Seconds of generated sound that are looked up in the training sound."""


@final
@dataclass(frozen=True, eq=False)
class DriftReport:
    """What was measured. `controls` are the same measures of collapsed sound; `copies` the likest places in training.

    `strip` is one stream, to look at. `notes` say which real sound could not be read.
    """

    drift: Drift
    controls: dict[str, Drift]
    copies: tuple[Likeness, ...]
    strip: Floats
    rate_hz: int
    streams: int
    seconds: float
    real_seconds: float
    notes: tuple[str, ...] = ()

    @property
    def scores(self) -> dict[str, float]:
        """The figures; `copied` is the share of seconds looked up that a training recording has, too."""
        found = dict(self.drift.scores)
        if self.copies:
            found["copied"] = float(np.mean([copy.value > COPY_LIKENESS for copy in self.copies]))
        return found

    @property
    def told(self) -> str:
        """What was measured, against what, in a sentence or two."""
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        made = f"{streams}, {self.seconds:,.0f} s in all, against {self.real_seconds:,.0f} s of real sound."
        likest = max(self.copies, default=None)
        if likest is not None:
            made += (
                f" The likest second in the training sound is {likest.value:.2f} alike (1 is a copy): recording "
                f"{likest.recording + 1} at {likest.time_s:.1f} s."
            )
        return made

    def to_json(self) -> dict[str, Any]:
        """Scores, those of the controls, curves and deaths, as plain JSON values."""
        return self.drift.to_json() | {
            "scores": self.scores,
            "controls": {name: control.scores for name, control in self.controls.items()},
            "streams": self.streams,
            "seconds": self.seconds,
            "real_seconds": self.real_seconds,
            "notes": list(self.notes),
        }


class Reference(NamedTuple):
    """Real sound that was not trained on, `(samples,)`, and the recordings that were, if they are known."""

    heldout: Floats
    training: Sequence[Floats]


def drift(
    generated: str | Path,
    against: str | Path,
    *,
    training: str | Path | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
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
    rate_hz = int(read(paths[0], AudioDataSettings()).series[0].provenance["rate_hz"])
    settings = AudioDataSettings(rate_hz=rate_hz)
    real = read(against, settings)
    known = None if training is None else read(training, settings)
    reference = Reference(joined(real.series), [] if known is None else [one.values[:, 0] for one in known.series])
    # One by one: many long streams do not fit into memory together.
    sounds = (read(path, settings).series[0].values[:, 0] for path in paths)
    report = measured(sounds, len(paths), rate_hz, reference, on_progress)
    return replace(report, notes=(*real.report.notes, *(known.report.notes if known else ())))


def joined(recordings: Sequence[Series]) -> Floats:
    """Recordings one after the other, `(samples,)`."""
    return np.concatenate([one.values[:, 0] for one in recordings])


def measured(
    sounds: Iterator[Floats],
    streams: int,
    rate_hz: int,
    reference: Reference,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> DriftReport:
    """The drift of `streams` sounds `(samples,)`, and of the controls.

    Raises:
        DataError: there is too little sound.
    """
    real = Features.of(reference.heldout, rate_hz)
    if len(real) < LEAST_WINDOWS:
        raise DataError(
            f"Drift needs {LEAST_WINDOWS} s of real sound at least, and there are "
            f"{len(reference.heldout) / rate_hz:.1f} s; give more."
        )
    known = KnownSound(reference.training, rate_hz) if len(reference.training) else None
    found, copies, strip, seconds = list[Stream](), list[Likeness](), np.zeros(0, np.float32), 0.0
    for number, sound in enumerate(sounds):
        found.append(_stream(sound, rate_hz))
        strip = sound if number == 0 else strip
        seconds += len(sound) / rate_hz
        likeness = _likest(known, sound, number, rate_hz) if number < MOST_SNIPPETS else None
        copies += [likeness] if likeness else []
        on_progress(number + 1, streams)
    if sum(len(stream.seen) for stream in found) < LEAST_WINDOWS:
        raise DataError(
            f"Drift needs {LEAST_WINDOWS} s of generated sound at least, in streams of a second and more, and there "
            f"are {seconds:.1f} s; generate more."
        )
    controls = {name: _control(name, reference.heldout, real, rate_hz) for name in CONTROLS}
    real_seconds = len(reference.heldout) / rate_hz
    return DriftReport(measure(found, real), controls, tuple(copies), strip, rate_hz, len(found), seconds, real_seconds)


def _stream(sound: Floats, rate_hz: int) -> Stream:
    # As a file holds it and a loudspeaker plays it: sound beyond full scale is clipped sound.
    sound = sound.clip(-1, 1)
    seen = Features.of(sound, rate_hz)
    return Stream(seen, find_death(sound, seen, rate_hz))


def _control(name: str, heldout: Floats, real: Features, rate_hz: int) -> Drift:
    draws = np.random.default_rng(0)
    sounds = [CONTROLS[name](heldout, CONTROL_S * rate_hz, rate_hz, draws) for _ in range(CONTROL_STREAMS)]
    return measure([_stream(sound, rate_hz) for sound in sounds], real)


def _likest(known: KnownSound | None, sound: Floats, number: int, rate_hz: int) -> Likeness | None:
    """Where a second at random of a stream stands in the training sound."""
    snippet = round(SNIPPET_S * rate_hz)
    if known is None or len(sound) < snippet:
        return None
    begin = int(np.random.default_rng(number).integers(len(sound) - snippet + 1))
    return known.likest(sound[begin : begin + snippet])
