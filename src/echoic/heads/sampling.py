"""Sampling a class from its logits: temperature, top-k and nucleus sampling."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, final

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from echoic.errors import ConfigError


@final
@dataclass(frozen=True)
class Sampling:
    """Options of sampling.

    `temperature` divides the logits: 0 takes the most probable class, 1 samples the model's distribution. `top_k` keeps
    the `top_k` most probable classes (Fan 2018); `top_p` the fewest whose probabilities add up to it (nucleus sampling,
    Holtzman 2020). `prob_floor` is subtracted from every probability, so that rarer classes are never drawn (Valin
    and Skoglund 2019). Loudness of audio frames is sampled at `loudness_temperature` times the temperature.

    Raises:
        ConfigError: a value is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    prob_floor: float = 0.0
    loudness_temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.temperature and not LEAST_TEMPERATURE <= self.temperature <= MOST_TEMPERATURE:
            raise ConfigError(
                f"`temperature` must be 0, or from {LEAST_TEMPERATURE:g} to {MOST_TEMPERATURE:g}, got "
                f"{self.temperature}."
            )
        if self.top_k is not None and self.top_k < 1:
            raise ConfigError(f"`top_k` must be 1 or more, got {self.top_k}.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"`top_p` must be above 0 and at most 1, got {self.top_p}.")
        if not 0 <= self.prob_floor < 1:
            raise ConfigError(f"`prob_floor` must be 0 or more and less than 1, got {self.prob_floor}.")
        if not 0 <= self.loudness_temperature < float("inf"):
            raise ConfigError(f"`loudness_temperature` must be 0 or more, got {self.loudness_temperature}.")

    @property
    def is_plain(self) -> bool:
        """Whether the temperature alone counts."""
        return self.top_k is None and self.top_p is None and not self.prob_floor

    def for_loudness(self) -> Self:
        """The options for loudness."""
        product = self.temperature * self.loudness_temperature
        within = min(max(product, LEAST_TEMPERATURE), MOST_TEMPERATURE) if product else 0.0
        return replace(self, temperature=within, loudness_temperature=1.0)


LEAST_TEMPERATURE, MOST_TEMPERATURE = 1e-6, 1e6
"""Beyond them, logits divided by the temperature are no numbers; all that is less is 0, all that is more is uniform."""

DEFAULT_SAMPLING = Sampling()
"""Samples the model's own distribution."""


@final
@dataclass(frozen=True)
class SymbolSampler:
    """Draws classes from logits `(batch, steps, 1, classes)` according to `sampling`; never the class `never`."""

    sampling: Sampling
    never: int | None = None

    def __call__(self, params: Tensor, generator: torch.Generator) -> Tensor:
        """Classes `(batch, steps, 1)` in the type of the logits."""
        if self.never is not None:
            params = params.clone()
            params[..., self.never] = -torch.inf
        return sample_class(params, draw_uniforms(params.shape[:-1], generator), self.sampling).to(params.dtype)


def draw_uniforms(shape: Sequence[int], generator: torch.Generator) -> Float64[Tensor, "..."]:
    """Uniform random numbers from 0 to below 1, one per draw."""
    return torch.rand(*shape, generator=generator, dtype=torch.float64)


def sample_class(
    logits: Float[Tensor, "*batch classes"], uniform: Float64[Tensor, "*batch"], sampling: Sampling
) -> Int[Tensor, "*batch"]:
    """Classes from logits, some of which may be minus infinity but not a whole row.

    `uniform` comes from `draw_uniforms`; the class is found by inverting the cumulative distribution there.
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
    if sampling.prob_floor:
        # The mode is always kept, because many equal classes could all be below the floor.
        mode = probabilities.argmax(-1, keepdim=True)
        above = (probabilities - sampling.prob_floor).clamp(min=0)
        probabilities = above.scatter(-1, mode, above.gather(-1, mode).clamp(min=1e-12))
    cdf = probabilities.cumsum(-1)
    total = cdf[..., -1:]
    # Below the total even after rounding, so that a class of probability zero is never drawn.
    target = torch.minimum(uniform.to(total)[..., None] * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cdf, target, right=True)[..., 0]


def _nucleus(logits: Float[Tensor, "*batch classes"], top_p: float) -> Float[Tensor, "*batch classes"]:
    """Minus infinity for all but the fewest classes that together reach `top_p`; the mode always stays."""
    ordered, indices = logits.sort(-1, descending=True)
    probabilities = torch.softmax(ordered, -1)
    excluded = probabilities.cumsum(-1) - probabilities >= top_p
    return torch.full_like(logits, -torch.inf).scatter(-1, indices, ordered.masked_fill(excluded, -torch.inf))
