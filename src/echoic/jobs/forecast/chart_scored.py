"""The split whose forecasts a report shows."""

from dataclasses import dataclass
from typing import Self, final

import torch
from torch import Tensor

from echoic.errors import DataError
from echoic.forecasting.evaluator import Evaluator
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.task import ForecastTask
from echoic.jobs.forecast.use import evaluator_of
from echoic.windows import Ranges


@final
@dataclass(frozen=True, eq=False)
class Scored:
    """The evaluated split and its evaluator."""

    split: str
    ranges: Ranges
    evaluator: Evaluator

    @classmethod
    def of(cls, fitted: Fitted[ForecastTask]) -> Self | None:
        """The test split if it has a window, else dev, else None."""
        for split in ("test", "dev"):
            try:
                evaluator, _ = evaluator_of(fitted, None, split, 1)
            except DataError:
                continue
            return cls(split, fitted.task.splits[split], evaluator)
        return None

    def starts(self, number: int, stride: int = 1) -> Tensor:
        """First rows of the windows of one series."""
        windows = self.evaluator.sampler(self.ranges, stride).windows
        return windows.first[number] + stride * torch.arange(int(windows.counts[number]))
