"""Runs what the documents show: README.md, the pages of docs/ and the doctests in the docstrings of src.

In a page, blocks tagged `python` and `sh` run from top to bottom, in one namespace and in one temporary working folder;
blocks with any other tag (`text`, `toml`, ...) are only shown. The folder holds the small tables made by `TABLES`, a
folder of songs, a text, a recording, a folder of clips, one of clips with several labels and one of events.
"""

import asyncio
import atexit
import csv
import math
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shape_checks
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

# Before torch is loaded, and for subprocesses as well: one thread gives the same sums everywhere, and is quicker for
# networks as small as those of the tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

# What is kept for the next time stays out of the home of whoever runs the tests.
_cache = tempfile.TemporaryDirectory(prefix="echoic-cache-")
atexit.register(_cache.cleanup)
os.environ["XDG_CACHE_HOME"] = _cache.name

# Before any of these packages is imported: all tests run with the shapes of arrays checked, as annotated.
SHAPES_CHECKED = ("cells", "encoders", "heads", "metrics", "nn", "ops", "readouts")
install_import_hook([f"echoic.{name}" for name in SHAPES_CHECKED], "shape_checks.check_shapes")

HUNG_S = 900
"""A block that takes longer hangs; on a busy machine a good one may take minutes."""

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("echoic", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("echoic")


def etth1() -> Iterator[list[Any]]:
    """The columns of ETTh1 over 600 hours: a short stand-in, so that what a page shows runs in seconds."""
    yield ["date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    draw = random.Random(0)
    for hour in range(600):
        day = math.sin(2 * math.pi * hour / 24)
        values = [round(5 + column + 2 * day + draw.gauss(0, 0.3), 3) for column in range(7)]
        yield [datetime(2016, 7, 1) + timedelta(hours=hour), *values]


def sales() -> Iterator[list[Any]]:
    """Three series of 60 months in the long format."""
    yield ["unique_id", "ds", "y"]
    draw = random.Random(0)
    for number, shop in enumerate(("north", "south", "west")):
        for month in range(60):
            value = 100 + 20 * number + month + 15 * math.sin(2 * math.pi * month / 12) + draw.gauss(0, 2)
            yield [shop, f"{2019 + month // 12}-{month % 12 + 1:02}-01", round(value, 2)]


TABLES = {"ETTh1.csv": etth1, "sales.csv": sales}
"""Files of the working folder, and what makes their rows."""


def write_songs(folder: Path) -> None:
    """Ten tunes over a bass, each in a key of its own."""
    from echoic.types.score import Note, Song
    from echoic.writers.midi import midi_bytes

    folder.mkdir()
    for number in range(10):
        tune = [Note(beat / 2, 60 + number + (0, 4, 7, 12, 7, 4)[beat % 6], 0.5) for beat in range(48)]
        bass = [Note(3.0 * bar, 48 + number, 3.0) for bar in range(8)]
        song = Song("tune", tuple(sorted(tune + bass)))
        (folder / f"tune{number}.mid").write_bytes(midi_bytes(song))


def write_chorales(path: Path) -> None:
    """Piano-rolls of three splits in the format of JSB_Chorales.mat: triads that move up and down."""
    import numpy as np
    from scipy.io import savemat

    splits = {}
    for split, songs in {"traindata": 8, "validdata": 3, "testdata": 3}.items():
        splits[split] = np.empty((1, songs), object)
        for number in range(songs):
            roll = np.zeros((32, 88), np.uint8)
            for step in range(32):
                roll[step, [27 + number + step % 4 + interval for interval in (0, 4, 7)]] = 1
            splits[split][0, number] = roll
    savemat(path, splits)


def write_digits(folder: Path) -> None:
    """Three tones by two speakers, named as in the Free Spoken Digit Dataset."""
    import numpy as np
    import soundfile

    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for digit, pitch_hz in {3: 200, 5: 500, 7: 900}.items():
        for speaker in ("jackson", "theo"):
            for number in (0, 1, 5, *range(10, 18)):
                tone = 0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(800) / 4000)
                sound = tone + 0.01 * generator.standard_normal(800)
                soundfile.write(folder / f"{digit}_{speaker}_{number}.wav", sound, 4000)


def write_voice(path: Path, seed: int) -> None:
    """Half a minute of tones that come and go, at 2,000 Hz."""
    import numpy as np
    import soundfile

    seconds = np.arange(60_000) / 2000
    tones = 0.3 * np.sin(2 * np.pi * 90 * seconds) * np.sin(2 * np.pi * seconds) ** 2
    soundfile.write(path, tones + 0.01 * np.random.default_rng(seed).standard_normal(len(tones)), 2000)


def write_clips(folder: Path) -> None:
    """Short tones with some noise, in a folder for each class."""
    import numpy as np
    import soundfile

    draws = np.random.default_rng(0)
    for name, pitch_hz in {"low": 200, "middle": 500, "high": 900}.items():
        (folder / name).mkdir(parents=True)
        for number in range(20):
            seconds = np.arange(int(draws.integers(400, 1000))) / 2000
            tone = draws.uniform(0.1, 0.5) * np.sin(2 * np.pi * pitch_hz * seconds)
            soundfile.write(folder / name / f"{number}.wav", tone + 0.01 * draws.standard_normal(len(tone)), 2000)


def write_chords(folder: Path) -> None:
    """Tones alone, together or none, with some noise, and a table that says which of them sound."""
    import numpy as np
    import soundfile

    folder.mkdir()
    draws, rows = np.random.default_rng(0), ["file,label"]
    for number in range(80):
        seconds = np.arange(int(draws.integers(400, 1000))) / 2000
        names = [name for bit, name in enumerate(("low", "middle", "high")) if number >> bit & 1]
        tones = [np.sin(2 * np.pi * {"low": 200, "middle": 500, "high": 900}[name] * seconds) for name in names]
        sound = 0.01 * draws.standard_normal(len(seconds)) + draws.uniform(0.1, 0.3) * np.sum(tones, axis=0)
        soundfile.write(folder / f"{number}.wav", sound, 2000)
        rows.append(f"{number}.wav,{';'.join(names)}")
    (folder / "chords.csv").write_text("\n".join(rows))


def write_events(folder: Path) -> None:
    """Ten recordings of tones with pauses, and a table that says when which of them sound."""
    import numpy as np
    import soundfile

    folder.mkdir()
    draws, rows = np.random.default_rng(0), ["file,onset_s,offset_s,label"]
    for number in range(10):
        sound = 0.1 * draws.standard_normal(6000)
        for at in range(200, 5400, 600):
            label = ("low", "high")[int(draws.integers(2))]
            sound[at : at + 300] += 0.4 * np.sin(np.arange(300) * {"low": 0.4, "high": 1.5}[label])
            rows.append(f"{number}.wav,{at / 2000},{(at + 300) / 2000},{label}")
        soundfile.write(folder / f"{number}.wav", sound, 2000)
    (folder / "events.csv").write_text("\n".join(rows))


def write_poems(path: Path) -> None:
    """Sentences of a few words."""
    draw = random.Random(0)
    who, does, where = (
        ["The cat", "The owl", "A fox"],
        ["sings", "sleeps", "runs"],
        ["at night", "in the barn", "alone"],
    )
    lines = [f"{draw.choice(who)} {draw.choice(does)} {draw.choice(where)}.\n" for _ in range(400)]
    path.write_text("ROMEO:\n" + "".join(lines))


@cache
def sample_files() -> Path:
    """A folder with the tables, songs, texts and sounds that the pages use, made once."""
    made = tempfile.TemporaryDirectory(prefix="echoic-samples-")
    atexit.register(made.cleanup)
    folder = Path(made.name)
    for name, rows in TABLES.items():
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows())
    write_songs(folder / "songs")
    write_chorales(folder / "JSB_Chorales.mat")
    for name in ("poems.txt", "input.txt"):
        write_poems(folder / name)
    write_voice(folder / "voice.wav", seed=0)
    write_voice(folder / "heldout.wav", seed=1)
    write_clips(folder / "clips")
    write_digits(folder / "free-spoken-digit-dataset" / "recordings")
    write_chords(folder / "chords")
    write_events(folder / "calls")
    shutil.copy(Path(__file__).parent / "docs" / "internals" / "symbols_job.py", folder)
    return folder


def registries() -> list[dict[str, Any]]:
    """The tables that pages add to."""
    from echoic.jobs import JOBS
    from echoic.sources import SOURCES

    return [JOBS, SOURCES]


def enter_working_folder(namespace: dict[str, Any]) -> None:
    """Enters a new folder with the sample files in it; modules there can be imported."""
    folder = tempfile.TemporaryDirectory(prefix="echoic-docs-")
    shutil.copytree(sample_files(), folder.name, dirs_exist_ok=True)
    namespace["_working_folder"], namespace["_before"] = folder, Path.cwd()
    namespace["_known"] = [set(registry) for registry in registries()]
    os.chdir(folder.name)
    sys.path.insert(0, folder.name)


def leave_working_folder(namespace: dict[str, Any]) -> None:
    """Goes back, deletes the folder, and removes jobs and sources that a page has added."""
    for registry, known in zip(registries(), namespace["_known"], strict=True):
        for name in registry.keys() - known:
            del registry[name]
    sys.path.remove(namespace["_working_folder"].name)
    os.chdir(namespace["_before"])
    namespace["_working_folder"].cleanup()


def run_shell(example: Example) -> str | None:
    """Runs a block and stops at the first command that fails; `echoic` is the one of this environment.

    Lines of `echoic` alone run in this process, which has loaded torch already, and all others with bash.
    """
    for line in example.parsed.replace("\\\n", " ").splitlines():
        code, said = (_run_here if _IS_ECHOIC_ALONE.fullmatch(line) else _run_with_bash)(line)
        if code:
            return f"exit code {code} from\n{line}\n{said}"
    return None


_IS_ECHOIC_ALONE = re.compile(r"echoic (?!.*--processes)[^|<>&;$`*]*")
"""Processes of one training begin with the same command line."""


def _run_here(line: str) -> tuple[int, str]:
    from commands import run_command

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        done = run_command(*shlex.split(line)[1:])
    return done.code, done.out + done.err


def _run_with_bash(line: str) -> tuple[int, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", line],
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HUNG_S,
        check=False,
    )
    return done.returncode, done.stdout


pages = Sybil(
    [PythonCodeBlockParser(), CodeBlockParser("sh", run_shell)],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=enter_working_folder,
    teardown=leave_working_folder,
)
SOURCE = Path(__file__).parent / "src"

docstrings = Sybil(
    [DocTestParser()],
    path="src",
    # The few files that have any: to parse all of them takes every worker seconds.
    patterns=[str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if ">>>" in path.read_text("utf-8")],
    setup=enter_working_folder,
    teardown=leave_working_folder,
)

pytest_collect_file = (pages + docstrings).pytest()


def pytest_runtest_setup() -> None:
    """Checks the shapes of the first calls in every test."""
    shape_checks.begin_test()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Playwright leaves its event loop running in this thread; a test without a browser may run one of its own."""
    if "driver" in getattr(item, "fixturenames", ()):
        return (yield)
    loop = asyncio._get_running_loop()  # noqa: SLF001 (there is no public way to set it aside)
    asyncio._set_running_loop(None)  # noqa: SLF001
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(loop)  # noqa: SLF001


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks pages as slow. Workers, which get whole files, begin with those that have most slow tests."""
    for item in items:
        if item.path.suffix == ".md":
            item.add_marker("slow")
    if hasattr(config, "workerinput"):
        slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
        items.sort(key=lambda item: -slow[item.path])
