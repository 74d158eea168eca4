"""Peak memory and CPU time of commands on much data: hours of sound, a long text, one long clip, very many series.

    python benchmarks/memory.py --only detect --hours 8

Data are synthetic, in a temporary folder. Each command runs in a process of its own; its memory is the largest resident
set, Python and PyTorch included.
"""

import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from common import arguments, publish, table

RATES_HZ = (16_000, 32_000)
TRAIN_RATE_HZ = 16_000


class Sizes(NamedTuple):
    """How much data there are."""

    hours: float
    megabytes: float
    clip_s: float
    long_clip_s: float
    series: int


class Row(NamedTuple):
    """A command, what it may take, and what it took."""

    name: str
    limit_gib: float
    gib: float
    cpu_s: float


def measured(name: str, limit_gib: float, *command: str) -> Row:
    """Runs `echoic COMMAND`; exits if it fails."""
    with tempfile.TemporaryFile("w+") as said:
        outputs = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        words = [sys.executable, "-m", "echoic", *command]
        _, status, usage = os.wait4(os.posix_spawn(sys.executable, words, os.environ, file_actions=outputs), 0)
        if code := os.waitstatus_to_exitcode(status):
            said.seek(0)
            sys.exit(f"{name}: exit code {code}: {said.read()}")
    return Row(name, limit_gib, usage.ru_maxrss / (1 << 20), usage.ru_utime + usage.ru_stime)


def beeps(path: Path, seconds: float, rate_hz: int) -> list[tuple[float, float, str]]:
    """Writes noise with a beep of one of two pitches every two seconds, a minute at a time; the beeps."""
    draw, events = np.random.default_rng(0), list[tuple[float, float, str]]()
    with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16") as file:
        for begin in range(0, int(seconds), 60):
            block = draw.normal(0, 0.02, int(min(60, seconds - begin) * rate_hz)).astype(np.float32)
            for at in range(1, len(block) // rate_hz - 1, 2):
                label = draw.choice(["low", "high"])
                time_s = np.arange(rate_hz // 4) / rate_hz
                pitch_hz = 600 if label == "low" else 2000
                block[at * rate_hz :][: len(time_s)] += 0.3 * np.sin(2 * np.pi * pitch_hz * time_s, dtype=np.float32)
                events.append((begin + at, begin + at + 0.25, label))
            file.write(block)
    return events


def detect(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """`predict` of one recording of many hours, and `eval` of one with its events."""
    rows = ["file,onset_s,offset_s,label,split"]
    for split in ("train", "dev", "test"):
        events = beeps(folder / f"{split}.wav", 60, TRAIN_RATE_HZ)
        rows += [f"{split}.wav,{onset},{offset},{label},{split}" for onset, offset, label in events]
    (folder / "events.csv").write_text("\n".join(rows))
    run = str(folder / "detect")
    yield measured(
        "detect, train, 3 minutes", 1.5, "train", "detect", str(folder / "events.csv"), "--out", run, "--epochs", "5"
    )
    for rate_hz in RATES_HZ:
        path = folder / "long.wav"
        beeps(path, sizes.hours * 3600, rate_hz)
        name = f"detect, predict, {sizes.hours:g} hours at {rate_hz // 1000} kHz"
        yield measured(name, 1.5, "predict", run, str(path), "-o", str(folder / "events-found.csv"))
        path.unlink()
    events = beeps(folder / "hours.wav", sizes.hours * 3600, TRAIN_RATE_HZ)
    rows = ["file,onset_s,offset_s,label", *(f"hours.wav,{one[0]},{one[1]},{one[2]}" for one in events)]
    (folder / "hours.csv").write_text("\n".join(rows))
    name = f"detect, eval, {sizes.hours:g} hours at {TRAIN_RATE_HZ // 1000} kHz"
    yield measured(name, 1.5, "eval", run, str(folder / "hours.csv"))


def text(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Training on a long text, for a moment: reading, counting and the first steps."""
    draw = random.Random(0)  # noqa: S311
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(20_000)]
    path = folder / "text.txt"
    with path.open("w") as file:
        while file.tell() < sizes.megabytes * 1e6:
            # One emoji makes a text wide.
            file.write(" ".join(draw.choices(words, k=20_000)) + "\U0001f600\n")
    limit = 1 + path.stat().st_size / (1 << 30)
    name = f"text, train, {sizes.megabytes:g} MB with emoji, one step and dev"
    yield measured(name, limit, "train", "text", str(path), "--out", str(folder / "text"), "--minutes", "0.001")


def clip(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Training on short clips, and on the same ones with one that is long; predictions of them and of a longer one."""
    for name, long_s in (("", 0.0), (f", one of {sizes.clip_s:g} s", sizes.clip_s)):
        rows = ["file,label,split"]
        for number in range(96):
            label, split = ("low", "high")[number % 2], ("train", "train", "dev", "test")[number // 2 % 4]
            seconds = long_s if number == 0 and long_s else 0.6
            time_s = np.arange(int(seconds * TRAIN_RATE_HZ)) / TRAIN_RATE_HZ
            wave = 0.3 * np.sin(2 * np.pi * (600 if label == "low" else 2000) * time_s)
            soundfile.write(folder / f"{number}.wav", wave, TRAIN_RATE_HZ)
            rows.append(f"{number}.wav,{label},{split}")
        (folder / "clips.csv").write_text("\n".join(rows))
        out = str(folder / f"clips-{long_s:g}")
        yield measured(
            f"classify, train, 96 clips of 0.6 s{name}",
            1.5,
            "train",
            "classify",
            str(folder / "clips.csv"),
            "--out",
            out,
            "--epochs",
            "2",
        )
    beeps(folder / "long.wav", sizes.long_clip_s, TRAIN_RATE_HZ)
    name = f"classify, predict, 96 clips and one of {sizes.long_clip_s / 3600:g} hours"
    yield measured(name, 1.5, "predict", out, str(folder), "-o", str(folder / "classes.csv"))


def series(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Training on very many short series, their forecasts, and the scores of these."""
    draw, path = np.random.default_rng(0), folder / "series.csv"
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]").astype(str)
    with path.open("w") as file:
        file.write("id,ds,y\n")
        for number in range(sizes.series):
            steps = draw.integers(30, len(days) + 1)
            values = 50 + draw.normal(0, 1, steps) + 5 * np.sin(np.arange(steps) * 2 * np.pi / 7)
            file.writelines(f"s{number},{day},{value:.2f}\n" for day, value in zip(days, values, strict=False))
    run, columns = str(folder / "series"), ["--time", "ds", "--id", "id", "--target", "y"]
    name = f"{sizes.series:,} series of 30 to {len(days)} steps"
    yield measured(
        f"forecast, train, {name}, first steps",
        2,
        "train",
        "forecast",
        str(path),
        *columns,
        "--horizon",
        "7",
        "--minutes",
        "0.02",
        "--out",
        run,
    )
    yield measured(f"forecast, predict, {name}", 2, "predict", run, "-o", str(folder / "forecast.csv"))
    yield measured(f"forecast, eval, {name}", 2, "eval", run)


CASES = {"detect": detect, "text": text, "clip": clip, "series": series}


def main() -> None:
    """Measures the chosen cases, and prints a table."""
    parser = arguments(__doc__.splitlines()[0], seeds=1)
    parser.add_argument("--only", choices=CASES, action="append", help="cases; default: all")
    parser.add_argument("--hours", type=float, default=8, help="length of the recording")
    parser.add_argument("--series", type=int, default=100_000, help="number of series")
    options = parser.parse_args()
    sizes = Sizes(0.02, 0.1, 3, 5, 20) if options.smoke else Sizes(options.hours, 100, 120, 7200, options.series)
    os.environ["OMP_NUM_THREADS"] = str(options.threads or 1)
    rows = list[Row]()
    with tempfile.TemporaryDirectory(prefix="echoic-memory-") as folder:
        for name in options.only or (["text"] if options.smoke else CASES):
            place = Path(folder) / name
            place.mkdir()
            for row in CASES[name](place, sizes):
                print(f"{row.name}: {row.gib:.2f} GiB, {row.cpu_s:.0f} s", file=sys.stderr, flush=True)
                rows.append(row)
    cells = [(row.name, f"{row.gib:.2f}", f"{row.limit_gib:.2f}", f"{row.cpu_s:.0f}") for row in rows]
    body = table(["command", "peak GiB", "limit", "CPU seconds"], cells)
    publish("memory", "Memory on much data", body, write=options.write)
    # Tiny data say nothing about the limits.
    sys.exit(not options.smoke and any(row.gib > row.limit_gib for row in rows))


if __name__ == "__main__":
    main()
