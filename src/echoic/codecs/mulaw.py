"""Samples of sound as levels, fine for soft sounds and coarse for loud ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.types import Floats

Levels = NDArray[np.uint8]

_BLOCK_SAMPLES = 1 << 20
"""Sound is turned into levels in blocks, so that hours of it need no second copy in float32."""


@final
@dataclass(frozen=True)
class MuLaw:
    """256 levels by the mu-law of telephony (ITU-T G.711, in its continuous form), one symmetric scale for all sound.

    Sound beyond `scale` becomes the outermost level. What comes back differs by half a level at most: `error_at` says
    how much that is.
    """

    scale: float

    levels: ClassVar[int] = 256

    @classmethod
    def fit(cls, sounds: Iterable[Floats]) -> Self:
        """The scale that holds all `sounds`: the largest distance from zero in the training part.

        Raises:
            DataError: they are silent.
        """
        scale = max((float(np.abs(sound).max(initial=0.0)) for sound in sounds), default=0.0)
        if not scale:
            raise DataError("The training part is silent: all of its samples are zero; give a recording with sound.")
        return cls(scale)

    def encode(self, sound: Floats) -> Levels:
        """Levels `(samples,)` of sound `(samples,)`."""
        levels = np.empty(len(sound), np.uint8)
        for at in range(0, len(sound), _BLOCK_SAMPLES):
            block = sound[at : at + _BLOCK_SAMPLES].astype(np.float64) / self.scale
            companded = np.sign(block) * np.log1p(self._mu * np.abs(block)) / np.log1p(self._mu)
            numbers = np.rint((np.clip(companded, -1, 1) + 1) * self._mu / 2)
            levels[at : at + _BLOCK_SAMPLES] = numbers
        return levels

    def decode(self, levels: NDArray[Any]) -> Floats:
        """Sound of levels of any shape."""
        return self.table[levels.astype(np.uint8)]

    def error_at(self, sound: Floats) -> Floats:
        """The largest error of `decode(encode(sound))` at each sample within the scale: half a level there."""
        slope = np.log1p(self._mu) * (self.scale / self._mu + np.abs(sound))
        # Within a level the curve steepens by no more than a level does.
        return np.asarray(slope / self._mu * np.exp(np.log1p(self._mu) / self._mu), np.float32)

    @property
    def table(self) -> Floats:
        """The sound of each level `(256,)`."""
        companded = np.arange(self.levels) * 2 / self._mu - 1
        return (self.scale * self._expanded(companded)).astype(np.float32)

    @property
    def edges(self) -> NDArray[np.float64]:
        """The sound at which levels meet `(257,)`, infinite at both ends."""
        companded = np.arange(1, self.levels) * 2 / self._mu - 1 - 1 / self._mu
        return np.concatenate([[-np.inf], self.scale * self._expanded(companded), [np.inf]])

    @property
    def silence(self) -> int:
        """The level of no sound."""
        return int(self.encode(np.zeros(1, np.float32))[0])

    def _expanded(self, companded: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.sign(companded) * np.expm1(np.abs(companded) * np.log1p(self._mu)) / self._mu)

    @property
    def _mu(self) -> int:
        return self.levels - 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"scale": self.scale}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(values["scale"])
