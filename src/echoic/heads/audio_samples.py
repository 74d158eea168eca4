"""The samples of a frame, each given the frame's hidden vector and the samples before it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from echoic import ops
from echoic.config import FastTierSettings
from echoic.heads.base import SymbolHead
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
"""The power left for a sample to come, against the one told, is no less than this, and its logarithm in these units."""

_PER_COMPONENT = 3
"""Weight, mean and width."""

_FIRST_WIDTH = 0.05

_HEADROOM = 2.0
"""Frames may have this many times the power of the loudest that is told, which is 3 dB more."""

_MAX_REFLECTION = 0.999
"""Reflection coefficients stay within it: sound that is fed back rings, and dies away."""


class SourceStats(NamedTuple):
    """What is known of the source of the sound before training.

    `lpc_weights` are the weights of the samples before in the linear prediction of the next, the oldest first;
    `max_loudness`, below `echoic.sound.LOUDNESSES`, is how loud a frame may get.
    """

    lpc_weights: Sequence[float]
    max_loudness: int = NUM_LOUDNESS_LEVELS - 1


class _Frames(NamedTuple):
    """Conditioning of frames: `positions` `(frames, frame_samples, conditioning_size)`, `weights` and `past`.

    `loudness` are the scores of how loud each frame may be `(frames, loudnesses)`.
    """

    positions: Tensor
    weights: Tensor
    past: Tensor
    loudness: Tensor


@final
class AudioSamples(SymbolHead):
    """Each sample's level by a mixture of logistic distributions; the likelihood of a frame is the product, so exact.

    The fast tier of SampleRNN (Mehri 2017): a network of two hidden layers that sees a vector for the sample's place
    in the frame, made from the hidden vector, and the `history_samples` samples before it. As in LPCNet (Valin and
    Skoglund 2019) it is told what linear prediction says of the sample, and its distribution begins around that: with
    the weights of the `stats`, which each frame's hidden vector may move, by way of the reflection coefficients, so
    that the filter they make is always stable. The mixture is over mu-law levels
    (Salimans 2017): all that lies nearest to a level is its chance.

    How loud a frame is, is told first, from the hidden vector alone, and its samples given that. It follows from the
    samples, so the likelihood of both, which is the loss, is that of the samples or less. Without it a network hardly
    ever leaves silence: it would have to do so by many small chances in a row, and learns none of them well. Each
    sample sees how much of the power told is left, without which soft frames come out too loud, and pauses end early.
    No frame is told to be louder than the source gets, and one that still comes out much louder is made softer: the
    network has not learned to come back from there, and would stay for seconds.

    Levels are 0 to 255, and as numbers from -1 to 1. The last columns of the vectors that come in are the samples of
    the frame before, as such numbers (the readout `ConcatInput` over the encoder `Levels`). Targets
    `(batch, frames, frame_samples)` are levels. In training the head looks back on levels with `noise`, and is asked
    for clean ones.
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
        self.max_power = _HEADROOM * loudness_power(torch.tensor(stats.max_loudness)).item()
        self.reflections: Tensor
        reflections = torch.tensor(reflections_from_weights(stats.lpc_weights), dtype=torch.float64)
        unbounded = torch.atanh((reflections / _MAX_REFLECTION).clamp(-0.9999, 0.9999))
        self.register_buffer("reflections", unbounded.float(), persistent=False)
        # The hidden vector moves the prediction by what it has learned, which is nothing at first.
        for weights in (self.linear.weight.data, self.linear.bias.data):
            nn.init.zeros_(weights[-past - NUM_LOUDNESS_LEVELS : -NUM_LOUDNESS_LEVELS])
        self.loudness = nn.Embedding(NUM_LOUDNESS_LEVELS, settings.conditioning_size)
        self.linear = _AppendPast(self.linear, past)  # type: ignore[assignment]
        self.first = nn.Linear(past + 2 + settings.conditioning_size, settings.fast_hidden_size)
        self.second = nn.Linear(settings.fast_hidden_size, settings.fast_hidden_size)
        self.mixture = nn.Linear(settings.fast_hidden_size, _PER_COMPONENT * settings.mixture_components)

    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        sound = expand(self._scaled(target.flatten(0, 1)), self.num_codes)
        return self.nll_given_loudness(params, target, quantize_loudness(sound))

    def nll_given_loudness(self, params: Tensor, target: Tensor, loudness: Tensor) -> Tensor:
        """Nats of `target` and of its frames having been told to be `loudness` `(frames,)`, which need not be true.

        Summed over all loudnesses, the likelihoods are those of the samples alone.
        """
        frames = self._unpack(params)
        flat_target = target.flatten(0, 1)
        history = torch.cat([frames.past, self._scaled(self.noise(flat_target)[:, :-1])], 1)
        windows = history.unfold(1, frames.past.shape[1], 1)
        predicted = torch.einsum("nfk,nk->nf", expand(windows, self.num_codes), frames.weights)
        sound = expand(self._scaled(flat_target), self.num_codes)
        used_power = (sound * sound).cumsum(1) - sound * sound
        samples_left = torch.arange(self.frame_samples, 0, -1, device=flat_target.device)
        remaining = _log_remaining_power(
            loudness_power(loudness)[:, None], used_power, samples_left, self.frame_samples
        )
        mixture = self._mixture(_TierInputs(windows, predicted, remaining), self._condition(frames, loudness))
        samples = -mixture.log_prob(flat_target[..., None], self.num_codes)[..., 0]
        # Shared out among the samples, so that the sum is the frame's.
        loudness_nll = functional.cross_entropy(frames.loudness, loudness, reduction="none") / self.frame_samples
        return (samples + loudness_nll[:, None]).view(target.shape)

    def mode(self, params: Tensor) -> Tensor:
        """The samples of the likeliest choices one after the other, which need not be the likeliest frame."""
        return self.sample(params, torch.Generator(), Sampling(temperature=0))

    def sample(self, params: Tensor, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Tensor:
        frames = self._unpack(params)
        all_codes = torch.arange(self.num_codes, dtype=params.dtype, device=params.device)
        uniforms = draw_uniforms((self.frame_samples + 1, len(frames.past)), generator)
        loudness = self._sample_loudness(frames, uniforms[-1], sampling)
        positions, power = self._condition(frames, loudness), loudness_power(loudness)
        window, used_power, codes = frames.past, torch.zeros_like(power), []
        for index in range(self.frame_samples):
            predicted = (expand(window, self.num_codes) * frames.weights).sum(1)
            remaining = _log_remaining_power(power, used_power, self.frame_samples - index, self.frame_samples)
            mixture = self._mixture(_TierInputs(window, predicted, remaining), positions[:, index])
            code = sample_class(mixture.log_prob(all_codes, self.num_codes), uniforms[index], sampling).to(params.dtype)
            codes.append(code)
            window = torch.cat([window[:, 1:], self._scaled(code)[:, None]], 1)
            used_power = used_power + expand(window[:, -1], self.num_codes).square()
        return self._limit_power(torch.stack(codes, 1)).view(*params.shape[:2], self.frame_samples)

    def sampler(self, sampling: Sampling) -> Callable[[Tensor, torch.Generator], Tensor]:
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
        tier = ops.SampleTier(layers, self.num_codes, _FIRST_WIDTH)

        def sample(params: Tensor, generator: torch.Generator) -> Tensor:
            frames = self._unpack(params)
            uniforms = draw_uniforms((self.frame_samples + 1, len(frames.past)), generator)
            loudness = self._sample_loudness(frames, uniforms[-1], sampling)
            positions = functional.linear(self._condition(frames, loudness), position_weights, self.first.bias)
            before = positions, frames.weights, frames.past, loudness_power(loudness)
            codes = tier.sample(*before, uniforms[:-1], sampling.temperature, sampling.floor)
            return self._limit_power(codes).view(*params.shape[:2], self.frame_samples)

        return sample

    def _unpack(self, params: Tensor) -> _Frames:
        flat, past = params.flatten(0, 2), len(self.reflections)
        sizes = [flat.shape[1] - 2 * past - NUM_LOUDNESS_LEVELS, past, NUM_LOUDNESS_LEVELS, past]
        positions, offset, loudness, before = torch.split(flat, sizes, 1)
        before = self._scaled(torch.round((before + 1) * self.midpoint).clamp(0, self.num_codes - 1))
        weights = weights_from_reflections(_MAX_REFLECTION * torch.tanh(self.reflections + offset))
        return _Frames(positions.view(len(flat), self.frame_samples, -1), weights, before, loudness)

    def _sample_loudness(self, frames: _Frames, uniform: Tensor, sampling: Sampling) -> Tensor:
        logits = frames.loudness.clone()
        logits[:, self.max_loudness + 1 :] = -torch.inf
        return sample_class(logits, uniform, sampling.for_loudness())

    def _limit_power(self, codes: Tensor) -> Tensor:
        """Frames of levels `(frames, samples)`, none louder than the headroom allows."""
        sound = expand(self._scaled(codes), self.num_codes)
        excess = sound.square().mean(-1, keepdim=True) / self.max_power
        limited = compand(sound / excess.clamp(min=1).sqrt(), self.num_codes)
        return torch.where(excess > 1, ((limited + 1) * self.midpoint).round(), codes)

    def _condition(self, frames: _Frames, loudness: Tensor) -> Tensor:
        """The vectors of the places in frames that are so loud `(frames,)`."""
        positions: Tensor = frames.positions + self.loudness(loudness)[:, None]
        return positions

    def _scaled(self, codes: Tensor) -> Tensor:
        return codes / self.midpoint - 1

    def _mixture(self, inputs: "_TierInputs", positions: Tensor) -> "_Mixture":
        """For samples `(...)` at `positions` `(..., conditioning_size)`."""
        centre = compand(inputs.predicted, self.num_codes)[..., None]
        hidden = torch.relu(self.first(torch.cat([inputs.window, centre, inputs.remaining[..., None], positions], -1)))
        weight, mean, width = self.mixture(torch.relu(self.second(hidden))).chunk(_PER_COMPONENT, -1)
        return _Mixture(functional.log_softmax(weight, -1), centre + _FIRST_WIDTH * mean, width)


class _TierInputs(NamedTuple):
    """Inputs for samples `(...)`: the `window` `(..., past)`, the `predicted` sample, and the power `remaining`."""

    window: Tensor
    predicted: Tensor
    remaining: Tensor


class _Mixture(NamedTuple):
    """Logistic distributions over numbers from -1 to 1, all `(..., components)`; `width` before softplus."""

    log_weight: Tensor
    mean: Tensor
    width: Tensor

    def log_prob(self, codes: Tensor, num_codes: int) -> Tensor:
        """Logarithm of the chance of each of `num_codes` `(..., some)`, of which there are `num_codes` in all."""
        half = 1 / (num_codes - 1)
        # No narrower than a twentieth of a level: then all but a ten-thousandth of the chance is on one level.
        scale = half / 10 + _FIRST_WIDTH * functional.softplus(self.width)
        offset = (2 * half * codes - 1)[..., None] - self.mean[..., None, :]
        above, below = (offset + half) / scale[..., None, :], (offset - half) / scale[..., None, :]
        # The difference of two logistic functions, written so that it is exact however far away it is.
        between = above + torch.log(-torch.expm1(-2 * half / scale))[..., None, :]
        between = between - functional.softplus(above) - functional.softplus(below)
        lowest, highest = codes[..., None] == 0, codes[..., None] == num_codes - 1
        inside = torch.where(highest, -functional.softplus(below), between)
        inside = torch.where(lowest, -functional.softplus(-above), inside)
        return torch.logsumexp(inside + self.log_weight[..., None, :], -1)


def _log_remaining_power(power: Tensor, used_power: Tensor, samples: Tensor | int, frame_samples: int) -> Tensor:
    """The power left for each of the `samples` to come, relative to the frame's, of which `used_power` is gone.

    In logarithms: what keeps a frame as loud as it was told to be.
    """
    fraction = (frame_samples * power - used_power) / (samples * power)
    return fraction.clamp(min=_MIN_REMAINING).log() / _REMAINING_UNIT


@final
class _AppendPast(nn.Module):
    """A linear map whose result has the last columns of its input beside it, as they are."""

    def __init__(self, linear: nn.Linear, past: int) -> None:
        super().__init__()
        self.linear = linear
        self.past = past

    def forward(self, hidden: Tensor) -> Tensor:
        """`(..., width)` to `(..., outputs + past)`."""
        return torch.cat([self.linear(hidden), hidden[..., -self.past :]], -1)
