"""A series of a forecast report over its own time axis, and the chart of its data by split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.jobs.forecast.task import ForecastTask
from echoic.report.charts import Band, Chart, Line, Role
from echoic.types import Series

MOST_SERIES = 3
"""Maximum number of series with their own charts."""


@final
@dataclass(frozen=True)
class View:
    """The first feature of series `number`, over its own time axis."""

    task: ForecastTask
    number: int

    @property
    def series(self) -> Series:
        """The series."""
        return self.task.series[self.number]

    def within(self, rows: Tensor) -> NDArray[np.int64]:
        """Panel rows as steps of the series."""
        return np.asarray((rows - self.task.panel.offsets[self.number]).numpy())

    def bounds(self, split: str) -> tuple[int, int]:
        """The first step of a split and the step after its last."""
        ranges = self.task.splits[split]
        begin, end = self.within(torch.stack([ranges.begin[self.number], ranges.end[self.number]])).tolist()
        return begin, end

    def line(self, name: str, begin: int, end: int, role: Role = "data") -> Line:
        """The values of steps `begin` to `end` (exclusive)."""
        return Line(name, self.time(np.arange(begin, end)), self.series.values[begin:end, 0], role)

    def time(self, steps: NDArray[np.int64]) -> NDArray[Any]:
        """The times of steps."""
        return self.series.time.local_times(steps)

    @property
    def _time_label(self) -> str:
        time = self.series.time
        if not time.has_dates:
            return "Step"
        return "Time" if time.zone is None else f"Time ({time.zone})"

    def chart(self, key: str, title: str, lines: Sequence[Line], caption: str, bands: Sequence[Band] = ()) -> Chart:
        """A chart over the time of the series; its caption says what of the data is left out."""
        several = len(self.task.panel.names) > 1
        return Chart(
            key=f"{key}-{self.number + 1}" if several else key,
            title=f"{title}: {self.series.name}" if several else title,
            x_label=self._time_label,
            y_label=self.series.features[0],
            lines=tuple(lines),
            bands=tuple(bands),
            caption=f"{caption} {self._left_out()}".strip(),
        )

    def _left_out(self) -> str:
        series, features = len(self.task.panel.names), len(self.series.features)
        sentences = []
        if features > 1:
            sentences.append(f"Shown: {self.series.features[0]}, the first of {features} features.")
        if series > 1:
            sentences.append(f"Series {self.number + 1} of {series}; drawn: the first {min(series, MOST_SERIES)}.")
        return " ".join(sentences)


def data_chart(view: View) -> Chart:
    """The data by split."""
    steps = view.series.steps
    if view.task.settings.split.split_order == "shuffled":
        caption = "Windows are assigned to train, dev and test at random, so splits are not separated in time."
        return view.chart("data", "Data", [view.line("data", 0, steps)], caption)
    roles: dict[str, Role] = {"train": "train", "dev": "dev", "test": "test"}
    bounds = {split: view.bounds(split) for split in roles}
    lines = [
        view.line(split, *bounds[split], role) for split, role in roles.items() if bounds[split][0] < bounds[split][1]
    ]
    last = bounds["test"][1]
    if last < steps:
        lines.append(view.line("unused", last, steps, "unused"))
    return view.chart("data", "Data", lines, "The data by split.")
