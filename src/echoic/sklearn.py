"""Estimators of scikit-learn for forecasts, clips and labelled steps; requires the extra `echoic[sklearn]`."""

from echoic.extras import missing

try:
    from echoic.estimators.classifier import Classifier
    from echoic.estimators.detector import Detector
    from echoic.estimators.forecaster import Forecaster
except ModuleNotFoundError as error:
    raise missing("sklearn", error) from None

__all__ = ["Classifier", "Detector", "Forecaster"]
