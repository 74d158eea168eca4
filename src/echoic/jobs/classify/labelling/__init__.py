"""How many labels a clip has, one or several, and all that hangs on it."""

from collections.abc import Sequence

from echoic.config import ClassifySettings
from echoic.errors import ConfigError
from echoic.jobs.classify.labelling.base import Labelling as Labelling
from echoic.jobs.classify.labelling.one import OneLabel
from echoic.jobs.classify.labelling.several import SeveralLabels
from echoic.types import Series


def labelling_of(settings: ClassifySettings, labels: tuple[str, ...], training: Sequence[Series]) -> Labelling:
    """The way of labelling that `settings` ask for; `labels` are those of the `training` clips.

    Raises:
        ConfigError: balanced classes where a clip has several labels.
    """
    separator, balanced = settings.data.label_separator, settings.network.class_weights == "balanced"
    if separator is None:
        return OneLabel.balanced(labels, training) if balanced else OneLabel(labels)
    if balanced:
        raise ConfigError("`class_weights` balanced is for one label a clip; leave it out with `label_separator`.")
    return SeveralLabels(labels, separator)
