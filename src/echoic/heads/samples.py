"""The samples of a frame, each given the frame's hidden vector and the samples before it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from echoic import ops
from echoic.config import FastTierSettings
from echoic.heads.base import SymbolHead
from echoic.heads.sampling import Sampling, draw_class, shares
from echoic.sound import (
    LOUDNESSES,
    LevelNoise,
    companded,
    expanded,
    loudness_of,
    power_of,
    reflections_of,
    weights_of,
)

_LEAST_LEFT, _LEFT_UNIT = 1e-3, 4.0
"""The power left for a sample to come, against the one told, is no less than this, and its logarithm in these units."""

_PER_COMPONENT = 3
"""Weight, mean and width."""

_FIRST_WIDTH = 0.05

_HEADROOM = 2.0
"""Frames may have this many times the power of the loudest that is told, which is 3 dB more."""

_MOST_REFLECTION = 0.999
"""Reflection coefficients stay within it: sound that is fed back rings, and dies away."""


class Source(NamedTuple):
    """What is known of the source of the sound before training.

    `prediction` are the weights of the samples before in the linear prediction of the next, the oldest first;
    `loudest`, below `echoic.sound.LOUDNESSES`, is how loud a frame may get.
    """

    prediction: Sequence[float]
    loudest: int = LOUDNESSES - 1


class _Frames(NamedTuple):
    """What the head knows of frames: `places` `(frames, frame_samples, place_width)`, `weights` and `past` of each.

    `loudness` are the scores of how loud each frame may be `(frames, loudnesses)`.
    """

    places: Tensor
    weights: Tensor
    past: Tensor
    loudness: Tensor


@final
class Samples(SymbolHead):
    """Each sample's level by a mixture of logistic distributions; the likelihood of a frame is the product, so exact.

    The fast tier of SampleRNN (Mehri 2017): a network of two hidden layers that sees a vector for the sample's place
    in the frame, made from the hidden vector, and the `history_samples` samples before it. As in LPCNet (Valin and
    Skoglund 2019) it is told what linear prediction says of the sample, and its distribution begins around that: with
    the weights of the `source`, which each frame's hidden vector may move, by way of the reflection coefficients, so
    that the filter they make is always stable. The mixture is over mu-law levels
    (Salimans 2017): all that lies nearest to a level is its chance.

    How loud a frame is, is told first, from the hidden vector alone, and its samples given that. It follows from the
    samples, so the likelihood of both, which is the loss, is that of the samples or less. Without it a network hardly
    ever leaves silence: it would have to do so by many small chances in a row, and learns none of them well. Each
    sample sees how much of the power told is left, without which soft frames come out too loud, and pauses end early.
    No frame is told to be louder than the source gets, and one that still comes out much louder is made softer: the
    network has not learned to come back from there, and would stay for seconds.

    Levels are 0 to 255, and as numbers from -1 to 1. The last columns of the vectors that come in are the samples of
    the frame before, as such numbers (the readout `Beside` over the encoder `Levels`). Targets
    `(batch, frames, frame_samples)` are levels. In training the head looks back on levels with `noise`, and is asked
    for clean ones.
    """

    def __init__(
        self,
        width: int,
        frame_samples: int,
        levels: int,
        settings: FastTierSettings,
        source: Source,
        noise: float = 0.0,
    ) -> None:
        past = len(source.prediction)
        super().__init__(width, 1, 1, frame_samples * settings.place_width + past + LOUDNESSES)
        self.frame_samples = frame_samples
        self.levels = levels
        self.middle = (levels - 1) / 2
        self.parameters_per_value += past
        self.noise = LevelNoise(levels, noise)
        self.loudest = source.loudest
        self.most_power = _HEADROOM * power_of(torch.tensor(source.loudest)).item()
        self.reflections: Tensor
        reflections = torch.tensor(reflections_of(source.prediction), dtype=torch.float64)
        unbounded = torch.atanh((reflections / _MOST_REFLECTION).clamp(-0.9999, 0.9999))
        self.register_buffer("reflections", unbounded.float(), persistent=False)
        # The hidden vector moves the prediction by what it has learned, which is nothing at first.
        for weights in (self.linear.weight.data, self.linear.bias.data):
            nn.init.zeros_(weights[-past - LOUDNESSES : -LOUDNESSES])
        self.loudness = nn.Embedding(LOUDNESSES, settings.place_width)
        self.linear = _BesidePast(self.linear, past)  # type: ignore[assignment]
        self.first = nn.Linear(past + 2 + settings.place_width, settings.sample_width)
        self.second = nn.Linear(settings.sample_width, settings.sample_width)
        self.mixture = nn.Linear(settings.sample_width, _PER_COMPONENT * settings.components)

    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        own = expanded(self._numbers(target.flatten(0, 1)), self.levels)
        return self.nats_told(params, target, loudness_of(own))

    def nats_told(self, params: Tensor, target: Tensor, loud: Tensor) -> Tensor:
        """Nats of `target` and of its frames having been told to be `loud` `(frames,)`, which need not be true.

        Summed over all loudnesses, the likelihoods are those of the samples alone.
        """
        frames = self._unpacked(params)
        own = target.flatten(0, 1)
        history = torch.cat([frames.past, self._numbers(self.noise(own)[:, :-1])], 1)
        windows = history.unfold(1, frames.past.shape[1], 1)
        predicted = torch.einsum("nfk,nk->nf", expanded(windows, self.levels), frames.weights)
        sound = expanded(self._numbers(own), self.levels)
        used = (sound * sound).cumsum(1) - sound * sound
        to_come = torch.arange(self.frame_samples, 0, -1, device=own.device)
        left = _left(power_of(loud)[:, None], used, to_come, self.frame_samples)
        mixture = self._mixture(_Seen(windows, predicted, left), self._told(frames, loud))
        samples = -mixture.log_chance(own[..., None], self.levels)[..., 0]
        # Shared out among the samples, so that the sum is the frame's.
        told = functional.cross_entropy(frames.loudness, loud, reduction="none") / self.frame_samples
        return (samples + told[:, None]).view(target.shape)

    def likeliest(self, params: Tensor) -> Tensor:
        """The samples of the likeliest choices one after the other, which need not be the likeliest frame."""
        return self.draw(params, torch.Generator(), Sampling(temperature=0))

    def draw(self, params: Tensor, generator: torch.Generator, sampling: Sampling) -> Tensor:
        frames = self._unpacked(params)
        every = torch.arange(self.levels, dtype=params.dtype, device=params.device)
        chances = shares((self.frame_samples + 1, len(frames.past)), generator)
        loud = self._drawn_loudness(frames, chances[-1], sampling)
        places, power = self._told(frames, loud), power_of(loud)
        window, used, drawn = frames.past, torch.zeros_like(power), []
        for at in range(self.frame_samples):
            predicted = (expanded(window, self.levels) * frames.weights).sum(1)
            left = _left(power, used, self.frame_samples - at, self.frame_samples)
            mixture = self._mixture(_Seen(window, predicted, left), places[:, at])
            level = draw_class(mixture.log_chance(every, self.levels), chances[at], sampling).to(params.dtype)
            drawn.append(level)
            window = torch.cat([window[:, 1:], self._numbers(level)[:, None]], 1)
            used = used + expanded(window[:, -1], self.levels).square()
        return self._limited(torch.stack(drawn, 1)).view(*params.shape[:2], self.frame_samples)

    def drawer(self, generator: torch.Generator, sampling: Sampling) -> Callable[[Tensor], Tensor]:
        """By the compiled kernel where it is in use; it knows neither top-k nor nucleus."""
        plain = sampling.top_k is None and sampling.top_p is None
        if not plain or ops.kernel() == "off" or self.first.weight.device.type != "cpu":
            return lambda params: self.draw(params, generator, sampling)
        past = len(self.reflections)
        own, of_place = torch.split(self.first.weight, [past + 2, self.first.in_features - past - 2], 1)
        layers = ops.SampleWeights(own, self.second.weight, self.second.bias, self.mixture.weight, self.mixture.bias)
        tier = ops.SampleTier(layers, self.levels, _FIRST_WIDTH)

        def draw(params: Tensor) -> Tensor:
            frames = self._unpacked(params)
            chances = shares((self.frame_samples + 1, len(frames.past)), generator)
            loud = self._drawn_loudness(frames, chances[-1], sampling)
            places = functional.linear(self._told(frames, loud), of_place, self.first.bias)
            before = places, frames.weights, frames.past, power_of(loud)
            drawn = tier.draw(*before, chances[:-1], sampling.temperature, sampling.floor)
            return self._limited(drawn).view(*params.shape[:2], self.frame_samples)

        return draw

    def _unpacked(self, params: Tensor) -> _Frames:
        flat, past = params.flatten(0, 2), len(self.reflections)
        sizes = [flat.shape[1] - 2 * past - LOUDNESSES, past, LOUDNESSES, past]
        places, moved, loudness, before = torch.split(flat, sizes, 1)
        before = self._numbers(torch.round((before + 1) * self.middle).clamp(0, self.levels - 1))
        weights = weights_of(_MOST_REFLECTION * torch.tanh(self.reflections + moved))
        return _Frames(places.view(len(flat), self.frame_samples, -1), weights, before, loudness)

    def _drawn_loudness(self, frames: _Frames, share: Tensor, sampling: Sampling) -> Tensor:
        scores = frames.loudness.clone()
        scores[:, self.loudest + 1 :] = -torch.inf
        return draw_class(scores, share, sampling.of_loudness())

    def _limited(self, drawn: Tensor) -> Tensor:
        """Frames of levels `(frames, samples)`, none louder than the headroom allows."""
        sound = expanded(self._numbers(drawn), self.levels)
        over = sound.square().mean(-1, keepdim=True) / self.most_power
        softer = companded(sound / over.clamp(min=1).sqrt(), self.levels)
        return torch.where(over > 1, ((softer + 1) * self.middle).round(), drawn)

    def _told(self, frames: _Frames, loudness: Tensor) -> Tensor:
        """The vectors of the places in frames that are so loud `(frames,)`."""
        told: Tensor = frames.places + self.loudness(loudness)[:, None]
        return told

    def _numbers(self, levels: Tensor) -> Tensor:
        return levels / self.middle - 1

    def _mixture(self, seen: "_Seen", places: Tensor) -> "_Mixture":
        """For samples `(...)` at `places` `(..., place_width)`."""
        centre = companded(seen.predicted, self.levels)[..., None]
        hidden = torch.relu(self.first(torch.cat([seen.window, centre, seen.left[..., None], places], -1)))
        weight, mean, width = self.mixture(torch.relu(self.second(hidden))).chunk(_PER_COMPONENT, -1)
        return _Mixture(functional.log_softmax(weight, -1), centre + _FIRST_WIDTH * mean, width)


class _Seen(NamedTuple):
    """What samples `(...)` are drawn from: the `window` `(..., past)` before, the `predicted` one, the power `left`."""

    window: Tensor
    predicted: Tensor
    left: Tensor


class _Mixture(NamedTuple):
    """Logistic distributions over numbers from -1 to 1, all `(..., components)`; `width` before softplus."""

    log_weight: Tensor
    mean: Tensor
    width: Tensor

    def log_chance(self, levels: Tensor, count: int) -> Tensor:
        """Logarithm of the chance of each of `levels` `(..., some)`, of which there are `count` in all."""
        half = 1 / (count - 1)
        # No narrower than a twentieth of a level: then all but a ten-thousandth of the chance is on one level.
        scale = half / 10 + _FIRST_WIDTH * functional.softplus(self.width)
        offset = (2 * half * levels - 1)[..., None] - self.mean[..., None, :]
        above, below = (offset + half) / scale[..., None, :], (offset - half) / scale[..., None, :]
        # The difference of two logistic functions, written so that it is exact however far away it is.
        between = above + torch.log(-torch.expm1(-2 * half / scale))[..., None, :]
        between = between - functional.softplus(above) - functional.softplus(below)
        lowest, highest = levels[..., None] == 0, levels[..., None] == count - 1
        inside = torch.where(highest, -functional.softplus(below), between)
        inside = torch.where(lowest, -functional.softplus(-above), inside)
        return torch.logsumexp(inside + self.log_weight[..., None, :], -1)


def _left(power: Tensor, used: Tensor, samples: Tensor | int, frame_samples: int) -> Tensor:
    """The power left for each of the `samples` to come, against the one told, of which the others have `used` theirs.

    In logarithms: what keeps a frame as loud as it was told to be.
    """
    share = (frame_samples * power - used) / (samples * power)
    return share.clamp(min=_LEAST_LEFT).log() / _LEFT_UNIT


@final
class _BesidePast(nn.Module):
    """A linear map whose result has the last columns of its input beside it, as they are."""

    def __init__(self, linear: nn.Linear, past: int) -> None:
        super().__init__()
        self.linear = linear
        self.past = past

    def forward(self, vectors: Tensor) -> Tensor:
        """`(..., width)` to `(..., outputs + past)`."""
        return torch.cat([self.linear(vectors), vectors[..., -self.past :]], -1)
