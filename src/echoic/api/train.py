"""Training a network: `train` is `prepare` and `fit` in a row."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from echoic.api.continuing import prepare_from
from echoic.api.folds import describe, fit_folds
from echoic.api.phases import TrainProgressFn, chosen_progress
from echoic.api.prepare import Prepared, choose_threads, prepare
from echoic.api.run import Run
from echoic.api.sharing import check_new, check_same, is_started, own_folder
from echoic.api.side_by_side import check_workers
from echoic.api.temporary import run_path, scratch_path
from echoic.distributed.joining import joined
from echoic.distributed.ranks import Ranks
from echoic.errors import ConfigError
from echoic.jobs.base import Task
from echoic.progress import ProgressFn, no_progress
from echoic.run import RunFolder
from echoic.training import isolated_randomness


def train(
    job: str,
    data: Any = None,
    *,
    out: str | Path | None = None,
    from_run: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    components: Mapping[str, Any] | None = None,
    on_progress: TrainProgressFn | None = None,
    on_prepare: ProgressFn = no_progress,
    workers: int = 1,
    **settings: Any,
) -> Run:
    """Trains a network and returns the run.

    Args:
        job: a key of `echoic.jobs.JOBS`: `forecast`, `music`, `text`, `audio`, `classify`, `detect`,
            `map` or `transcribe`.
        data: the job's input: a path, or data in memory: a DataFrame, an array `(steps, features)` or `synth:NAME` for
            forecasts, `(clips, steps, features)` for classify, samples with `rate_hz` for audio and detect, piano-rolls
            `(steps, 128)` for music, `(steps, inputs)` for map; or a list of arrays. With `from_run` by default the
            data of that run, as they are now.
        out: the run folder to create; by default a temporary one, which is removed when Python exits.
        from_run: a run folder to start from: its weights, settings, vocabulary, classes and scales. Only settings of
            training and of the split may be changed.
        config: settings by section, as in a TOML file; `settings` take precedence.
        components: classes of your own that replace parts of the network: `cell`, `head`, `encoder` or `network`, such
            as `{"cell": MinGRU}` (see `echoic.components.Components`). Pass the same to `echoic.load`.
        on_progress: called after every training step and every evaluation of dev, such as one of `echoic.loggers`; by
            default a bar in a notebook, and nothing elsewhere.
        on_prepare: called with the number of prepared clips and their total, by jobs that compute features first.
        workers: processes that train the folds of cross-validation side by side, with one thread each unless `threads`
            is given; the weights are those of one process with as many threads.
        settings: fields of the job's settings by name, such as `lookback=96`; and what belongs to data in memory:
            `labels` (classify: the label of each clip), `groups` (classify: clips that share one stay in one split),
            `events` (detect: tuples of onset and offset in seconds and label, for each recording), `targets` (map: an
            array for each one that goes in), `text` (text: the text itself, instead of `data`), or `texts` (transcribe:
            the text of each recording).

    Raises:
        ConfigError: a setting is unknown, settings contradict each other, or a component cannot be used.
        DataError: the data cannot be read, do not suffice, or have symbols, classes or columns that `from_run` lacks.
        RunError: `out` exists or cannot be written.
        TrainingError: losses stay non-finite, or another thread of this process is training.
        Interrupted: SIGINT, SIGTERM or SIGHUP was received; the run can be resumed.
    """
    ranks = joined()
    with ranks.together():
        check_new(ranks, out)  # before the data are read, which may take minutes
        if from_run is not None:
            prepared = prepare_from(from_run, job, data, config=config or {}, components=components, settings=settings)
        else:
            prepared = prepare(job, data, config=config, components=components, on_progress=on_prepare, **settings)
    return fit(prepared, out=out, on_progress=on_progress, workers=workers)


def fit(
    prepared: Prepared,
    *,
    out: str | Path | None = None,
    on_progress: TrainProgressFn | None = None,
    workers: int = 1,
) -> Run:
    """Trains what `echoic.prepare` returned, and returns the run.

    Args:
        prepared: the task and its data.
        out: the run folder to create; by default a temporary one, which is removed when Python exits.
        on_progress: called after every training step and every evaluation of dev, such as one of `echoic.loggers`; by
            default a bar in a notebook, and nothing elsewhere.
        workers: processes for the folds of cross-validation, as for `echoic.train`.

    Raises:
        ConfigError: `prepared` is something else, or there are several `workers` and no folds.
        RunError: `out` exists or cannot be written.
        TrainingError: losses stay non-finite, or another thread of this process is training.
        Interrupted: SIGINT, SIGTERM or SIGHUP was received; the run can be resumed.
    """
    if not isinstance(prepared, Prepared):
        raise ConfigError(f"`prepared` must be the result of echoic.prepare, got {type(prepared).__name__}.")
    ranks, name, task = joined(), prepared.job.name, prepared.task
    started = False
    with ranks.together():
        check_workers(workers, task)
        check_new(ranks, out)
        task = ready(task, workers)
        started = ranks.is_first and is_started(out, name, task)
    check_same(ranks, name, task)
    if any(ranks.all_gather(started)):
        folder = own_folder(ranks, RunFolder(Path(out or "")))
        with folder.lock():
            fit_folds(folder, name, task, prepared.data, chosen_progress(on_progress))
        return Run(folder, prepared.data, task.components)
    with _new_path(ranks, out, name) as path:
        folder = RunFolder.create(path)
        with folder.lock():
            if prepared.weights is not None:
                folder.write_initial(prepared.weights)
            describe(folder, name, task, prepared.data, prepared.notes)
            fit_folds(folder, name, task, prepared.data, chosen_progress(on_progress), workers)
    return Run(folder, prepared.data, task.components)


def ready(task: Task[Any], workers: int = 1) -> Task[Any]:
    """The task with its number of threads, after every error of networks and batches was raised."""
    _dry_run(task)
    return choose_threads(task, workers)


def _new_path(ranks: Ranks, out: str | Path | None, name: str) -> AbstractContextManager[Path]:
    """The path of the new run; of several processes, only the first one's is `out`."""
    return run_path(out, name) if ranks.is_first else nullcontext(scratch_path(name))


def _dry_run(task: Task[Any]) -> None:
    """Raises every error of networks and batches before a run folder is created."""
    with isolated_randomness(task.settings.train.seed):
        task.build_model()
    task.train_batches()
    task.dev_batches()
    for settings in task.folds:
        task.fold(settings)
