"""Settings of the forecast job."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from echoic.config.base import ComponentSettings, JobSettings, Section
from echoic.config.calendar import CalendarSettings
from echoic.config.model import HeadSettings, StackSettings
from echoic.config.requests import GenerateRequest
from echoic.config.scale import ScaleSettings
from echoic.config.search import ChangesLoss, OnlyWith
from echoic.config.split import SplitSettings
from echoic.config.table import TableSettings
from echoic.config.train import TrainSettings
from echoic.errors import ConfigError


class WindowSettings(Section):
    """Look-back, horizon and training windows."""

    panel: ClassVar[str] = "Windows"

    lookback: Annotated[int | None, ChangesLoss(OnlyWith(("instance_norm",), ("standard",)))] = Field(
        None, ge=1, description="Length of the look-back window in steps. Default: chosen from the data."
    )
    horizon: Annotated[int, ChangesLoss()] = Field(1, ge=1, description="Forecast horizon in steps.")
    stride: int = Field(1, ge=1, description="Steps between consecutive training windows.")
    windows_per_epoch: int | None = Field(
        None,
        ge=1,
        description=(
            "Number of training windows per epoch, drawn at random where there are more. Default: 200,000 for many "
            "series, otherwise all."
        ),
    )
    max_dev_windows: Annotated[int, ChangesLoss()] = Field(
        2000, ge=1, description="Maximum number of dev windows per dev evaluation, evenly spaced."
    )
    strategy: Annotated[Literal["recursive", "direct", "segments"] | None, ChangesLoss()] = Field(
        None,
        description=(
            "recursive: one step at a time, each fed back. direct: the whole horizon at once. segments: segment by "
            "segment, decoded in parallel. Default: segments for long horizons, and for many series with a long "
            "look-back; otherwise direct."
        ),
    )
    segment_steps: Annotated[int | None, OnlyWith(("strategy",), ("segments",))] = Field(
        None, ge=1, description="Length of a segment in steps. Default: a season, or up to 24."
    )
    channels: Literal["independent", "joint"] | None = Field(
        None,
        description=(
            "With several targets. independent: one network shared by all channels. joint: one network that sees "
            "all channels. Default: independent for segments, otherwise joint."
        ),
    )
    batching: Annotated[Literal["windows", "chunks", "whole"], ChangesLoss()] = Field(
        "windows",
        description=(
            "windows: shuffled windows. chunks: consecutive chunks with the state carried. whole: whole series, "
            "bucketed by length. chunks and whole require --strategy recursive."
        ),
    )
    loss_at: Annotated[Literal["every", "late", "last"] | None, ChangesLoss()] = Field(
        None,
        description=(
            "Recursive strategy: the steps of a window that count in the loss. late: the second half, after the "
            "state has warmed up. Default: late for windows, otherwise every."
        ),
    )
    network_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Weight of the network in the forecast; the rest is a combination of baselines that follows the recent "
            "errors of each series. 1: the network alone. Default: chosen on dev for each block of the horizon."
        ),
    )
    recency_exponent: float | None = Field(
        None,
        ge=1,
        description=(
            "Sampling of training windows by age: 1 is uniform, larger values prefer recent windows. Default: 2 for "
            "many series, otherwise 1."
        ),
    )
    season_aligned_fraction: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Fraction of training windows that end a whole number of seasons before the end of the series, like the "
            "forecast itself. Default: 0.7 for many series, otherwise 0."
        ),
    )
    refit: bool | None = Field(
        None,
        description=(
            "After training, train again on train and dev together, for as many steps as were best on dev. Default: "
            "if there is no test split and dev is at least a tenth of the data."
        ),
    )


BY_STRATEGY: dict[str, dict[str, Any]] = {
    "recursive": {"layers": (32,), "batch_size": 64, "lr": 1e-2, "ema_decay": 0.99, "epochs": 10},
    "direct": {"layers": (64,), "batch_size": 32, "lr": 3e-3, "weight_decay": 0.01, "ema_decay": 0.99, "epochs": 120},
    "segments": {
        "layers": (256,), "dropout": 0.3, "loss": "huber", "batch_size": 64, "lr": 1e-3, "lr_schedule": "constant",
        "warmup_fraction": 0.0, "ema_decay": 0.99, "epochs": 6, "evals_per_epoch": 4, "max_dev_windows": 600,
        "patience": 5,
    },
    "many": {
        "layers": (128,), "dropout": 0.1, "loss": "mae", "batch_size": 256, "lr": 2e-3, "weight_decay": 0.01,
        "epochs": 3, "recency_exponent": 2.0, "season_aligned_fraction": 0.7, "windows_per_epoch": 200_000,
    },
}  # fmt: skip
"""Defaults by strategy, and for many series; values set by the user take precedence."""


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
        description="Scales the deviation of samples from the mean: 0 returns the mean, 1 samples the model's "
        "distribution.",
    )


class ForecastSettings(JobSettings):
    """Settings of `echoic train forecast`."""

    component_settings: ClassVar[ComponentSettings] = {"head": ("head", "loss", "quantiles")}
    request_class = ForecastRequest

    default_depends_on = dict.fromkeys((field for chosen in BY_STRATEGY.values() for field in chosen), "--strategy")

    data: TableSettings = TableSettings()
    calendar: CalendarSettings = CalendarSettings()
    split: SplitSettings = SplitSettings()
    scaling: ScaleSettings = ScaleSettings()
    window: WindowSettings = WindowSettings()
    stack: StackSettings = StackSettings()
    output: HeadSettings = HeadSettings()
    train: TrainSettings = TrainSettings()

    def check_planned(self) -> None:
        """As of all settings: a seasonal baseline has a season."""
        baseline = self.scaling.residual_baseline
        if baseline in {"seasonal", "growth"} and not self.scaling.season:
            raise ConfigError(
                f"`scaling.season` must not be empty with the residual baseline {baseline}; restore "
                "the file, or train again."
            )
