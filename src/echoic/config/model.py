"""Settings of the network and of the windows it sees."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from echoic.config.base import Integers, Numbers, Section


def _layer_sizes(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value or min(value) < 1:
        raise ValueError("must be one or more positive layer sizes")
    return value


def _levels(value: tuple[float, ...]) -> tuple[float, ...]:
    if not value or not all(0 < level < 1 for level in value) or sorted(set(value)) != list(value):
        raise ValueError("must be increasing probabilities between 0 and 1")
    return value


class StackSettings(Section):
    """The recurrent layers."""

    cell: Literal["lstm", "gru"] = Field("gru", description="Kind of recurrent layer.")
    layers: Annotated[Integers, AfterValidator(_layer_sizes)] = Field(
        (64,), description="Hidden size of each layer, such as 16,16."
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of each layer's outputs dropped in training.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Share of the lowest layer's inputs dropped in training.")
    variational_dropout: bool = Field(
        default=False, description="Drop the same values at all steps of a sequence, instead of others at each."
    )
    weight_dropout: float = Field(
        0.0, ge=0, lt=1, description="Share of the recurrent weights dropped in training, anew for each batch."
    )
    forget_bias: float = Field(1.0, description="Start value of the LSTM's forget-gate bias.")
    learn_initial_state: bool = Field(
        default=False, description="Learn the state before the first step instead of zero."
    )


class HeadSettings(Section):
    """What sits on the hidden vector."""

    head: Literal["point", "gaussian", "student_t", "quantiles"] = Field(
        "point", description="point: one value. gaussian, student_t: a distribution. quantiles: its levels directly."
    )
    loss: Literal["mse", "mae", "huber"] = Field(
        "mse", description="Loss of the point head; huber turns from squared to absolute at half a scaled unit."
    )
    quantiles: Annotated[Numbers, AfterValidator(_levels)] = Field(
        (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975),
        description="Quantile levels of the quantile head.",
    )
