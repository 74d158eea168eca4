"""Settings of how values are scaled, and what is foretold of them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from echoic.config.base import Integers, Section


def _lags(value: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if value is not None and any(lag < 1 for lag in value):
        raise ValueError("must be positive numbers of steps")
    return value


def _seasons(value: tuple[int, ...]) -> tuple[int, ...]:
    if any(season < 2 for season in value):
        raise ValueError("must be season lengths of at least 2 steps")
    return value


class ScaleSettings(Section):
    """How values are scaled; everything is fitted on the training part and inverted for output."""

    scale: Literal["none", "standard", "robust", "minmax", "range", "log"] | None = Field(
        None,
        description="standard: mean and deviation. robust: median and quartile range. minmax: to 0..1. "
        "range: (x - mean) / (max - min). log: logarithm, then standard. Default: log for positive series that are "
        "many or short, if a naive forecast is no worse on that scale; otherwise standard.",
    )
    scale_per: Literal["series", "all"] = Field(
        "series", description="Statistics for each series on its own, or one set for all series."
    )
    instance_norm: Literal["none", "standard"] | None = Field(
        None, description="standard: each window by its own mean and deviation as well. Default: for many series."
    )
    residual_baseline: Literal["none", "last", "seasonal", "growth"] | None = Field(
        None,
        description="What the network's output is added to: nothing, the last value, the mean of the values a season "
        "ago, or those plus the latest change over a season. Default: the last value for long series; for many or "
        "short ones the best naive forecast of the training part; none for step by step.",
    )
    lags: Annotated[Integers | None, AfterValidator(_lags)] = Field(
        None,
        description="Values so many steps ago that the network is told for each step ahead, such as 24,168. "
        "Default: one, seven and fourteen seasons for many series; otherwise none.",
    )
    season: Annotated[Integers, AfterValidator(_seasons)] = Field(
        (), description="Season lengths in steps, such as 24,168; found in the training part by default."
    )
