"""Template matching: the text of the training recording that sounds most alike, for small vocabularies of texts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.packed import pack, unpack
from echoic.baselines.warping import averaged, evenly_by_class, warping_distances
from echoic.types import stored

MAX_TEXTS = 50
"""Different training texts, at most."""

MAX_TEMPLATES = 200
_STEPS = 50
"""Steps to which recordings are averaged, on average."""

_BLOCK = 16
"""Recordings that are compared at once; bounds the memory."""

Text = tuple[int, ...]


@final
@dataclass(frozen=True, eq=False)
class Templates:
    """Training recordings `steps` `(steps, values)`, `stride` frames averaged to one, and the text of each."""

    steps: tuple[NDArray[np.float64], ...]
    texts: tuple[Text, ...]
    stride: int

    @classmethod
    def fit(cls, steps: Sequence[Tensor], texts: Sequence[Text]) -> Self | None:
        """From training recordings; None unless there are few different texts, each of them twice on average."""
        counts = Counter(texts)
        if len(counts) > MAX_TEXTS or len(texts) < 2 * len(counts):
            return None
        numbers = {text: number for number, text in enumerate(counts)}
        kept = evenly_by_class(np.array([numbers[text] for text in texts]), MAX_TEMPLATES).tolist()
        stride = max(1, round(float(np.mean([len(one) for one in steps])) / _STEPS))
        templates = (averaged(steps[number].double().numpy(), stride) for number in kept)
        # As they are kept: what is read again gives the same texts.
        return cls(
            tuple(one.astype(np.float32).astype(np.float64) for one in templates),
            tuple(texts[number] for number in kept),
            stride,
        )

    def predict(self, steps: Sequence[Tensor]) -> list[list[int]]:
        """The text of the nearest template for each recording."""
        series = [averaged(one.double().numpy(), self.stride) for one in steps]
        nearest = [
            number
            for begin in range(0, len(series), _BLOCK)
            for number in warping_distances(series[begin : begin + _BLOCK], self.steps).argmin(1).tolist()
        ]
        return [list(self.texts[number]) for number in nearest]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; arrays are packed."""
        return {
            "steps": pack(np.concatenate(self.steps)),
            "lengths": [len(one) for one in self.steps],
            "texts": [list(text) for text in self.texts],
            "stride": self.stride,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or they do not fit each other.
        """
        whole = unpack(values, "steps", None, None).astype(np.float64)
        lengths = stored.array(values, "lengths", None).astype(np.int64)
        texts = stored.field(values, "texts")
        are_texts = isinstance(texts, list) and all(
            isinstance(text, list) and all(type(unit) is int for unit in text) for text in texts
        )
        if lengths.min(initial=1) < 1 or lengths.sum() != len(whole):
            raise ValueError("`lengths` must be those of the templates in `steps`")
        if not are_texts or len(texts) != len(lengths) or not len(lengths):
            raise ValueError("`texts` must be a list of units for each template")
        parts = np.split(whole, np.cumsum(lengths)[:-1])
        return cls(tuple(parts), tuple(map(tuple, texts)), stored.integer(values, "stride", 1, 1 << 20))
