"""Tempos, meters and keys of a prime, in what continues it."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import echoic
from echoic.api.run import Run
from echoic.sources.midi import read_songs
from echoic.types.score import Key, Meter, Note, Song, Tempo
from echoic.writers.midi import midi_bytes

TEMPOS = (Tempo(0.0, 120.0), Tempo(3.0, 100.0), Tempo(7.5, 150.0))
METERS = (Meter(0.0, 1, 4), Meter(1.0, 3, 4), Meter(7.0, 4, 4))
KEYS = (Key(0.0, "D"), Key(7.0, "Bm"))

TINY: dict[str, Any] = {"layers": (8,), "dropout": 0.0, "epochs": 1, "threads": 1, "transpose": "none"}


def piece(beats: float = 11.0) -> Song:
    notes = tuple(Note(step / 2, 60 + step % 7, 0.5) for step in range(round(beats * 2)))
    return Song("piece", notes, tempos=TEMPOS, meters=METERS, keys=KEYS)


def folder_of(path: Path) -> Path:
    path.mkdir()
    for number in range(4):
        (path / f"{number}.mid").write_bytes(midi_bytes(piece()))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("timed")
    return echoic.train("music", folder_of(place / "songs"), out=place / "run", **TINY)


@pytest.fixture(scope="module")
def prime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prime") / "prime.mid"
    path.write_bytes(midi_bytes(piece()))
    return path


def assert_maps(song: Song, tempos: tuple[Tempo, ...], meters: tuple[Meter, ...], keys: tuple[Key, ...]) -> None:
    assert [one.at_beats for one in song.tempos] == pytest.approx([one.at_beats for one in tempos], abs=1 / 480)
    assert [one.bpm for one in song.tempos] == pytest.approx([one.bpm for one in tempos], rel=1e-4)
    assert (song.meters, song.keys) == (meters, keys)


def test_all_changes_of_a_prime_come_back_at_their_places(run: Run, prime: Path, tmp_path: Path) -> None:
    run.write(tmp_path / "new.mid", "2bars", prime=prime, keep_prime=True)
    (back,) = read_songs(tmp_path / "new.mid", pedal=True)
    assert_maps(back, TEMPOS, METERS, KEYS)
    assert back.notes[:22] == tuple(Note(one.onset_beats, one.pitch, 0.5) for one in piece().notes)


def test_a_continuation_has_what_its_prime_ends_with(run: Run, prime: Path, tmp_path: Path) -> None:
    run.write(tmp_path / "new.mid", "2bars", prime=prime)
    (back,) = read_songs(tmp_path / "new.mid", pedal=True)
    assert_maps(back, (Tempo(0.0, 150.0),), (Meter(0.0, 4, 4),), (Key(0.0, "Bm"),))
    assert len(run.generate("2bars", prime=prime).roll) == 2 * 16
    assert len(run.generate("2s", prime=prime).roll) == 2 * 10


def test_on_a_grid_of_seconds_notes_and_changes_keep_their_places(prime: Path, tmp_path: Path) -> None:
    songs = folder_of(tmp_path / "songs")
    run = echoic.train("music", songs, out=tmp_path / "run", grid="50ms", pitch_range="48-84", **TINY)
    run.write(tmp_path / "new.mid", "2bars", prime=prime, keep_prime=True)
    (back,) = read_songs(tmp_path / "new.mid", pedal=True)
    assert_maps(back, TEMPOS, METERS, KEYS)
    onsets = np.array([one.onset_beats for one in back.notes[:22]])
    assert np.abs(onsets - [one.onset_beats for one in piece().notes]).max() < 0.025 * 150 / 60 + 1 / 480


def test_a_pick_up_is_followed_by_its_first_bar_and_is_not_the_meter_of_all(run: Run, tmp_path: Path) -> None:
    made = run.generate("1bar")
    assert len(made.before) == 4 + 12
    assert len(made.roll) == 12
    assert made.with_prime().song.meters == METERS[:2]
    assert made.song.meters == (Meter(0.0, 3, 4),)
    run.write(tmp_path / "new.mid", "1bar", keep_prime=True)
    (back,) = read_songs(tmp_path / "new.mid", pedal=True)
    assert_maps(back, TEMPOS[:2], METERS[:2], KEYS[:1])


def test_a_run_keeps_the_changes_without_its_songs(run: Run) -> None:
    copies = run.folder.read_series()
    assert copies is not None
    music = copies[0].annotations.music
    assert music is not None
    assert (music.meters, music.keys) == (METERS, KEYS)
    assert [one.bpm for one in music.tempos] == pytest.approx([one.bpm for one in TEMPOS], rel=1e-4)


def test_a_run_of_an_earlier_version_has_its_grid_in_seconds(prime: Path, tmp_path: Path) -> None:
    """A bare number was one of seconds."""
    run = echoic.train("music", folder_of(tmp_path / "songs"), out=tmp_path / "run", grid="0.125s", **TINY)
    config = run.folder.read_config()
    config["settings"]["data"]["grid"] = "0.125"
    run.folder.write_config({key: value for key, value in config.items() if key not in {"format", "sha256"}})
    again = echoic.load(tmp_path / "run")
    assert again.settings.model_dump()["data"]["grid"] == "0.125s"
    assert np.array_equal(again.generate(4, prime=prime).roll, run.generate(4, prime=prime).roll)


def test_a_prime_of_many_steps_takes_seconds(run: Run, tmp_path: Path) -> None:
    """Not the square of its steps: a prime of 64,000 took 96 s."""
    (tmp_path / "long.mid").write_bytes(midi_bytes(piece(4000.0)))
    started_at = time.process_time()
    made = run.generate(1, prime=tmp_path / "long.mid")
    run_notes = made.with_prime().song.notes
    assert (len(made.before), len(run_notes) >= 8000) == (16_000, True)
    assert len(midi_bytes(made.with_prime().song)) > 8 * 8000
    assert time.process_time() - started_at < 10
