"""Piano-rolls in memory."""

from typing import Any

from echoic.config.music import MusicDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset, fingerprint_of_annotated
from echoic.sources.memory import ORIGIN, as_array, as_items, is_array
from echoic.sources.music import dataset_of_rolls
from echoic.sources.rolls import RollSong, array_roll


def read(data: Any, settings: MusicDataSettings) -> Dataset:
    """Reads an array `(steps, 88)` or `(steps, 128)` as a song; a sequence of such, or `(songs, steps, 88)`, as songs.

    Raises:
        DataError: an array is no piano-roll, or has no steps.
    """
    is_song = is_array(data) and getattr(data, "ndim", 0) == 2
    songs = [as_array(data, ORIGIN)] if is_song else as_items(data, ORIGIN)
    rolls = []
    for number, song in enumerate(songs):
        place = f"{ORIGIN}, song {number}"
        if not len(song):
            raise DataError(f"{place} has no steps; remove it.")
        rolls.append(RollSong(f"song {number}", array_roll(place, song), None))
    dataset = dataset_of_rolls(rolls, settings, "", ORIGIN)
    return Dataset(dataset.series, dataset.report, fingerprint_of_annotated(dataset.series), ORIGIN)
