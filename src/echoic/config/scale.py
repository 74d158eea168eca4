"""Settings of scaling."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from echoic.config.base import Integers, Names, Section
from echoic.config.search import ChangesLoss

ScaleMethod = Literal["none", "standard", "robust", "minmax", "range", "log"]
ResidualBaseline = Literal["none", "last", "seasonal", "growth"]


def _lags(value: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if value is not None and any(lag < 1 for lag in value):
        raise ValueError("must be positive numbers of steps")
    return value


def _none(value: Any) -> Any:
    return () if value == "none" else value


def _seasons(value: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if value is not None and any(season < 2 for season in value):
        raise ValueError("must be season lengths of at least 2 steps")
    return value


class ScaleSettings(Section):
    """Scaling of values; fitted on train and inverted for output."""

    panel: ClassVar[str] = "Windows"

    scale: Annotated[ScaleMethod | None, ChangesLoss()] = Field(
        None,
        description=(
            "standard: mean and standard deviation. robust: median and interquartile range. minmax: to 0..1. range: "
            "(x - mean) / (max - min). log: logarithm, then standard. Default: log for positive series that are "
            "many or short, if it is no worse for a naive forecast; otherwise standard."
        ),
    )
    scale_per: Annotated[Literal["series", "all"], ChangesLoss()] = Field(
        "series",
        description=(
            "Statistics per series, or one set for all series. With one series: whether new series get their own."
        ),
    )
    instance_norm: Annotated[Literal["none", "standard"] | None, ChangesLoss()] = Field(
        None,
        description=(
            "standard: normalize each window by its own mean and standard deviation as well. Default: standard for "
            "many series."
        ),
    )
    residual_baseline: ResidualBaseline | None = Field(
        None,
        description=(
            "Baseline forecast that the network's output is added to: none, the last value, the mean of values one "
            "season ago, or those plus the last change over a season. Default: the last value for long series; for "
            "many or short ones the best on train; none for the recursive strategy."
        ),
    )
    lags: Annotated[Integers | None, AfterValidator(_lags)] = Field(
        None,
        description=(
            "Lags whose values are inputs for each forecast step, such as 24,168. Default: one, seven and fourteen "
            "seasons for many series; otherwise none."
        ),
    )
    season: Annotated[Integers | None, BeforeValidator(_none), AfterValidator(_seasons)] = Field(
        None,
        description="Season lengths in steps, such as 24,168, or none. Default: found in the train split.",
    )
    baseline_seasons: Annotated[Integers | None, BeforeValidator(_none), AfterValidator(_seasons)] = Field(
        None,
        description="Season lengths of the baselines that the forecast is combined with. Default: `season`, and others "
        "found in the train split.",
    )
    nonnegative: Annotated[Names | None, BeforeValidator(_none)] = Field(
        None,
        description="Targets whose forecasts and intervals are never below 0, or none. Default: those that are often 0 "
        "and never below it in the train split, such as counts and demand.",
    )
