"""The page of `echoic serve` hears a bird: the syllables of a song are those that `predict` finds in its recording."""

import csv
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import echoic
from echoic.api.run import Run

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import Browsed, Serving, chromium, write_heard
from page_events import check_events, hear
from playwright.sync_api import Playwright

pytestmark = [pytest.mark.slow, pytest.mark.data]

SONGS = {"train": 30, "val": 4, "test": 1}
RECIPE: dict[str, Any] = {
    "hop_ms": 2, "window_ms": 16, "low_hz": 500, "conv_stride": 4, "conv_channels": (8, 16), "bidirectional": False,
    "cell": "gru", "layers": (48,), "delay_ms": 40, "excerpt_s": 2.0, "epochs": 8, "lr": 3e-3, "patience": 99,
}  # fmt: skip
"""That of benchmarks/detect.py, smaller."""


def chosen_songs(place: Path, folder: Path) -> tuple[Path, Path, Path]:
    """Writes the tables of events and splits of a few songs; and gives the song of the test split."""
    with (place / "split.csv").open() as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: zlib.crc32(row["file"].encode()))  # in no order
    splits = {
        row["file"]: split
        for split, count in SONGS.items()
        for row in [row for row in rows if row["split"] == split][:count]
    }
    with (place / "events.csv").open() as file, (folder / "events.csv").open("w", newline="") as kept:
        events = csv.DictReader(file)
        writer = csv.DictWriter(kept, events.fieldnames or [])
        writer.writeheader()
        writer.writerows(row for row in events if row["file"] in splits)
    with (folder / "split.csv").open("w", newline="") as kept:
        csv.writer(kept).writerows([("file", "split"), *splits.items()])
    (song,) = [name for name, split in splits.items() if split == "test"]
    return folder / "events.csv", folder / "split.csv", place / "audio" / song


@pytest.fixture(scope="module")
def bird(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A detector of syllables, and a song that it has not heard."""
    place, folder = data_dir / "sed_birdsong_bird0", tmp_path_factory.mktemp("bird")
    events, split, song = chosen_songs(place, folder)
    run = echoic.train(
        "detect", events, audio=place / "audio", split_table=split, out=folder / "bird", threads=1, **RECIPE
    )
    return run, song


@pytest.fixture
def browsed(driver: Playwright, bird: tuple[Run, Path], tmp_path: Path) -> Iterator[Browsed]:
    run, song = bird
    write_heard(tmp_path / "song.wav", song)
    with Serving(run.path) as serving, chromium(driver, tmp_path / "song.wav") as browser:
        yield Browsed(browser, serving, tmp_path / "song.wav")


def test_the_syllables_of_a_song_are_those_of_predict(browsed: Browsed, bird: tuple[Run, Path], tmp_path: Path) -> None:
    heard = hear(browsed, "bird")
    assert len(heard.events) > 20
    assert heard.events["label"].n_unique() > 2
    step_and_hop_s = (RECIPE["conv_stride"] + 1) * RECIPE["hop_ms"] / 1000
    check_events(heard, bird[0], browsed.file, tmp_path, step_and_hop_s)
