"""The music job as its users meet it."""

import io
import json
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import symusic
import torch
from job_data import tunes
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.batches import KEYS, BatchLoader, SongCollate
from echoic.errors import ConfigError, DataError
from echoic.jobs.music.clock import DEFAULT_METER, DEFAULT_TEMPO, Clock
from echoic.jobs.music.compose import Composition
from echoic.jobs.music.evaluate import MusicEvaluation
from echoic.jobs.music.files import ENDINGS
from echoic.jobs.music.task import MusicTask
from echoic.metrics.memorization import Match
from echoic.sources.midi import read_songs
from echoic.types.score import ONSET, SUSTAIN, Key, Meter, Note, Song, Tempo
from echoic.writers.midi import midi_bytes

TINY: dict[str, Any] = {"layers": (8,), "dropout": 0.0, "epochs": 2, "threads": 1, "transpose": "none"}


def tune(first: int, steps: int = 32) -> Song:
    notes = tuple(Note(step / 4, first + [0, 4, 7, 4][step % 4], 0.25) for step in range(steps))
    bass = tuple(Note(float(beat), first - 12, 1.0) for beat in range(steps // 4))
    return Song(
        "tune",
        tuple(sorted((*notes, *bass))),
        tempos=(Tempo(0.0, 90.0),),
        meters=(Meter(0.0, 3, 4),),
        keys=(Key(0.0, "F"),),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songs")
    for number in range(10):
        (path / f"tune{number}.mid").write_bytes(midi_bytes(tune(60 + number % 3)))
    (path / "broken.mid").write_bytes(b"MThd")
    return path


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(
        "music",
        folder,
        out=tmp_path_factory.mktemp("runs") / "run",
        config=TINY | {"layers": (32,), "epochs": 400, "lr": 0.01, "patience": 400},
    )


@pytest.mark.slow
def test_a_folder_of_midi_files_is_chords_with_onsets_and_the_joint_head(run: Run) -> None:
    settings = run.config["settings"]
    assert settings["output"]["head"] == "joint"
    assert settings["pitch"]["onsets"] is True
    report = run.config["data"]["report"]
    assert report["splits"] == {"train": 8, "dev": 1, "test": 1}
    assert any("broken.mid" in note for note in report["notes"])


def test_the_network_of_the_origin_has_23060_parameters(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi_bytes(Song("a", tuple(Note(float(at), 60 + at, 1.0) for at in range(8)))))
    wanted = {"layers": (64,), "pitch_range": "60-77", "split": (1, 0, 0), "grid": "quarter"}
    network = prepare("music", tmp_path / "a.mid", config=wanted).task.build_model()
    assert sum(weights.numel() for weights in network.parameters()) == 23_060


def test_a_single_line_is_found_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi_bytes(Song("a", tuple(Note(float(at), 60 + at, 1.0) for at in range(8)))))
    wanted = {"split": (1, 0, 0), "grid": "quarter", "transpose": "all"}
    task = expect_type(MusicTask, prepare("music", tmp_path / "a.mid", config=wanted).task)
    assert (task.settings.output.head, task.codec.form) == ("categorical", "line")
    assert (task.codec.lowest, task.codec.highest) == (60 + KEYS[0], 67 + KEYS[-1])


def test_notes_dropped_from_a_line_are_reported(folder: Path) -> None:
    task = prepare("music", folder, config=TINY | {"head": "categorical"}).task
    notes = [note for note in task.data_report()["notes"] if "several notes sound" in note]
    assert notes == ["In 320 steps several notes sound; only the highest was kept."]


def test_another_reader_finds_the_notes_tempo_meter_and_key_in_a_generated_file(run: Run, tmp_path: Path) -> None:
    prime = tmp_path / "prime.mid"
    prime.write_bytes(midi_bytes(tune(61)))
    made = run.generate("4bars", prime=prime, temperature=0.5, seed=1)
    assert len(made.roll) == 4 * 3 * 4
    run.write(tmp_path / "new.mid", "4bars", prime=prime, temperature=0.5, seed=1)
    elsewhere: Any = symusic.Score(tmp_path / "new.mid", ttype="quarter")
    assert sorted((note.start, note.pitch, note.duration) for track in elsewhere.tracks for note in track.notes) == [
        (note.onset_beats, note.pitch, note.duration_beats) for note in made.song.notes
    ]
    assert [tempo.qpm for tempo in elsewhere.tempos] == pytest.approx([90.0], rel=1e-5)
    (back,) = read_songs(tmp_path / "new.mid", pedal=True)
    assert back.notes == made.song.notes
    assert back.repairs == {}
    assert back.tempos[0].bpm == pytest.approx(90.0, rel=1e-5)
    assert (back.meters, back.keys) == ((Meter(0.0, 3, 4),), (Key(0.0, "F"),))


def test_a_trained_run_continues_the_training_melody(run: Run, tmp_path: Path) -> None:
    prime = tmp_path / "prime.mid"
    prime.write_bytes(midi_bytes(tune(61, steps=16)))
    made = run.generate(16, prime=prime, temperature=0)
    wanted = [61 + [0, 4, 7, 4][step % 4] for step in range(16)]
    assert [127 - int((row[::-1] == ONSET).argmax()) for row in made.roll] == wanted
    assert made.memorized.steps == 16


def test_the_prime_can_be_kept(run: Run) -> None:
    made = run.generate("2bars", seed=3)
    whole = made.with_prime()
    assert len(whole.roll) == len(made.before) + len(made.roll)
    assert np.array_equal(whole.roll[: len(made.before)], made.before)
    seam = len(made.before)
    held = (whole.roll[seam] == SUSTAIN).sum()
    begin_late = sum(note.onset_beats >= whole.edges_beats[seam] for note in whole.song.notes)
    assert len(made.song.notes) == begin_late + held


def test_a_held_note_is_not_struck_again_at_the_seam() -> None:
    before, after = np.zeros((2, 4, 128), np.uint8)
    before[2, 60], before[3, 60], after[:2, 60] = ONSET, SUSTAIN, SUSTAIN
    clock = Clock(1.0, None, (DEFAULT_TEMPO,), (DEFAULT_METER,), ())
    made = Composition("held", after, before, clock, Match(0, 0, 0), "")
    assert [(note.onset_beats, note.duration_beats) for note in made.with_prime().song.notes] == [(2.0, 4.0)]
    assert [(note.onset_beats, note.duration_beats) for note in made.song.notes] == [(0.0, 2.0)]


def test_a_bar_that_is_shorter_than_a_step_primes_with_a_step(tmp_path: Path) -> None:
    for number in range(10):
        notes = tuple(Note(float(at), 60 + number, 1.0) for at in range(12))
        (tmp_path / f"{number}.mid").write_bytes(midi_bytes(Song("short", notes, meters=(Meter(0.0, 1, 8),))))
    run = train("music", tmp_path, out=tmp_path / "run", grid="quarter", **TINY)
    assert len(run.generate("3steps").before) == 1
    with pytest.raises(ConfigError, match="`length` must be at least one step"):
        run.generate("1bar")


def test_a_line_is_compared_with_the_lines_of_the_training_songs(folder: Path, tmp_path: Path) -> None:
    run = train("music", folder, out=tmp_path / "run", head="categorical", **TINY)
    with pytest.warns(UserWarning, match=r"broken\.mid, byte 4: the file ends inside its header"):
        evaluations = run.evaluate(split="train"), run.evaluate(folder)
    for found in evaluations:
        assert expect_type(MusicEvaluation, found).memorized_windows == 1


@pytest.mark.parametrize("pitch_range", [36, "36,81", "81-36", "x"])
def test_pitches_that_are_no_range_are_one_sentence(folder: Path, pitch_range: int | str) -> None:
    with pytest.raises(ConfigError, match="must be the lowest and the highest MIDI pitch, such as 21-108"):
        prepare("music", folder, config=TINY | {"pitch_range": pitch_range})


@pytest.mark.parametrize(
    ("length", "steps"), [("3steps", 3), (5, 5), ("7", 7), ("2beats", 8), ("1 bar", 12), ("2s", 12)]
)
def test_lengths(run: Run, length: str | int, steps: int) -> None:
    assert len(run.generate(length).roll) == steps


@pytest.mark.parametrize("length", ["0", "bars", "-3bars", "3 notes", "0.1steps"])
def test_invalid_lengths_are_refused(run: Run, length: str) -> None:
    with pytest.raises(ConfigError, match="`length` must be"):
        run.generate(length)


def test_the_seed_determines_the_generated_song(run: Run) -> None:
    first, again, other = (run.generate(48, seed=seed).roll for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_has_its_file_format(run: Run, ending: str, tmp_path: Path) -> None:
    marks = {".mid": b"MThd", ".midi": b"MThd", ".wav": b"RIFF", ".png": b"\x89PNG", ".pdf": b"%PDF"}
    path = tmp_path / f"new{ending}"
    run.write(path, "2bars", keep_prime=True)
    assert path.read_bytes().startswith(marks[ending])


def test_synthesised_sound_has_the_pitch_of_the_note() -> None:
    from echoic.writers.synthesizer import RATE_HZ, wav_bytes  # noqa: PLC0415

    with wave.open(io.BytesIO(wav_bytes(Song("a", (Note(0.0, 69, 2.0),))))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples[:RATE_HZ]))
    assert spectrum.argmax() == pytest.approx(440, abs=2)
    assert np.abs(samples).max() > 20_000


def test_dev_and_test_songs_are_never_moved_to_other_keys(folder: Path) -> None:
    task = prepare("music", folder, config=TINY | {"transpose": "all"}).task
    batches = expect_type(BatchLoader, task.dev_batches())
    assert expect_type(SongCollate, batches.collate).transpose == "none"


def songs_in(path: Path, keys: Sequence[int]) -> Path:
    """Songs on the notes of a major scale, most often the tonic and the fifth, in the given keys."""
    scale, rng = [0, 0, 0, 2, 4, 4, 5, 7, 7, 9, 11], np.random.default_rng(0)
    songs = [[[60 + key + int(note)] for note in rng.choice(scale, 40)] for key in keys]
    path.write_text(json.dumps({"train": songs, "valid": songs[:1], "test": songs[:1]}))
    return path


@pytest.mark.parametrize(
    ("keys", "transpose"),
    [
        ([0] * 12, "none"),
        ([0, 12] * 6, "none"),
        ([0] * 10 + [7, 2], "none"),
        ([3], "none"),
        ([0, 7, 2, 5, 10, 9] * 2, "random"),
        ([0, 7] * 6, "random"),
        (range(12), "random"),
    ],
)
def test_songs_are_transposed_by_default_if_they_are_in_different_keys(
    tmp_path: Path, keys: Sequence[int], transpose: str
) -> None:
    songs = songs_in(tmp_path / "songs.json", keys)
    task = expect_type(MusicTask, prepare("music", songs, config=TINY | {"transpose": None}).task)
    assert task.settings.pitch.transpose == transpose
    assert expect_type(SongCollate, task.train_batches().collate).transpose == transpose
    notes = task.data_report()["notes"]
    assert ("Training songs are transposed to a random key in every epoch." in notes) == (transpose == "random")
    asked = expect_type(MusicTask, prepare("music", songs, config=TINY | {"transpose": "all"}).task)
    assert asked.settings.pitch.transpose == "all"


def test_the_score_is_the_total_over_all_steps_but_the_first_of_each_song(tmp_path: Path) -> None:
    path = tmp_path / "songs.json"
    song_a, song_b = [[60, 64]] * 5, [[62]] * 11
    path.write_text(json.dumps({"train": [song_a, song_b], "valid": [song_a], "test": [song_a, song_b]}))
    run = train("music", path, out=tmp_path / "run", config=TINY | {"head": "bernoulli"})
    with pytest.raises(ConfigError, match="this network predicts each pitch independently"):
        run.generate("1bars", top_k=3)
    evaluation = expect_type(MusicEvaluation, run.evaluate())
    assert evaluation.steps == 4 + 10
    task, total = run.fitted.task, 0.0
    for song in task.songs("test"):
        roll = torch.from_numpy(task.codec.encode(song.values.astype(np.uint8))).float()[None]
        chance = torch.sigmoid(run.model(roll[:, :-1])[0][..., 0].double())
        total -= torch.where(roll[:, 1:] > 0, chance.log(), (1 - chance).log()).sum().item()
    assert evaluation.scores["nll_per_step"] == pytest.approx(total / 14, rel=1e-5)


def test_a_split_without_songs_and_an_unknown_split_are_refused(folder: Path, tmp_path: Path) -> None:
    run = train("music", folder, out=tmp_path / "run", config=TINY | {"split": (9, 1, 0)})
    with pytest.raises(
        DataError,
        match="it has no songs; evaluate new data, or another split with --split dev",
    ):
        run.evaluate()
    with pytest.raises(ConfigError, match="`split` must be one of"):
        run.evaluate(split="final")


def test_a_loaded_run_is_scored_on_new_songs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "new.mid").write_bytes(midi_bytes(tune(62)))
    loaded = load(run.path)
    assert expect_type(MusicEvaluation, loaded.evaluate(tmp_path / "new.mid")).songs == 1
    assert loaded.evaluate().scores == run.evaluate().scores


def test_predict_is_refused_with_the_jobs_that_have_it(run: Run) -> None:
    with pytest.raises(ConfigError, match="`predict` is not supported by music runs; it is for forecast"):
        run.predict()


def test_a_list_of_files_is_a_folder_of_them(folder: Path, tmp_path: Path) -> None:
    settings = TINY | {"epochs": 1, "pedal": False}
    files = sorted(folder.rglob("*.mid"))
    whole, listed, drawn = (
        train("music", data, out=tmp_path / name, config=settings)
        for name, data in (("folder", folder), ("list", files), ("iterator", iter(map(str, files))))
    )
    assert listed.evaluate().rows == whole.evaluate().rows == drawn.evaluate().rows
    good = [file for file in files if file.name != "broken.mid"]
    assert load(tmp_path / "list").evaluate(good).scores["nll_per_step"] > 0
    assert load(tmp_path / "list").evaluate().rows == listed.evaluate().rows


def test_new_songs_may_be_of_another_kind_than_the_training_songs(folder: Path, tmp_path: Path) -> None:
    run = train("music", folder, out=tmp_path / "run", config=TINY | {"epochs": 1, "pedal": False})
    assert run.evaluate(tunes(tmp_path)).scores["nll_per_step"] > 0
