"""The table of jobs. A new one is a package with a `Job` and a line in `JOBS`.

Nothing heavy is imported until a job is used, so that `--help` and error messages stay fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from echoic.config.base import JobSettings, suggestion
from echoic.errors import ConfigError

if TYPE_CHECKING:
    from echoic.jobs.base import Job


class JobEntry(NamedTuple):
    """Where a job lives: its settings (which must not import torch) and the job itself, each as `module:name`."""

    settings: str
    job: str


JOBS: dict[str, JobEntry] = {
    "forecast": JobEntry("echoic.config.forecast:ForecastSettings", "echoic.jobs.forecast:FORECAST"),
    "music": JobEntry("echoic.config.music:MusicSettings", "echoic.jobs.music:MUSIC"),
    "text": JobEntry("echoic.config.text:TextSettings", "echoic.jobs.text:TEXT"),
    "audio": JobEntry("echoic.config.audio:AudioSettings", "echoic.jobs.audio:AUDIO"),
    "classify": JobEntry("echoic.config.classify:ClassifySettings", "echoic.jobs.classify:CLASSIFY"),
    "detect": JobEntry("echoic.config.detect:DetectSettings", "echoic.jobs.detect:DETECT"),
    "map": JobEntry("echoic.config.map:MapSettings", "echoic.jobs.map:MAP"),
    "transcribe": JobEntry("echoic.config.transcribe:TranscribeSettings", "echoic.jobs.transcribe:TRANSCRIBE"),
}


def settings_class(name: str) -> type[JobSettings]:
    """The settings of a job; imports no torch.

    Raises:
        ConfigError: there is no such job.
    """
    settings: type[JobSettings] = _load(_entry(name).settings)
    return settings


def get_job(name: str) -> "Job[Any]":
    """The job of that name.

    Raises:
        ConfigError: there is no such job.
    """
    job: Job[Any] = _load(_entry(name).job)
    return job


def _entry(name: Any) -> JobEntry:
    if not isinstance(name, str):
        raise ConfigError(
            f"`job` must be one of {', '.join(JOBS)}, got {type(name).__name__}. It comes before the data."
        )
    if name not in JOBS:
        hint = suggestion(name, JOBS)
        raise ConfigError(f"Unknown job {name!r}{f'{hint} Choose' if hint else '; choose'} from {', '.join(JOBS)}.")
    return JOBS[name]


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
