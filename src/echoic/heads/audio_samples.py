"""Audio samples of a frame, each conditioned on the frame's hidden vector and the samples before it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from echoic import ops
from echoic.config import FastTierSettings
from echoic.heads.base import SymbolHead
from echoic.heads.logistics import FIRST_WIDTH, PER_COMPONENT, LogisticMixture
from echoic.heads.sample_tier import TierInputs, TierWeights, tier_nll
from echoic.heads.sampling import DEFAULT_SAMPLING, Sampling, draw_uniforms, sample_class
from echoic.sound import (
    NUM_LOUDNESS_LEVELS,
    CodeNoise,
    compand,
    expand,
    loudness_power,
    quantize_loudness,
    reflections_from_weights,
    weights_from_reflections,
)

_MIN_REMAINING, _REMAINING_UNIT = 1e-3, 4.0
"""Lower bound of the remaining power relative to the frame's, and the scale of its logarithm."""

_HEADROOM = 2.0
"""Maximum power of a frame relative to the highest loudness that is predicted: 3 dB above it."""

_MAX_REFLECTION = 0.999
"""Bound of reflection coefficients, so that the prediction filter is stable and its response decays."""


class SourceStats(NamedTuple):
    """Statistics of the training sound.

    `lpc_weights`: linear prediction of the next sample from the samples before it, the oldest first. `max_loudness`:
    the highest loudness level of a frame, below `echoic.sound.NUM_LOUDNESS_LEVELS`.
    """

    lpc_weights: Sequence[float]
    max_loudness: int = NUM_LOUDNESS_LEVELS - 1


class _Frames(NamedTuple):
    """Conditioning of the frames of all rows; `loudness` are the logits of each frame's loudness level."""

    positions: Float[Tensor, "all_frames samples conditioning"]
    weights: Float[Tensor, "all_frames past"]
    past: Float[Tensor, "all_frames past"]
    loudness: Float[Tensor, "all_frames levels"]


Params = Float[Tensor, "batch frames 1 params"]
Codes = Float[Tensor, "batch frames samples"]


@final
class AudioSamples(SymbolHead):
    """A mixture of logistic distributions for the code of each sample; a frame's likelihood is their exact product.

    The fast tier of SampleRNN (Mehri 2017): a network of two hidden layers whose inputs are a vector for the sample's
    position in the frame, computed from the hidden vector, and the samples before it (as many as `stats.lpc_weights`).
    As in LPCNet (Valin and Skoglund 2019) the linear prediction of the sample is an input as well, and the mixture is
    centred on it. Its weights start at those of the `stats`; each frame's hidden vector adjusts them through their
    reflection coefficients, so the filter is always stable. A code's probability is that of the interval around its
    value (Salimans 2017).

    The loudness of a frame is predicted first, from the hidden vector alone, and the samples are conditioned on it.
    The samples determine it, so the loss, the negative log-likelihood of both, is an upper bound of that of the
    samples. Without it, generated sound hardly ever leaves silence, which would take many improbable samples in a row.
    Another input of each sample is the power that remains of the predicted loudness, without which soft frames become
    too loud and pauses end early. No predicted loudness exceeds the highest in training, and a frame that is much
    louder all the same is attenuated, because the network has not learned to recover from there.

    Codes are 0 to `num_codes - 1`, scaled to values from -1 to 1. The last columns of the input vectors are the scaled
    samples of the previous frame (readout `ConcatInput` over the encoder `AudioCodes`). Targets are codes. In training
    the history has `noise`, and the targets have none.
    """

    def __init__(
        self,
        width: int,
        frame_samples: int,
        num_codes: int,
        settings: FastTierSettings,
        stats: SourceStats,
        noise: float = 0.0,
    ) -> None:
        past = len(stats.lpc_weights)
        super().__init__(width, 1, 1, frame_samples * settings.conditioning_size + past + NUM_LOUDNESS_LEVELS)
        self.frame_samples = frame_samples
        self.num_codes = num_codes
        self.midpoint = (num_codes - 1) / 2
        self.parameters_per_value += past
        self.noise = CodeNoise(num_codes, noise)
        self.max_loudness = stats.max_loudness
        # Values, also of a network that is built on the meta device.
        self.max_power = _HEADROOM * loudness_power(torch.tensor(stats.max_loudness, device="cpu")).item()
        self.reflections: Tensor
        reflections = torch.tensor(reflections_from_weights(stats.lpc_weights), dtype=torch.float64, device="cpu")
        unbounded = torch.atanh((reflections / _MAX_REFLECTION).clamp(-0.9999, 0.9999))
        self.register_buffer("reflections", unbounded.float(), persistent=False)
        # Before training, the hidden vector does not adjust the linear prediction.
        for weights in (self.linear.weight.data, self.linear.bias.data):
            nn.init.zeros_(weights[-past - NUM_LOUDNESS_LEVELS : -NUM_LOUDNESS_LEVELS])
        self.loudness = nn.Embedding(NUM_LOUDNESS_LEVELS, settings.conditioning_size)
        self.linear = _AppendPast(self.linear, past)  # type: ignore[assignment]
        self.first = nn.Linear(past + 2 + settings.conditioning_size, settings.fast_hidden_size)
        self.second = nn.Linear(settings.fast_hidden_size, settings.fast_hidden_size)
        self.mixture = nn.Linear(settings.fast_hidden_size, PER_COMPONENT * settings.mixture_components)

    def loss(self, params: Params, target: Codes) -> Float[Tensor, "batch frames samples"]:
        sound = expand(self._scaled(target.flatten(0, 1)), self.num_codes)
        return self.nll_given_loudness(params, target, quantize_loudness(sound))

    def nll_given_loudness(
        self, params: Params, target: Codes, loudness: Int[Tensor, "batch*frames"]
    ) -> Float[Tensor, "batch frames samples"]:
        """Negative log-likelihood in nats of `target` together with a predicted `loudness`, true or not.

        Summed over all loudness levels, the likelihoods are those of the samples alone.
        """
        frames = self._unpack(params)
        flat_target = target.flatten(0, 1)
        history = torch.cat([frames.past, self._scaled(self.noise(flat_target)[:, :-1])], 1)
        past = frames.past.shape[1]
        sound_before = expand(history, self.num_codes).unfold(1, past, 1)
        centre = compand(torch.einsum("nfk,nk->nf", sound_before, frames.weights), self.num_codes)
        sound = expand(self._scaled(flat_target), self.num_codes)
        used_power = (sound * sound).cumsum(1) - sound * sound
        samples_left = torch.arange(self.frame_samples, 0, -1, device=flat_target.device)
        remaining = _log_remaining_power(
            loudness_power(loudness)[:, None], used_power, samples_left, self.frame_samples
        )
        inputs = TierInputs(history.unfold(1, past, 1), centre, remaining, self._condition(frames, loudness))
        samples = tier_nll(inputs, self._tier_weights(), flat_target, self.num_codes)
        # Divided among the samples, so that the sum is the frame's.
        loudness_nll = functional.cross_entropy(frames.loudness, loudness, reduction="none") / self.frame_samples
        return (samples + loudness_nll[:, None]).view(target.shape)

    def mode(self, params: Params) -> Codes:
        """The most probable samples in turn, which are not always the most probable frame."""
        return self.sample(params, torch.Generator(), Sampling(temperature=0))

    def sample(self, params: Params, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Codes:
        frames = self._unpack(params)
        all_codes = torch.arange(self.num_codes, dtype=params.dtype, device=params.device)
        uniforms = draw_uniforms((self.frame_samples + 1, len(frames.past)), generator)
        loudness = self._sample_loudness(frames, uniforms[-1], sampling)
        positions, power = self._condition(frames, loudness), loudness_power(loudness)
        window, used_power, codes = frames.past, torch.zeros_like(power), []
        for index in range(self.frame_samples):
            predicted = (expand(window, self.num_codes) * frames.weights).sum(1)
            remaining = _log_remaining_power(power, used_power, self.frame_samples - index, self.frame_samples)
            centre = compand(predicted, self.num_codes)
            mixture = self._mixture(TierInputs(window, centre, remaining, positions[:, index]))
            code = sample_class(mixture.log_prob(all_codes, self.num_codes), uniforms[index], sampling).to(params.dtype)
            codes.append(code)
            window = torch.cat([window[:, 1:], self._scaled(code)[:, None]], 1)
            used_power = used_power + expand(window[:, -1], self.num_codes).square()
        return self._limit_power(torch.stack(codes, 1)).view(*params.shape[:2], self.frame_samples)

    def sampler(self, sampling: Sampling) -> Callable[[Params, torch.Generator], Codes]:
        """On the compiled kernel where it is in use; the kernel supports neither top-k nor nucleus sampling."""
        plain = sampling.top_k is None and sampling.top_p is None
        if not plain or ops.kernel() == "off" or self.first.weight.device.type != "cpu":
            return lambda params, generator: self.sample(params, generator, sampling)
        past = len(self.reflections)
        past_weights, position_weights = torch.split(
            self.first.weight, [past + 2, self.first.in_features - past - 2], 1
        )
        layers = ops.SampleWeights(
            past_weights, self.second.weight, self.second.bias, self.mixture.weight, self.mixture.bias
        )
        tier = ops.SampleTier(layers, self.num_codes, FIRST_WIDTH)

        def sample(params: Params, generator: torch.Generator) -> Codes:
            frames = self._unpack(params)
            uniforms = draw_uniforms((self.frame_samples + 1, len(frames.past)), generator)
            loudness = self._sample_loudness(frames, uniforms[-1], sampling)
            positions = functional.linear(self._condition(frames, loudness), position_weights, self.first.bias)
            before = positions, frames.weights, frames.past, loudness_power(loudness)
            codes = tier.sample(*before, uniforms[:-1], sampling.temperature, sampling.prob_floor)
            return self._limit_power(codes).view(*params.shape[:2], self.frame_samples)

        return sample

    def _unpack(self, params: Params) -> _Frames:
        flat, past = params.flatten(0, 2), len(self.reflections)
        sizes = [flat.shape[1] - 2 * past - NUM_LOUDNESS_LEVELS, past, NUM_LOUDNESS_LEVELS, past]
        positions, offset, loudness, before = torch.split(flat, sizes, 1)
        before = self._scaled(torch.round((before.detach() + 1) * self.midpoint).clamp(0, self.num_codes - 1))
        weights = weights_from_reflections(_MAX_REFLECTION * torch.tanh(self.reflections + offset))
        return _Frames(positions.view(len(flat), self.frame_samples, -1), weights, before, loudness)

    def _sample_loudness(self, frames: _Frames, uniform: Tensor, sampling: Sampling) -> Tensor:
        logits = frames.loudness.clone()
        logits[:, self.max_loudness + 1 :] = -torch.inf
        return sample_class(logits, uniform, sampling.for_loudness())

    def _limit_power(self, codes: Float[Tensor, "frames samples"]) -> Float[Tensor, "frames samples"]:
        """Codes, attenuated where a frame exceeds the maximum power."""
        sound = expand(self._scaled(codes), self.num_codes)
        excess = sound.square().mean(-1, keepdim=True) / self.max_power
        limited = compand(sound / excess.clamp(min=1).sqrt(), self.num_codes)
        return torch.where(excess > 1, ((limited + 1) * self.midpoint).round(), codes)

    def _condition(
        self, frames: _Frames, loudness: Int[Tensor, "all_frames"]
    ) -> Float[Tensor, "all_frames samples conditioning"]:
        """The vectors of the positions, conditioned on the `loudness`."""
        positions: Tensor = frames.positions + self.loudness(loudness)[:, None]
        return positions

    def _scaled(self, codes: Tensor) -> Tensor:
        return codes / self.midpoint - 1

    def _mixture(self, inputs: TierInputs) -> LogisticMixture:
        hidden = torch.relu(self.first(inputs.joined()))
        return LogisticMixture.of(self.mixture(torch.relu(self.second(hidden))), inputs.centre)

    def _tier_weights(self) -> TierWeights:
        layers = self.first, self.second, self.mixture
        return TierWeights(*(weights for layer in layers for weights in (layer.weight, layer.bias)))


def _log_remaining_power(power: Tensor, used_power: Tensor, samples: Tensor | int, frame_samples: int) -> Tensor:
    """Logarithm of the power that remains for each of the remaining `samples`, relative to the frame's `power`.

    `used_power` is the sum of squares of the samples so far. This input keeps a frame at its predicted loudness.
    """
    fraction = (frame_samples * power - used_power) / (samples * power)
    return fraction.clamp(min=_MIN_REMAINING).log() / _REMAINING_UNIT


@final
class _AppendPast(nn.Module):
    """A linear layer whose output is concatenated with the last columns of its input."""

    def __init__(self, linear: nn.Linear, past: int) -> None:
        super().__init__()
        self.linear = linear
        self.past = past

    def forward(self, hidden: Tensor) -> Tensor:
        """`(..., width)` to `(..., outputs + past)`."""
        return torch.cat([self.linear(hidden), hidden[..., -self.past :]], -1)
