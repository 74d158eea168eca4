"""An audio network as a stream: it reads a sound, then continues it in its voice."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.config.audio import AudioRequest
from echoic.errors import ConfigError, DataError
from echoic.jobs.audio.framing import CodeFrames, DecoderState
from echoic.jobs.audio.render import sampler, samples_in
from echoic.jobs.audio.task import AudioTask
from echoic.jobs.base import Fitted
from echoic.sound.resampling import Resampler, ResamplerState
from echoic.streams import NetworkStream
from echoic.streams.autoregressive import AutoregressiveStream, StepState
from echoic.streams.live import GeneratingStream, Record
from echoic.streams.state_bytes import Limits, nested
from echoic.types import Floats

MAX_CHUNK = 1 << 22
"""Most samples of a chunk."""


class AudioState(NamedTuple):
    """Sound between two chunks.

    Attributes:
        steps: the network's state.
        resampler: of the sound that comes in.
        before: the last sample `(1,)` before `buffer`.
        buffer: samples of an incomplete frame that came in.
        decoder: of the sound that is generated.
        made: generated samples that were not yet asked for.
    """

    steps: StepState
    resampler: ResamplerState
    before: Floats
    buffer: Floats
    decoder: DecoderState
    made: Floats


@final
class AudioStream(GeneratingStream[NDArray[Any], int, AudioState]):
    """Reads sound and continues it, sample by sample.

    Chunks are sound `(samples,)` of `rate_hz`, full scale 1. The result is the number of samples, at the rate of the
    run, that the network has read of them. `generate` continues a state as `run.generate` does after a prime.

    Args:
        fitted: a run of --model samples.
        rate_hz: rate of the sound to listen to; None: that of the run. Generated sound always has the run's.

    Raises:
        ConfigError: the run is one of --model frames, or the rate is too far from its rate.
    """

    job = "audio"
    takes = "sound"

    def __init__(self, fitted: Fitted[AudioTask], rate_hz: int | None = None) -> None:
        super().__init__(fitted.model)
        framing = fitted.task.framing
        if not isinstance(framing, CodeFrames):
            raise ConfigError("Live sound requires a run that predicts samples; train with --model samples.")
        self.rate_hz = fitted.task.rate_hz
        self._fitted = fitted
        self._framing = framing
        self._resampler = Resampler(rate_hz or self.rate_hz, self.rate_hz)
        self._input_hz = rate_hz or self.rate_hz
        self._steps = AutoregressiveStream(fitted.model, NetworkStream(fitted.model), framing.values)

    def start(self, seed: int = 0) -> AudioState:
        """The state before the first sample; `seed` is that of generation."""
        nothing = np.zeros(0, np.float32)
        before, decoder = np.zeros(1, np.float32), self._framing.silence()
        return AudioState(self._steps.start(seed), self._resampler.start(), before, nothing, decoder, nothing)

    def _push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[AudioState]
    ) -> tuple[list[int], list[AudioState]]:
        received = []
        for chunk, state in zip(chunks, states, strict=True):
            sound, resampler = self._resampler.push(_checked(chunk), state.resampler)
            received.append(
                (sound, state._replace(resampler=resampler, made=state.made[:0] if len(sound) else state.made))
            )
        return self._listened([sound for sound, _ in received], [state for _, state in received])

    def finish(self, state: AudioState) -> int:
        """Samples that the network would read of what the resampler still holds."""
        (count,), _ = self._listened([self._resampler.finish(state.resampler)], [state])
        return count

    def records(self, result: int) -> list[Record]:
        """The number of samples that the network has read."""
        return [{"samples": result}] if result else []

    def generate(self, length: int, state: AudioState, **options: Any) -> tuple[Floats, AudioState]:
        """The next `length` samples at the rate of the run, and the state after them.

        `options` are `temperature`, `top_k`, `top_p`, `prob_floor` and `loudness_temperature`. Without any sound
        before, it begins after silence.

        Raises:
            ConfigError: an option is unknown or out of range.
        """
        request = AudioRequest.of_sampling(options)
        if not isinstance(length, int) or length < 1:
            raise ConfigError(f"`length` must be a number of samples from 1 on, got {length!r}.")
        sample, frame = sampler(self._fitted, request), self._framing.step_samples
        if not state.steps.num_steps:
            silence = np.zeros(frame - len(state.buffer), np.float32)
            _, (state,) = self._listened([silence], [state])
        missing = -(-(length - len(state.made)) // frame)
        sounds, decoder, steps = [state.made], state.decoder, state.steps
        if missing > 0:
            frames, steps = self._steps.generate(missing, state.steps, sample)
            for one in torch.from_numpy(frames):
                sound, decoder = self._framing.decode(one[None], decoder)
                sounds.append(sound[0])
        made = np.concatenate(sounds)
        after = state._replace(steps=steps, decoder=decoder, made=made[length:].copy(), buffer=state.buffer[:0])
        return made[:length], after

    def parse_length(self, length: str) -> int:
        """A duration such as `8s`, in samples."""
        return samples_in(self._fitted.task, length)

    def reseeded(self, state: AudioState, seed: int) -> AudioState:
        """The same state with other random numbers: another future."""
        return state._replace(steps=self._steps.reseeded(state.steps, seed))

    @property
    def options(self) -> str:
        """The rate of the sound that comes in."""
        return f"rate_hz={self._input_hz}"

    @property
    def limits(self) -> Limits:
        frame = self._framing.step_samples
        return {
            **nested(resampler=self._resampler.limits),
            "buffer": (0, frame - 1),
            "made": (0, frame - 1),
        }

    def _listened(self, sounds: Sequence[Floats], states: Sequence[AudioState]) -> tuple[list[int], list[AudioState]]:
        """Reads sound at the rate of the run, in whole frames."""
        frame, inputs, after = self._framing.step_samples, [], []
        for sound, state in zip(sounds, states, strict=True):
            samples = np.concatenate([state.buffer, sound])
            whole = len(samples) // frame * frame
            codes = self._framing.codec.encode(np.concatenate([state.before, samples[:whole]]))[1:]
            inputs.append(codes.reshape(-1, frame).astype(np.float32))
            before = samples[whole - 1 : whole] if whole else state.before
            decoder = self._framing.after(sound, state.decoder) if len(sound) else state.decoder
            after.append(state._replace(before=before.copy(), buffer=samples[whole:].copy(), decoder=decoder))
        _, steps = self._steps.listen_many(inputs, [state.steps for state in states])
        counts = [one.size for one in inputs]
        return counts, [state._replace(steps=own) for state, own in zip(after, steps, strict=True)]


def _checked(chunk: Any) -> Floats:
    sound = np.asarray(chunk)
    if sound.ndim != 1 or sound.dtype.kind != "f" or len(sound) > MAX_CHUNK or not np.isfinite(sound).all():
        raise DataError(
            f"A chunk must be finite floats (samples,) with full scale 1, at most {MAX_CHUNK:,}, got {sound.dtype} "
            f"{sound.shape}."
        )
    return sound.astype(np.float32)
