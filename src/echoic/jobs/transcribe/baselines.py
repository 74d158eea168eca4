"""What texts without sound, and sounds without a network, come to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from torch import Tensor

from echoic.baselines.ngrams import NGram
from echoic.jobs.transcribe.templates import Templates
from echoic.types import stored

if TYPE_CHECKING:
    from echoic.jobs.transcribe.task import TranscribeTask

_ORDER = 5


@final
@dataclass(frozen=True, eq=False)
class TextBaselines:
    """The most frequent training text, and the most probable text of an n-gram model, as long as the sound suggests.

    `units_per_step` is the mean over the training recordings. `templates` are for small vocabularies of texts.
    """

    most_frequent: tuple[int, ...]
    ngram: NGram
    units_per_step: float
    templates: Templates | None

    @classmethod
    def fit(cls, task: "TranscribeTask") -> Self:
        """Fits to the train split."""
        texts = [tuple(task.encoded(one)) for one in task.series("train")]
        counts = Counter(texts)
        most = max(counts.values())
        # Among those that are equally frequent, one of middle length.
        often = sorted((text for text, count in counts.items() if count == most), key=lambda text: (len(text), text))
        ngram = NGram.fit([np.array(text) for text in texts], _ORDER, max(2, len(task.units)))
        steps = sum(task.steps_in(one) for one in task.series("train"))
        templates = Templates.fit(task.steps["train"], texts)
        return cls(often[len(often) // 2], ngram, sum(map(len, texts)) / steps, templates)

    def texts(self, steps: Sequence[Tensor], stride: int) -> dict[str, list[list[int]]]:
        """The units that each baseline gives for recordings `(frames, values)`, by its name."""
        counts = [round(self.units_per_step * -(-len(one) // stride)) for one in steps]
        matched = {} if self.templates is None else {"template_matching": self.templates.predict(steps)}
        return {
            "most_frequent_text": [list(self.most_frequent) for _ in steps],
            "ngram_without_sound": list(map(self._continued, counts)),
            **matched,
        }

    def _continued(self, count: int) -> list[int]:
        """The most probable symbol after those before it, again and again."""
        units = list[int]()
        while len(units) < count:
            context = units[max(0, len(units) - self.ngram.n + 1) :]
            units.append(int(self.ngram.probs(np.array(context, np.int64)).argmax()))
        return units

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "most_frequent": list(self.most_frequent),
            "ngram": self.ngram.to_json(),
            "units_per_step": self.units_per_step,
            "templates": None if self.templates is None else self.templates.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or none of what it must be.
        """
        most_frequent = tuple(int(one) for one in stored.array(values, "most_frequent", None))
        per_step = stored.number(values, "units_per_step", 0, 1e6)
        found = stored.field(values, "templates")
        templates = None if found is None else Templates.from_json(found)
        return cls(most_frequent, NGram.from_json(stored.field(values, "ngram")), per_step, templates)

    def check(self, task: "TranscribeTask") -> None:
        """Checks that the baselines are of the units of the run.

        Raises:
            ValueError: they are not.
        """
        size = len(task.units)
        texts = [self.most_frequent, *(() if self.templates is None else self.templates.texts)]
        are_units = all(0 <= unit < size for text in texts for unit in text)
        fits = self.templates is None or self.templates.steps[0].shape[1] == task.features.values
        if self.ngram.vocabulary != max(2, size) or not are_units or not fits:
            raise ValueError("they must be of the units and the values of the run")
