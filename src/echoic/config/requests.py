"""Options of `generate`: those of every job, and those of jobs that sample symbols."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import Field, ValidationError

from echoic.config.base import Section, suggestion, validation_message
from echoic.errors import ConfigError


class GenerateRequest(Section):
    """What to generate. Each job has a subclass with its own fields, defaults and descriptions."""

    length: Any = Field(None, description="Amount to generate.")
    prime: Any = Field(None, description="Known steps to continue.")
    seed: int = Field(0, ge=0, lt=2**31, description="Random seed.")

    @classmethod
    def build(cls, **values: Any) -> Self:
        """The request with the given values.

        Raises:
            ConfigError: an option is unknown, or its value is not allowed.
        """
        for name in values:
            if name not in cls.model_fields:
                raise ConfigError(
                    f"`generate` has no option `{name}` for this run{suggestion(name, cls.model_fields)}; it has "
                    f"{', '.join(cls.model_fields)}."
                )
        try:
            return cls(**values)
        except ValidationError as error:
            raise ConfigError(validation_message(error)) from None


class SampledRequest(GenerateRequest):
    """What to generate by sampling symbols: notes, characters, audio samples."""

    temperature: float = Field(
        1.0, ge=0, description="Divides the logits: below 1 closer to the most probable symbol, 0 always that one."
    )
    top_k: int | None = Field(None, ge=1, description="Sample from the k most probable symbols only.")
    top_p: float | None = Field(
        None, gt=0, le=1, description="Sample from the fewest symbols whose probabilities sum to p."
    )

    @classmethod
    def of_sampling(cls, options: Mapping[str, Any]) -> Self:
        """The request with these options of sampling, for a stream, which has a prime and a length of its own.

        Raises:
            ConfigError: an option is none of sampling, or its value is not allowed.
        """
        known = [name for name in cls.model_fields if name in _OF_SAMPLING]
        for name in options:
            if name not in known:
                raise ConfigError(
                    f"A stream's `generate` has no option `{name}`{suggestion(name, known)}; it has {', '.join(known)}."
                )
        return cls.build(**options)


_OF_SAMPLING = {"temperature", "top_k", "top_p", "prob_floor", "loudness_temperature"}


def parse_length(length: float | str, units: Mapping[str, float], example: str) -> int:
    """A length such as `32bars` as the nearest number of steps.

    `units` are steps per unit, by the plural names of the units; the first one is that of bare numbers.

    Raises:
        ConfigError: it is not a number with one of these units.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(length).strip())
    unit = found[2] or next(iter(units)) if found else ""
    unit = unit if unit in units else f"{unit}s"
    if not found or unit not in units:
        raise ConfigError(f"`length` must be a number of {_listed(units)}, such as {example}, got {length!r}.")
    return round(float(found[1]) * units[unit])


def _listed(units: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = units
    return f"{', '.join(first)} or {last}"
