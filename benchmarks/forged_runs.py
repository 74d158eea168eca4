"""Run folders that someone forged, with right digests: every verb works on them, or refuses them in one sentence.

A forgery has one wrong value somewhere in the JSON of a run, or one wrong tensor: of another shape or type, missing,
extra, or not finite; or a file or folder is a symbolic link. The run lacks its last step, so that resuming trains. No
verb may write outside of the folder.
"""

import random
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import echoic
from children import fork, wait
from echoic.errors import EchoicError, Interrupted
from echoic.training import Progress
from forgeries import Forgery, forgeries
from job_kills import import_all
from small_jobs import SMALL_JOBS, write_data
from survivors import Attempts, failures_of, sentence_problem

STEPS = 20
"""The most steps that a forged run is resumed for."""

JOBS = ("forecast", "text", "music", "audio", "classify", "detect", "classify-folds")


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
