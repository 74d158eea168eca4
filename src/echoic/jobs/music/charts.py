"""The charts of a music report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.jobs.base import Fitted
from echoic.jobs.music.compose import Composition, generate
from echoic.jobs.music.task import MusicTask
from echoic.report.charts import Chart, Spans
from echoic.report.standard import loss_chart
from echoic.sources.midi import to_notes

SHOWN_LENGTH = "8bars"


def charts(fitted: Fitted[MusicTask], metrics: Sequence[Mapping[str, Any]], _evaluation: Any) -> list[Chart]:
    """Learning curves, and a continuation of the first bar of a training song."""
    made = generate(fitted, MusicRequest(length=SHOWN_LENGTH))
    drawn = [loss_chart(metrics, "Loss per step (nats)"), roll_chart(made)]
    return [chart for chart in drawn if chart is not None]


def roll_chart(made: Composition) -> Chart:
    """The prime and its continuation as a piano-roll."""
    start = -len(made.before) * made.step_beats
    spans = (
        _spans("prime", made.before, made.step_beats, start, "data"),
        _spans("model", made.roll, made.step_beats, 0.0, "model"),
    )
    memorized = made.memorized
    origin = f", of {made.memorized_from!r}" if memorized.steps else ""
    return Chart(
        key="piano_roll",
        title=made.song.name,
        x_label="Beats",
        y_label="MIDI pitch",
        spans=tuple(one for one in spans if len(one.y)),
        caption=f"Longest passage that also occurs in a training song, in any key: {memorized.steps} steps{origin}.",
    )


def _spans(name: str, roll: Roll, step_beats: float, start: float, role: Any) -> Spans:
    notes = to_notes(roll, step_beats)
    begin = np.array([note.onset_beats + start for note in notes])
    length = np.array([note.duration_beats for note in notes])
    return Spans(name, begin, length, np.array([note.pitch for note in notes], np.float64), role)
