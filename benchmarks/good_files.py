"""Writes a good file of every format that is read."""

import bz2
import gzip
import lzma
import shutil
from pathlib import Path

import h5py
import numpy as np
import polars as pl
import soundfile
from scipy.io import savemat

from echoic.sources.audio import ENDINGS as SOUND_ENDINGS
from echoic.sources.music import MIDI_ENDINGS

SOUNDS = {"oga": "OGG", "ogg": "OGG", "opus": "OGG", "aif": "AIFF", "mp3": "MP3"}
"""Names that libsndfile has for endings that differ."""

HDF5_ENDINGS = (".hdf5", ".h5", ".hdf")


def write_inputs(folder: Path) -> None:
    """Writes all files."""
    draw = np.random.default_rng(0)
    _write_tables(folder, draw)
    _write_packed(folder, "table.csv", "table.tsf", "text.txt")
    _write_music(folder)
    _write_sounds(folder)
    _write_clips(folder, draw)
    _write_events(folder, draw)
    _write_pairs(folder, draw)
    _write_transcripts(folder)


def _write_tables(folder: Path, draw: np.random.Generator) -> None:
    table = pl.DataFrame({"ds": np.arange(120), "y": draw.normal(size=120).round(3)})
    table.write_csv(folder / "table.csv")
    table.write_parquet(folder / "table.parquet")
    rows = [",".join(map(str, draw.normal(size=80).round(2))) for _ in range(3)]
    names = ",".join(f"V{number}" for number in range(1, 82))
    (folder / "m4.csv").write_text(f"{names}\n" + "".join(f"H{number},{row}\n" for number, row in enumerate(rows)))
    head = "@attribute series_name string\n@attribute start_timestamp date\n@frequency daily\n@data\n"
    lines = (f"T{number}:2020-01-01 00-00-00:{row}\n" for number, row in enumerate(rows))
    (folder / "table.tsf").write_text(head + "".join(lines))
    (folder / "text.txt").write_text("The quick brown fox.\n" * 60)
    (folder / "texts").mkdir()
    for number in range(3):
        (folder / "texts" / f"{number}.txt").write_text("The quick brown fox.\n" * 30)


def _write_packed(folder: Path, *names: str) -> None:
    for name in names:
        whole = (folder / name).read_bytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(whole))
        (folder / f"{name}.bz2").write_bytes(bz2.compress(whole))
        (folder / f"{name}.xz").write_bytes(lzma.compress(whole))
        # Lines that polars packs, since Python 3.11 has no zstd.
        lines = pl.DataFrame({"line": whole.decode().splitlines()})
        lines.write_csv(folder / f"{name}.zst", include_header=False, separator="\x1f", quote_style="never",
                        compression="zstd")  # fmt: skip


def _write_music(folder: Path) -> None:
    track = b"".join(bytes([0, 0x90, 60 + n % 12, 80, 96, 0x80, 60 + n % 12, 0]) for n in range(40)) + b"\0\xff\x2f\0"
    head = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1, 0, 96])
    song = head + b"MTrk" + len(track).to_bytes(4, "big") + track
    (folder / "songs").mkdir()
    for name in (*(f"song{ending}" for ending in MIDI_ENDINGS), *(f"songs/{number}.mid" for number in range(4))):
        (folder / name).write_bytes(song)
    notes = f"[{', '.join(f'[{60 + step % 5}]' for step in range(40))}]"
    (folder / "songs.json").write_text(
        f'{{"train": [{notes}, {notes}, {notes}], "valid": [{notes}], "test": [{notes}]}}'
    )
    roll = np.zeros((40, 88), np.uint8)
    roll[np.arange(40), 40 + np.arange(40) % 5] = 1
    np.save(folder / "songs.npy", np.concatenate([roll] * 4))
    np.savez_compressed(folder / "songs.npz", train_0=roll, train_1=roll, valid=roll, test=roll)
    cells = {"traindata": np.empty((1, 2), object), "validdata": np.empty((1, 1), object)}
    cells["testdata"] = np.empty((1, 1), object)
    for cell in cells.values():
        for number in range(cell.shape[1]):
            cell[0, number] = roll
    savemat(folder / "songs.mat", cells)


def _write_sounds(folder: Path) -> None:
    sound = (0.3 * np.sin(np.arange(8000) / 5)).astype(np.float32)
    for ending in SOUND_ENDINGS:
        name = ending.removeprefix(".")
        subtype = "OPUS" if name == "opus" else None
        soundfile.write(folder / f"sound{ending}", sound, 8000, subtype, format=SOUNDS.get(name, name.upper()))
    for label in "ab":
        (folder / "sounds" / label).mkdir(parents=True)
        for number in range(8):
            pitch = 5 if label == "a" else 9
            samples = (0.3 * np.sin(np.arange(4000 + number) / pitch)).astype(np.float32)
            soundfile.write(folder / "sounds" / label / f"{number}.wav", samples, 8000)


def _write_clips(folder: Path, draw: np.random.Generator) -> None:
    rows = "".join(f"{','.join(map(str, draw.normal(size=20).round(2)))}:{'ab'[n % 2]}\n" for n in range(40))
    (folder / "clips.ts").write_text("@classLabel true a b\n@data\n" + rows)
    files = [f"sounds/{label}/{number}.wav" for label in "ab" for number in range(8)]
    table = pl.DataFrame({"file": files, "label": [file.split("/")[1] for file in files]})
    table.write_csv(folder / "clips.csv")
    table.write_parquet(folder / "clips.parquet")
    clips = np.repeat(np.arange(24), 12)
    values = draw.normal(size=len(clips)).round(2)
    pl.DataFrame({"ax": values, "clip": clips, "label": clips % 2}).write_csv(folder / "steps.csv")
    np.save(folder / "clips.npy", draw.normal(size=(24, 5, 12)).astype(np.float32))
    np.save(folder / "labels.npy", np.array([f"label {number % 2}" for number in range(24)]))


def _write_events(folder: Path, draw: np.random.Generator) -> None:
    files = [f"sounds/{label}/{number}.wav" for label in "ab" for number in range(8)]
    labels = [file.split("/")[1] for file in files]
    events = pl.DataFrame({"file": files, "onset_s": [0.1] * 16, "offset_s": [0.3] * 16, "label": labels})
    events.write_csv(folder / "events.csv")
    events.write_parquet(folder / "events.parquet")
    splits = [("train", "dev", "test")[max(0, number % 8 - 5)] for number in range(16)]
    pl.DataFrame({"file": files, "split": splits}).write_csv(folder / "split.csv")
    person = np.repeat(np.arange(8), 60)
    label = np.tile(np.repeat(["", "walk", "", "run"], 15), 8)
    moves = {"ax": draw.normal(size=480).round(2), "person": person, "label": label}
    pl.DataFrame(moves).write_csv(folder / "moves.csv")


def _write_pairs(folder: Path, draw: np.random.Generator) -> None:
    inputs = draw.normal(size=400)
    pair = {"u": inputs, "y": np.tanh(inputs)}
    np.savez_compressed(folder / "pairs.npz", u=pair["u"], y=pair["y"])
    for ending in HDF5_ENDINGS:
        with h5py.File(folder / f"pairs{ending}", "w") as file:
            for name, values in pair.items():
                file[name] = values
    pl.DataFrame(pair).write_csv(folder / "pairs.csv")
    pl.DataFrame(pair).write_parquet(folder / "pairs.parquet")
    for side, gain in {"dry": 0.3, "wet": 0.2}.items():
        (folder / side).mkdir()
        for number in range(3):
            sound = gain * np.sin(np.arange(2000) / (5 + number))
            soundfile.write(folder / side / f"{number}.wav", sound.astype(np.float32), 8000)


def _write_transcripts(folder: Path) -> None:
    files = [f"sounds/{label}/{number}.wav" for label in "ab" for number in range(8)]
    texts = ["ab" if "/a/" in file else "ba" for file in files]
    pl.DataFrame({"file": files, "text": texts}).write_csv(folder / "spoken.csv")
    pl.DataFrame({"file": files, "text": texts}).write_csv(folder / "spoken.tsv", separator="\t")
    pl.DataFrame({"file": files, "text": texts}).write_parquet(folder / "spoken.parquet")
    for name in ("spoken", "kaldi"):
        (folder / name).mkdir()
    for number, (file, text) in enumerate(zip(files, texts, strict=True)):
        shutil.copy(folder / file, folder / "spoken" / f"{number}.wav")
        (folder / "spoken" / f"{number}.txt").write_text(text)
    lines = {"wav.scp": [f"k{n} {folder / file}" for n, file in enumerate(files)]}
    lines["text"] = [f"k{n} {text}" for n, text in enumerate(texts)]
    for name, content in lines.items():
        (folder / "kaldi" / name).write_text("\n".join(content) + "\n")
