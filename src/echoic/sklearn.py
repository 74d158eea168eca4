"""Estimators of scikit-learn for forecasts and clips; requires the extra `echoic[sklearn]`."""

from echoic.extras import missing

try:
    from echoic.estimators.classifier import Classifier
    from echoic.estimators.forecaster import Forecaster
except ModuleNotFoundError as error:
    raise missing("sklearn", error) from None

__all__ = ["Classifier", "Forecaster"]
