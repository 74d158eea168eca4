"""Settings of the forecast job: its sections, and the few fields that only it has."""

from typing import Any, Literal

from pydantic import Field

from echoic.config.base import JobSettings, Section
from echoic.config.model import HeadSettings, StackSettings
from echoic.config.requests import GenerateRequest
from echoic.config.scale import ScaleSettings
from echoic.config.split import SplitSettings
from echoic.config.table import TableSettings
from echoic.config.train import TrainSettings


class WindowSettings(Section):
    """What the network sees at once, and how it looks ahead."""

    lookback: int | None = Field(None, ge=1, description="Steps the network sees; fitted to the data by default.")
    horizon: int = Field(1, ge=1, description="Steps to forecast.")
    stride: int = Field(1, ge=1, description="Distance between training windows, in steps.")
    max_dev_windows: int = Field(
        2000, ge=1, description="Windows of dev that are looked at in training, evenly spaced."
    )
    strategy: Literal["recursive", "direct", "segments"] | None = Field(
        None,
        description="step: one at a time, fed back. direct: the whole horizon at once. segments: in segments, decoded "
        "in parallel. Default: segments for a long horizon, direct for a short one, step by step for a horizon of 1 "
        "without a season.",
    )
    segment_steps: int | None = Field(None, ge=1, description="Steps in a segment; a season or 24 by default.")
    channels: Literal["independent", "joint"] | None = Field(
        None,
        description="Several targets: one network shared by all channels, or one that sees them jointly. "
        "Default: shared for segments, joint otherwise.",
    )
    batching: Literal["windows", "chunks", "whole"] = Field(
        "windows",
        description="windows: shuffled. chunks: neighbouring pieces with the state carried. whole: entire series, "
        "bucketed by length. chunks and whole are for step by step.",
    )
    loss_at: Literal["every", "late", "last"] | None = Field(
        None,
        description="Step by step: which steps of a window count. late: its second half, once the state has warmed "
        "up. Default: late for windows, every for chunks and whole series.",
    )
    conformal: bool = Field(
        default=False, description="Calibrate the intervals on the dev part (always done for the point head)."
    )
    recency_exponent: float | None = Field(
        None,
        ge=1,
        description="Windows are drawn by age: the power of a random share that picks it. 1: all alike; 2: recent "
        "windows more often. Default: 2 for many series, else 1.",
    )
    season_aligned_fraction: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of training windows that end a whole number of seasons before the series does, as the "
        "forecast after its end will. Default: 0.7 for many series, else 0.",
    )
    refit: bool | None = Field(
        None,
        description="When dev has been watched to the end, train anew on train and dev: for as many steps, or with a "
        "constant learning rate for as many as were best. Default: if there is no test part.",
    )


BY_STRATEGY: dict[str, dict[str, Any]] = {
    "recursive": {"layers": (32,), "batch_size": 64, "lr": 1e-2, "ema_decay": 0.99, "epochs": 10},
    "direct": {"layers": (32,), "batch_size": 32, "lr": 1e-3, "weight_decay": 0.01, "ema_decay": 0.99, "epochs": 40},
    "segments": {
        "layers": (256,), "dropout": 0.3, "loss": "huber", "batch_size": 64, "lr": 1e-3, "lr_schedule": "constant",
        "warmup_fraction": 0.0, "ema_decay": 0.99, "epochs": 6, "evals_per_epoch": 4, "max_dev_windows": 600,
        "patience": 5,
    },
    "many": {
        "layers": (128,), "dropout": 0.1, "loss": "mae", "batch_size": 256, "lr": 2e-3, "weight_decay": 0.01,
        "epochs": 3, "recency_exponent": 2.0, "season_aligned_fraction": 0.7,
    },
}  # fmt: skip
"""Defaults by the way of looking ahead, and for many series at once; a value set by the user stands."""


class ForecastRequest(GenerateRequest):
    """How to continue series."""

    length: int = Field(100, ge=1, description="Number of steps.")
    prime: Any = Field(
        None,
        description="Series to continue: a file, or N for the last N steps of the run's data. Default: all of it.",
    )
    temperature: float = Field(
        0.0,
        ge=0,
        description="Scales the distance of each draw from the mean: 0 follows the mean, 1 samples the model's "
        "distribution.",
    )


class ForecastSettings(JobSettings):
    """Settings of `echoic train forecast`."""

    request_class = ForecastRequest

    default_depends_on = dict.fromkeys((field for chosen in BY_STRATEGY.values() for field in chosen), "--strategy")

    data: TableSettings = TableSettings()
    split: SplitSettings = SplitSettings()
    scaling: ScaleSettings = ScaleSettings()
    window: WindowSettings = WindowSettings()
    stack: StackSettings = StackSettings()
    output: HeadSettings = HeadSettings()
    train: TrainSettings = TrainSettings()
