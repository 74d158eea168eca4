"""A music network as a stream: it reads steps of a piano-roll, and continues them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.codecs.pianoroll import Roll
from echoic.config.grids import grid_step
from echoic.config.music import MusicRequest
from echoic.config.requests import parse_length
from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.music.compose import sampler
from echoic.jobs.music.task import MusicTask
from echoic.streams import NetworkStream
from echoic.streams.autoregressive import AutoregressiveStream, StepState
from echoic.streams.live import GeneratingStream, Record
from echoic.streams.state_bytes import Limits
from echoic.types import Floats
from echoic.types.score import NUM_PITCHES, SUSTAIN

MAX_CHUNK = 1 << 16
"""Most steps of a chunk."""

Nats = NDArray[np.float64]


class MusicState(NamedTuple):
    """Music between two steps: the network's state, and the newest step `(128,)`, which later ones may sustain."""

    steps: StepState
    last: Roll


@final
class MusicStream(GeneratingStream[Roll, Nats, MusicState]):
    """Reads music and continues it.

    Chunks are steps `(steps, 128)` of a piano-roll on the grid of the run: 0 silent, 1 onset, 2 sustained. The result
    is how surprising each step was, `(steps,)`: its negative log-likelihood in nats, NaN for the very first. `generate`
    continues a state as `run.generate` does after a prime.

    Attributes:
        step_beats: duration of a step of the grid in quarter notes; None if it is one in seconds.
        step_s: the same in seconds.

    Raises:
        ConfigError: the network is bidirectional.
    """

    job = "music"
    takes = "roll"

    def __init__(self, fitted: Fitted[MusicTask]) -> None:
        super().__init__(fitted.model)
        self._fitted = fitted
        self._codec = fitted.task.codec
        self.step_beats, self.step_s = grid_step(fitted.task.settings.data.grid)
        self._steps = AutoregressiveStream(fitted.model, NetworkStream(fitted.model), self._codec.features)

    def start(self, seed: int = 0) -> MusicState:
        """The state before the first step; `seed` is that of generation."""
        return MusicState(self._steps.start(seed), np.zeros(NUM_PITCHES, np.uint8))

    def _push_many(self, chunks: Sequence[Roll], states: Sequence[MusicState]) -> tuple[list[Nats], list[MusicState]]:
        rolls = [_checked(chunk) for chunk in chunks]
        inputs = [self._encoded(roll, state.last) for roll, state in zip(rolls, states, strict=True)]
        params, after = self._steps.listen_many(inputs, [state.steps for state in states])
        nats = [self._nats(*one) for one in zip(inputs, params, (state.steps for state in states), strict=True)]
        lasts = [roll[-1].copy() if len(roll) else state.last for roll, state in zip(rolls, states, strict=True)]
        return nats, list(map(MusicState, after, lasts))

    def finish(self, state: MusicState) -> Nats:
        """Nothing: every step has its result at once."""
        del state
        return np.zeros(0)

    def records(self, result: Nats) -> list[Record]:
        """The surprise of each step in nats; null for the very first."""
        return [{"nats": None if np.isnan(one) else one} for one in result.tolist()]

    def generate(self, length: int, state: MusicState, **options: Any) -> tuple[Roll, MusicState]:
        """The next `length` steps `(steps, 128)`, and the state after them.

        `options` are `temperature`, `top_k` and `top_p`. Without anything before, the music begins after a silent step.

        Raises:
            ConfigError: an option is unknown or out of range.
        """
        request = MusicRequest.of_sampling(options)
        if not state.steps.num_steps:
            _, state = self.push(np.zeros((1, NUM_PITCHES), np.uint8), state)
        symbols, after = self._steps.generate(length, state.steps, sampler(self._fitted, request))
        roll = self._codec.decode(np.concatenate([self._codec.encode(state.last[None]), symbols]))[1:]
        return roll, MusicState(after, roll[-1].copy())

    def parse_length(self, length: str) -> int:
        """A number of steps of the grid."""
        return parse_length(length, {"steps": 1}, "16")

    def reseeded(self, state: MusicState, seed: int) -> MusicState:
        """The same state with other random numbers: another future."""
        return state._replace(steps=self._steps.reseeded(state.steps, seed))

    @property
    def limits(self) -> Limits:
        return {}

    def _encoded(self, roll: Roll, last: Roll) -> Floats:
        """Steps in the symbols of the codec, which depend on the step before."""
        return self._codec.encode(np.concatenate([last[None], roll]))[1:].astype(np.float32)

    @torch.no_grad()
    def _nats(self, inputs: Floats, params: Tensor, before: StepState) -> Nats:
        if not len(inputs):
            return np.zeros(0)
        predicted = torch.cat([torch.from_numpy(before.params)[None], params[:-1]])
        losses = self.model.head.loss(predicted[None], torch.from_numpy(inputs)[None])[0]
        nats = losses.double().flatten(1).sum(1).numpy()
        nats[: 0 if before.num_steps else 1] = np.nan
        return np.asarray(nats)


def _checked(chunk: Any) -> Roll:
    roll = np.asarray(chunk)
    fits = roll.ndim == 2 and roll.shape[1] == NUM_PITCHES and len(roll) <= MAX_CHUNK
    if not fits or roll.dtype.kind not in "iu" or (roll.size and not 0 <= roll.min() <= roll.max() <= SUSTAIN):
        raise DataError(
            f"A chunk must be a piano-roll (steps, {NUM_PITCHES}) of at most {MAX_CHUNK:,} steps of 0 (silent), 1 "
            f"(onset) and 2 (sustained), got {roll.dtype} {roll.shape}."
        )
    return roll.astype(np.uint8)
