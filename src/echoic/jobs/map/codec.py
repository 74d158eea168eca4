"""The codec of the map job: scales, delay and the steps that have targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.codecs import Scaler
from echoic.jobs.map.delay import find_delay
from echoic.types import Values, stored
from echoic.windows.recordings import Excerpt

MAX_DELAY = 1_000_000
_MOST_STRIDE = 1 << 20
_ALL = ("pairs",)
"""One set of statistics for all series."""


@final
@dataclass(frozen=True, eq=False)
class MapCodec:
    """Scales inputs and targets by statistics of train, and delays the inputs by as much as the targets are late.

    `delay` is in steps, below 0 where targets come first. Predictions are for the steps `phase`, `phase + stride` and
    so on: all, or those of targets with a lower rate. `rate_hz` is None where nothing
    says how long a step is. `energy` `(targets,)` is the mean square of scaled targets.
    """

    inputs: Scaler
    targets: Scaler
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    delay: int = 0
    stride: int = 1
    phase: int = 0
    rate_hz: float | None = None
    is_sound: bool = False
    energy: tuple[float, ...] = ()

    @classmethod
    def fit(cls, training: Sequence[Excerpt], delay: int | None, rate_hz: float | None, preemphasis: float) -> Self:
        """Statistics and delay (None: found) of the excerpts of train."""
        pairs = [(inputs_of(one), targets_of(one)) for one in training]
        inputs, targets = (
            Scaler.fit("standard", _ALL, [torch.from_numpy(np.concatenate(parts))])
            for parts in zip(*pairs, strict=True)
        )
        doubles = [(np.asarray(one, np.float64), np.asarray(other, np.float64)) for one, other in pairs]
        first = training[0].recording
        is_sound = first.annotations.rate_hz is not None
        stride, phase = _stride(training)
        fitted = cls(
            inputs,
            targets,
            first.covariates.past_names,
            first.features,
            find_delay(doubles, may_lead=is_sound) if delay is None else delay,
            stride,
            phase,
            rate_hz,
            is_sound,
        )
        emphasized = [emphasize(fitted.encode_targets(other), preemphasis) for _, other in doubles]
        energy = torch.cat(emphasized).double().square().nanmean(0).clamp(min=1e-8)
        return replace(fitted, energy=tuple(torch.nan_to_num(energy, nan=1.0).tolist()))

    def scale_inputs(self, values: Values) -> NDArray[np.float32]:
        """Scaled inputs `(steps, inputs)` in float32, NaN where missing."""
        scaled = self.inputs.encode(torch.from_numpy(np.asarray(values))[None], torch.zeros(1, dtype=torch.long))
        return np.asarray(scaled[0].float().numpy())

    def encode_inputs(self, values: Values) -> Tensor:
        """What the network reads for each step of a series: scaled, missing values held, and delayed."""
        return torch.from_numpy(delayed(held(self.scale_inputs(values)), self.delay))

    def encode_targets(self, values: Values) -> Tensor:
        """Scaled targets `(steps, targets)` in float32, NaN where missing."""
        scaled = self.targets.encode(torch.from_numpy(np.asarray(values))[None], torch.zeros(1, dtype=torch.long))
        return scaled[0].float()

    def decode(self, scaled: Tensor) -> NDArray[np.float64]:
        """Scaled predictions `(steps, targets)` in units of the data."""
        decoded = self.targets.decode(scaled.double()[None], torch.zeros(1, dtype=torch.long))
        return np.asarray(decoded[0].numpy())

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {
            "inputs": self.inputs.to_json(),
            "targets": self.targets.to_json(),
            "input_names": list(self.input_names),
            "target_names": list(self.target_names),
            "delay_steps": self.delay,
            "target_stride": self.stride,
            "target_phase": self.phase,
            "rate_hz": self.rate_hz,
            "is_sound": self.is_sound,
            "target_energy": list(self.energy),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The codec that `to_json` wrote.

        Raises:
            ValueError: a field is missing or out of range, or the shapes differ.
        """
        names = stored.texts(data, "input_names"), stored.texts(data, "target_names")
        inputs, targets = (Scaler.from_json(dict(stored.field(data, name))) for name in ("inputs", "targets"))
        for scaler, own, name in zip((inputs, targets), names, ("inputs", "targets"), strict=True):
            if scaler.center.shape != (1, len(own)):
                raise ValueError(f"`{name}` must have statistics of {len(own)} columns")
        stride = stored.integer(data, "target_stride", 1, _MOST_STRIDE)
        rate_hz = None if stored.field(data, "rate_hz") is None else stored.number(data, "rate_hz", 1e-12, 1e9)
        return cls(
            inputs,
            targets,
            *names,
            stored.integer(data, "delay_steps", -MAX_DELAY, MAX_DELAY),
            stride,
            stored.integer(data, "target_phase", 0, stride - 1),
            rate_hz,
            stored.flag(data, "is_sound"),
            tuple(stored.array(data, "target_energy", len(names[1])).clip(min=1e-8).tolist()),
        )


def inputs_of(excerpt: Excerpt) -> Values:
    """The inputs `(steps, inputs)` of an excerpt."""
    return excerpt.recording.covariates.past[excerpt.begin : excerpt.end]


def targets_of(excerpt: Excerpt) -> Values:
    """The targets `(steps, targets)` of an excerpt."""
    return excerpt.recording.values[excerpt.begin : excerpt.end]


def held(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Missing values replaced by the last one of their column, or by 0, the mean of training, before the first."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    steps = np.where(missing, -1, np.arange(len(values))[:, None])
    last = np.maximum.accumulate(steps, axis=0)
    found = np.take_along_axis(values, last.clip(min=0), 0)
    return np.where(last < 0, np.float32(0), found)


def delayed(values: NDArray[np.float32], delay: int) -> NDArray[np.float32]:
    """`values` `(steps, inputs)` that come `delay` steps later, with 0 before them, or after them if it is negative."""
    moved, kept = np.zeros_like(values), max(0, len(values) - abs(delay))
    if delay >= 0:
        moved[delay:] = values[:kept]
    else:
        moved[:kept] = values[-delay:]
    return moved


def emphasize(values: Tensor, coefficient: float) -> Tensor:
    """`values[t] - coefficient * values[t - 1]` `(..., steps, features)`; NaN at the first step."""
    before = torch.nn.functional.pad(values, (0, 0, 1, 0), value=torch.nan)[..., :-1, :]
    return values - coefficient * before if coefficient else values


def _stride(training: Sequence[Excerpt]) -> tuple[int, int]:
    """The distance of the steps that have targets, and the first of them; 1 and 0 if it is not constant."""
    stride, phases = 0, set[int]()
    for one in training:
        steps = one.begin + np.flatnonzero(~np.isnan(targets_of(one)).all(1))
        if len(steps):
            stride = int(np.gcd.reduce(np.diff(steps), initial=stride))
            phases.add(int(steps[0]))
    if stride < 2 or len({phase % stride for phase in phases}) > 1:
        return 1, 0
    return stride, phases.pop() % stride
