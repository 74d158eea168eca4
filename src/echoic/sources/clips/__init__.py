"""Labelled clips from folders of classes, tables of files, .ts archives and feature arrays, one series per clip."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.audio.facts import SoundFacts
from echoic.sources.base import Dataset, fingerprint_of_annotated
from echoic.sources.clips import arrays, folders, tables, ts
from echoic.sources.clips.found import ReadClips
from echoic.sources.counts import CountsReport
from echoic.sources.examples import Examples
from echoic.sources.missing_values import missing_notes
from echoic.types import Series
from echoic.types.annotations import SplitName

READERS: dict[str, Callable[[Path, ClipDataSettings], ReadClips]] = {
    ".csv": tables.read_clips,
    ".parquet": tables.read_clips,
    ".npy": arrays.read_clips,
    ".ts": ts.read_clips,
}
"""Readers by ending; a folder has one folder per class."""

TABLE_SETTINGS = ("audio", "file", "label", "split_column", "id", "features")
ARRAY_SETTINGS = ("labels_path", "axes")


@dataclass(frozen=True)
class ClipReport(CountsReport):
    """Number of clips per label, total number of steps, sampling rate of sound, and what was done to it.

    `remarks` are sentences on how the clips were read, `skipped` why clips were.
    """

    noun = "Clips"

    clips: int
    steps: int
    rate_hz: int | None
    labels: dict[str, int]
    unlabelled: Examples
    sound: SoundFacts
    remarks: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        single = Examples.of(label for label, count in self.labels.items() if count == 1)
        return {
            **dict.fromkeys(self.remarks, True),
            f"{self.unlabelled.count:,} of {self.clips:,} clips have no label, such as {self.unlabelled.first}.": (
                self.unlabelled
            ),
            f"With a single clip: {single.as_text('class', 'classes')}; such a class cannot be both learned and "
            "evaluated.": single,
            **self.sound.notes,
        }


def read(data: Any, settings: ClipDataSettings) -> Dataset:
    """Reads every clip as a series, annotated with its labels and, where known, split, fold, group and rate.

    Sound is samples `(samples, 1)` at one rate; feature arrays stay `(steps, features)`.

    Raises:
        ConfigError: several labels per clip, but the data are not a table; or a required setting is missing.
        DataError: a file, a row or a label cannot be used; the message has the place and the remedy.
    """
    if not isinstance(data, str | Path):
        raise DataError(
            "Clips must be in one folder or file; put the folders of all classes into one folder, write a table, or "
            "give a list of files and `labels`."
        )
    place = Path(data)
    found = _read_one(place, settings)
    if settings.test_data is not None:
        same = settings.model_copy(update={"rate_hz": found.series[0].annotations.rate_hz})
        test = _read_one(settings.test_data, settings_for(settings.test_data, same))
        both = [*_with_split(found.series, "train"), *_with_split(test.series, "test")]
        notes = (*found.notes, *(f"{settings.test_data}: {note}" for note in test.notes))
        found = ReadClips(both, (*found.skipped, *test.skipped), notes)
    return clips_dataset(found.series, str(place), found.notes, found.skipped)


def clips_dataset(
    clips: Sequence[Series], origin: str, notes: Sequence[str] = (), skipped: Sequence[str] = ()
) -> Dataset:
    """The clips with their counts, `notes` on how they were read, and the reasons for `skipped` ones.

    Raises:
        DataError: there are none, or they differ in the number of values per step.
    """
    if not clips:
        raise DataError(f"{origin} has no clips.")
    widths = {len(clip.features): clip for clip in clips}
    if len(widths) > 1:
        first, other = list(widths.values())[:2]
        raise DataError(
            f"{other.origin} has {len(other.features)} values per step, but {first.origin} has {len(first.features)}; "
            "give clips of one kind."
        )
    labels = Counter(label for clip in clips for label in labels_of(clip))
    unlabelled = Examples.of(clip.name for clip in clips if not labels_of(clip))
    rate_hz = clips[0].annotations.rate_hz
    steps = sum(clip.steps for clip in clips)
    counts = dict(sorted(labels.items()))
    remarks = (*notes, *missing_notes(clips, "clip"))
    report = ClipReport(len(clips), steps, rate_hz, counts, unlabelled, SoundFacts.of(clips), remarks, tuple(skipped))
    return Dataset(tuple(clips), report, fingerprint_of_annotated(clips), origin)


def labels_of(clip: Series) -> tuple[str, ...]:
    """The labels of a clip: one, or any number if there is a separator."""
    return clip.annotations.labels or ()


def _read_one(place: Path, settings: ClipDataSettings) -> ReadClips:
    if not place.exists():
        raise DataError(f"{place}: no such file or folder; check the name.")
    if not place.is_dir() and not place.is_file():
        raise DataError(f"{place} is not a regular file; save the clips in one.")
    reader = READERS.get(place.suffix.lower())
    if reader is None and not place.is_dir():
        raise DataError(
            f"{place} is not a supported clip source; give a folder with one folder per class, a table "
            "(.csv, .parquet) of files and labels, a .ts file, or an array (.npy) with --labels-path."
        )
    for name in ("label_separator", "fold", "group"):
        if getattr(settings, name) is not None and (reader is not tables.read_clips or place.is_dir()):
            raise ConfigError(f"`{name}` requires a table (.csv, .parquet), got {place}; leave it out.")
    settings.refuse_changed(_without_effect(place), f"on {place}; leave it out.")
    found = folders.read_clips(place, settings) if reader is None or place.is_dir() else reader(place, settings)
    if not found.series:
        raise DataError(f"{place} has no clips.")
    return found


def settings_for(place: Path, settings: ClipDataSettings) -> ClipDataSettings:
    """The settings of a run for new data at `place`, which may be of a different kind than in training."""
    defaults = {name: ClipDataSettings.model_fields[name].default for name in _without_effect(place)}
    return settings.model_copy(update=defaults)


def _without_effect(place: Path) -> list[str]:
    """The settings of tables and of arrays that reading `place` does not use."""
    reader = READERS.get(place.suffix.lower())
    by_reader = {tables.read_clips: TABLE_SETTINGS, arrays.read_clips: ARRAY_SETTINGS}
    return [name for one, names in by_reader.items() if one is not reader or place.is_dir() for name in names]


def _with_split(clips: Sequence[Series], split: SplitName) -> list[Series]:
    return [replace(clip, annotations=replace(clip.annotations, split=split)) for clip in clips]
