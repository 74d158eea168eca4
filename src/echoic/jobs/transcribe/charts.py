"""The charts of a transcribe report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from echoic.jobs.base import Fitted
from echoic.jobs.transcribe.evaluate import TranscribeEvaluation
from echoic.jobs.transcribe.task import TranscribeTask
from echoic.report.charts import Bars, Chart, Heatmap
from echoic.report.standard import loss_chart

SHOWN_S = 8.0
"""Duration of the drawn excerpt of sound."""

_MOST_UNITS = 40
_BLANK_NAME = "(none)"
_SPACE_NAME = "(space)"
_BAR_COUNT = 11


def charts(
    fitted: Fitted[TranscribeTask], metrics: Sequence[Mapping[str, Any]], evaluation: TranscribeEvaluation | None
) -> list[Chart]:
    """Learning curves, the probabilities of units over time in recordings, and how many errors recordings have."""
    curve = loss_chart(metrics, "Loss per unit (nats)")
    made = [] if curve is None else [curve]
    if evaluation is None:
        return made
    examples = [_posteriors(fitted.task, evaluation, number) for number in range(len(evaluation.examples))]
    return [*made, *examples, _errors(evaluation)]


def _posteriors(task: TranscribeTask, evaluation: TranscribeEvaluation, number: int) -> Chart:
    """The probability of each unit of the text, and of none, in each step."""
    steps = round(SHOWN_S / task.step_s)
    probs = np.exp(evaluation.examples[number][:steps])
    highest = probs.max(0)
    # The units with the highest probabilities, in their own order; the blank comes first.
    units = np.sort(1 + np.argsort(-highest[1:], kind="stable")[: _MOST_UNITS - 1])
    shown = np.concatenate([[0], units[highest[units] > 0.05]])
    names = [_BLANK_NAME, *(task.units.names[one - 1].replace(" ", _SPACE_NAME) for one in shown[1:].tolist())]
    name, true, found = (one[number] for one in (evaluation.names, evaluation.true, evaluation.found))
    heights = np.arange(len(shown), dtype=float)
    length = f"the first {len(probs) * task.step_s:.1f} s"
    return Chart(
        f"posteriors-{number + 1}",
        f"Probabilities of units: {name}",
        "Time (s)",
        "",
        heatmaps=(Heatmap("Probability", np.arange(len(probs)) * task.step_s, heights, probs[:, shown].T),),
        y_names=tuple(zip(heights.tolist(), names, strict=True)),
        caption=f"The network's output for {length}. True text: {true} Found: {found}",
    )


def _errors(evaluation: TranscribeEvaluation) -> Chart:
    """The number of recordings by their error rate; rates above 1 count as 1."""
    rates = np.minimum(evaluation.error_rates, 1.0)
    counts, _ = np.histogram(rates, bins=np.linspace(-0.05, 1.05, _BAR_COUNT + 1))
    return Chart(
        "errors",
        "Errors by recording",
        "Character error rate",
        "Recordings",
        bars=(Bars("recordings", np.linspace(0, 1, _BAR_COUNT), counts.astype(float), 0.08),),
        caption=f"{evaluation.scores['exact_lines']:.0%} of the texts are exact.",
    )
