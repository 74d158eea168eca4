"""Hidden vectors of frames in chunks: an encoder with a receptive field, then recurrent layers."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
import torch

from echoic.encoders import Convolution, Identity
from echoic.model import SequenceModel
from echoic.streams.alike import alike, stacked
from echoic.streams.base import check_causal
from echoic.streams.rows import RecurrentRows
from echoic.streams.state_bytes import Limits
from echoic.types import Floats


class HiddenState(NamedTuple):
    """A sequence of frames between two chunks.

    Attributes:
        recurrent: the state `(state_size,)` of the recurrent layers.
        buffer: frames `(frames, values)` that the steps to come require: the left context of the encoder and those of
            an incomplete step.
    """

    recurrent: Floats
    buffer: Floats


@final
class HiddenStream:
    """Computes the hidden vectors of frames chunk by chunk, of many sequences at once.

    Args:
        model: a causal network.
        values: number of values per frame.

    Raises:
        ConfigError: the network is bidirectional.
    """

    def __init__(self, model: SequenceModel, values: int) -> None:
        check_causal(model)
        encoder = model.eval().encoder
        self.values = values
        self.stride = encoder.stride if isinstance(encoder, Convolution) else 1
        self._encoder = encoder
        self._left_context = encoder.left_context if isinstance(encoder, Convolution) else 0
        self._rows = RecurrentRows(model.stack)

    @property
    def limits(self) -> Limits:
        """Least and most values of what varies in a state."""
        return {"buffer": (self._left_context, self._left_context + self.stride - 1)}

    def start(self) -> HiddenState:
        """The state before the first frame, which follows zeros."""
        return HiddenState(self._rows.start(), np.zeros((self._left_context, self.values), np.float32))

    def missing_frames(self, state: HiddenState, more: int) -> int:
        """Frames that complete a step after `more` further ones."""
        return -(len(state.buffer) - self._left_context + more) % self.stride

    def push_many(
        self, chunks: Sequence[Floats], states: Sequence[HiddenState]
    ) -> tuple[list[Floats], list[HiddenState]]:
        """Hidden vectors `(steps, hidden)` that each of the chunks `(frames, values)` completes, and the states."""
        if isinstance(self._encoder, Identity):
            hidden, recurrent = self._rows.advance(chunks, [state.recurrent for state in states])
            return hidden, [HiddenState(own, state.buffer) for own, state in zip(recurrent, states, strict=True)]
        frames = [np.concatenate([state.buffer, chunk]) for chunk, state in zip(chunks, states, strict=True)]
        complete = [(len(one) - self._left_context) // self.stride * self.stride for one in frames]
        encoded = self._encoded(
            [one[: self._left_context + count] for one, count in zip(frames, complete, strict=True)]
        )
        hidden, recurrent = self._rows.advance(encoded, [state.recurrent for state in states])
        # Copies, so that a stored state does not keep all frames in memory.
        buffers = [one[count:].copy() for one, count in zip(frames, complete, strict=True)]
        return hidden, list(map(HiddenState, recurrent, buffers))

    @torch.no_grad()
    def _encoded(self, frames: Sequence[Floats]) -> list[Floats]:
        """The encoder's vectors `(steps, width)` of each row; rows of equal length are encoded together."""
        encoder = self._encoder
        encoded = [np.zeros((0, encoder.output_size), np.float32)] * len(frames)
        for length, rows in alike(map(len, frames)).items():
            if length <= self._left_context:
                continue
            together = torch.from_numpy(stacked([frames[row] for row in rows]))
            vectors = encoder.valid(together) if isinstance(encoder, Convolution) else encoder(together)
            for row, own in zip(rows, vectors.numpy(), strict=True):
                encoded[row] = own
        return encoded
