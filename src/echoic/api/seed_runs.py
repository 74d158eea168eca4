"""The runs of several seeds in one folder, and the mean and spread of their scores."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from echoic.api.data_reference import read_again
from echoic.api.folds import fit_folds, restored
from echoic.api.phases import TrainProgressFn, chosen_progress, in_stage
from echoic.api.run import Run, load
from echoic.api.side_by_side import Training, check_number, train_side_by_side
from echoic.components import Components
from echoic.errors import RunError
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn, no_progress
from echoic.run import RunFolder, damage_named
from echoic.run.lock import file_lock
from echoic.run.sealed import read_json, unsealed, write_json
from echoic.sources import Dataset
from echoic.types import stored
from echoic.workers.stopping import resumable

_FILE = "seeds.json"


class Spread(NamedTuple):
    """Mean and standard deviation over the seeds, and their number; one seed has no deviation."""

    mean: float
    std: float | None
    seeds: int


@final
class SeedRuns:
    """Runs that differ in their seed alone, each in a folder of its name.

    Returned by `echoic.train_seeds` and `echoic.load_seeds`.
    """

    def __init__(self, path: Path, data: Any = None, components: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self.seeds = _read_seeds(path)
        self._data = data
        self._components = components

    def __repr__(self) -> str:
        return f"SeedRuns(seeds={self.seeds}, path={str(self.path)!r})"

    @property
    def runs(self) -> list[Run]:
        """The run of each seed."""
        return [load(self.path / str(seed), data=self._data, components=self._components) for seed in self.seeds]

    @property
    def resume_command(self) -> str:
        """The command that resumes all runs, or the call in Python where objects must be passed again."""
        config = self.runs[0].config
        needed = "".join(
            [", data=..."] * (config["data"]["path"] is None) + [", components=..."] * bool(config["components"])
        )
        if needed:
            return f'echoic.load_seeds("{self.path}"{needed}).resume()'
        return f"echoic train --resume {self.path}"

    def dev_losses(self) -> list[float | None]:
        """The lowest dev loss of each seed; None after a refit on train and dev."""
        return [run.result()["best_dev_loss"] for run in self.runs]

    def evaluate(self, split: str = "test", *, on_progress: ProgressFn = no_progress) -> list[Evaluation]:
        """The evaluation of each seed on a split of the runs' own data.

        Raises:
            RunError: a run has no model yet.
            ConfigError: the split is unknown.
            DataError: there is nothing to score.
        """
        return [run.evaluate(split=split, on_progress=on_progress) for run in self.runs]

    def scores(self, split: str = "test", *, on_progress: ProgressFn = no_progress) -> dict[str, Spread]:
        """Mean and standard deviation over the seeds of every score of a split of the runs' own data.

        Raises:
            RunError: a run has no model yet.
            ConfigError: the split is unknown.
            DataError: there is nothing to score.
        """
        return spreads([one.result for one in self.evaluate(split, on_progress=on_progress)])

    def resume(self, on_progress: TrainProgressFn | None = None, *, workers: int = 1) -> None:
        """Trains what is not trained yet.

        Args:
            on_progress: called after every step, as for `echoic.train`.
            workers: processes that train side by side.

        Raises:
            DataError: the data are missing or have changed.
            RunError: another process trains these runs, or one is damaged.
            Interrupted: SIGINT, SIGTERM or SIGHUP was received; all can be resumed.
        """
        check_number(workers, "workers")
        first = self.runs[0]
        reference = first.config["data"]["path"] if self._data is None else self._data
        dataset = read_again(first.path, reference, first.settings.data, first.config["data"]["fingerprint"])
        train_all(self, dataset, first.components, workers, chosen_progress(on_progress))


def load_seeds(path: str | Path, *, data: Any = None, components: Mapping[str, Any] | None = None) -> SeedRuns:
    """Opens the folder of several seeds.

    Args:
        path: the folder.
        data: replaces training data that were in memory or have moved.
        components: the classes that were passed to `echoic.train_seeds`.

    Raises:
        RunError: there are no such runs at `path`, or the folder is damaged.
    """
    return SeedRuns(Path(path), data, components)


def has_seeds(path: Path) -> bool:
    """Whether `path` is a folder of several seeds."""
    return (path / _FILE).is_file()


def spread(values: Sequence[float]) -> Spread:
    """Mean, standard deviation and number of scores."""
    return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))


def spreads(rows: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """Mean, standard deviation and number of each score that all rows have."""
    return {name: spread([row[name] for row in rows]) for name in rows[0] if all(name in row for row in rows)}


def train_all(
    found: SeedRuns, dataset: Dataset, components: Components, workers: int, on_progress: TrainProgressFn
) -> None:
    """Trains what is not trained yet.

    Raises:
        RunError: another process trains these runs.
        Interrupted: a signal came; all runs can be resumed.
    """
    stages = {seed: f"seed {seed} ({number} of {len(found.seeds)})" for number, seed in enumerate(found.seeds, 1)}
    with file_lock(found.path / "seeds.lock"):
        if workers > 1 and len(stages) > 1:
            runs = [Training(str(found.path / str(seed)), str(found.path), stage) for seed, stage in stages.items()]
            sent = ([dataset], components)
            train_side_by_side(found.path, runs, sent, workers, found.resume_command, on_progress)
            return
        with resumable(found.resume_command):
            for seed, stage in stages.items():
                folder = RunFolder(found.path / str(seed), found.path)
                with folder.lock():
                    config = folder.read_config()
                    task = restored(folder, config, dataset, components)
                    fit_folds(folder, config["job"], task, config["data"]["path"], in_stage(on_progress, stage))


def write_seeds(path: Path, seeds: Sequence[int]) -> None:
    """Writes seeds.json, after all runs are described."""
    write_json(path / _FILE, {"format": 1, "seeds": list(seeds)})


def _read_seeds(path: Path) -> list[int]:
    """The seeds in seeds.json.

    Raises:
        RunError: there is none, or it is damaged.
    """
    if not has_seeds(path):
        raise RunError(f"{path} has no runs of several seeds (no {_FILE}); make them with `echoic train --seeds`.")
    content = unsealed(path / _FILE, read_json(path / _FILE), required=True)
    with damage_named(path / _FILE):
        return [int(seed) for seed in stored.field(content, "seeds")]
