"""Damaged copies of a file of each format: every one is read, or refused with one sentence.

A copy has a flipped bit, is cut short, has bytes inserted, or two parts swapped. Child processes read the copies, and
use a trained run on every third of them: `predict`, `eval` and `generate --prime`, in turn. A copy is a failure if it
ends its process, takes more than a minute, takes more memory than four times the file and 1 GiB, or gives a traceback.
A format of the registry of sources without a file in `good_inputs.py` is a failure, too.
"""

import random
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import echoic
from children import fork, wait
from echoic import sources
from echoic.api.run import Run
from echoic.errors import EchoicError
from good_files import write_inputs
from good_inputs import Input, inputs, missing_formats
from hostile_inputs import read_hostile
from job_kills import import_all
from small_jobs import COMMON
from survivors import Attempts, failures_of

LENGTHS: dict[str, Any] = {"music": 4, "audio": "0.02s", "forecast": 3}
"""What is generated, by job."""

USED_EVERY = 3
"""A run is used on one of so many copies, which takes longer than reading it."""


def damage(whole: bytes, draw: random.Random) -> bytes:
    """A copy that is damaged in one of four ways."""
    at, other = sorted((draw.randrange(len(whole)), draw.randrange(len(whole))))
    kind = draw.randrange(4)
    if kind == 0:
        return whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :]
    if kind == 1:
        return whole[:at]
    if kind == 2:
        return whole[:at] + draw.randbytes(draw.randint(1, 16)) + whole[at:]
    return whole[other:] + whole[at:other] + whole[:at]


def read_damaged(count: int, seed: int, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Reads `count` damaged copies of each format, and hostile files; the copies by format, and the failures."""
    folder.mkdir()
    found, counts = inputs(folder), dict[str, int]()
    failures = [f"inputs: no damaged file of {name}" for name in missing_formats(found)]
    import_all(folder)
    # Writing and reading tables start the threads of polars, which children of this process would lack.
    if wait(fork(partial(write_inputs, folder))):
        return counts, [*failures, "inputs: the files cannot be written"]
    for one in found:
        run = folder / f"run on {one.training}"
        if not run.exists() and wait(fork(partial(_train, one, folder, run))):
            failures.append(f"inputs: no run can be trained on {one.training}")
        path = folder / one.file
        whole, draw = path.read_bytes(), random.Random(seed)  # noqa: S311
        copies = [damage(whole, draw) for _ in range(count)]
        attempts = Attempts(count, partial(_use, one, folder, run, copies), lambda at: 4 * len(copies[at]))  # noqa: B023
        failures += [f"inputs: {one.name}, copy {at} of seed {seed}: {reason}" for at, reason in failures_of(attempts)]
        path.write_bytes(whole)
        counts[one.name] = count
    hostile, failed = read_hostile(folder)
    return counts | {"hostile": hostile}, failures + failed


def _train(one: Input, folder: Path, run: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        echoic.train(one.job, folder / one.training, out=run, config={**COMMON, **one.given})


def _use(one: Input, folder: Path, run: Path, copies: Sequence[bytes], number: int) -> None:
    """Reads a copy, and uses the run on it in one way of several.

    Raises:
        EchoicError: the copy was refused.
    """
    (folder / one.file).write_bytes(copies[number])
    place = folder / one.place
    refused = None
    try:
        sources.read(place, one.settings)
    except EchoicError as error:
        refused = error
    if number % USED_EVERY == 0:
        verbs = _verbs(one.job, echoic.load(run), place)
        verbs[number // USED_EVERY % len(verbs)]()
    if refused is not None:
        raise refused


def _verbs(job: str, run: Run, place: Path) -> list[Callable[[], object]]:
    """What the run of a job can do with new data."""
    verbs: list[Callable[[], object]] = [lambda: run.evaluate(place)]
    if job in ("forecast", "classify", "detect", "map", "transcribe"):
        verbs.append(lambda: run.predict(place))
    if job in ("forecast", "music", "audio"):
        verbs.append(lambda: run.generate(LENGTHS[job], prime=place))
    return verbs
