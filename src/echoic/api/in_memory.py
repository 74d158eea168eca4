"""Labels, events and texts in memory, as arguments beside the data of `train`, `evaluate` and their kin."""

from collections.abc import Iterator, Mapping
from typing import Any

from echoic.errors import ConfigError
from echoic.sources.memory import Clips, Recordings, Steps, Text

BESIDE_DATA = {"labels": ("classify", "detect"), "groups": ("classify",), "events": ("detect",), "text": ("text",)}
"""Arguments that belong to data in memory, and the jobs of each."""


def gathered(job: str, data: Any, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The data of a job as one object, with what `options` have of `BESIDE_DATA`; and all other options.

    Iterators, such as those of `Path.glob`, become lists.

    Raises:
        ConfigError: an argument is for another job, or there is a text beside other data.
    """
    beside = {name: value for name, value in options.items() if name in BESIDE_DATA and value is not None}
    others = {name: value for name, value in options.items() if name not in BESIDE_DATA}
    for name in beside:
        if job not in BESIDE_DATA[name]:
            raise ConfigError(f"`{name}` is for the job {' or '.join(BESIDE_DATA[name])}; leave it out for {job}.")
    if isinstance(data, Iterator):
        data = list(data)
    if "text" in beside:
        if data is not None:
            raise ConfigError("`text` is a text in memory; pass it instead of the data, not beside them.")
        return Text(beside["text"]), others
    if job == "detect" and "labels" in beside:
        values = data.values if isinstance(data, Steps) else data
        return Steps(values, beside["labels"], beside.get("events")), others
    if "events" in beside and isinstance(data, Steps):
        return Steps(data.values, data.labels, beside["events"]), others
    if "events" in beside:
        recordings = data if isinstance(data, Recordings) else Recordings(data)
        return Recordings(recordings.values, recordings.rate_hz, beside["events"]), others
    if beside:
        clips = data if isinstance(data, Clips) else Clips(data)
        labels, groups = (beside.get(name, getattr(clips, name)) for name in ("labels", "groups"))
        return Clips(clips.values, labels, groups, clips.rate_hz), others
    return data, others
