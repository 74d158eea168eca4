"""Features of sound or sensors as they come."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.codecs.logmel import Rest
from echoic.errors import ConfigError, DataError
from echoic.labelled.features import Features
from echoic.sound.resampling import Resampler, ResamplerState
from echoic.streams.alike import alike, cut, stacked
from echoic.streams.state_bytes import Limits, nested
from echoic.types import Floats

MAX_CHUNK = 1 << 24
"""Most values of a chunk: five minutes of sound at 48 kHz."""


class FrontState(NamedTuple):
    """Data between two chunks.

    Attributes:
        resampler: of sound; without memory for sensors.
        samples: samples that the spectra to come require; none for sensors.
        num_skipped: number of samples to come before the next window.
        num_values: samples at the rate of the run, or steps of sensors, so far.
    """

    resampler: ResamplerState
    samples: Floats
    num_skipped: int
    num_values: int


@final
class FrontStream:
    """Makes the features of a run from sound of any rate, or from the values of sensors.

    The features of a sound at the rate of the run equal those of the whole (1e-5); at another rate they differ by what
    two filters of high quality differ (0.01 of their standard deviation).

    Args:
        features: of the run.
        rate_hz: rate of the sound; None: that of the run.

    Raises:
        ConfigError: a rate for data that are no sound, or too far from that of the run; or features that need whole
            clips.
    """

    def __init__(self, features: Features, rate_hz: int | None = None) -> None:
        if features.mel is None and rate_hz is not None:
            raise ConfigError("`rate_hz` is for runs on sound; this one was trained on features, so leave it out.")
        if features.clip_norm.center or features.clip_norm.scale:
            raise ConfigError(
                "This run normalizes each clip by its own mean, which is known at its end only; train with "
                "--clip-norm none to stream."
            )
        self._features = features
        self._mel = features.mel
        own_hz = 1 if features.mel is None else features.mel.rate_hz
        self._resampler = Resampler(own_hz if rate_hz is None else rate_hz, own_hz)
        self.delay_s = 0.0 if self._mel is None else self._resampler.delay_s + self._mel.window_samples / 2 / own_hz
        """Seconds from a moment until its features are complete, besides the hop."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values of sensors that have none of their own; empty for sound."""
        count = self._features.values if self._mel is None else 0
        return tuple(f"feature_{number}" for number in range(1, count + 1))

    @property
    def limits(self) -> Limits:
        """Least and most values of what varies in a state."""
        hop, window = (0, 0) if self._mel is None else (self._mel.hop_samples, self._mel.window_samples)
        return {**nested(resampler=self._resampler.limits), "samples": (0, max(hop, window)), "num_skipped": (0, hop)}

    def start(self) -> FrontState:
        """The state before the first chunk; sound follows silence."""
        samples = 0 if self._mel is None else self._mel.window_samples // 2
        return FrontState(self._resampler.start(), np.zeros(samples, np.float32), 0, 0)

    def push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[FrontState]
    ) -> tuple[list[Floats], list[FrontState]]:
        """The features `(frames, values)` that each of the chunks completes, and the states.

        Chunks are sound `(samples,)`, full scale 1, or values of sensors `(steps, values)`.

        Raises:
            DataError: a chunk has another shape, or sound with a value that is not finite.
        """
        checked = self._checked(chunks)
        if self._mel is None:
            lengths = [len(one) for one in checked]
            counts = [state.num_values + length for length, state in zip(lengths, states, strict=True)]
            after = [state._replace(num_values=count) for count, state in zip(counts, states, strict=True)]
            return cut(self._scaled(np.concatenate(checked)), lengths), after
        pairs = zip(checked, states, strict=True)
        resampled = [self._resampler.push(chunk, state.resampler) for chunk, state in pairs]
        features, rests = self._spectra([sound for sound, _ in resampled], states)
        return features, [
            FrontState(resampler, *rest, state.num_values + len(sound))
            for (sound, resampler), rest, state in zip(resampled, rests, states, strict=True)
        ]

    def finish(self, state: FrontState) -> tuple[Floats, int]:
        """The remaining features at the end, and the number of samples (or steps) in all."""
        if self._mel is None:
            return self._scaled(self.nothing), state.num_values
        rest = self._resampler.finish(state.resampler)
        silence = np.zeros(self._mel.window_samples // 2, np.float32)
        (frames,), _ = self._spectra([np.concatenate([rest, silence])], [state])
        return frames, state.num_values + len(rest)

    def _spectra(
        self, sounds: Sequence[Floats], states: Sequence[FrontState]
    ) -> tuple[list[Floats], list[tuple[Floats, int]]]:
        """The spectra that sound at the rate of the run completes, and what remains: `samples` and `num_skipped`.

        Rows that are alike are computed together.
        """
        if self._mel is None:
            raise TypeError("features of sound without spectra")
        keys = [
            (len(sound), len(state.samples), state.num_skipped) for sound, state in zip(sounds, states, strict=True)
        ]
        features, rests = list(sounds), [(state.samples, state.num_skipped) for state in states]
        for (_, _, num_skipped), rows in alike(keys).items():
            block = torch.from_numpy(stacked([sounds[row] for row in rows]))
            before = torch.from_numpy(stacked([states[row].samples for row in rows]))
            frames, rest = self._mel.encode_block(block, Rest(before, num_skipped))
            scaled = self._scaled(frames.flatten(0, 1).numpy()).reshape(frames.shape)
            for row, own, samples in zip(rows, scaled, rest.samples.numpy(), strict=True):
                features[row] = own
                rests[row] = samples.copy(), rest.num_skipped
        return features, rests

    def _scaled(self, raw: Floats) -> Floats:
        return np.asarray(self._features.scaled(torch.from_numpy(raw)).numpy())

    @property
    def nothing(self) -> Floats:
        """A chunk without values."""
        return np.zeros(0 if self._mel is not None else (0, self._features.values), np.float32)

    def checked(self, chunk: NDArray[Any]) -> Floats:
        """The chunk in float32.

        Raises:
            DataError: it has another shape, or values that are no sound.
        """
        (found,) = self._checked([chunk])
        return found

    def _checked(self, chunks: Sequence[NDArray[Any]]) -> list[Floats]:
        """As `checked`, for many chunks at once."""
        accepted = [self._accepted(chunk) for chunk in chunks]
        whole = np.concatenate(accepted, dtype=np.float32, casting="same_kind")
        if self._mel is not None and not np.isfinite(whole).all():
            raise DataError("The sound has values that are not finite; check the microphone or its driver.")
        return cut(whole, map(len, accepted))

    def _accepted(self, chunk: NDArray[Any]) -> NDArray[Any]:
        """A chunk of the right shape and kind of numbers."""
        values = np.asarray(chunk)
        is_sound = self._mel is not None
        fits = values.ndim == 1 if is_sound else values.ndim == 2 and values.shape[1] == self._features.values
        if not fits or values.dtype.kind not in "fiu" or values.size > MAX_CHUNK:
            shape = ("samples",) if is_sound else ("steps", str(self._features.values))
            raise DataError(
                f"A chunk must be an array of numbers ({', '.join(shape)}) of at most {MAX_CHUNK:,} values, got "
                f"{values.dtype} {values.shape}."
            )
        if is_sound and values.dtype.kind != "f":
            raise DataError(f"Sound must be floats with full scale 1, got {values.dtype}; divide by its full scale.")
        return values
