"""Incremental prediction of the class probabilities of frames."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.cells import Bidirectional
from echoic.encoders import Convolution
from echoic.model import SequenceModel
from echoic.streams.base import check_causal, check_tensor
from echoic.tensors import State

Probs = NDArray[np.float64]

CHUNK_FRAMES = 4096
"""Frames per chunk; bounds the memory."""


class DetectionState(NamedTuple):
    """A recording between two chunks.

    Attributes:
        recurrent: the network's state after the processed frames.
        buffer: frames to process next `(frames, values)`: the encoder's left context and an incomplete step.
        num_skipped: number of outputs dropped so far because the delay puts them before the first frame.
        num_pushed: number of frames pushed.
        num_predicted: number of frames with returned probabilities.
    """

    recurrent: State
    buffer: Tensor
    num_skipped: int
    num_pushed: int
    num_predicted: int


@final
class DetectionStream:
    """Predicts class probabilities of frames in constant memory.

    The probabilities of a frame are returned `delay` frames later, once all frames of a network step are available.
    They do not depend on the chunks, up to float32 rounding (1e-6).

    Args:
        model: the network of a detect run.
        values: number of values per frame.
        delay: output delay of the network in frames.

    Raises:
        ConfigError: the network is bidirectional.
    """

    def __init__(self, model: SequenceModel, values: int, delay: int) -> None:
        check_causal(model)
        encoder = model.encoder
        self.model = model.eval()
        self.values = values
        self.delay = delay
        self._stride = encoder.stride if isinstance(encoder, Convolution) else 1
        self._left_context = encoder.left_context if isinstance(encoder, Convolution) else 0

    @torch.no_grad()
    def start(self) -> DetectionState:
        """The state before the first frame of a recording."""
        return DetectionState(self.model.initial_state(1), torch.zeros(self._left_context, self.values), 0, 0, 0)

    def push(self, chunk: Tensor, state: DetectionState) -> tuple[Probs, DetectionState]:
        """Probabilities `(frames, classes)` of the frames that `chunk` `(frames, values)` completes, and the state.

        Raises:
            ShapeError: the chunk is no such tensor.
        """
        check_tensor("chunk", chunk, "frames", self.values)
        return self._advance(chunk, state._replace(num_pushed=state.num_pushed + len(chunk)))

    def finish(self, state: DetectionState) -> Probs:
        """Probabilities `(frames, classes)` of the remaining frames at the end of a recording."""
        remaining = state.num_pushed - state.num_predicted
        missing = self.delay + -(state.num_pushed + self.delay) % self._stride
        probs, _ = self._advance(torch.zeros(missing, self.values), state)
        return probs[:remaining]

    @torch.no_grad()
    def _advance(self, chunk: Tensor, state: DetectionState) -> tuple[Probs, DetectionState]:
        model = self.model
        if model.training:
            model.eval()
        frames = torch.cat([state.buffer, chunk])
        complete = (len(frames) - self._left_context) // self._stride * self._stride
        if not complete:
            return np.zeros((0, model.head.parameters_per_value)), state._replace(buffer=frames)
        ready = frames[None, : self._left_context + complete]
        encoder = model.encoder
        encoded = encoder.valid(ready) if isinstance(encoder, Convolution) else encoder(ready)
        hidden, recurrent = model.stack(encoded, state.recurrent)
        probs = model.head(hidden)[0, :, 0].double().softmax(-1).numpy()
        early = min(self.delay - state.num_skipped, len(probs))
        after = DetectionState(
            recurrent,
            # A copy, so that a stored state does not keep all frames in memory.
            frames[complete:].clone(),
            state.num_skipped + early,
            state.num_pushed,
            state.num_predicted + len(probs) - early,
        )
        return np.asarray(probs[early:]), after


def predict_probs(model: SequenceModel, steps: Tensor, delay: int) -> Probs:
    """Class probabilities `(frames, classes)` of a whole recording `(frames, values)`."""
    return np.concatenate(list(stream_probs(model, torch.split(steps, CHUNK_FRAMES), delay)))


def stream_probs(model: SequenceModel, chunks: Iterable[Tensor], delay: int) -> Iterator[Probs]:
    """Class probabilities `(frames, classes)` of a recording that comes in chunks `(frames, values)`.

    In constant memory, except for bidirectional networks, which require all of the recording at once.
    """
    if isinstance(model.stack, Bidirectional):
        yield _whole(model, torch.cat(list(chunks)))
        return
    stream: DetectionStream | None = None
    for chunk in chunks:
        for part in torch.split(chunk, CHUNK_FRAMES):
            if stream is None:
                stream = DetectionStream(model, part.shape[1], delay)
                state = stream.start()
            some, state = stream.push(part, state)
            yield some
    if stream is not None:
        yield stream.finish(state)


@torch.no_grad()
def _whole(model: SequenceModel, steps: Tensor) -> Probs:
    model.eval()
    encoder = model.encoder
    stride = encoder.stride if isinstance(encoder, Convolution) else 1
    padded = torch.nn.functional.pad(steps, (0, 0, 0, -len(steps) % stride))[None]
    params, _ = model(padded, lengths=torch.tensor([len(steps)]))
    return np.asarray(params[0, : len(steps), 0].double().softmax(-1).numpy())
