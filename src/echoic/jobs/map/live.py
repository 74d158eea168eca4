"""The map job as a stream: values or sound in, predictions out, step by step."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.map.run_network import Output, output_of
from echoic.jobs.map.task import MapTask
from echoic.jobs.map.use import columns_of, kept_steps
from echoic.readouts import ReadoutInputs
from echoic.sound.resampling import Resampler, ResamplerState
from echoic.streams.live import LiveStream, Record
from echoic.streams.rows import RecurrentRows
from echoic.streams.state_bytes import Limits, nested
from echoic.types import Floats

MAX_CHUNK = 1 << 22
"""Most steps of a chunk."""


class Mapped(NamedTuple):
    """Predictions of the steps from number `begin` on."""

    begin: int
    output: Output


class MapState(NamedTuple):
    """A signal between two chunks.

    Attributes:
        network: the state of the layers `(state_size,)`.
        waiting: scaled inputs `(delay, inputs)` that the network has still to read, if the targets come later.
        last: the newest scaled inputs `(inputs,)`, for missing ones.
        num_steps: number of inputs so far.
        resampler: of sound that comes in.
    """

    network: Floats
    waiting: Floats
    last: Floats
    num_steps: int
    resampler: ResamplerState


@final
class MapStream(LiveStream[NDArray[Any], Mapped, MapState]):
    """Predicts a signal from another one as it comes.

    Chunks are sound `(samples,)` of `rate_hz`, full scale 1, or values `(steps, inputs)`, or `(steps,)` of a single
    input; NaN is missing. Together the results are those of `predict` on the whole. Where targets come before inputs,
    they come as much later.

    Args:
        fitted: the run.
        rate_hz: rate of the sound; None: that of the run, which results always have.

    Raises:
        ConfigError: the rate is too far from that of the run.
    """

    job = "map"

    def __init__(self, fitted: Fitted[MapTask], rate_hz: int | None = None) -> None:
        super().__init__(fitted.model)
        codec = fitted.task.codec
        self._codec = codec
        self.takes = "sound" if codec.is_sound else "values"
        self.gives = "sound" if codec.is_sound else "records"
        self.features = codec.input_names
        self.rate_hz = round(codec.rate_hz or 1) if codec.is_sound else 1
        self._input_hz = rate_hz or self.rate_hz
        self._resampler = Resampler(self._input_hz, self.rate_hz)
        self._rows = RecurrentRows(fitted.model.stack)
        self._late, self._early = max(0, codec.delay), max(0, -codec.delay)

    def start(self) -> MapState:
        """The state before the first step."""
        width = len(self.features)
        return MapState(
            self._rows.start(),
            np.zeros((self._late, width), np.float32),
            np.zeros(width, np.float32),
            0,
            self._resampler.start(),
        )

    def _push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[MapState]
    ) -> tuple[list[Mapped], list[MapState]]:
        scaled, begun = list[Floats](), list[MapState]()
        for chunk, state in zip(chunks, states, strict=True):
            values = self._checked(chunk)
            if self.takes == "sound":
                sound, resampler = self._resampler.push(values[:, 0].astype(np.float32), state.resampler)
                values, state = sound[:, None], state._replace(resampler=resampler)  # noqa: PLW2901
            scaled.append(self._codec.scale_inputs(values))
            begun.append(state)
        return self._advanced(scaled, begun)

    def finish(self, state: MapState) -> Mapped:
        """Predictions whose inputs come after their targets, and of what the resampler still holds."""
        rest = np.zeros((0, len(self.features)), np.float32)
        if self.takes == "sound":
            rest = self._codec.scale_inputs(self._resampler.finish(state.resampler)[:, None])
        ending = np.zeros((self._early, len(self.features)), np.float32)
        (result,), _ = self._advanced([np.concatenate([rest, ending])], [state])
        return result

    def _advanced(self, scaled: Sequence[Floats], states: Sequence[MapState]) -> tuple[list[Mapped], list[MapState]]:
        """The results of scaled inputs `(steps, inputs)`, NaN where missing."""
        inputs, after = list[Floats](), list[MapState]()
        for values, state in zip(scaled, states, strict=True):
            known = _held(values, state.last)
            ready = np.concatenate([state.waiting, known])
            unread = max(0, self._early - state.num_steps)
            inputs.append(ready[: len(known)][unread:])
            last = known[-1].copy() if len(known) else state.last
            waiting = ready[len(known) :].copy()
            after.append(state._replace(waiting=waiting, last=last, num_steps=state.num_steps + len(known)))
        encoded = [self._encode(one) for one in inputs]
        hidden, networks = self._rows.advance(encoded, [state.network for state in states])
        results = [
            self._result(one, own, state.num_steps) for one, own, state in zip(encoded, hidden, states, strict=True)
        ]
        return results, [state._replace(network=network) for state, network in zip(after, networks, strict=True)]

    @torch.no_grad()
    def _encode(self, inputs: Floats) -> Floats:
        return np.asarray(self.model.encoder(torch.from_numpy(np.ascontiguousarray(inputs))[None])[0].numpy())

    @torch.no_grad()
    def _result(self, encoded: Floats, hidden: Floats, num_steps: int) -> Mapped:
        """The predictions after the first `num_steps` inputs; those before the first target are not read at all."""
        read, made = (torch.from_numpy(np.ascontiguousarray(one))[None] for one in (encoded, hidden))
        params = self.model.head(self.model.readout(ReadoutInputs(read, made, (), None)))
        return Mapped(max(0, num_steps - self._early), output_of(self.model, self._codec, params))

    def records(self, result: Mapped) -> list[Record]:
        """For each step its number and the prediction of each target; of sound the number of samples."""
        if self.takes == "sound":
            return [{"samples": len(result.output.mean)}] if len(result.output.mean) else []
        steps = kept_steps(self._codec, result.begin, result.begin + len(result.output.mean))
        columns = columns_of(self._codec, result.output, steps - result.begin)
        return [
            {"step": int(step), **{name: float(column[row]) for name, column in columns.items()}}
            for row, step in enumerate(steps)
        ]

    def sound(self, result: Mapped) -> Floats:
        """The samples `(samples,)` of a result, for runs on sound."""
        steps = kept_steps(self._codec, result.begin, result.begin + len(result.output.mean)) - result.begin
        return np.asarray(result.output.mean[steps, 0], np.float32)

    @property
    def output_hz(self) -> int:
        """Samples per second of sound that comes out."""
        return self.rate_hz // self._codec.stride

    @property
    def options(self) -> str:
        """The rate of the sound that comes in."""
        return f"rate_hz={self._input_hz}"

    @property
    def limits(self) -> Limits:
        return nested(resampler=self._resampler.limits)

    def _checked(self, chunk: Any) -> NDArray[Any]:
        """A chunk as values `(steps, inputs)`."""
        width = len(self.features)
        values = np.asarray(chunk) if isinstance(chunk, np.ndarray) else np.zeros(0, object)
        if values.dtype.kind in "fiu" and values.ndim == 1 and width == 1:
            values = values[:, None]
        fits = values.dtype.kind in "fiu" and values.ndim == 2 and values.shape[1] == width and len(values) <= MAX_CHUNK
        is_finite = fits and not (np.isinf(values).any() or (self.takes == "sound" and np.isnan(values).any()))
        if not is_finite:
            shape = "(samples,) with full scale 1" if self.takes == "sound" else f"(steps, {width})"
            raise DataError(
                f"A chunk must be finite numbers {shape}, at most {MAX_CHUNK:,} steps, got {values.dtype} "
                f"{values.shape}."
            )
        return values


def _held(values: Floats, last: Floats) -> Floats:
    """`values` `(steps, inputs)` with missing ones replaced by those before."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    both = np.concatenate([last[None], values])
    rows = np.maximum.accumulate(np.where(np.isnan(both), 0, np.arange(len(both))[:, None]), axis=0)
    return np.asarray(np.take_along_axis(both, rows, 0)[1:])
