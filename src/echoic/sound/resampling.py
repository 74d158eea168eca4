"""Resampling of sound that comes in chunks, with the filter's memory as a value."""

import math
from functools import cached_property
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.config.audio import MAX_RATE_RATIO
from echoic.errors import ConfigError
from echoic.types import Floats

_CUTOFF = 0.9565
"""Middle of the transition band, as a fraction of the lower Nyquist frequency: it ends there and begins at 0.913."""

_HALF_WIDTH = 94
"""Samples of the lower rate on each side of the filter, for this transition band and -125 dB (Kaiser's formula)."""

_BETA = 12.8
"""Kaiser's parameter for -125 dB."""


class ResamplerState(NamedTuple):
    """A sound between two chunks.

    Attributes:
        buffer: samples that the outputs to come require.
        phase: time of the next output after the first of them, in units of 1 / (up-sampled rate).
    """

    buffer: Floats
    phase: int


@final
class Resampler:
    """Changes the rate of a sound chunk by chunk, by a linear-phase Kaiser-windowed sinc in polyphase form.

    Results do not depend on the chunks. The pass band ends at 91 % of the lower Nyquist frequency; aliases are below
    -120 dB. Outputs come `delay_s` after their inputs; none is shifted in time.

    Args:
        from_hz: rate of the input.
        to_hz: rate of the output.

    Raises:
        ConfigError: a rate is no positive integer, or one is more than 64 times the other.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        if (
            type(from_hz) is not int
            or min(from_hz, to_hz) < 1
            or max(from_hz, to_hz) > MAX_RATE_RATIO * min(from_hz, to_hz)
        ):
            raise ConfigError(
                f"Sound of {from_hz} samples per second cannot be resampled to {to_hz}; the rates may differ by a "
                f"factor of up to {MAX_RATE_RATIO}."
            )
        divisor = math.gcd(from_hz, to_hz)
        self._up, self._down = to_hz // divisor, from_hz // divisor
        self._half = math.ceil(_HALF_WIDTH * max(1.0, from_hz / to_hz))
        self.delay_s = 0.0 if from_hz == to_hz else self._half / from_hz

    @property
    def limits(self) -> dict[str, tuple[int, int]]:
        """Least and most values of what varies in a state: rows of the buffer, and the phase."""
        if self._is_identity:
            return {"buffer": (0, 0), "phase": (0, 0)}
        return {"buffer": (self._half - 1, 2 * self._half + self._down // self._up + 1), "phase": (0, self._up - 1)}

    def start(self) -> ResamplerState:
        """The state before the first sample."""
        return ResamplerState(np.zeros(0 if self._is_identity else self._half - 1, np.float32), 0)

    def push(self, chunk: Floats, state: ResamplerState) -> tuple[Floats, ResamplerState]:
        """The samples that `chunk` `(samples,)` completes, and the state."""
        if self._is_identity:
            return chunk, state
        samples = np.concatenate([state.buffer, chunk])
        taps = 2 * self._half
        # The taps of output k begin at (phase + k * down) // up.
        ready = (len(samples) - taps + 1) * self._up - 1 - state.phase
        count = ready // self._down + 1 if len(samples) >= taps and ready >= 0 else 0
        at = state.phase + self._down * np.arange(count + 1)
        begins, phases = at // self._up, at % self._up
        if not count:
            return np.zeros(0, np.float32), state._replace(buffer=samples)
        windows = np.lib.stride_tricks.sliding_window_view(samples, taps)[begins[:-1]]
        made = np.einsum("nt,nt->n", windows, self._filters[phases[:-1]])
        return made, ResamplerState(samples[begins[-1] :].copy(), int(phases[-1]))

    def finish(self, state: ResamplerState) -> Floats:
        """The remaining samples at the end of a sound, which is followed by silence."""
        return self.push(np.zeros(0 if self._is_identity else self._half, np.float32), state)[0]

    @property
    def _is_identity(self) -> bool:
        return self._up == self._down

    @cached_property
    def _filters(self) -> Floats:
        """The weights `(phases, taps)` of the samples around an output."""
        taps = np.arange(2 * self._half) - (self._half - 1)
        distance = taps - np.arange(self._up)[:, None] / self._up
        bandwidth = _CUTOFF * min(1.0, self._up / self._down)
        weights: NDArray[np.float64] = bandwidth * np.sinc(bandwidth * distance)
        inside = np.maximum(0.0, 1 - np.square(distance / self._half))
        weights *= np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA)
        # Each phase lets a constant pass as it is.
        return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)
