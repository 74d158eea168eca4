"""Settings of the training loop."""

from typing import Literal

from pydantic import Field

from echoic.config.base import Section


class TrainSettings(Section):
    """One loop for every job."""

    epochs: int = Field(20, ge=1, description="Passes over the training windows.")
    minutes: float | None = Field(
        None,
        gt=0,
        description="Time budget for the whole command, with folds for each network; replaces --epochs, and the "
        "schedule is fitted to it.",
    )
    batch_size: int = Field(64, ge=1, description="Windows, streams or sequences in a batch.")
    optimizer: Literal["adam", "adamw", "sgd"] = Field("adamw", description="Optimiser.")
    lr: float = Field(2e-3, gt=0, description="Peak learning rate.")
    lr_schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="How the learning rate falls over the run."
    )
    warmup_fraction: float = Field(0.02, ge=0, lt=1, description="Share of the run over which the learning rate rises.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    grad_clip_norm: float = Field(1.0, gt=0, description="Largest norm of the whole gradient.")
    ema_decay: float = Field(0.0, ge=0, lt=1, description="Decay per step of the averaged weights; 0 keeps none.")
    evals_per_epoch: int = Field(1, ge=1, description="Looks at dev in an epoch.")
    patience: int = Field(
        10, ge=1, description="Looks at dev without a better loss before stopping (not with --minutes)."
    )
    input_noise_std: float = Field(
        0.0, ge=0, description="Deviation of noise added to the inputs in training, scaled units."
    )
    scheduled_sampling: float = Field(
        0.0, ge=0, le=1, description="Share of inputs replaced by the network's own prediction (scheduled sampling)."
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of weights, order, dropout and noise.")
    device: str = Field("cpu", description="Torch device.")
    threads: int | None = Field(None, ge=1, description="CPU threads; torch's own choice by default.")
    checkpoint_interval_s: float = Field(30.0, gt=0, description="Longest time between two checkpoints.")
