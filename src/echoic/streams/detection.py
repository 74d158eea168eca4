"""Hearing a recording with a trained network: whole, or piece by piece as it comes."""

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.cells import Bidirectional
from echoic.encoders import Convolution
from echoic.errors import ConfigError
from echoic.model import SequenceModel

Probs = NDArray[np.float64]

PIECE_FRAMES = 4096
"""A network that reads one way hears so many frames at a time: what bounds the memory."""


def heard(model: SequenceModel, steps: Tensor, delay: int) -> Probs:
    """The probability of each class in each frame `(frames, classes)` of a recording `(frames, values)`."""
    if isinstance(model.stack, Bidirectional):
        return _whole(model, steps)
    listener = Listener(model, steps.shape[1], delay)
    told = [listener.push(piece) for piece in torch.split(steps, PIECE_FRAMES)]
    return np.concatenate([*told, listener.finish()])


@final
class Listener:
    """Frames in, probabilities out, in constant memory: the same however the frames are cut into pieces.

    What is told of a frame comes `delay` frames later, and once all frames of a step of the network are there.

    Args:
        model: of a detect run.
        values: numbers in a frame.
        delay: frames by which the network tells later.

    Raises:
        ConfigError: the network reads both ways.
    """

    def __init__(self, model: SequenceModel, values: int, delay: int) -> None:
        if isinstance(model.stack, Bidirectional):
            raise ConfigError("A network that reads both ways hears recordings whole; train without --bidirectional.")
        encoder = model.encoder
        self.model = model.eval()
        self.delay = delay
        self.span = encoder.stride if isinstance(encoder, Convolution) else 1
        before = encoder.left_context if isinstance(encoder, Convolution) else 0
        self.state = model.initial_state(1)
        self.before = before
        self.values = values
        self.waiting = torch.zeros(before, values)
        self.skipped = 0
        self.pushed = self.told = 0

    @torch.no_grad()
    def push(self, steps: Tensor) -> Probs:
        """Probabilities `(some frames, classes)` of the frames that can be told of after these `(frames, values)`."""
        self.pushed += len(steps)
        return self._hear(steps)

    def finish(self) -> Probs:
        """What is still to be told when nothing more comes."""
        remaining = self.pushed - self.told
        missing = self.delay + -(self.pushed + self.delay) % self.span
        return self._hear(torch.zeros(missing, self.values))[:remaining]

    @torch.no_grad()
    def _hear(self, steps: Tensor) -> Probs:
        frames = torch.cat([self.waiting, steps])
        whole = (len(frames) - self.before) // self.span * self.span
        self.waiting = frames[whole:]
        if not whole:
            return np.zeros((0, self.model.head.parameters_per_value))
        ready = frames[None, : self.before + whole]
        encoder = self.model.encoder
        encoded = encoder.valid(ready) if isinstance(encoder, Convolution) else encoder(ready)
        hidden, self.state = self.model.stack(encoded, self.state)
        told = self.model.head(hidden)[0, :, 0].double().softmax(-1).numpy()
        late = min(self.delay - self.skipped, len(told))
        self.skipped += late
        self.told += len(told) - late
        return np.asarray(told[late:])


@torch.no_grad()
def _whole(model: SequenceModel, steps: Tensor) -> Probs:
    model.eval()
    encoder = model.encoder
    span = encoder.stride if isinstance(encoder, Convolution) else 1
    padded = torch.nn.functional.pad(steps, (0, 0, 0, -len(steps) % span))[None]
    params, _ = model(padded, lengths=torch.tensor([len(steps)]))
    return np.asarray(params[0, : len(steps), 0].double().softmax(-1).numpy())
