"""Baselines of signals from signals, by least squares: static ones, a linear filter, and a simulated ARX model."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
import scipy  # loads `scipy.signal` lazily, which is slow to import
from numpy.typing import NDArray

from echoic.types import stored

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Floats, Floats]]
"""Inputs `(steps, inputs)` and targets `(steps, targets)` of each series, NaN where missing."""

POLYNOMIAL_DEGREE = 5
FIR_STEPS = 256
"""Steps of the linear filter at most."""

_FIR_PARTS = (1, 2, 4, 8, 16, 32, 64)
"""Shorter filters have this part of the steps."""

_ARX_ORDERS = (1, 2, 4, 8, 16)
_MOST_COLUMNS = 1024
_MOST_ROWS = 200_000
"""Rows of the least squares at most, in evenly spaced pieces of `_PIECE` rows."""
_PIECE = 4096
_RIDGES = (1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1)
_HELD_OUT = 0.2
"""The end of each series that chooses the ridge, as a fraction of it."""


@final
@dataclass(frozen=True, eq=False)
class SignalBaselines:
    """Baselines of scaled signals; predictions are `(steps, targets)` from the inputs `(steps, inputs)` alone.

    `scaled_input` is linear in the current inputs, `polynomial` in their powers up to the fifth. `fir` is a filter of
    the newest inputs. `arx` also has the newest outputs of its own (it is simulated, not fed with true targets); its
    order, of 1 to 16, is that with the smallest error of simulation on train; None if none is stable and better than a
    constant. All have a ridge that the end of train chooses.
    """

    scaled_input: Floats
    polynomial: Floats
    fir: Floats
    arx: tuple[tuple[Floats, Floats], ...] | None

    @classmethod
    def fit(cls, pairs: Pairs) -> Self:
        """Fits to inputs `(steps, inputs)` and targets `(steps, targets)`, NaN where missing, of each series."""
        width = pairs[0][0].shape[1]
        shortest = max(len(inputs) for inputs, _ in pairs)
        steps = max(1, min(FIR_STEPS, _MOST_COLUMNS // width, shortest // 8))
        return cls(
            _fitted(pairs, lambda inputs: _powers(inputs, 1)),
            _fitted(pairs, lambda inputs: _powers(inputs, POLYNOMIAL_DEGREE)),
            _fit_filter(pairs, steps),
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


def _fit_arx(pairs: Pairs, width: int) -> tuple[tuple[Floats, Floats], ...] | None:
    models = [_best_arx([(inputs, targets[:, [one]]) for inputs, targets in pairs], width) for one in _targets(pairs)]
    return None if any(one is None for one in models) else tuple(one for one in models if one is not None)


def _targets(pairs: Pairs) -> range:
    return range(pairs[0][1].shape[1])


def _best_arx(pairs: Pairs, width: int) -> tuple[Floats, Floats] | None:
    """The model of one target, of the order and the ridge with the smallest error of simulation; None without any.

    It is fitted on the beginning of each series and simulated over all of it. Unstable models are left out.
    """
    first, best, least = _beginnings(pairs), None, float(np.mean(_known(pairs) ** 2))
    for order in _ARX_ORDERS:
        sums = _Sums.of(_arx_columns(first, order, width))
        for ridge in _RIDGES if sums.rows else ():
            model = _split_model(sums.weights(ridge), order)
            error = _simulation_error(pairs, model)
            if error < least and _is_stable(model[0]):
                best, least = (order, ridge), error
    if best is None:
        return None
    model = _split_model(_Sums.of(_arx_columns(pairs, best[0], width)).weights(best[1]), best[0])
    return model if _is_stable(model[0]) and _simulation_error(pairs, model) < 4 * least else None


def _arx_columns(pairs: Pairs, order: int, width: int) -> Iterator[tuple[Floats, Floats]]:
    """Earlier outputs and inputs of each series, with its targets."""
    for inputs, target in pairs:
        if len(inputs) > 4 * order * (width + 1):
            yield np.concatenate([_lagged(target, order, 1)[:, :-1], _lagged(inputs, order + 1)], 1), target


def _split_model(weights: Floats, order: int) -> tuple[Floats, Floats]:
    return weights[:order, 0], weights[order:, 0]


def _is_stable(own: Floats) -> bool:
    return bool(np.isfinite(own).all()) and float(np.abs(np.roots([1.0, *-own])).max(initial=0.0)) < 1


def _simulation_error(pairs: Pairs, model: tuple[Floats, Floats]) -> float:
    """The mean squared error of a simulation of one target, infinite if it explodes."""
    with np.errstate(over="ignore", invalid="ignore"):
        errors = [simulated(inputs[:_MOST_ROWS], [model]) - target[:_MOST_ROWS] for inputs, target in pairs]
        error = float(
            np.mean(
                np.concatenate(
                    [one[np.isfinite(target[:_MOST_ROWS])] for one, (_, target) in zip(errors, pairs, strict=True)]
                )
                ** 2
            )
        )
    return error if np.isfinite(error) else np.inf


def _known(pairs: Pairs) -> Floats:
    """All known targets, one after the other."""
    return np.concatenate([targets[np.isfinite(targets)] for _, targets in pairs])


def _fit_filter(pairs: Pairs, steps: int) -> Floats:
    """The linear filter of at most `steps` steps, as long as is best for steps that are held out."""
    width = pairs[0][0].shape[1]
    lengths = [steps // part for part in _FIR_PARTS if steps // part]
    kept = [[*range(length * width), steps * width] for length in lengths]
    return _fitted(pairs, lambda inputs: _lagged(inputs, steps), kept)


def _fitted(
    pairs: Pairs, columns: Callable[[Floats], Floats], choices: Sequence[Sequence[int] | None] = (None,)
) -> Floats:
    """Least squares of the targets by columns of the inputs, with the ridge that is best for steps that are held out.

    So is the choice of the columns; None: all. Without a ridge, weights of columns that hardly differ explode where
    they do.
    """
    first = held = _Sums.of([])
    for inputs, targets in _pieces(pairs):
        design, begin = columns(inputs), _first(inputs)
        first = first.plus(_Sums.of([(design[:begin], targets[:begin])]))
        held = held.plus(_Sums.of([(design[begin:], targets[begin:])]))  # with lags that reach into the beginning
    whole = first.plus(held)
    if not whole.rows:
        raise ValueError("no target is known")
    best, least = (choices[-1], _RIDGES[0]), np.inf
    for chosen in choices if first.rows and held.rows else ():
        for ridge in _RIDGES:
            error = held.of_columns(chosen).error(first.of_columns(chosen).weights(ridge))
            if error < least:
                best, least = (chosen, ridge), error
    return whole.of_columns(best[0]).weights(best[1])


def _beginnings(pairs: Pairs) -> list[tuple[Floats, Floats]]:
    """The first part of each series."""
    return [(inputs[: _first(inputs)], targets[: _first(inputs)]) for inputs, targets in pairs]


def _first(inputs: Floats) -> int:
    return round(len(inputs) * (1 - _HELD_OUT))


def _pieces(pairs: Pairs) -> list[tuple[Floats, Floats]]:
    """The series, or of long ones evenly spaced pieces with as many rows as the limit in all."""
    total = sum(len(inputs) for inputs, _ in pairs)
    if total <= _MOST_ROWS:
        return list(pairs)
    found, every = [], total / _MOST_ROWS * _PIECE
    for inputs, targets in pairs:
        begins = np.arange(0, max(1, len(inputs) - _PIECE), every).astype(int)
        found += [(inputs[begin : begin + _PIECE], targets[begin : begin + _PIECE]) for begin in begins]
    return found


class _Sums(NamedTuple):
    """The sums of products of least squares: `(columns, columns)`, `(columns, targets)`, and of squared targets."""

    gram: Floats
    cross: Floats
    squares: Floats
    rows: int

    @classmethod
    def of(cls, parts: Iterable[tuple[Floats, Floats]]) -> Self:
        """The sums over all rows without a missing value."""
        found = cls(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0), 0)
        for columns, targets in parts:
            known = np.isfinite(columns).all(1) & np.isfinite(targets).all(1)
            used, wanted = columns[known], targets[known]
            found = found.plus(cls(used.T @ used, used.T @ wanted, (wanted**2).sum(0), len(used)))
        return found

    def plus(self, other: Self) -> Self:
        """The sums of both."""
        if not self.rows or not other.rows:
            return self if self.rows else other
        return type(self)(
            self.gram + other.gram, self.cross + other.cross, self.squares + other.squares, self.rows + other.rows
        )

    def of_columns(self, chosen: Sequence[int] | None) -> Self:
        """The sums of some of the columns; None: all."""
        if chosen is None:
            return self
        return self._replace(gram=self.gram[np.ix_(chosen, chosen)], cross=self.cross[chosen])

    def weights(self, ridge: float) -> Floats:
        """Weights `(columns, targets)` with a ridge relative to the mean square of the columns."""
        size = float(np.trace(self.gram)) / len(self.gram)
        return np.asarray(np.linalg.solve(self.gram + ridge * size * np.eye(len(self.gram)), self.cross), np.float64)

    def error(self, weights: Floats) -> float:
        """The sum of squared errors of these weights."""
        explained = 2 * (weights * self.cross).sum(0) - (weights * (self.gram @ weights)).sum(0)
        return float((self.squares - explained).sum())


def _powers(inputs: Floats, degree: int) -> Floats:
    """The inputs, their powers, and ones."""
    return np.concatenate([*(inputs**power for power in range(1, degree + 1)), np.ones((len(inputs), 1))], 1)


def _lagged(values: Floats, steps: int, first: int = 0) -> Floats:
    """`values` of `first`, `first` + 1, ... steps before, side by side, and ones; NaN before the first step."""
    columns = [np.full((len(values), values.shape[1]), np.nan) for _ in range(steps)]
    for number, column in enumerate(columns):
        lag = number + first
        column[lag:] = values[: max(len(values) - lag, 0)]
    return np.concatenate([*columns, np.ones((len(values), 1))], 1)


def _read_model(value: Any, inputs: int) -> tuple[Floats, Floats]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("a model of `arx` must have two lists")
    own, weights = (stored.array({"arx": part}, "arx", None) for part in value)
    if (len(weights) - 1) % inputs or len(weights) <= 1 or not len(own):
        raise ValueError(f"a model of `arx` must have weights of {inputs} inputs")
    return own, weights
