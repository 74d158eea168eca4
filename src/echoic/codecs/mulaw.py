"""Mu-law coding of sound."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import scipy  # loads `scipy.signal` lazily, which is slow to import
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.types import Floats, stored

Codes = NDArray[np.uint8]

_BLOCK_SAMPLES = 1 << 20
"""Block size in samples; avoids a second float32 copy of long recordings."""


@final
@dataclass(frozen=True)
class MuLaw:
    """256 mu-law codes (ITU-T G.711, in its continuous form) on one symmetric scale.

    `pre_emphasis` times the previous sample is subtracted from each sample before coding, and added again in decoding,
    which lifts the soft high frequencies of speech above the quantization noise (Valin and Skoglund 2019).
    Pre-emphasized sound beyond `scale` is clipped. The error of decoded sound is at most the largest
    `quantization_error`, divided by `1 - pre_emphasis`.
    """

    scale: float
    pre_emphasis: float = 0.0

    num_codes: ClassVar[int] = 256

    @classmethod
    def fit(cls, sounds: Iterable[Floats], pre_emphasis: float = 0.0) -> Self:
        """Fits the scale to the largest absolute pre-emphasized sample of `sounds`.

        Raises:
            DataError: they are silent.
        """
        blocks = (block for sound in sounds for block in _pre_emphasized(sound, pre_emphasis))
        scale = max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)
        if not scale:
            raise DataError("The train split is silent: all samples are zero; give a recording with sound.")
        return cls(scale, pre_emphasis)

    def pre_emphasized(self, sound: Floats) -> NDArray[np.float64]:
        """Pre-emphasized sound `(samples,)`."""
        return np.concatenate([np.zeros(0), *_pre_emphasized(sound, self.pre_emphasis)])

    def encode(self, sound: Floats) -> Codes:
        """Codes `(samples,)` of sound `(samples,)`."""
        blocks = [self.quantize(block) for block in _pre_emphasized(sound, self.pre_emphasis)]
        return np.concatenate([np.zeros(0, np.uint8), *blocks])

    def quantize(self, pre_emphasized: NDArray[Any]) -> Codes:
        """Codes of pre-emphasized samples of any shape."""
        scaled = pre_emphasized / self.scale
        compand = np.sign(scaled) * np.log1p(self._mu * np.abs(scaled)) / np.log1p(self._mu)
        codes: Codes = np.rint((np.clip(compand, -1, 1) + 1) * self._mu / 2).astype(np.uint8)
        return codes

    def decode(self, codes: NDArray[Any], before: Floats | float = 0.0) -> Floats:
        """Sound `(..., samples)` of codes; `before` `(...)` is the sample of sound before them."""
        pre_emphasized = self.code_values[codes.astype(np.uint8)]
        if not self.pre_emphasis:
            return pre_emphasized
        start = np.broadcast_to(self.pre_emphasis * np.asarray(before), codes.shape[:-1])[..., None]
        return np.asarray(
            scipy.signal.lfilter([1.0], [1.0, -self.pre_emphasis], pre_emphasized, zi=start)[0], np.float32
        )

    def quantization_error(self, pre_emphasized: NDArray[Any]) -> Floats:
        """Maximum error of the codes of pre-emphasized samples within the scale: half a quantization step."""
        slope = np.log1p(self._mu) * (self.scale / self._mu + np.abs(pre_emphasized))
        # Within a code the slope of the curve changes by at most as much as between codes.
        return np.asarray(slope / self._mu * np.exp(np.log1p(self._mu) / self._mu), np.float32)

    @property
    def code_values(self) -> Floats:
        """The pre-emphasized sample of each code `(256,)`."""
        compand = np.arange(self.num_codes) * 2 / self._mu - 1
        return (self.scale * self._expand(compand)).astype(np.float32)

    @property
    def code_edges(self) -> NDArray[np.float64]:
        """The boundaries between codes `(257,)` in pre-emphasized samples, infinite at both ends."""
        compand = np.arange(1, self.num_codes) * 2 / self._mu - 1 - 1 / self._mu
        return np.concatenate([[-np.inf], self.scale * self._expand(compand), [np.inf]])

    def _expand(self, compand: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.sign(compand) * np.expm1(np.abs(compand) * np.log1p(self._mu)) / self._mu)

    @property
    def _mu(self) -> int:
        return self.num_codes - 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"scale": self.scale, "pre_emphasis": self.pre_emphasis}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            stored.number(values, "scale", sys.float_info.min, sys.float_info.max),
            stored.number(values, "pre_emphasis", 0, 1),
        )


def _pre_emphasized(sound: Floats, pre_emphasis: float) -> Iterator[NDArray[np.float64]]:
    """Pre-emphasized sound, in blocks."""
    for at in range(0, len(sound), _BLOCK_SAMPLES):
        block = sound[max(at - 1, 0) : at + _BLOCK_SAMPLES].astype(np.float64)
        pre_emphasized = block.copy()
        pre_emphasized[1:] -= pre_emphasis * block[:-1]
        yield pre_emphasized if at == 0 else pre_emphasized[1:]
