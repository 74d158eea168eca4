"""One label per clip, or several: targets, heads, predictions, scores, baselines and charts of each."""

from collections.abc import Sequence

from echoic.config import ClassifySettings
from echoic.errors import ConfigError
from echoic.jobs.classify.labelling.base import Labelling as Labelling
from echoic.jobs.classify.labelling.one import OneLabel
from echoic.jobs.classify.labelling.several import SeveralLabels


def labelling_of(settings: ClassifySettings, labels: tuple[str, ...], counts: Sequence[int]) -> Labelling:
    """The labelling that `settings` ask for; `counts` are the training clips with each of `labels`.

    Raises:
        ConfigError: class weights with several labels per clip.
    """
    separator, balanced = settings.data.label_separator, settings.network.class_weight == "balanced"
    if separator is None:
        return OneLabel(labels, tuple(counts), balanced)
    if balanced:
        raise ConfigError("`class_weight` requires one label per clip; leave it out with `label_separator`.")
    return SeveralLabels(labels, tuple(counts), separator)
