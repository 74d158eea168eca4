"""The same training with several seeds: one run per seed, in turn or side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from echoic import sources
from echoic.api.folds import describe
from echoic.api.in_memory import gathered
from echoic.api.phases import TrainProgressFn, chosen_progress
from echoic.api.prepare import Requested
from echoic.api.seed_runs import SeedRuns, has_seeds, train_all, write_seeds
from echoic.api.side_by_side import check_number
from echoic.api.temporary import run_path
from echoic.api.train import ready
from echoic.errors import RunError
from echoic.progress import ProgressFn, no_progress
from echoic.run import RunFolder
from echoic.sources import Dataset
from echoic.write_errors import cannot_be_created


def train_seeds(
    job: str,
    data: Any = None,
    *,
    seeds: int = 3,
    workers: int = 1,
    out: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    components: Mapping[str, Any] | None = None,
    on_progress: TrainProgressFn | None = None,
    on_prepare: ProgressFn = no_progress,
    **settings: Any,
) -> SeedRuns:
    """Trains a network several times, with consecutive seeds from `seed` on, and returns the runs.

    Args:
        job: the job, as for `echoic.train`.
        data: the data, as for `echoic.train`; read once.
        seeds: number of seeds.
        workers: processes that train side by side, with one thread each unless `threads` is given.
        out: the folder to create, with a run folder for each seed; by default a temporary one.
        config: settings by section; `settings` take precedence.
        components: classes of your own, as for `echoic.train`.
        on_progress: called with progress whose stage names the seed.
        on_prepare: called with the number of prepared clips and their total, by jobs that compute features first.
        settings: settings by name, and what belongs to data in memory, as for `echoic.train`.

    Raises:
        ConfigError, DataError, TrainingError: as for `echoic.train`.
        RunError: `out` exists or cannot be written.
        Interrupted: SIGINT, SIGTERM or SIGHUP was received; all runs can be resumed.
    """
    check_number(seeds, "seeds")
    check_number(workers, "workers")
    if out is not None:
        _ensure_new(Path(out))
    data, settings = gathered(job, data, settings)
    requested = Requested.of(job, config, settings, components)
    sources.refuse_unused(data, requested.settings.data)
    dataset = sources.read(data, requested.settings.data)
    first = requested.settings.train.seed
    numbers = list(range(first, first + seeds))
    with run_path(out, "seeds") as path:
        _create(path, requested, dataset, data, numbers, workers, on_prepare)
        found = SeedRuns(path, data, components)
        train_all(found, dataset, requested.components, workers, chosen_progress(on_progress))
    return found


def _create(
    path: Path,
    requested: Requested,
    dataset: Dataset,
    data: Any,
    seeds: Sequence[int],
    workers: int,
    on_prepare: ProgressFn,
) -> None:
    """Makes and describes the run folders, then the list of seeds: without it nothing has begun."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{cannot_be_created(path, error)}.") from None
    for seed in seeds:
        own = requested._replace(settings=requested.settings.replaced(seed=seed))
        task = ready(own.prepared(dataset, data, on_prepare).task, workers)
        folder = RunFolder.create(path / str(seed), path)
        with folder.lock():
            describe(folder, own.job, task, data)
    write_seeds(path, seeds)


def _ensure_new(path: Path) -> None:
    """Checks that `path` does not exist, or that no training has begun in it.

    Raises:
        RunError: it exists.
    """
    if not path.exists():
        return
    begun = has_seeds(path) or not path.is_dir()
    if begun or not all(one.is_dir() and one.name.isdecimal() for one in path.iterdir()):
        resume = f", or resume with `echoic train --resume {path}`" if has_seeds(path) else ""
        raise RunError(f"{path} already exists; choose another --out{resume}.")
