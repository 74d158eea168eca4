"""Baselines of signals from signals, by least squares: static ones, a linear filter, and a simulated ARX model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import scipy  # loads `scipy.signal` lazily, which is slow to import
from numpy.typing import NDArray

from echoic.types import stored

Floats = NDArray[np.float64]

POLYNOMIAL_DEGREE = 5
FIR_STEPS = 256
"""Steps of the linear filter at most."""

_ARX_ORDERS = (1, 2, 4, 8, 16)
_MOST_COLUMNS = 1024
_MOST_ROWS = 200_000
"""Rows of the least squares at most, in evenly spaced pieces of `_PIECE` rows."""
_PIECE = 4096
_RIDGE = 1e-9
_LARGEST = 1e3
"""A simulated signal beyond so many standard deviations is taken for unstable."""


@final
@dataclass(frozen=True, eq=False)
class SignalBaselines:
    """Baselines of scaled signals; predictions are `(steps, targets)` from the inputs `(steps, inputs)` alone.

    `scaled_input` is linear in the current inputs, `polynomial` in their powers up to the fifth. `fir` is a filter of
    the newest inputs. `arx` also has the newest outputs of its own (it is simulated, not fed with true targets); its
    order, of 1 to 16, is that with the smallest error of simulation on train; None if all are unstable.
    """

    scaled_input: Floats
    polynomial: Floats
    fir: Floats
    arx: tuple[tuple[Floats, Floats], ...] | None

    @classmethod
    def fit(cls, pairs: Sequence[tuple[Floats, Floats]]) -> Self:
        """Fits to inputs `(steps, inputs)` and targets `(steps, targets)`, NaN where missing, of each series."""
        width = pairs[0][0].shape[1]
        shortest = max(len(inputs) for inputs, _ in pairs)
        steps = max(1, min(FIR_STEPS, _MOST_COLUMNS // width, shortest // 8))
        return cls(
            _fitted(pairs, lambda inputs: _powers(inputs, 1)),
            _fitted(pairs, lambda inputs: _powers(inputs, POLYNOMIAL_DEGREE)),
            _fitted(pairs, lambda inputs: _lagged(inputs, steps)),
            _fit_arx(pairs, width),
        )

    def predict(self, inputs: Floats) -> dict[str, Floats]:
        """The predictions `(steps, targets)` of each baseline."""
        found = {
            "scaled_input": _powers(inputs, 1) @ self.scaled_input,
            "polynomial": _powers(inputs, POLYNOMIAL_DEGREE) @ self.polynomial,
            "fir": filtered(inputs, self.fir),
        }
        return found if self.arx is None else found | {"arx": simulated(inputs, self.arx)}

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        arx = None if self.arx is None else [[a.tolist(), b.tolist()] for a, b in self.arx]
        static = {"scaled_input": self.scaled_input.tolist(), "polynomial": self.polynomial.tolist()}
        return static | {"fir": self.fir.tolist(), "arx": arx}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], inputs: int, targets: int) -> Self:
        """The baselines that `to_json` wrote, of this number of signals.

        Raises:
            ValueError: a field is missing, or of another shape.
        """
        arx = stored.field(data, "arx")
        if arx is not None and not (isinstance(arx, list) and len(arx) == targets):
            raise ValueError(f"`arx` must have {targets} models")
        models = None if arx is None else tuple(_read_model(one, inputs) for one in arx)
        fir = stored.array(data, "fir", None, targets)
        if (len(fir) - 1) % inputs or len(fir) <= 1:
            raise ValueError(f"`fir` must have a row for each step of {inputs} inputs, and one more")
        return cls(
            stored.array(data, "scaled_input", inputs + 1, targets),
            stored.array(data, "polynomial", POLYNOMIAL_DEGREE * inputs + 1, targets),
            fir,
            models,
        )


def filtered(inputs: Floats, weights: Floats) -> Floats:
    """The linear filter of `inputs` `(steps, inputs)` with `weights` `(lags * inputs + 1, targets)`, newest step first.

    The last row is a constant; before the first step inputs are 0.
    """
    taps = weights[:-1].reshape(-1, inputs.shape[1], weights.shape[1])
    made = np.tile(weights[-1], (len(inputs), 1))
    for column in range(inputs.shape[1]):
        for target in range(weights.shape[1]):
            made[:, target] += scipy.signal.oaconvolve(inputs[:, column], taps[:, column, target])[: len(inputs)]
    return made


def simulated(inputs: Floats, models: Sequence[tuple[Floats, Floats]]) -> Floats:
    """ARX models, one for each target, simulated from zero over `inputs` `(steps, inputs)`.

    A model is its weights `(order,)` of earlier outputs and those of inputs as for `filtered`, `(lags * inputs + 1,)`.
    """
    driven = [(own, filtered(inputs, weights[:, None])[:, 0]) for own, weights in models]
    return np.stack([scipy.signal.lfilter([1.0], [1.0, *-own], drive) for own, drive in driven], 1)


def _fit_arx(pairs: Sequence[tuple[Floats, Floats]], width: int) -> tuple[tuple[Floats, Floats], ...] | None:
    models = [_best_arx(pairs, target, width) for target in range(pairs[0][1].shape[1])]
    return None if any(one is None for one in models) else tuple(one for one in models if one is not None)


def _best_arx(pairs: Sequence[tuple[Floats, Floats]], target: int, width: int) -> tuple[Floats, Floats] | None:
    """The model of a target with the smallest error of simulation on train; None if all are unstable."""
    best, least = None, np.inf
    for order in _ARX_ORDERS:
        own = [(inputs, targets[:, target : target + 1]) for inputs, targets in pairs]
        weights = _least_squares(
            (np.concatenate([_lagged(one, order, 1)[:, :-1], _lagged(inputs, order + 1)], 1), one)
            for inputs, one in own
            if len(inputs) > 4 * order * (width + 1)
        )
        if weights is None:
            continue
        model = weights[:order, 0], weights[order:, 0]
        with np.errstate(over="ignore", invalid="ignore"):
            errors = [simulated(inputs[:_MOST_ROWS], [model]) - one[:_MOST_ROWS] for inputs, one in own]
            error = float(np.nanmean(np.concatenate(errors) ** 2))
        if error < min(least, _LARGEST) and np.abs(np.roots([1.0, *-model[0]])).max(initial=0) < 1:
            best, least = model, error
    return best


def _fitted(pairs: Sequence[tuple[Floats, Floats]], columns: Any) -> Floats:
    """Least squares of the targets by columns of the inputs."""
    weights = _least_squares((columns(inputs), targets) for inputs, targets in _pieces(pairs))
    if weights is None:
        raise ValueError("no target is known")
    return weights


def _pieces(pairs: Sequence[tuple[Floats, Floats]]) -> list[tuple[Floats, Floats]]:
    """The series, or of long ones evenly spaced pieces with as many rows as the limit in all."""
    total = sum(len(inputs) for inputs, _ in pairs)
    if total <= _MOST_ROWS:
        return list(pairs)
    found, every = [], total / _MOST_ROWS * _PIECE
    for inputs, targets in pairs:
        begins = np.arange(0, max(1, len(inputs) - _PIECE), every).astype(int)
        found += [(inputs[begin : begin + _PIECE], targets[begin : begin + _PIECE]) for begin in begins]
    return found


def _least_squares(parts: Any) -> Floats | None:
    """Weights `(columns, targets)` from parts of columns and targets, by the normal equations; None without rows."""
    gram: Any = 0.0
    cross: Any = 0.0
    rows = 0
    for columns, targets in parts:
        known = np.isfinite(columns).all(1) & np.isfinite(targets).all(1)
        used, wanted = columns[known], targets[known]
        gram, cross, rows = gram + used.T @ used, cross + used.T @ wanted, rows + len(used)
    if not rows:
        return None
    size = float(np.trace(gram)) / len(gram)
    return np.linalg.solve(gram + _RIDGE * size * np.eye(len(gram)), cross)


def _powers(inputs: Floats, degree: int) -> Floats:
    """The inputs, their powers, and ones."""
    return np.concatenate([*(inputs**power for power in range(1, degree + 1)), np.ones((len(inputs), 1))], 1)


def _lagged(values: Floats, steps: int, first: int = 0) -> Floats:
    """`values` of `first`, `first` + 1, ... steps before, side by side, and ones; NaN before the first step."""
    columns = [np.full((len(values), values.shape[1]), np.nan) for _ in range(steps)]
    for number, column in enumerate(columns):
        lag = number + first
        column[lag:] = values[: len(values) - lag] if lag else values
    return np.concatenate([*columns, np.ones((len(values), 1))], 1)


def _read_model(value: Any, inputs: int) -> tuple[Floats, Floats]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("a model of `arx` must have two lists")
    own, weights = (stored.array({"arx": part}, "arx", None) for part in value)
    if (len(weights) - 1) % inputs or len(weights) <= 1 or not len(own):
        raise ValueError(f"a model of `arx` must have weights of {inputs} inputs")
    return own, weights
