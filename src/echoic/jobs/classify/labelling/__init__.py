"""How many labels a clip has, one or several, and all that hangs on it."""

from collections.abc import Sequence

from echoic.config import ClassifySettings
from echoic.errors import ConfigError
from echoic.jobs.classify.labelling.base import Labelling as Labelling
from echoic.jobs.classify.labelling.one import OneLabel
from echoic.jobs.classify.labelling.several import SeveralLabels


def labelling_of(settings: ClassifySettings, labels: tuple[str, ...], counts: Sequence[int]) -> Labelling:
    """The way of labelling that `settings` ask for; `counts` say how many training clips have each of `labels`.

    Raises:
        ConfigError: balanced classes where a clip has several labels.
    """
    separator, balanced = settings.data.label_separator, settings.network.class_weight == "balanced"
    if separator is None:
        return OneLabel(labels, tuple(counts), balanced)
    if balanced:
        raise ConfigError("`class_weight` balanced is for one label a clip; leave it out with `label_separator`.")
    return SeveralLabels(labels, tuple(counts), separator)
