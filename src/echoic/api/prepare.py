"""From what was asked for to a task: the job, its settings, its data."""

from collections.abc import Mapping
from typing import Any

import torch

from echoic import sources
from echoic.config import JobSettings, TrainSettings
from echoic.errors import ConfigError
from echoic.jobs import JOBS
from echoic.jobs.base import Job, Task
from echoic.progress import ProgressFn, no_progress


def prepare(
    job: str, data: Any, config: Mapping[str, Any], settings: Mapping[str, Any], on_prepare: ProgressFn = no_progress
) -> Task:
    """Reads the data and makes every choice that the settings leave open.

    Raises:
        ConfigError: an unknown setting, or settings that do not go together.
        DataError: the data cannot be read or do not suffice.
    """
    checked: Any = build_settings(job, config, settings)
    _check_device(checked.train)
    if checked.stack.cell == "gru" and "forget_bias" in checked.given():
        raise ConfigError("`stack.forget_bias` is for --cell lstm; a GRU has no forget gate.")
    task = get_job(job).task.fit(sources.read(data, checked.data), checked, on_prepare)
    if checked.train.scheduled_sampling and not task.supports_scheduled_sampling:
        raise ConfigError(
            "`train.scheduled_sampling` is for networks that read what they told a step before; this one does not."
        )
    return task


def build_settings(job: str, config: Mapping[str, Any], settings: Mapping[str, Any]) -> JobSettings:
    """The checked settings of a job, from sections and from single fields."""
    return get_job(job).task.settings_class.build(config, settings)


def get_job(name: str) -> Job:
    """The job of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in JOBS:
        raise ConfigError(f"There is no job {name!r}; there are: {', '.join(JOBS)}.")
    return JOBS[name]


def _check_device(settings: TrainSettings) -> None:
    try:
        torch.zeros(1, device=settings.device)
    except (RuntimeError, AssertionError):
        raise ConfigError(f"`train.device` {settings.device!r} is not available here; try cpu.") from None
