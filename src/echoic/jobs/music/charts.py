"""The charts of a music report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    edges, seam = made.edges_beats, len(made.before)
    spans = (
        _spans("prime", made.before, edges[: seam + 1], "data"),
        _spans("model", made.roll, edges[seam:], "model"),
    )
    memorized = made.memorized
    origin = f", of {made.memorized_from!r}" if memorized.steps else ""
    return Chart(
        key="piano_roll",
        title=made.name,
        x_label="Beats",
        y_label="MIDI pitch",
        spans=tuple(one for one in spans if len(one.y)),
        caption=f"Longest passage that also occurs in a training song, in any key: {memorized.steps} steps{origin}.",
    )


def _spans(name: str, roll: Roll, edges_beats: NDArray[np.float64], role: Any) -> Spans:
    notes = to_notes(roll, edges_beats)
    begin = np.array([note.onset_beats for note in notes])
    length = np.array([note.duration_beats for note in notes])
    return Spans(name, begin, length, np.array([note.pitch for note in notes], np.float64), role)
