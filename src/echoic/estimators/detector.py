"""A scikit-learn estimator that labels every step of a sequence."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from echoic.config import DetectSettings
from echoic.errors import DataError
from echoic.estimators.run_estimator import RunEstimator
from echoic.sources.memory import Steps
from echoic.streams.detection import predict_probs
from echoic.types import Annotations, Series

_ARGUMENTS = frozenset({"layers", "epochs", "seed"})
"""Settings that are arguments of the constructor, `seed` as `random_state`."""

_CHECKS: dict[str, Any] = {"dtype": np.float32, "ensure_all_finite": "allow-nan"}

_FEW_STEPS = 1000
"""With fewer, a dev split is too small to choose by, and all steps are for training."""


class Detector(ClassifierMixin, RunEstimator):  # type: ignore[misc,unused-ignore]
    """Predicts the class of every step of a sequence, such as the activity at every moment of a sensor.

    Rows of `X` `(steps, features)` are consecutive steps in time, missing values are NaN; a list of such arrays is
    several recordings, of which a prediction never reads the others.

    Args:
        layers: hidden size of each layer.
        epochs: passes over the training steps; None with `steps` or `minutes` in `settings`.
        background: the class of steps without an event; None: every class is an event.
        random_state: seed of weights and order.
        settings: any other fields of the detect job's settings, such as `bidirectional`.

    Attributes:
        run_: the trained run, in a temporary folder.
        classes_: the classes, sorted.
        n_features_in_: columns seen in `fit`.
    """

    def __init__(
        self,
        layers: tuple[int, ...] = (32,),
        epochs: int | None = 40,
        background: Any = None,
        random_state: int = 0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.layers = layers
        self.epochs = epochs
        self.background = background
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Trains on the steps `X` with the classes `y` `(steps,)`, or on lists of both.

        From 1,000 steps on, the last tenth of a single recording is dev, or a tenth of several recordings.

        Raises:
            ValueError: a value is infinite, there is one class only, or `settings` has unknown settings or arguments of
                the constructor.
        """
        given = self.settings or {}
        self._refuse_arguments(given, DetectSettings, _ARGUMENTS)
        recordings, labels = self._checked(X, y)
        self.classes_, numbers = np.unique(np.concatenate(labels), return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError("Detector requires steps of two or more classes, got one class.")
        names = np.array([self._name(number) for number in range(len(self.classes_))], object)
        ends = np.cumsum([len(one) for one in recordings])
        dev = 0.1 if ends[-1] >= _FEW_STEPS else 0.0
        chosen = {"split": (1 - dev, dev, 0.0)} | ({} if self.epochs is None else {"epochs": self.epochs})
        self._train(
            "detect",
            Steps(recordings, np.split(names[numbers], ends[:-1])),
            config=chosen | given,
            layers=self.layers,
            seed=self.random_state,
        )
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        """The most probable class of each step, `(steps,)`; a list of such for a list of recordings."""
        found = self.predict_proba(X)
        if isinstance(found, list):
            return [np.asarray(self.classes_[one.argmax(1)]) for one in found]
        return np.asarray(self.classes_[found.argmax(1)])

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        """The probability of each class of `classes_` at each step, `(steps, classes)`; a list for a list of `X`."""
        check_is_fitted(self)
        if _are_several(X):
            return [self._probabilities(self._table(one, reset=False)) for one in X]
        return self._probabilities(self._table(X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _probabilities(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        fitted = self.run_.fitted
        names = tuple(f"feature_{column}" for column in range(1, table.shape[1] + 1))
        series = Series("X", table, names, origin="X", annotations=Annotations(step_rate_hz=fitted.task.rate_hz))
        probs = predict_probs(fitted.model, fitted.task.features.of([series])[0], fitted.task.delay)
        places = {name: 1 + number for number, name in enumerate(fitted.task.labels)}
        own = probs[:, [places.get(self._name(number), 0) for number in range(len(self.classes_))]]
        return np.asarray(own / own.sum(1, keepdims=True))

    def _name(self, number: int) -> str:
        """A class as a label of the run: its number, or nothing for the background."""
        is_background = self.background is not None and self.classes_[number] == self.background
        return "" if is_background else f"class {number}"

    def _checked(self, X: Any, y: Any) -> tuple[list[NDArray[np.float32]], list[NDArray[Any]]]:  # noqa: N803
        """The recordings and the classes of their steps, checked as scikit-learn does."""
        if not _are_several(X):
            X, y = validate_data(self, X, y, **_CHECKS)  # noqa: N806
            check_classification_targets(y)
            return [X], [y]
        if len(X) != len(y):
            raise DataError(f"`y` must have the classes of each of the {len(X)} recordings, got {len(y)}.")
        tables = [self._table(one, reset=number == 0) for number, one in enumerate(X)]
        labels = [column_or_1d(one) for one in y]
        for number, (table, own) in enumerate(zip(tables, labels, strict=True)):
            if len(table) != len(own):
                raise DataError(f"Recording {number} has {len(table)} steps, but `y` has {len(own)} classes for it.")
        check_classification_targets(np.concatenate(labels))
        return tables, labels

    def _table(self, X: ArrayLike, *, reset: bool) -> NDArray[np.float32]:  # noqa: N803
        table: NDArray[np.float32] = validate_data(self, X, reset=reset, **_CHECKS)
        return table


def _are_several(X: Any) -> bool:  # noqa: N803
    """Whether `X` is a list of recordings, not of rows."""
    return isinstance(X, list | tuple) and bool(X) and np.ndim(X[0]) == 2
