"""Automatic choices of classify settings: from the number of clips, their length, and whether they are spectra."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from echoic.config import ClassifySettings
from echoic.config.classify import BY_DATA, LIVE, LONG_SPECTRA
from echoic.errors import ConfigError

FEW_CLIPS = 300
"""With fewer clips for training and dev together, dev cannot choose the length of training."""

_NETWORK_STEPS = 60
"""Number of steps that the stride of the convolutions leaves of long clips, about."""

_MAX_SPECTRA = 8
"""The most spectra in a step, by default 80 ms; twice as many made classifiers of environmental sounds worse."""

_FEW_STEPS, _FEW_LIVE_STEPS, _MOST_STEPS = 400, 600, 1500
"""Number of training steps with few clips, with few that are varied, and at most."""

_EPOCHS = 40

_PATIENCE, _PATIENCE_STEPS = 10, 400
"""Evaluations, and steps, that early stopping waits for with a dev split of `_SURE_CLIPS` clips or more."""

_SURE_CLIPS = 100


class ClipStats(NamedTuple):
    """Facts that the defaults depend on.

    `lengths` are those of the training clips in steps, such as spectra; `is_spectra`: neighbouring values of a step are
    bands, as of sound (`is_sound`); `dev_is_given`: by the data or the user, not drawn from train by default. `units`
    are the clips, or groups of clips, of train and dev.
    """

    lengths: Sequence[int]
    dev: int
    is_spectra: bool
    dev_is_given: bool
    units: int
    is_sound: bool = False

    @property
    def has_few(self) -> bool:
        """Whether dev is too small to choose by."""
        return len(self.lengths) + self.dev < FEW_CLIPS


def plan(settings: ClassifySettings, stats: ClipStats) -> ClassifySettings:
    """`settings` with every open choice resolved.

    Raises:
        ConfigError: a setting has no effect.
    """
    _check_effect(settings, stats)
    given = settings.given()
    is_recurrent = settings.network.model == "recurrent"
    chosen = dict(BY_DATA["spectra" if stats.is_spectra or not is_recurrent else "series"])
    if not is_recurrent:
        del chosen["layers"]
    chosen |= _front(settings, stats, given)
    chosen |= _length(settings, stats, given)
    chosen["refit"] = stats.has_few and stats.dev > 0 and (settings.network.live or not stats.dev_is_given)
    if stats.is_spectra or settings.data.label_separator is not None:
        chosen["network_weight"] = 1.0
    if stats.is_sound:
        chosen["trim"] = False
    if settings.network.live:
        chosen |= LIVE["sound" if stats.is_sound else "other"]
    return settings.replaced(**{name: value for name, value in chosen.items() if _is_open(settings, given, name)})


def _check_effect(settings: ClassifySettings, stats: ClipStats) -> None:
    if settings.split.refit and not stats.dev:
        raise ConfigError("`refit` requires a dev split; give one with --split, or leave it out.")
    _check_live(settings)
    _check_weight_folds(settings, stats)
    weight = settings.network.network_weight
    if weight is not None and weight != 1 and settings.data.label_separator is not None:
        raise ConfigError("`network_weight` requires one label per clip; leave it out with `label_separator`.")


def _check_live(settings: ClassifySettings) -> None:
    chosen = {
        "--model convnet": settings.network.model != "recurrent",
        "--bidirectional": settings.encoder.bidirectional,
        f"--clip-norm {settings.network.clip_norm}": settings.network.clip_norm not in (None, "none"),
        f"--network-weight {settings.network.network_weight}": settings.network.network_weight not in (None, 1),
        f"--weight-folds {settings.network.weight_folds}": settings.network.weight_folds > 0,
    }
    for option, contradicts in chosen.items():
        if settings.network.live and contradicts:
            raise ConfigError(f"`live` networks need no whole clips, but {option} does; leave one of the two out.")


def _check_weight_folds(settings: ClassifySettings, stats: ClipStats) -> None:
    folds = settings.network.weight_folds
    if not folds:
        return
    if folds == 1 or folds > stats.units:
        raise ConfigError(
            f"`weight_folds` must be 0, or from 2 to {stats.units}, the number of clips (or groups) in train and dev, "
            f"got {folds}."
        )
    several = settings.data.label_separator is not None
    if settings.network.network_weight is not None or stats.is_spectra or several:
        raise ConfigError(
            "`weight_folds` requires a weight of the network to choose: sensor series with one label per clip, and no "
            "`network_weight`."
        )
    if settings.train.minutes is not None:
        raise ConfigError("`weight_folds` trains further networks, which --minutes leaves no time for; leave one out.")


def _is_open(settings: ClassifySettings, given: set[str], name: str) -> bool:
    """Whether the user left a choice to the job."""
    section = getattr(settings, settings.places()[name])
    return name not in given or getattr(section, name) is None


def _front(settings: ClassifySettings, stats: ClipStats, given: set[str]) -> dict[str, Any]:
    """Convolutions and direction, as far as the user's choices leave room for them."""
    if settings.network.model != "recurrent":
        return {}
    stride = _stride(stats)
    chosen: dict[str, Any] = {}
    if stats.is_spectra:
        chosen["conv_channels"] = LONG_SPECTRA if stride > 1 and not settings.network.live else ()
    convolves = settings.encoder.conv_channels if "conv_channels" in given else chosen.get("conv_channels", True)
    if not convolves:
        chosen["kernel_size"] = 3
    else:
        chosen |= {"conv_dims": 2 if stats.is_spectra else 1, "conv_stride": stride}
    if settings.network.pooling == "last" or settings.stack.learn_initial_state:
        chosen["bidirectional"] = False
    return chosen


def _stride(stats: ClipStats) -> int:
    """The steps of a clip that make one of the recurrent layers."""
    stride = max(1, round(sum(stats.lengths) / len(stats.lengths) / _NETWORK_STEPS))
    return min(stride, _MAX_SPECTRA) if stats.is_spectra else stride


def _length(settings: ClassifySettings, stats: ClipStats, given: set[str]) -> dict[str, int]:
    """Batch size, epochs, and the dev evaluations without improvement before training stops."""
    clips = len(stats.lengths)
    batch_size = settings.train.batch_size if "batch_size" in given else _batch_size(clips, is_spectra=stats.is_spectra)
    batches = math.ceil(clips / batch_size)
    epochs = _EPOCHS
    if stats.has_few:
        is_varied = settings.network.live and stats.is_sound
        epochs = math.ceil((_FEW_LIVE_STEPS if is_varied else _FEW_STEPS) / batches)
    elif not stats.is_spectra:
        epochs = max(5, min(_EPOCHS, math.ceil(_MOST_STEPS / batches)))
    if "epochs" in given:
        epochs = settings.train.epochs
    elif settings.train.steps is not None:
        epochs = math.ceil(settings.train.steps / batches)
    return {"batch_size": batch_size, "epochs": epochs, "patience": _patience(settings, stats, batches, epochs)}


def _batch_size(clips: int, *, is_spectra: bool) -> int:
    if clips < 100:
        return 8
    return 16 if clips < (200 if is_spectra else 500) else 32


def _patience(settings: ClassifySettings, stats: ClipStats, batches: int, epochs: int) -> int:
    """The smaller dev is, the longer; with few clips, dev never stops training."""
    evals = settings.train.evals_per_epoch
    if stats.has_few:
        return epochs * evals + 1
    steps = _PATIENCE_STEPS * max(1.0, math.sqrt(_SURE_CLIPS / max(stats.dev, 1)))
    return max(_PATIENCE, math.ceil(steps * evals / batches))
