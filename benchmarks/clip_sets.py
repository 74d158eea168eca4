"""Sets of sound clips: their files, and the options that say what their columns mean."""

import csv
from pathlib import Path
from typing import Any, NamedTuple


class ClipSet(NamedTuple):
    """Data of the classify job, and the options that say what they are."""

    data: Path
    options: dict[str, Any]


def digits(data: Path, folder: Path) -> ClipSet:
    """FSDD with its official split: takes 0 to 4 of every speaker and digit are test. The table is in `folder`."""
    table, audio = folder / "digits.csv", data / "fsdd" / "recordings"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "split", "speaker"])
        for sound in sorted(audio.glob("*.wav")):
            digit, speaker, take = sound.stem.split("_")
            rows.writerow([sound.name, digit, "test" if int(take) < 5 else "train", speaker])
    return ClipSet(table, {"audio": audio})


def sounds(data: Path, test_fold: str) -> ClipSet:
    """ESC-10 with one of its five folds as test; dev shares no recording with train."""
    place = data / "esc10_16k"
    options = {"fold": "fold", "folds": 5, "test_fold": test_fold, "group": "freesound_id", "audio": place / "audio"}
    return ClipSet(place / "meta.csv", options)
