"""Settings of the section `split`, and the values that they take."""

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from echoic.config.base import Section, split_commas
from echoic.config.numbers import number_in

SplitRule = tuple[float, float, float] | tuple[int, int, int] | tuple[str, str]

DEFAULT_FRACTIONS = (0.8, 0.1, 0.1)
"""Fractions of whole items (songs, recordings, clips), unless a setting or the data define the splits."""


def are_fractions(train: float, dev: float, test: float) -> bool:
    """Whether a split is given in fractions, not in numbers of steps: `0,1,0` is all steps but one, then one."""
    return train + dev + test <= 1 + 1e-9 and (train > 0 or max(dev, test) < 1)


def check_split(value: Any) -> SplitRule | None:
    """Fractions, numbers of steps (or items), or two dates."""
    if value is None or value == "auto":
        return None
    texts = [str(part) for part in split_commas(value)]
    if len(texts) == 2:
        return (texts[0], texts[1])
    try:
        numbers = [number_in(text) for text in texts]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(0 <= number < math.inf for number in numbers):
        raise ValueError("must be three fractions, three counts, or the two dates at which dev and test begin")
    if are_fractions(*numbers):
        return (numbers[0], numbers[1], numbers[2])
    if any(number != int(number) for number in numbers):
        raise ValueError("must be fractions with a sum of at most 1, or whole numbers of steps")
    return (int(numbers[0]), int(numbers[1]), int(numbers[2]))


def check_fractions(value: Any) -> tuple[float, float, float]:
    """Fractions only, as in `check_split`."""
    rule = check_split(value)
    if rule is None or len(rule) != 3 or not are_fractions(*rule) or rule[0] <= 0:
        raise ValueError("must be three fractions with a sum of at most 1, such as 0.9,0.05,0.05")
    return rule


FractionSplit = Annotated[tuple[float, float, float], BeforeValidator(check_fractions)]
"""Train, dev and test as fractions."""


class SplitSettings(Section):
    """How each series is split in time into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: Annotated[SplitRule | None, BeforeValidator(check_split)] = Field(
        None,
        description=(
            "train,dev,test as fractions (0.6,0.2,0.2) or numbers of steps (8640,2880,2880), or the two dates at "
            "which dev and test begin. Default: 0.6,0.2,0.2; with many series the last horizon is test and the one "
            "before it dev."
        ),
    )
    split_order: Literal["time", "shuffled"] = Field(
        "time",
        description=(
            "shuffled: windows are assigned to splits at random. Overlapping windows then share steps between "
            "splits, which inflates scores; the report states the overlap."
        ),
    )
