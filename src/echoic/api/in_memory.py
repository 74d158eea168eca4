"""Labels, events and texts in memory, as arguments beside the data of `train`, `evaluate` and their kin."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from echoic.api.torch_data import is_torch_dataset, items_of_dataset
from echoic.errors import ConfigError
from echoic.sources.memory import Clips, Pairs, Recordings, Steps, Text, Transcripts

BESIDE_DATA = {
    "labels": ("classify", "detect"),
    "groups": ("classify",),
    "events": ("detect",),
    "text": ("text",),
    "texts": ("transcribe",),
}
"""Arguments that belong to data in memory, and the jobs of each."""

_OR_NAMES = {"targets": ("map",)}
"""Arguments that belong to data in memory, unless they are names, which a setting of the same name has."""


def gathered(job: str, data: Any, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The data of a job as one object, with what `options` have of `BESIDE_DATA`; and all other options.

    Iterators, such as those of `Path.glob`, become lists; datasets of torch what their items are.

    Raises:
        ConfigError: an argument is for another job, or there is a text beside other data.
    """
    beside = {name: value for name, value in options.items() if name in BESIDE_DATA and value is not None}
    beside |= {name: value for name, value in options.items() if job in _OR_NAMES.get(name, ()) and _has_values(value)}
    others = {name: value for name, value in options.items() if name not in BESIDE_DATA and name not in beside}
    for name in beside:
        if job not in (BESIDE_DATA | _OR_NAMES)[name]:
            raise ConfigError(f"`{name}` is for the job {' or '.join(BESIDE_DATA[name])}; leave it out for {job}.")
    if isinstance(data, Iterator):
        data = list(data)
    if is_torch_dataset(data):
        data = items_of_dataset(job, data)
    return _joined(job, data, beside) if beside else data, others


def _has_values(value: Any) -> bool:
    """Whether this is an array or a list of them, not one or several names."""
    if isinstance(value, list | tuple):
        return bool(value) and not any(isinstance(one, str | Path) for one in value)
    return value is not None and not isinstance(value, str | Path)


def _joined(job: str, data: Any, beside: Mapping[str, Any]) -> Any:
    """The data and what belongs to them as one object."""
    if "text" in beside:
        if data is not None:
            raise ConfigError("`text` is a text in memory; pass it instead of the data, not beside them.")
        return Text(beside["text"])
    if job == "map":
        return Pairs(data.inputs if isinstance(data, Pairs) else data, beside["targets"])
    if job == "transcribe":
        sound = data if isinstance(data, Recordings | Transcripts) else Recordings(data)
        return Transcripts(sound.values, beside["texts"], sound.rate_hz)
    if job == "detect":
        return _recordings(data, beside.get("labels"), beside.get("events"))
    clips = data if isinstance(data, Clips) else Clips(data)
    labels, groups = (beside.get(name, getattr(clips, name)) for name in ("labels", "groups"))
    return Clips(clips.values, labels, groups, clips.rate_hz)


def _recordings(data: Any, labels: Any, events: Any) -> Steps | Recordings:
    """Steps of sensors if there are labels of steps, otherwise sound."""
    if isinstance(data, Steps):
        return Steps(data.values, data.labels if labels is None else labels, data.events if events is None else events)
    if labels is not None:
        return Steps(data, labels, events)
    recordings = data if isinstance(data, Recordings) else Recordings(data)
    return Recordings(recordings.values, recordings.rate_hz, events)
