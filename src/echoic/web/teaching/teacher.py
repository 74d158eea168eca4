"""What the page teaches: examples, their facts, and trainings on them."""

from collections.abc import AsyncIterable, Callable
from pathlib import Path
from typing import Any, NamedTuple, final

import echoic
from echoic.api.run import Run
from echoic.errors import ConfigError, DataError
from echoic.web.teaching.conversion import MAX_EXAMPLE_S, Converter, Facts, Keep, cut, facts
from echoic.web.teaching.defaults import MOST_RATE_HZ
from echoic.web.teaching.intake import MOST_EXAMPLES, UPLOAD_BYTES, Added, Intake
from echoic.web.teaching.store import ExampleStore, is_background
from echoic.web.teaching.training import Training

FEWEST = 3
"""Fewest examples of a class: some to learn from, and one to check with."""


class _Class(NamedTuple):
    """A class with its examples; those that cannot be read have no facts."""

    name: str
    examples: dict[str, Facts | None]

    def to_json(self) -> dict[str, Any]:
        examples = [{"name": name, **_shown(found)} for name, found in self.examples.items()]
        return {"name": self.name, "is_background": is_background(self.name), "examples": examples}


@final
class Teacher:
    """Keeps the examples of one run, and trains it.

    Args:
        run: the folder of the run, which need not exist; the examples are in `RUN-examples` beside it.
        on_run: called with a newly trained run, in another thread.

    Raises:
        ConfigError: there is a run that was trained on other data, which would be replaced; or the folder has no name.
        RunError: the folder of the examples cannot be created, or another server uses it.
    """

    def __init__(self, run: Path, on_run: Callable[[Run], None]) -> None:
        if run.name.startswith(".") or not run.name:
            raise ConfigError(f"`{run}` is no folder for a run; give --teach one such as runs/mine.")
        self._run = run
        self._on_run = on_run
        self.store = ExampleStore(run.with_name(f"{run.name}-examples"))
        self.training = Training(run, self.store.folder, self._take_over)
        _check_run(run, self.store.folder)
        self._converter = Converter()
        self._intake = Intake(self.store, self._converter)
        self._facts = dict[tuple[str, int, int], Facts | None]()
        self._version = 0

    async def presented(self) -> dict[str, Any]:
        """All that the page shows, as plain JSON values."""
        classes = await self._classes()
        config = self._run / "config.json"
        is_ready = config.is_file()
        return {
            "run": self._run.name,
            "folder": str(self.store.folder),
            "is_ready": is_ready,
            "is_outdated": is_ready and self.store.changed_at > config.stat().st_mtime,
            "version": self._version,
            "classes": [one.to_json() for one in classes],
            "limits": {"upload_bytes": UPLOAD_BYTES, "example_s": MAX_EXAMPLE_S, "examples": MOST_EXAMPLES},
            "problem": _problem(classes),
            "training": self.training.progress.to_json(),
        }

    async def add(self, body: AsyncIterable[bytes], file_name: str, into: str | None, *, keep: Keep) -> Added:
        """See `Intake.add`."""
        return await self._intake.add(body, file_name, into, keep=keep)

    async def trim(self, name: str, example: str, begin_s: float, end_s: float) -> None:
        """Cuts an example, for good.

        Raises:
            DataError: there is no such example, or nothing would be left.
        """
        path = self.store.find(name, example)
        await self._converter.call(cut, path, path.with_suffix(".wav"), begin_s, end_s)
        if path.suffix.lower() != ".wav":
            path.unlink()

    async def train(self) -> None:
        """Starts a training, at the lowest sampling rate of the examples.

        Raises:
            ConfigError: one runs, or the examples do not suffice.
        """
        classes = await self._classes()
        if self.training.is_running:
            raise ConfigError("A training runs already; stop it first.")
        if problem := _problem(classes):
            raise ConfigError(problem)
        rates_hz = [found.rate_hz for one in classes for found in one.examples.values() if found]
        await self.training.start(min(MOST_RATE_HZ, *rates_hz))

    async def close(self) -> None:
        """Ends what runs, as the server stops."""
        self._converter.close()
        await self.training.close()
        self.store.close()

    def _take_over(self) -> None:
        self._on_run(echoic.load(self._run))
        self._version += 1

    async def _classes(self) -> list[_Class]:
        return [
            _Class(name, {path.name: await self._facts_of(path) for path in self.store.examples(name)})
            for name in self.store.classes
        ]

    async def _facts_of(self, path: Path) -> Facts | None:
        """Facts of an example, read once while it does not change; None if it cannot be read."""
        status = path.stat()
        key = (str(path), status.st_size, status.st_mtime_ns)
        if key not in self._facts:
            try:
                self._facts[key] = await self._converter.call(facts, path)
            except DataError:
                self._facts[key] = None
        return self._facts[key]


def _shown(found: Facts | None) -> dict[str, Any]:
    if found is None:
        return {"problem": "It cannot be read; delete it."}
    return {"seconds": round(found.seconds, 3), "peak": round(found.peak, 4)}


def _problem(classes: list[_Class]) -> str | None:
    """Why training cannot start; None if it can."""
    if len(classes) < 2:
        return "Training needs at least two classes; add one."
    for one in classes:
        usable = sum(found is not None for found in one.examples.values())
        if usable < FEWEST:
            has = "no examples" if not usable else f"{usable} of {FEWEST} examples"
            return f"{one.name} has {has}; record or drop some, or delete the class."
    return None


def _check_run(run: Path, examples: Path) -> None:
    """Refuses a run that was not taught here."""
    if run.exists() and Path(echoic.load(run).config["data"]["path"]).resolve() != examples.resolve():
        raise ConfigError(f"{run} was trained on other data, and would be replaced; give --teach another folder.")
