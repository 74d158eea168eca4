"""New sound whose sampling rate is lower than that of training: the highest bands of its spectra are empty."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echoic.sources import is_path
from echoic.sources.audio import ENDINGS, sound_files
from echoic.sources.audio.decoding import file_rate_hz
from echoic.sources.audio.facts import SoundFacts, lower_rate_note
from echoic.sources.examples import Examples
from echoic.types import Series


def notes_on_series(series: Sequence[Series], rate_hz: int) -> tuple[str, ...]:
    """A sentence, if some of the series were sampled at a lower rate than `rate_hz`."""
    facts = SoundFacts.of(series)
    return (lower_rate_note(facts.lower, facts.rates_hz[0], rate_hz),) if facts.lower else ()


def notes_on_files(files: Sequence[Any], rate_hz: int) -> list[str]:
    """The same for sound files and folders, from their headers alone; other data are passed over."""
    places = (Path(one) for one in files if is_path(one))
    sounds = [path for place in places if place.is_dir() or place.name.lower().endswith(ENDINGS) for path in _in(place)]
    rates = {str(path): found for path in sounds if (found := file_rate_hz(path)) is not None and found < rate_hz}
    return [lower_rate_note(Examples.of(rates), min(rates.values()), rate_hz)] if rates else []


def _in(place: Path) -> list[Path]:
    has_sound = not place.is_dir() or any(path.suffix.lower() in ENDINGS for path in place.rglob("*"))
    return sound_files(place) if has_sound else []
