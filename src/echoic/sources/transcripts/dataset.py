"""Recordings with texts as a dataset: counts, notes and fingerprint."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echoic.errors import DataError
from echoic.sources.audio.facts import SoundFacts
from echoic.sources.base import Dataset, fingerprint_of_annotated
from echoic.sources.counts import CountsReport
from echoic.types import Series


@dataclass(frozen=True)
class TranscriptReport(CountsReport):
    """Counts of the data: recordings, their duration, the characters of their texts, and what was done to the sound.

    `remarks` are sentences on how the recordings were read, `skipped` why some were.
    """

    noun = "Recordings"

    recordings: int
    seconds: float
    rate_hz: int
    characters: int
    sound: SoundFacts
    remarks: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        return {**dict.fromkeys(self.remarks, True), **self.sound.notes}


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
