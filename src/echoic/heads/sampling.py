"""Drawing a class from its scores: temperature, top-k and nucleus."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import Tensor

from echoic.errors import ConfigError


@final
@dataclass(frozen=True)
class Sampling:
    """How draws are made.

    `temperature` divides the scores: 0 takes the likeliest, 1 the model's own distribution. `top_k` keeps so many of
    the likeliest classes (Fan 2018); `top_p` the fewest whose probabilities reach that sum (nucleus, Holtzman 2020);
    `floor` is taken off every probability, so that classes below it never come (Valin and Skoglund 2019). The head that
    tells how loud a frame of sound is before its samples tells that at `loudness_temperature` times the temperature.

    Raises:
        ConfigError: a number out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    floor: float = 0.0
    loudness_temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ConfigError(f"`temperature` must be 0 or more, got {self.temperature}.")
        if self.top_k is not None and self.top_k < 1:
            raise ConfigError(f"`top_k` must be 1 or more, got {self.top_k}.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"`top_p` must lie above 0 and be at most 1, got {self.top_p}.")
        if not 0 <= self.floor < 1:
            raise ConfigError(f"`floor` must be 0 or more and less than 1, got {self.floor}.")
        if not 0 <= self.loudness_temperature < float("inf"):
            raise ConfigError(f"`loudness_temperature` must be 0 or more, got {self.loudness_temperature}.")

    def for_loudness(self) -> Self:
        """How loudness is drawn."""
        return replace(self, temperature=self.temperature * self.loudness_temperature, loudness_temperature=1.0)


DEFAULT_SAMPLING = Sampling()
"""Draws from the distribution as it is."""


def draw_uniforms(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Numbers from 0 up to 1, one for each draw that is to be made."""
    return torch.rand(*shape, generator=generator, dtype=torch.float64)


def sample_class(logits: Tensor, uniform: Tensor, sampling: Sampling) -> Tensor:
    """Classes `(...)` from scores `(..., classes)`, of which some may be minus infinity but not all of a row.

    `uniform` `(...)`, from `draw_uniforms`, decides: the class is the one at which the probabilities add up beyond it.
    """
    if sampling.temperature == 0:
        return logits.argmax(-1)
    logits = logits / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        threshold = logits.topk(sampling.top_k).values[..., -1:]
        logits = logits.masked_fill(logits < threshold, -torch.inf)
    if sampling.top_p is not None:
        logits = _nucleus(logits, sampling.top_p)
    # In double precision, so that rounding does not favour the last classes.
    probabilities = torch.softmax(logits.double(), -1)
    if sampling.floor:
        # The likeliest always stays: of many equal classes all could lie below the floor.
        mode = probabilities.argmax(-1, keepdim=True)
        above = (probabilities - sampling.floor).clamp(min=0)
        probabilities = above.scatter(-1, mode, above.gather(-1, mode).clamp(min=1e-12))
    cdf = probabilities.cumsum(-1)
    total = cdf[..., -1:]
    # Below the total even after rounding, so that a class without a chance is never drawn.
    target = torch.minimum(uniform.to(total)[..., None] * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cdf, target, right=True)[..., 0]


def _nucleus(logits: Tensor, top_p: float) -> Tensor:
    """Minus infinity for all but the fewest classes that together reach `top_p`; the likeliest always stays."""
    ordered, indices = logits.sort(-1, descending=True)
    probabilities = torch.softmax(ordered, -1)
    excluded = probabilities.cumsum(-1) - probabilities >= top_p
    return torch.full_like(logits, -torch.inf).scatter(-1, indices, ordered.masked_fill(excluded, -torch.inf))
