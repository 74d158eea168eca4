"""Clips by class: spoken digits, environmental sounds and vowels, by their published splits.

Dev, a tenth of the training part, chose the recipes; each test part is scored by these runs only. Where there are
folds, a network is trained for each, and their mean is one figure of a seed.
"""

import csv
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import echoic
from common import arguments, publish, spread, table
from echoic.cli.allocator import keep_freed_memory

DIGITS: dict[str, Any] = {
    "conv_channels": (16, 32), "conv_stride": 2, "layers": (128,), "pooling": "last", "epochs": 25, "noise_std": 0.1,
    "max_gain_db": 6,
    "n_time_masks": 1, "n_freq_masks": 1, "patience": 99,
}  # fmt: skip
"""One way, so that it can run live."""

SOUNDS: dict[str, Any] = {
    "hop_ms": 40, "window_ms": 64, "conv_channels": (16, 32), "conv_stride": 2, "layers": (96,), "bidirectional": True,
    "pooling": "attention", "dropout": 0.4, "noise_std": 0.1, "max_gain_db": 6, "n_time_masks": 2,
    "time_mask_param": 15,
    "n_freq_masks": 2, "epochs": 50, "batch_size": 16, "ema_decay": 0.99, "patience": 99,
}  # fmt: skip

VOWELS: dict[str, Any] = {
    "layers": (256,), "bidirectional": True, "dropout": 0.5, "noise_std": 0.5, "epochs": 120, "patience": 999,
}  # fmt: skip

GOALS = {
    "digits": "98.0 / 99.5 %",
    "digits, speakers left out": "(beside it)",
    "sounds": "80 / 88 %; random forest 72.7, people 95.7",
    "vowels": "98 / 99 %",
}
"""Bar and aim; published figures."""

Scores = dict[str, float]


def digits_table(data: Path, folder: Path) -> Path:
    """Takes 0 to 4 of every speaker and digit are the test part (FSDD's own split)."""
    path = folder / "digits.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "split", "speaker"])
        for sound in sorted((data / "fsdd" / "recordings").glob("*.wav")):
            digit, speaker, take = sound.stem.split("_")
            rows.writerow([sound.name, digit, "test" if int(take) < 5 else "train", speaker])
    return path


def digits(data: Path, folder: Path, **settings: Any) -> list[echoic.Run]:
    """The official test part."""
    audio = data / "fsdd" / "recordings"
    return [echoic.train("classify", digits_table(data, folder), audio=audio, **DIGITS | settings)]


def speakers(data: Path, folder: Path, **settings: Any) -> list[echoic.Run]:
    """Each of six speakers is told by a network that never heard them."""
    table_of_digits, audio = digits_table(data, folder), data / "fsdd" / "recordings"
    names = sorted({row["speaker"] for row in csv.DictReader(table_of_digits.open())})
    wanted = DIGITS | {"fold": "speaker", "folds": len(names), "split_column": "none"} | settings
    return [echoic.train("classify", table_of_digits, audio=audio, test_fold=name, **wanted) for name in names]


def sounds(data: Path, _folder: Path, **settings: Any) -> list[echoic.Run]:
    """ESC-10 by its five folds; clips cut from one recording are on one side of dev, too."""
    place = data / "esc10_16k"
    wanted = SOUNDS | {"fold": "fold", "folds": 5, "group": "freesound_id", "audio": place / "audio"} | settings
    return [echoic.train("classify", place / "meta.csv", test_fold=name, **wanted) for name in "12345"]


def vowels(data: Path, _folder: Path, **settings: Any) -> list[echoic.Run]:
    """JapaneseVowels, the archive's own split."""
    name = data / "uea_japanesevowels" / "JapaneseVowels"
    return [echoic.train("classify", f"{name}_TRAIN.ts", test_data=f"{name}_TEST.ts", **VOWELS | settings)]


WORK: dict[str, Callable[..., list[echoic.Run]]] = {
    "digits": digits, "digits, speakers left out": speakers, "sounds": sounds, "vowels": vowels,
}  # fmt: skip


def mean_of(rows: list[Scores]) -> Scores:
    """The mean of each score."""
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def measured(name: str, data: Path, seed: int, threads: int | None) -> tuple[Scores, dict[str, Scores], float]:
    """The mean scores of all folds, those of the naive ways, and how long training took."""
    with tempfile.TemporaryDirectory() as folder:
        started_at = time.monotonic()
        runs = WORK[name](data, Path(folder), seed=seed, threads=threads)
        seconds = time.monotonic() - started_at
        found = [run.evaluate() for run in runs]
    print(name, seed, [round(one.scores["accuracy"], 4) for one in found], f"{seconds:.0f} s", flush=True)
    naive = {way: mean_of([one.baselines[way] for one in found]) for way in found[0].baselines}
    return mean_of([one.scores for one in found]), naive, seconds


def percent(values: list[float]) -> str:
    """Mean and deviation in per cent."""
    return spread([100 * value for value in values], 2)


def main() -> None:
    """Work after work, seed after seed."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--work", default=";".join(WORK), help="of " + "; ".join(WORK))
    options = parser.parse_args()
    rows = []
    for name in options.work.split(";"):
        runs = [measured(name, options.data, seed, options.threads) for seed in range(options.seeds)]
        told = [percent([scores[column] for scores, _, _ in runs]) for column in ("accuracy", "macro_f1")]
        nats = spread([scores["nats_per_clip"] for scores, _, _ in runs], 3)
        naive = " / ".join(f"{100 * scores['accuracy']:.1f}" for scores in runs[0][1].values())
        seconds = f"{statistics.fmean(took for _, _, took in runs):.0f}"
        rows.append([name, *told, nats, naive, seconds, GOALS[name]])
    headers = ["", "accuracy, %", "macro F1, %", "nats a clip", "majority / nearest mean, %", "seconds", "bar / aim"]
    publish("classify", f"Clips by class, {options.seeds} seeds", table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
