"""Settings of what is read, how it is split and how it is scaled."""

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from echoic.config.base import Integers, Names, Section, _split_commas

SplitRule = tuple[float, float, float] | tuple[int, int, int] | tuple[str, str]


def are_fractions(train: float, dev: float, test: float) -> bool:
    """Whether a split is meant in fractions, not in steps: `0,1,0` is all but one step, then one."""
    return train + dev + test <= 1 + 1e-9 and (train > 0 or max(dev, test) < 1)


def _check_split(value: Any) -> SplitRule | None:
    """Fractions, counts or two dates, as the kind of numbers says."""
    if value is None or value == "auto":
        return None
    texts = [str(part) for part in _split_commas(value)]
    if len(texts) == 2:
        return (texts[0], texts[1])
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(0 <= number < math.inf for number in numbers):
        raise ValueError("must be three fractions, three counts, or the two dates at which dev and test begin")
    if are_fractions(*numbers):
        return (numbers[0], numbers[1], numbers[2])
    if any(number != int(number) for number in numbers):
        raise ValueError("must be fractions with a sum of at most 1, or whole numbers of steps")
    return (int(numbers[0]), int(numbers[1]), int(numbers[2]))


def _check_fractions(value: Any) -> tuple[float, float, float]:
    rule = _check_split(value)
    if rule is None or len(rule) != 3 or not are_fractions(*rule) or rule[0] <= 0:
        raise ValueError("must be three fractions with a sum of at most 1, such as 0.9,0.05,0.05")
    return rule


FractionSplit = Annotated[tuple[float, float, float], BeforeValidator(_check_fractions)]
"""Train, dev and test as fractions."""


def _check_song_split(value: Any) -> SplitRule | None:
    rule = _check_split(value)
    if rule is not None and len(rule) != 3:
        raise ValueError("must be three fractions or three numbers of songs")
    return rule


def _lags(value: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if value is not None and any(lag < 1 for lag in value):
        raise ValueError("must be positive numbers of steps")
    return value


def _seasons(value: tuple[int, ...]) -> tuple[int, ...]:
    if any(season < 2 for season in value):
        raise ValueError("must be season lengths of at least 2 steps")
    return value


class TableSettings(Section):
    """How a table is read as series."""

    format: Literal["auto", "wide", "long", "m4"] = Field(
        "auto",
        description="wide: a column a feature. long: columns unique_id, ds, y (or --id, --time, --target) and many "
        "series. m4: a row a series, as in the M4 competition. auto: long if --id is given or unique_id is there.",
    )
    time: str | None = Field(None, description="Column of timestamps; without it steps are just counted.")
    target: Names = Field((), description="Columns to predict, comma-separated; all numeric ones by default.")
    id: str | None = Field(None, description="Column that names the series (long format).")
    past: Names = Field((), description="Columns known up to now only, used as inputs.")
    future: Names = Field((), description="Columns known ahead (calendar, plans), used as inputs.")
    static: Names = Field((), description="Columns that never change within a series, used as inputs.")
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of numbers.")
    delimiter: str | None = Field(None, description="Column separator; found from the header by default.")
    encoding: str = Field("utf-8", description="Text encoding of CSV files.")
    date_format: str | None = Field(None, description="Format of timestamps, such as %d.%m.%Y.")
    gaps: Literal["error", "mask"] = Field(
        "error", description="Missing rows in time: stop, or insert them as missing values (masked, counted)."
    )
    sort: bool = Field(default=False, description="Sort rows by time instead of refusing unsorted ones.")


class SplitSettings(Section):
    """How each series is cut in time into train, dev and test."""

    split: Annotated[SplitRule | None, BeforeValidator(_check_split)] = Field(
        None,
        description="train,dev,test as fractions (0.6,0.2,0.2) or steps (8640,2880,2880), or the two dates at which "
        "dev and test begin. Default: 0.6,0.2,0.2; of many series the last horizon is test, that before it dev.",
    )
    split_order: Literal["time", "shuffled"] = Field(
        "time",
        description="shuffled: windows go to parts at random. Overlapping windows then share steps between parts: "
        "scores are too good, and the report says by how much.",
    )


class SongSplitSettings(Section):
    """Which songs are for training, which for dev and which for test."""

    split: Annotated[tuple[float, float, float] | tuple[int, int, int] | None, BeforeValidator(_check_song_split)] = (
        Field(
            None,
            description="train,dev,test as fractions (0.8,0.1,0.1) or numbers of songs; songs go to parts at random, "
            "always the same way. Default: the parts that the data come in, else 0.8,0.1,0.1.",
        )
    )


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
    window_scale: Literal["none", "standard"] | None = Field(
        None, description="standard: each window by its own mean and deviation as well. Default: for many series."
    )
    base: Literal["none", "last", "seasonal", "growth"] | None = Field(
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
