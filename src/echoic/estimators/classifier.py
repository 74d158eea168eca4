"""A scikit-learn estimator for clips."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from echoic.config import ClassifySettings
from echoic.errors import DataError
from echoic.estimators.run_estimator import RunEstimator
from echoic.sources.memory import Clips

_ARGUMENTS = frozenset({"layers", "epochs", "rate_hz", "seed"})
"""Settings that are arguments of the constructor, `seed` as `random_state`."""

_CHECKS: dict[str, Any] = {"dtype": np.float32, "ensure_all_finite": "allow-nan", "allow_nd": True}

_FEW_CLIPS = 300
"""With fewer, a dev split is too small to choose by, and all clips are for training."""


class Classifier(ClassifierMixin, RunEstimator):  # type: ignore[misc,unused-ignore]
    """Predicts the class of whole sequences.

    `X` is `(clips, steps)`, `(clips, steps, features)`, or a list of arrays of unequal length, `(steps,)` or
    `(steps, features)` each; missing values are NaN.

    Args:
        layers: hidden size of each layer; None for the default of the data.
        epochs: passes over the training clips; None for the default of the data, or with `steps` or `minutes` in
            `settings`.
        rate_hz: sampling rate of sound; None for sensor series.
        random_state: seed of weights and order.
        settings: any other fields of the classify job's settings.

    Attributes:
        run_: the trained run, in a temporary folder.
        classes_: the classes, sorted.
        n_features_in_: steps of the clips seen in `fit`, where all clips have the same number.
    """

    def __init__(
        self,
        layers: tuple[int, ...] | None = None,
        epochs: int | None = None,
        rate_hz: int | None = None,
        random_state: int = 0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.layers = layers
        self.epochs = epochs
        self.rate_hz = rate_hz
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803
        """Trains on the clips `X` with the classes `y` `(clips,)`; from 300 clips on, a tenth is dev.

        Raises:
            ValueError: a value is infinite, there is one class only, or `settings` has unknown settings or arguments of
                the constructor.
        """
        given = self.settings or {}
        self._refuse_arguments(given, ClassifySettings, _ARGUMENTS)
        clips, y = self._checked(X, y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError("Classifier requires clips of two or more classes, got one class.")
        dev = 0.1 if len(clips) >= _FEW_CLIPS else 0.0
        chosen = {"split": (1 - dev, dev, 0.0), "refit": False}
        own = {"layers": self.layers, "epochs": self.epochs, "rate_hz": self.rate_hz}
        names = np.array(self._names())
        self._train(
            "classify",
            Clips(clips, names[numbers]),
            config=chosen | given,
            seed=self.random_state,
            **{name: value for name, value in own.items() if value is not None},
        )
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class of each clip, `(clips,)`."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(1)])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """The probability of each class of `classes_` for each clip, `(clips, classes)`."""
        check_is_fitted(self)
        clips = X if _are_unequal(X) else validate_data(self, X, reset=False, **_CHECKS)
        table = self.run_.predict(Clips(clips))
        return np.stack([table[f"p({name})"] for name in self._names()], 1).astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags

    def _names(self) -> list[str]:
        """The classes as labels of the run: their text, or their numbers if texts are not distinct."""
        names = [str(name).strip() for name in self.classes_.tolist()]
        distinct = all(names) and len(set(names)) == len(names)
        return names if distinct else [str(number) for number in range(len(names))]

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:  # noqa: N803
        """The clips and classes, checked as scikit-learn does; clips only where they are of one length."""
        if _are_unequal(X):
            y = column_or_1d(y, warn=True)
        else:
            X, y = validate_data(self, X, y, **_CHECKS)  # noqa: N806
        check_classification_targets(y)
        return X, y


def _are_unequal(X: Any) -> bool:  # noqa: N803
    """Whether `X` is a list of arrays, which may differ in length."""
    return isinstance(X, list | tuple) and bool(X) and len({np.shape(one) for one in X}) > 1
