"""Run folders that someone forged, with right digests: every verb works on them, or refuses them in one sentence.

A forgery has one wrong value somewhere in the JSON of a run, or one wrong tensor: of another shape or type, missing,
extra, or not finite; or a file or folder is a symbolic link. The run lacks its last step, so that resuming trains. No
verb may write outside of the folder.
"""

import copy
import json
import random
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save

import echoic
from children import fork, wait
from echoic.errors import EchoicError, Interrupted
from echoic.run.files import _digest as tensors_digest
from echoic.run.files import read_tensors
from echoic.run.sealed import read_json, sealed
from echoic.training import Progress
from job_kills import import_all
from small_jobs import SMALL_JOBS, write_data
from survivors import Attempts, failures_of, sentence_problem

STEPS = 20
"""The most steps that a forged run is resumed for."""

JOBS = ("forecast", "text", "music", "audio", "classify", "detect", "classify-folds")

MISSING, EXTRA, TWICE, DEEP = object(), object(), object(), object()
WRONG: tuple[Any, ...] = (
    *(MISSING, EXTRA, TWICE, DEEP),
    *(None, True, -1, 0, 1, 10**9, 10**30, 0.5, -0.5, 1e300, float("nan"), float("inf")),
    *("", "x", "\x1b[31m\n", "x" * 10**7, "../../victim", [], {}, [[]], [1e300], ["x"], [-1, 10**9], {"x": "x"}),
)
_KINDS = {id(MISSING): "nothing", id(EXTRA): "as it is, beside another", id(TWICE): "twice", id(DEEP): "nested"}
NAMES = [_KINDS.get(id(one)) or repr(one)[:30] for one in WRONG]
"""What each of `WRONG` is called."""

_DEPTH = 100_000
_PLACE = "place of something nested"

WRITTEN = (
    *("run.lock", "metrics.jsonl", "checkpoints", "folds", "calibration_folds", "figures", "samples", "report.html"),
    *("config.json", "codec.json", "calibration.json", "baselines.json", "model.safetensors", "series.safetensors"),
)
"""Names of files and folders that training and the report write."""

TENSORS: dict[str, Callable[[torch.Tensor], torch.Tensor | None]] = {
    "is missing": lambda _: None,
    "is empty": lambda one: one.new_zeros(0),
    "is a number": lambda one: one.new_zeros(()),
    "is longer": lambda one: torch.cat([one.reshape(-1), one.reshape(-1)]),
    "is transposed": lambda one: one.T.contiguous() if one.ndim == 2 else one[None],
    "has a million columns": lambda one: one.new_zeros(1, 10**6),
    "is float64": lambda one: one.double(),
    "is bfloat16": lambda one: one.bfloat16(),
    "is int64": lambda one: one.long(),
    "is bool": lambda one: one.bool(),
    "is NaN": lambda one: torch.full_like(one, float("nan")) if one.is_floating_point() else one - 1,
    "is huge": lambda one: torch.full_like(one, 1e30) if one.is_floating_point() else one + 10**6,
}


class Forgery(NamedTuple):
    """A file or folder of the run, what is wrong in it, and its contents; None for a symbolic link to another place."""

    name: str
    what: str
    content: Callable[[], bytes] | None


def forgeries(run: Path) -> list[Forgery]:
    """All forgeries of the files of a run."""
    folders = [run, *(path.parent for path in run.rglob("*/config.json"))]
    names = {str((folder / name).relative_to(run)) for folder in folders for name in (*WRITTEN, ".")} - {"."}
    made = [Forgery(name, "is a link", None) for name in sorted(names)]
    for path in sorted(run.rglob("*")):
        if path.suffix == ".json":
            content = {key: value for key, value in read_json(path).items() if key != "sha256"}
            made += _of_json(str(path.relative_to(run)), content, _json_bytes)
        elif path.suffix == ".safetensors":
            tensors, metadata = read_tensors(path)
            name = str(path.relative_to(run))
            made += _of_json(name, metadata, partial(_tensor_bytes, tensors))
            made += _of_tensors(name, tensors, metadata)
        elif path.name == "metrics.jsonl":
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            row = {key: value for key, value in rows[-1].items() if key != "sha256"}
            made += _of_json(str(path.relative_to(run)), row, _line_bytes)
    return made


def _of_json(name: str, content: Any, as_bytes: Callable[[Any, Any], bytes]) -> list[Forgery]:
    return [
        Forgery(name, f"{'.'.join(map(str, place))} = {NAMES[number]}", partial(_forged, content, place, new, as_bytes))
        for place in places(content)
        for number, new in enumerate(WRONG)
    ]


def _of_tensors(name: str, tensors: dict[str, torch.Tensor], metadata: Any) -> list[Forgery]:
    def forged(key: str, change: Callable[[torch.Tensor], torch.Tensor | None]) -> bytes:
        new = change(tensors[key])
        others = {other: tensor for other, tensor in tensors.items() if other != key}
        return _tensor_bytes(others if new is None else others | {key: new}, metadata, None)

    made = [
        Forgery(name, f"{key} {what}", partial(forged, key, change))
        for key in tensors
        for what, change in TENSORS.items()
    ]
    extra = tensors | {"extra": torch.zeros(2)}
    return [*made, Forgery(name, "one more tensor", lambda: _tensor_bytes(extra, metadata, None))]


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values in JSON; of lists only the first and the last."""
    for key in value if isinstance(value, dict) else sorted({0, len(value) - 1}) if isinstance(value, list) else ():
        if isinstance(value, dict) or 0 <= key < len(value):
            yield (*place, key)
            yield from places(value[key], (*place, key))


def _forged(content: Any, place: tuple[Any, ...], new: Any, as_bytes: Callable[[Any, Any], bytes]) -> bytes:
    whole = copy.deepcopy(content)
    at = whole
    for key in place[:-1]:
        at = at[key]
    if new is MISSING:
        del at[place[-1]]
    elif new is EXTRA and isinstance(at, dict):
        at["extra"] = 1
    elif new is DEEP:
        at[place[-1]] = _PLACE
    elif new is not TWICE and new is not EXTRA:
        at[place[-1]] = new
    return as_bytes(whole, (place[-1], new))


def _text(value: Any, change: Any) -> str:
    key, new = change
    text = json.dumps(value)
    if new is DEEP:
        return text.replace(f'"{_PLACE}"', "[" * _DEPTH + "]" * _DEPTH)
    return text.replace(f'"{key}":', f'"{key}": 1, "{key}":') if new is TWICE and isinstance(key, str) else text


def _json_bytes(value: Any, change: Any) -> bytes:
    return _text(sealed(value), change).encode()


def _line_bytes(value: Any, change: Any) -> bytes:
    return _json_bytes(value, change) + b"\n"


def _tensor_bytes(tensors: dict[str, torch.Tensor], metadata: Any, change: Any) -> bytes:
    text = json.dumps(metadata) if change is None else _text(metadata, change)
    return save(tensors, {"metadata": text, "sha256": tensors_digest(tensors, text)})


def use(run: Path, job: str, data: str) -> Iterator[Callable[[], object]]:
    """All verbs on a run."""
    yield lambda: echoic.load(run).metrics()
    yield lambda: echoic.load(run).notes()
    yield lambda: echoic.load(run).result()
    yield lambda: echoic.load(run).evaluate()
    yield lambda: [fold.evaluate() for fold in echoic.load(run).fold_runs()]
    if job in {"text", "music", "audio", "forecast"}:
        length = {"text": 5, "music": 4, "audio": "0.02s", "forecast": 3}[job]
        yield lambda: echoic.load(run).generate(length)
    if job in {"forecast", "classify", "detect"}:
        yield lambda: echoic.load(run).predict()
        yield lambda: echoic.load(run).predict(data)
    yield lambda: echoic.load(run).report()
    yield lambda: echoic.train(job, data, from_run=run, out=run / "further", steps=1)
    yield lambda: echoic.load(run).resume(_stop_after(STEPS))


def _stop_after(steps: int) -> Callable[[Progress], None]:
    """Ends a training that has many steps left: years of training are no damage."""

    def count(_: Progress) -> None:
        nonlocal steps
        steps -= 1
        if steps < 0:
            raise Interrupted("That is enough.", signal.SIGINT)

    return count


def try_forgery(forgery: Forgery, whole: Path, work: Path, job: str, data: str) -> None:
    """Uses a copy of a run with one forgery in it.

    Raises:
        EchoicError: a verb raised one whose message is not a sentence.
    """
    shutil.rmtree(work, ignore_errors=True)
    run = work / "folder" / "run"
    shutil.copytree(whole, run)
    (work / "victim").mkdir()
    (work / "victim" / "file").write_text("keep")
    if forgery.content is None:
        _link(run / forgery.name, work / "victim")
    else:
        (run / forgery.name).write_bytes(forgery.content())
    for verb in use(run, job, data):
        try:
            verb()
        except EchoicError as error:
            problem = sentence_problem(error)
            if problem:
                raise RuntimeError(problem) from None
    kept = {str(path.relative_to(work)) for path in work.rglob("*") if "folder" not in path.relative_to(work).parts}
    if kept != {"victim", "victim/file"} or (work / "victim" / "file").read_text() != "keep":
        raise RuntimeError("something was written outside of the folder")


def _link(path: Path, place: Path) -> None:
    """Puts a link in the place of a file or folder."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(place / "file" if path.suffix else place)


def _try_one(chosen: Sequence[Forgery], folder: Path, name: str, number: int) -> None:
    small = SMALL_JOBS[name]
    try_forgery(chosen[number], folder / name, folder / "work", small.job, small.input(folder))


def prepare_runs(folder: Path) -> None:
    """Trains the small jobs, each in a child, and takes the last checkpoint from them."""
    write_data(folder)
    import_all(folder)
    for name in JOBS:
        if wait(fork(partial(SMALL_JOBS[name].train, folder, folder / name))):
            raise RuntimeError(f"{name} cannot be trained")
        max((folder / name / "checkpoints").iterdir()).unlink()


def use_forged(folder: Path, count: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Uses `count` forgeries of a run of each job; the forgeries by job, and the failures."""
    folder.mkdir()
    prepare_runs(folder)
    counts, failures = dict[str, int](), list[str]()
    for name in JOBS:
        chosen = forgeries(folder / name)
        if count < len(chosen):
            chosen = random.Random(seed).sample(chosen, count)  # noqa: S311
        failed = failures_of(Attempts(len(chosen), partial(_try_one, chosen, folder, name)))
        counts[name] = len(chosen)
        failures += [f"forged: {name}/{chosen[at].name}, {chosen[at].what}: {reason}" for at, reason in failed]
    return counts, failures
