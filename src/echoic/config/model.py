"""Settings of recurrent layers and heads."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from echoic.config.base import Integers, Numbers, Section
from echoic.config.search import ChangesLoss, Choices, OnlyWith, Range

_RECURRENT = OnlyWith(("model",), ("recurrent", "samples", "frames"))
"""Of the values of `model` in all jobs, those with recurrent layers."""


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

    cell: Annotated[Literal["lstm", "gru", "mingru"], Choices(("lstm", "gru")), _RECURRENT] = Field(
        "gru", description="Type of recurrent layer; mingru has no recurrent weights and trains faster (Feng 2024)."
    )
    layers: Annotated[
        Integers,
        AfterValidator(_layer_sizes),
        Choices(((32,), (64,), (128,), (32, 32), (64, 64)), jobs=("forecast", "classify", "detect", "map")),
        Choices(((128,), (256,), (384,), (512,), (256, 256)), jobs=("music", "text", "audio")),
        Choices(((96,), (128,), (192,), (128, 128), (192, 192)), jobs=("transcribe",)),
        _RECURRENT,
    ] = Field((64,), description="Hidden size of each recurrent layer, such as 16,16.")
    dropout: Annotated[float, Range(0.0, 0.6)] = Field(
        0.0, ge=0, lt=1, description="Dropout after each recurrent layer."
    )
    input_dropout: Annotated[float, Range(0.0, 0.4, jobs=("music", "text")), _RECURRENT] = Field(
        0.0, ge=0, lt=1, description="Dropout on the inputs of the first recurrent layer."
    )
    variational_dropout: Annotated[bool, OnlyWith(("dropout", "input_dropout")), _RECURRENT] = Field(
        default=False, description="Use one dropout mask for all steps of a sequence (Gal and Ghahramani 2016)."
    )
    weight_dropout: Annotated[float, OnlyWith(("cell",), ("lstm", "gru")), _RECURRENT] = Field(
        0.0, ge=0, lt=1, description="Dropout on the recurrent weights, per batch (Merity 2017)."
    )
    forget_bias: Annotated[float, OnlyWith(("cell",), ("lstm",)), _RECURRENT] = Field(
        1.0, description="Initial bias of the LSTM's forget gate."
    )
    learn_initial_state: Annotated[bool, _RECURRENT] = Field(
        default=False, description="Learn the initial state; otherwise it is zero."
    )


class HeadSettings(Section):
    """The output head."""

    head: Annotated[Literal["point", "gaussian", "student_t", "quantiles"], ChangesLoss()] = Field(
        "point", description="point: one value. gaussian, student_t: a distribution. quantiles: quantiles directly."
    )
    loss: Annotated[Literal["mse", "mae", "huber"], ChangesLoss()] = Field(
        "mse",
        description="Loss of the point head; huber changes from squared to absolute error at 0.5 in scaled units.",
    )
    quantiles: Annotated[Numbers, AfterValidator(_levels), ChangesLoss()] = Field(
        (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975),
        description="Quantile levels of the quantiles head.",
    )
