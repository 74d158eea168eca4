"""Synthetic data sets with the file names and formats of the real ones, for `--smoke`.

They are small enough for every benchmark to run in seconds, and have no meaning beyond that.
"""

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FINCH_LABELS = ("a", "b", "c")


def write(folder: Path, names: Iterable[str]) -> None:
    """Writes the data sets `names`, each into a folder of its name below `folder`."""
    for name in names:
        (folder / name).mkdir(parents=True)
        WRITERS[name](folder / name)


def _ett(folder: Path) -> None:
    columns = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    generator, start = np.random.default_rng(0), datetime(2016, 7, 1)  # noqa: DTZ001 - the file has no time zone
    days = np.arange(1600)[:, None] / 24
    values = np.sin(2 * np.pi * days) + np.arange(7) + 0.1 * generator.standard_normal((1600, 7))
    rows = ([start + timedelta(hours=hour), *row] for hour, row in enumerate(values.round(3).tolist()))
    _write_csv(folder / "ETTh1.csv", ["date", *columns], rows)


def _airline(folder: Path) -> None:
    months = np.arange(144)
    passengers = (100 + 2 * months + 20 * np.sin(2 * np.pi * months / 12)).round().astype(int).tolist()
    rows = ([f"{1949 + month // 12}-{month % 12 + 1:02}", passengers[month]] for month in range(144))
    _write_csv(folder / "Airline.csv", ["Date", "Passengers"], rows)


def _m4(folder: Path) -> None:
    generator, hours = np.random.default_rng(0), np.arange(300 + 48)
    levels = 500 + 50 * np.sin(2 * np.pi * hours / 24) + generator.standard_normal((4, len(hours)))
    for name, values in (("train", levels[:, :300]), ("test", levels[:, 300:])):
        header = [f"V{number}" for number in range(1, values.shape[1] + 2)]
        rows = ([f"H{number}", *row] for number, row in enumerate(values.round(1).tolist(), 1))
        _write_csv(folder / f"Hourly-{name}.csv", header, rows)


def _music(folder: Path) -> None:
    """Songs of four voices: piano rolls `(steps, 88)`, in the splits of the published files."""
    import scipy.io  # noqa: PLC0415 - slow, and needed by two benchmarks only

    generator = np.random.default_rng(0)
    for name in ("JSB_Chorales.mat", "Nottingham.mat"):
        splits = {}
        for split, songs in (("traindata", 12), ("validdata", 4), ("testdata", 4)):
            cell = np.empty((1, songs), dtype=object)
            for song in range(songs):
                cell[0, song] = _song(generator)
            splits[split] = cell
        scipy.io.savemat(folder / name, splits)


def _song(generator: np.random.Generator) -> NDArray[np.uint8]:
    roll = np.zeros((24, 88), np.uint8)
    for step in range(24):
        roll[step, generator.integers(7) + np.array([20, 27, 32, 36])] = 1
    return roll


def _text(folder: Path) -> None:
    generator = np.random.default_rng(0)
    words = ["the", "of", "and", "to", "a", "in", "that", "is", "was", "he", "for", "it"]
    sentences = (" ".join(generator.choice(words, 8)) for _ in range(1000))
    (folder / "input.txt").write_text("".join(f"{sentence.capitalize()}.\n" for sentence in sentences))


def _speech(folder: Path) -> None:
    (folder / "audio").mkdir()
    generator, rows = np.random.default_rng(0), []
    for number in range(20):
        name = f"prompt{number}.flac"
        _write_sound(folder / "audio" / name, _tone(generator, 90 + 5 * number, 2.0, 16_000), 16_000)
        rows.append([name, ("yes", "no", "press one")[number % 3]])
    _write_csv(folder / "text.csv", ["file", "text"], rows)


def _digits(folder: Path) -> None:
    (folder / "recordings").mkdir()
    generator = np.random.default_rng(0)
    for speaker in ("george", "jackson"):
        for digit in (0, 1):
            for take in range(12):
                sound = _tone(generator, 300 + 400 * digit, 0.3, 8000)
                _write_sound(folder / "recordings" / f"{digit}_{speaker}_{take}.wav", sound, 8000)


def _esc10(folder: Path) -> None:
    (folder / "audio").mkdir()
    generator, rows = np.random.default_rng(0), []
    for fold in range(1, 6):
        for recording in range(4):
            label, number = ("dog", "rain")[recording % 2], 100 * fold + recording
            name = f"{fold}-{number}-A-{label}.flac"
            _write_sound(folder / "audio" / name, _tone(generator, 300 + 300 * (recording % 2), 1.0, 16_000), 16_000)
            rows.append([name, fold, number, "A", label])
    _write_csv(folder / "meta.csv", ["file", "fold", "freesound_id", "take", "label"], rows)


def _vowels(folder: Path) -> None:
    _series_of_two_classes(folder, "JapaneseVowels", 12)


def _ucr(folder: Path) -> None:
    for name, dimensions in (("GunPoint", 1), ("ItalyPowerDemand", 1), ("BasicMotions", 6)):
        _series_of_two_classes(folder, name, dimensions)


def _series_of_two_classes(folder: Path, name: str, dimensions: int) -> None:
    """Series of 7 to 20 steps; dimensions are separated by colons, the label comes last."""
    generator = np.random.default_rng(0)
    for split in ("TRAIN", "TEST"):
        lines = [f"@problemName {name}", f"@dimensions {dimensions}", "@classLabel true 1 2", "@data"]
        for clip in range(20):
            values = (generator.standard_normal((dimensions, generator.integers(7, 21))) + clip % 2).round(3)
            lines.append(":".join([*(",".join(map(str, row)) for row in values.tolist()), str(clip % 2 + 1)]))
        (folder / f"{name}_{split}.ts").write_text("\n".join(lines) + "\n")


def _birdsong(folder: Path) -> None:
    (folder / "audio").mkdir()
    generator, events, splits = np.random.default_rng(0), [], []
    for song in range(10):
        name, sound = f"{song}.flac", 0.01 * generator.standard_normal(16_000 * 2)
        for number in range(8):
            label, start = int(generator.integers(len(FINCH_LABELS))), 3000 + 3500 * number
            sound[start : start + 1600] += _tone(generator, 1000 * (label + 1), 0.1, 16_000)
            events.append([name, start / 16_000, start / 16_000 + 0.1, FINCH_LABELS[label]])
        _write_sound(folder / "audio" / name, sound, 16_000)
        splits.append([name, 2.0, "train" if song < 6 else "val" if song < 8 else "test"])
    _write_csv(folder / "events.csv", ["file", "onset_s", "offset_s", "label"], events)
    _write_csv(folder / "split.csv", ["file", "duration_s", "split"], splits)
    header = ["cleanup", "train_set_dur", "replicate_num", "avg_error", "avg_segment_error_rate"]
    _write_csv(folder / "published_tweetynet_bird0.csv", header, [["majority_vote", 480, 1, 1.5, 0.1]])


def _wiener_hammerstein(folder: Path) -> None:
    import h5py  # noqa: PLC0415 - for one benchmark only

    generator = np.random.default_rng(0)
    for split, steps in (("train", 800), ("valid", 300), ("test", 300)):
        values = generator.standard_normal(steps)
        with h5py.File(folder / f"WienerHammerstein_{split}.hdf5", "w") as file:
            file["u"], file["y"] = values, np.tanh(np.convolve(values, [0.5, 0.3, 0.2])[:steps])


def _tone(generator: np.random.Generator, pitch_hz: float, length_s: float, rate_hz: int) -> NDArray[np.float64]:
    """A tone that swells twice per second, with noise."""
    seconds = np.arange(int(length_s * rate_hz)) / rate_hz
    envelope = 0.2 + 0.2 * np.sin(4 * np.pi * seconds) ** 2
    return envelope * np.sin(2 * np.pi * pitch_hz * seconds) + 0.01 * generator.standard_normal(len(seconds))


def _write_sound(path: Path, samples: NDArray[np.float64], rate_hz: int) -> None:
    import soundfile  # noqa: PLC0415 - for some benchmarks only

    soundfile.write(path, samples, rate_hz)


def _write_csv(path: Path, header: list[str], rows: Iterable[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(rows)


WRITERS = {
    "ett_h1": _ett,
    "m4_hourly": _m4,
    "forecast_small": _airline,
    "music_bl2012": _music,
    "text_tinyshakespeare": _text,
    "speech_allison_16k": _speech,
    "fsdd": _digits,
    "esc10_16k": _esc10,
    "uea_japanesevowels": _vowels,
    "ucr_small": _ucr,
    "sed_birdsong_bird0": _birdsong,
    "wiener_hammerstein": _wiener_hammerstein,
}
"""Writers of the data sets, by the name of their folder."""
