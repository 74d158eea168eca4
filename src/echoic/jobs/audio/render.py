"""Sound generation with a trained network, in parallel streams and block by block."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np
from torch import Tensor

from echoic.config.audio import AudioRequest
from echoic.config.requests import parse_length
from echoic.errors import ConfigError, DataError
from echoic.heads import Point, Sampling, SymbolHead
from echoic.jobs.audio.task import AudioTask
from echoic.jobs.base import Fitted
from echoic.sources import place_of, read_new
from echoic.streams import GenerationStream
from echoic.streams.autoregressive import Sample
from echoic.types import Floats

BLOCK_S = 0.25
"""Approximate duration of a block."""


@final
@dataclass(frozen=True, eq=False)
class Sound:
    """Streams of sound `(streams, samples)`, float32."""

    samples: Floats
    rate_hz: int

    def __repr__(self) -> str:
        return f"Sound(samples={self.samples.shape}, rate_hz={self.rate_hz})"


def generate(
    fitted: Fitted[AudioTask], request: AudioRequest, on_chunk: Callable[[Floats], None] = lambda _: None
) -> Sound:
    """The concatenation of `blocks`, for lengths that fit into memory.

    `on_chunk` is called with each block `(streams, samples)`.

    Raises:
        ConfigError: the length is invalid, or an option is out of range or has no effect.
        DataError: the prime cannot be read.
    """
    made = []
    for block in blocks(fitted, request):
        made.append(block)
        on_chunk(block)
    return Sound(np.concatenate(made, 1), fitted.task.rate_hz)


def blocks(fitted: Fitted[AudioTask], request: AudioRequest) -> Iterator[Floats]:
    """Sound `(streams, samples)` after the prime, without it, block by block and in constant memory.

    `prime` is a file, or by default silence; streams are sampled independently. Everything is checked and read before
    the first block is generated.

    Raises:
        ConfigError: the length is invalid, or an option is out of range or has no effect.
        DataError: the prime cannot be read.
    """
    task = fitted.task
    samples = samples_in(task, request.length)
    stream = frame_stream(fitted, request)
    known = _known(task, request.prime)
    pieces = task.framing.sound(_frames(stream, _encoded(task, known), request), known)
    return _cut(pieces, samples, task.framing.step_samples, max(1, round(BLOCK_S * task.rate_hz)))


def _encoded(task: AudioTask, sound: Floats) -> Tensor:
    return task.framing.frames([sound])[None].float()


def _cut(pieces: Iterator[Floats], samples: int, piece_samples: int, block_samples: int) -> Iterator[Floats]:
    """Blocks of `samples` samples in total from `pieces` `(streams, piece_samples)`; the last may be shorter."""
    together = max(1, round(block_samples / piece_samples))
    while samples > 0:
        block = np.concatenate([next(pieces) for _ in range(min(together, -(-samples // piece_samples)))], 1)
        yield block[:, :samples]
        samples -= block.shape[1]


def samples_in(task: AudioTask, length: float | str) -> int:
    """The number of samples of a length such as 500s or 10min; a bare number is in seconds.

    Raises:
        ConfigError: the length is invalid, or less than a sample.
    """
    rate_hz = task.rate_hz
    samples = parse_length(length, {"s": rate_hz, "min": 60 * rate_hz, "h": 3600 * rate_hz, "samples": 1}, "10s")
    if samples < 1:
        raise ConfigError(f"`length` must be at least one sample, got {length!r}.")
    return samples


def _known(task: AudioTask, place: Any) -> Floats:
    """The sound to continue, `(samples,)`: whole frames up to the end of the prime."""
    window = task.framing.window_samples
    if place is None:
        return np.zeros(window, np.float32)
    recordings = read_new(place, task.settings.data).series
    if len(recordings) > 1:
        raise DataError(f"{place_of(place)} has {len(recordings)} sound files; --prime must be a single file.")
    (recording,) = recordings
    sound = recording.values[:, 0]
    if len(sound) < window:
        raise DataError(f"{recording.origin} is shorter than a frame of {window} samples; give a longer --prime.")
    return sound[(len(sound) - window) % task.framing.step_samples :]


def frame_stream(fitted: Fitted[AudioTask], request: AudioRequest) -> GenerationStream:
    """A stream of frames `(streams, steps, values)` of the task's framing, sampled according to `request`.

    Raises:
        ConfigError: a sampling option for a network that predicts means.
    """
    return GenerationStream(fitted.model, sampler(fitted, request))


def sampler(fitted: Fitted[AudioTask], request: AudioRequest) -> Sample:
    """Draws frames according to `request`.

    Raises:
        ConfigError: a sampling option for a network that predicts means.
    """
    head = fitted.model.head
    if isinstance(head, Point):
        _check_not_sampled(request)
        return lambda params, _: head.mean(params)
    sampling = Sampling(
        request.temperature, request.top_k, request.top_p, request.prob_floor, request.loudness_temperature
    )
    return cast("SymbolHead", head).sampler(sampling)


def _frames(stream: GenerationStream, known: Tensor, request: AudioRequest) -> Iterator[Tensor]:
    """Yields frames `(streams, values)` indefinitely after `known` ones `(1, frames, values)`."""
    # Without sampling all streams are equal.
    is_mean = isinstance(stream.model.head, Point)
    state = stream.start(known, request.seed, 1 if is_mean else request.streams)
    while True:
        frame, state = stream.push(1, state)
        yield frame[:, 0].expand(request.streams, -1)


def _check_not_sampled(request: AudioRequest) -> None:
    sampled = {"temperature", "top_k", "top_p", "prob_floor", "loudness_temperature"} & request.model_fields_set
    if sampled:
        raise ConfigError(
            f"`--{min(sampled).replace('_', '-')}` is for sampling; the frames model predicts means, so leave it out."
        )
