"""A scikit-learn estimator for forecasts."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted, validate_data

from echoic.config import ForecastSettings
from echoic.errors import DataError
from echoic.estimators.run_estimator import RunEstimator
from echoic.jobs.forecast.use import rolling

_ARGUMENTS = frozenset({"lookback", "horizon", "cell", "layers", "epochs", "seed"})
"""Settings that are arguments of the constructor, `seed` as `random_state`."""


class Forecaster(RunEstimator):
    """Forecasts the rows that follow the rows of a table.

    Rows are consecutive steps in time, columns are features, missing values are NaN. `predict` is aligned with its
    rows: row t is the forecast from rows 0 to t, so the last row forecasts the steps after the table.

    Args:
        lookback: number of steps of the input window.
        horizon: number of steps to forecast.
        cell: `lstm`, `gru` or `mingru`.
        layers: hidden size of each layer.
        epochs: passes over the training windows; None with `steps` or `minutes` in `settings`.
        random_state: seed of weights and order.
        settings: any other fields of the forecast job's settings.

    Attributes:
        run_: the trained run, in a temporary folder.
        n_features_in_: columns seen in `fit`.
    """

    def __init__(
        self,
        lookback: int = 24,
        horizon: int = 1,
        cell: str = "gru",
        layers: tuple[int, ...] = (32,),
        epochs: int | None = 20,
        random_state: int = 0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.lookback = lookback
        self.horizon = horizon
        self.cell = cell
        self.layers = layers
        self.epochs = epochs
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: N803
        """Trains on `X` `(steps, features)`; the last fifth is dev, and `y` is ignored.

        Raises:
            ValueError: `X` has infinities or too few steps; `settings` has unknown settings or arguments of the
                constructor.
        """
        del y
        given = self.settings or {}
        self._refuse_arguments(given, ForecastSettings, _ARGUMENTS)
        table = self._table(X, reset=True)
        chosen: dict[str, Any] = {"strategy": "direct", "split": (0.8, 0.2, 0.0), "refit": False}
        if self.epochs is not None:
            chosen["epochs"] = self.epochs
        self._train(
            "forecast",
            table,
            config=chosen | given,
            lookback=self.lookback,
            horizon=self.horizon,
            cell=self.cell,
            layers=self.layers,
            seed=self.random_state,
        )
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Forecasts `(steps, horizon * features)` for `X` `(steps, features)`, all features of the first step first.

        The first look-backs are padded with missing values.
        """
        check_is_fitted(self)
        table = self._table(X, reset=False)
        before = np.full((self.run_.fitted.task.framing.context - 1, table.shape[1]), np.nan)
        rows = rolling(self.run_.fitted, np.concatenate([before, table]))
        return np.asarray(rows.reshape(len(table), -1))

    def forecast(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Forecasts the steps after the last row of `X` `(steps, features)`, `(horizon, features)`."""
        return np.asarray(self.predict(X)[-1].reshape(self.horizon, -1))

    def score(self, X: ArrayLike, y: object = None) -> float:  # noqa: N803
        """The mean coefficient of determination (R²) of the forecasts within `X` `(steps, features)`.

        Only forecasts with a whole look-back count, on the steps that follow in `X`; `y` is ignored. The mean is over
        all steps of the horizon and all features, and 1 is perfect.

        Raises:
            ValueError: fewer than two forecasts can be scored.
        """
        del y
        forecasts = self.predict(X)
        table = self._table(X, reset=False)
        first = self.run_.fitted.task.framing.context - 1
        origins = np.arange(first, len(table) - self.horizon)
        ahead = np.arange(1, self.horizon + 1)
        actual = table[origins[:, None] + ahead].reshape(len(origins), -1)
        known = ~np.isnan(actual).any(1)
        if known.sum() < 2:
            raise DataError(
                f"X has {len(table)} rows, but scoring requires two whole windows of {first + 1} + {self.horizon} rows."
            )
        return float(r2_score(actual[known], forecasts[origins][known]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.non_deterministic = False
        return tags

    def _table(self, X: ArrayLike, *, reset: bool) -> NDArray[np.float64]:  # noqa: N803
        table: NDArray[np.float64] = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2 if reset else 1
        )
        if reset and np.isnan(table).all():
            raise DataError("X has no value at all.")
        return table
