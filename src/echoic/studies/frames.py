"""The trials of a study as a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from echoic.jobs.base import Table
from echoic.studies.definition import Definition
from echoic.studies.records import Trial


def frame(definition: Definition, trials: Sequence[Trial]) -> Table:
    """One row per trial; see `Study.frame`."""
    goals = {goal: np.array([one.goals.get(goal, np.nan) for one in trials], np.float64) for goal in definition.goals}
    return {
        "trial": np.array([one.number for one in trials], np.int64),
        "state": np.array([one.state for one in trials], object),
        **goals,
        "loss_std": np.array([np.std(one.losses) if one.losses else np.nan for one in trials], np.float64),
        "seeds": np.array([len(one.losses) for one in trials], np.int64),
        **{name: _column([trial.settings.get(name) for trial in trials]) for name in definition.names},
    }


def _column(values: list[Any]) -> Any:
    """Values of a setting as an array of numbers, or of objects."""
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array(["" if value is None else value for value in values], object)
