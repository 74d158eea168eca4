"""Evaluation of transcribers, next to what texts without sound come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.jobs.base import Fitted
from echoic.jobs.from_training import from_training_data
from echoic.jobs.transcribe.baselines import TextBaselines
from echoic.jobs.transcribe.calibration import log_probs_of_whole, search_of
from echoic.jobs.transcribe.reading import recordings_with_texts
from echoic.jobs.transcribe.search import LogProbs
from echoic.jobs.transcribe.task import TranscribeTask, text_of
from echoic.labelled.new_sound import notes_on_series
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.paired import ItemErrors
from echoic.metrics.texts import error_counts, text_scores
from echoic.progress import ProgressFn, no_progress
from echoic.types.counted import counted

MAX_MISTAKES = 10

EXAMPLES = 2
"""Recordings whose output is drawn."""


@final
@dataclass(frozen=True, eq=False, repr=False)
class TranscribeEvaluation(Evaluation):
    """Scores over recordings, with the `true` and the `found` text of each.

    `examples` are the log-probabilities `(steps, classes)` of the first recordings.
    """

    names: tuple[str, ...]
    seconds: float
    true: tuple[str, ...]
    found: tuple[str, ...]
    examples: tuple[LogProbs, ...]

    @property
    def description(self) -> str:
        """Number of recordings, and their duration."""
        return f"{counted(len(self.names), 'recording')}, {self.seconds:,.1f} s"

    @property
    def error_rates(self) -> NDArray[np.float64]:
        """The character error rate of each recording."""
        edits, lengths = error_counts(self.true, self.found)
        return edits / np.maximum(lengths, 1)

    @property
    def mistakes(self) -> list[dict[str, Any]]:
        """The texts with the most errors, the worst first."""
        edits, _ = error_counts(self.true, self.found)
        worst = [number for number in np.argsort(-edits, kind="stable").tolist() if edits[number]]
        return [
            {"file": self.names[one], "errors": int(edits[one]), "true": self.true[one], "found": self.found[one]}
            for one in worst[:MAX_MISTAKES]
        ]

    @property
    def details(self) -> dict[str, Any]:
        """Number of recordings, their duration, and the texts with the most errors."""
        return {"recordings": len(self.names), "seconds": self.seconds, "worst_texts": self.mistakes}


def evaluate(
    fitted: Fitted[TranscribeTask], data: Any, split: str, on_progress: ProgressFn = no_progress
) -> TranscribeEvaluation:
    """Scores over the recordings of a split, or of new `data` with texts.

    Error rates of characters and words are edits per true one; `exact_lines` is the fraction of texts without an error.
    True texts are normalized as those of training.

    Raises:
        DataError: there are no recordings.
    """
    task = fitted.task
    part = None if data is None else recordings_with_texts(task, data)
    new = None if part is None else part.series
    recordings = task.require_series(split) if new is None else new
    steps = task.steps_of(split, new, on_progress)
    true = [task.units.joint.join(task.units.split(text_of(one))) for one in recordings]
    outputs = _outputs(fitted, steps, on_progress)
    search = search_of(task, fitted.calibration)
    found = [task.units.decode([unit.number for unit in search.whole(one)]).strip() for one in outputs]
    none = dict[str, list[str]]()
    baselines, missing = from_training_data(lambda: _baselines(fitted, steps), none, "all baselines are")
    mel = task.features.mel
    rate = () if new is None or mel is None else notes_on_series(new, mel.rate_hz)
    return TranscribeEvaluation(
        _headline_first(task, text_scores(true, found)),
        {name: _headline_first(task, text_scores(true, texts)) for name, texts in baselines.items()},
        tuple(one.name for one in recordings),
        sum(one.steps for one in recordings) / task.rate_hz,
        tuple(true),
        tuple(found),
        tuple(outputs[:EXAMPLES]),
        notes=(() if part is None else part.notes) + missing + rate,
        item_errors=_item_errors(task, true, found, baselines),
    )


def _outputs(fitted: Fitted[TranscribeTask], steps: Sequence[Tensor], on_progress: ProgressFn) -> list[LogProbs]:
    outputs = []
    for one in steps:
        outputs.append(log_probs_of_whole(fitted.model, one, fitted.task))
        on_progress(len(outputs), len(steps))
    return outputs


def _baselines(fitted: Fitted[TranscribeTask], steps: Sequence[Tensor]) -> dict[str, list[str]]:
    """The texts of each baseline, of those in the run folder, or fitted again."""
    kept, units = fitted.baselines, fitted.task.units
    fit = TextBaselines.fit(fitted.task) if kept is None else TextBaselines.from_json(kept)
    found = fit.texts(steps, fitted.task.settings.encoder.conv_stride)
    return {name: [units.decode(one).strip() for one in texts] for name, texts in found.items()}


def _headline_first(task: TranscribeTask, scores: Mapping[str, float]) -> dict[str, float]:
    """Words first, where units are words."""
    first = "word_error_rate" if task.units.joint else "character_error_rate"
    return {first: scores[first], **scores}


def _item_errors(
    task: TranscribeTask, true: Sequence[str], found: Sequence[str], baselines: Mapping[str, Sequence[str]]
) -> ItemErrors:
    def parts(texts: Sequence[str]) -> list[Sequence[str]]:
        return [one.split() if task.units.joint else one for one in texts]

    own, lengths = error_counts(parts(true), parts(found))
    others = {name: error_counts(parts(true), parts(texts))[0] for name, texts in baselines.items()}
    return ItemErrors("recordings", own, others, lengths)
