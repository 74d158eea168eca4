"""Incremental prediction of the label probabilities of frames."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.cells import Bidirectional
from echoic.encoders import Convolution
from echoic.heads import Bernoulli, Head
from echoic.model import SequenceModel
from echoic.streams.alike import cut
from echoic.streams.base import check_tensor
from echoic.streams.hidden import HiddenState, HiddenStream
from echoic.streams.state_bytes import Limits, nested
from echoic.types import Floats

Probs = NDArray[np.float64]
"""Probabilities `(frames, 1 + labels)` of no event and of each label."""

CHUNK_FRAMES = 4096
"""Frames per chunk; bounds the memory."""


class DetectionState(NamedTuple):
    """A recording between two chunks.

    Attributes:
        hidden: of encoder and recurrent layers.
        num_skipped: number of outputs dropped so far because the delay puts them before the first frame.
        num_pushed: number of frames pushed.
        num_predicted: number of frames with returned probabilities.
    """

    hidden: HiddenState
    num_skipped: int
    num_pushed: int
    num_predicted: int


@final
class DetectionStream:
    """Predicts label probabilities of frames in constant memory, of many recordings at once.

    They are those of no event and of each label. With a categorical head they add up to 1; with a Bernoulli head labels
    are independent of each other, and may be active together.

    The probabilities of a frame are returned `delay` frames later, once all frames of a network step are available.
    They depend neither on the chunks nor on other recordings, up to float32 rounding (1e-6).

    Args:
        model: the network of a detect run.
        values: number of values per frame.
        delay: output delay of the network in frames.

    Raises:
        ConfigError: the network is bidirectional.
    """

    def __init__(self, model: SequenceModel, values: int, delay: int) -> None:
        self.values = values
        self.delay = delay
        self.hidden = HiddenStream(model, values)
        self._head = model.head

    @property
    def limits(self) -> Limits:
        """Least and most values of what varies in a state."""
        return {**nested(hidden=self.hidden.limits), "num_skipped": (0, self.delay)}

    def start(self) -> DetectionState:
        """The state before the first frame of a recording."""
        return DetectionState(self.hidden.start(), 0, 0, 0)

    def push(self, chunk: Tensor, state: DetectionState) -> tuple[Probs, DetectionState]:
        """Probabilities `(frames, 1 + labels)` of the frames that `chunk` `(frames, values)` completes, and the state.

        Raises:
            ShapeError: the chunk is no such tensor.
        """
        check_tensor("chunk", chunk, "frames", self.values)
        (probs,), (after,) = self.push_many([chunk.numpy()], [state])
        return probs, after

    def push_many(
        self, chunks: Sequence[Floats], states: Sequence[DetectionState]
    ) -> tuple[list[Probs], list[DetectionState]]:
        """As `push`, for a chunk `(frames, values)` of each of several recordings."""
        return self._advance(chunks, states, list(map(len, chunks)))

    def finish(self, state: DetectionState) -> Probs:
        """Probabilities `(frames, 1 + labels)` of the remaining frames at the end of a recording."""
        remaining = state.num_pushed - state.num_predicted
        missing = self.delay + -(state.num_pushed + self.delay) % self.hidden.stride
        (probs,), _ = self._advance([np.zeros((missing, self.values), np.float32)], [state], [0])
        return probs[:remaining]

    def _advance(
        self, chunks: Sequence[Floats], states: Sequence[DetectionState], pushed: Sequence[int]
    ) -> tuple[list[Probs], list[DetectionState]]:
        """As `push_many`; `pushed` are the numbers of frames that count."""
        hidden, after = self.hidden.push_many(chunks, [state.hidden for state in states])
        whole = self._probs(np.concatenate(hidden))
        made = cut(whole, [len(one) * self.hidden.stride for one in hidden])
        found, states_after = [], []
        for probs, own, state, count in zip(made, after, states, pushed, strict=True):
            early = min(self.delay - state.num_skipped, len(probs))
            found.append(probs[early:])
            predicted = state.num_predicted + len(probs) - early
            states_after.append(DetectionState(own, state.num_skipped + early, state.num_pushed + count, predicted))
        return found, states_after

    @torch.no_grad()
    def _probs(self, hidden: Floats) -> Probs:
        """The probabilities `(frames, 1 + labels)` of all frames of some steps."""
        return _label_probs(self._head, self._head(torch.from_numpy(hidden)[None])[0])


def _label_probs(head: Head, params: Tensor) -> Probs:
    """Probabilities `(frames, 1 + labels)` from the parameters of the head `(frames, features, parameters)`."""
    if isinstance(head, Bernoulli):
        active = params[..., 0].double().sigmoid()
        return np.asarray(torch.cat([(1 - active).prod(-1, keepdim=True), active], -1).numpy())
    return np.asarray(params[:, 0].double().softmax(-1).numpy())


def predict_probs(model: SequenceModel, steps: Tensor, delay: int) -> Probs:
    """Label probabilities `(frames, 1 + labels)` of a whole recording `(frames, values)`."""
    return np.concatenate(list(stream_probs(model, torch.split(steps, CHUNK_FRAMES), delay)))


def stream_probs(model: SequenceModel, chunks: Iterable[Tensor], delay: int) -> Iterator[Probs]:
    """Label probabilities `(frames, 1 + labels)` of a recording that comes in chunks `(frames, values)`.

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
    return _label_probs(model.head, params[0, : len(steps)])
