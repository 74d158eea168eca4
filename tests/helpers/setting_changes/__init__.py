"""A change of every setting of every job that must have an effect, on small data; a module for each job."""

from collections.abc import Mapping

from job_data import beeps, driven, hum, lines, phrases, signals, sine, tunes

from setting_changes import audio, classify, detect, forecast, mapping, music, text, transcribe
from setting_changes.entries import DERIVED as DERIVED
from setting_changes.entries import Change as Change
from setting_changes.entries import CheckedBy as CheckedBy
from setting_changes.entries import Config, Entry
from setting_changes.entries import DataMaker as DataMaker
from setting_changes.entries import Idle as Idle
from setting_changes.entries import MadeData as MadeData
from setting_changes.entries import Refused as Refused
from setting_changes.shared import BIDIRECTIONAL as BIDIRECTIONAL

CHANGES: Mapping[str, Mapping[str, Entry]] = {
    "forecast": forecast.CHANGES,
    "music": music.CHANGES,
    "text": text.CHANGES,
    "audio": audio.CHANGES,
    "classify": classify.CHANGES,
    "detect": detect.CHANGES,
    "map": mapping.CHANGES,
    "transcribe": transcribe.CHANGES,
}
"""The change of every setting of every job."""

TINY: Mapping[str, Config] = {
    "forecast": forecast.TINY,
    "music": music.TINY,
    "text": text.TINY,
    "audio": audio.TINY,
    "classify": classify.TINY,
    "detect": detect.TINY,
    "map": mapping.TINY,
    "transcribe": transcribe.TINY,
}
"""A quick configuration of each job: a few steps, and nothing random but the seed."""

DATA: Mapping[str, DataMaker] = {
    "forecast": sine,
    "music": tunes,
    "text": lines,
    "audio": hum,
    "classify": beeps,
    "detect": signals,
    "map": driven,
    "transcribe": phrases,
}
"""The data of each job."""

IDLE: tuple[Idle, ...] = tuple(
    idle for job in (forecast, music, text, audio, classify, detect, mapping, transcribe) for idle in job.IDLE
)
"""Settings that do nothing in a configuration, and are refused."""
