"""Songs in the keys that songs usually have, from sets that are in a common key."""

import json
from pathlib import Path

import numpy as np

from echoic import sources
from echoic.config.music import MusicDataSettings
from echoic.windows import assign_splits

KEY_FREQUENCIES = {0: 0.22, -5: 0.2, 2: 0.18, 5: 0.14, -2: 0.1, -3: 0.09, 4: 0.07}
"""Transpositions from C in semitones, to G, D, F, B flat, A and E, and their frequencies."""


def write_mixed(path: Path, mixed: Path) -> None:
    """Writes the songs of `path`, each transposed to a random key, to the JSON file `mixed`."""
    generator, (shifts, frequencies) = np.random.default_rng(1), zip(*KEY_FREQUENCIES.items(), strict=True)
    series = sources.read(path, MusicDataSettings(grid="quarter")).series
    songs = {}
    for split, numbers in assign_splits(series, None).items():
        songs["valid" if split == "dev" else split] = [
            [(np.flatnonzero(step) + shift).tolist() for step in series[number].values]
            for number in numbers
            for shift in [int(generator.choice(shifts, p=frequencies))]
        ]
    mixed.write_text(json.dumps(songs))
