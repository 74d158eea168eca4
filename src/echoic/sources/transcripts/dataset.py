"""Recordings with texts as a dataset: counts, notes and fingerprint."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from echoic.errors import DataError
from echoic.sources.audio.facts import SoundFacts
from echoic.sources.base import Dataset, fingerprint_of_annotated
from echoic.sources.usable import skipped_notes
from echoic.types import Series


@dataclass(frozen=True)
class TranscriptReport:
    """Counts of the data: recordings, their duration, the characters of their texts, and what was done to the sound.

    `remarks` are sentences on how the recordings were read, `skipped` why some were.
    """

    recordings: int
    seconds: float
    rate_hz: int
    characters: int
    sound: SoundFacts
    remarks: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""
        candidates = {**dict.fromkeys(self.remarks, True), **self.sound.notes}
        return (*(note for note, applies in candidates.items() if applies), *skipped_notes(self.skipped, "Recordings"))

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return asdict(self) | {"notes": list(self.notes)}


def transcripts_dataset(
    recordings: Sequence[Series], origin: str, remarks: Sequence[str] = (), skipped: tuple[str, ...] = ()
) -> Dataset:
    """Recordings of one rate, annotated with their texts, their counts, `remarks`, and why some were `skipped`.

    Raises:
        DataError: there is none.
    """
    if not recordings:
        raise DataError(f"{origin} has no recordings with texts.")
    rate_hz = recordings[0].annotations.rate_hz or 0
    texts = [one.annotations.text or "" for one in recordings]
    report = TranscriptReport(
        len(recordings),
        sum(one.steps for one in recordings) / (rate_hz or 1),
        rate_hz,
        sum(map(len, texts)),
        SoundFacts.of(recordings),
        tuple(remarks),
        skipped,
    )
    both = json.dumps([fingerprint_of_annotated(recordings), texts])
    return Dataset(tuple(recordings), report, hashlib.sha256(both.encode()).hexdigest(), origin)
