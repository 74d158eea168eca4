"""Settings of the training loop."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from echoic.config.base import Section
from echoic.config.search import Choices, Range
from echoic.errors import ConfigError


class TrainSettings(Section):
    """The training loop."""

    panel: ClassVar[str] = "Training"

    epochs: int = Field(20, ge=1, description="Number of passes over the training data.")
    steps: int | None = Field(
        None,
        ge=1,
        description=(
            "Number of training steps, one batch each (per network with folds); replaces --epochs, and the "
            "learning-rate schedule follows it."
        ),
    )
    minutes: float | None = Field(
        None,
        gt=0,
        description=(
            "Time budget in minutes, counted from the first step (per network with folds) and at least one step long; "
            "replaces --epochs, --steps and --patience, and the learning-rate schedule follows it."
        ),
    )
    batch_size: Annotated[
        int,
        Choices((16, 32, 64, 128), jobs=("forecast",)),
        Choices((8, 16, 32), jobs=("music", "classify", "detect", "map", "transcribe")),
        Choices((8, 16, 32, 64), jobs=("text",)),
        Choices((2, 4, 8), jobs=("audio",)),
    ] = Field(64, ge=1, description="Number of windows, streams or sequences per batch.")
    optimizer: Literal["adam", "adamw", "sgd"] = Field("adamw", description="Optimizer.")
    lr: Annotated[float, Range(3e-4, 3e-2, log=True)] = Field(2e-3, gt=0, description="Peak learning rate.")
    lr_schedule: Literal["constant", "cosine"] = Field("cosine", description="Learning-rate schedule after warm-up.")
    warmup_fraction: float = Field(
        0.02, ge=0, lt=1, description="Fraction of the run for linear warm-up of the learning rate."
    )
    weight_decay: Annotated[float, Range(1e-4, 0.3, log=True)] = Field(0.0, ge=0, description="Weight decay.")
    grad_clip_norm: float = Field(1.0, gt=0, description="Gradient clipping threshold (global norm).")
    ema_decay: float = Field(
        0.0, ge=0, lt=1, description="Decay per step of the exponential moving average of the weights; 0 disables it."
    )
    evals_per_epoch: int = Field(1, ge=1, description="Number of dev evaluations per epoch.")
    patience: int = Field(
        10, ge=1, description="Dev evaluations without improvement before early stopping (not with --minutes)."
    )
    input_noise_std: float = Field(
        0.0, ge=0, description="Standard deviation of Gaussian noise on the inputs in training, in scaled units."
    )
    scheduled_sampling: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of inputs replaced by the network's own predictions by the end of training.",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Random seed of weights, batch order, dropout and noise.")
    device: str = Field("cpu", description="PyTorch device, such as cpu or cuda.")
    threads: int | None = Field(
        None, ge=1, description="Number of CPU threads. Default: 1 for small networks, otherwise PyTorch's."
    )
    precision: Literal["float32", "bf16"] = Field(
        "float32",
        description=(
            "Operands of products in training: float32, or bfloat16, which is faster on CPUs that multiply it (`echoic "
            "info` says so). Sums, states, weights, outputs and evaluation are in float32 either way."
        ),
    )
    checkpoint_interval_s: float = Field(30.0, gt=0, description="Maximum time between checkpoints in seconds.")


def refuse_input_noise(settings: TrainSettings, inputs: str, alternative: str) -> None:
    """For jobs whose inputs are not plain numbers; `alternative` is the setting to use.

    Raises:
        ConfigError: `input_noise_std` is set.
    """
    if settings.input_noise_std:
        raise ConfigError(f"`input_noise_std` is not supported for {inputs}; use `{alternative}`.")
