"""`echoic.tune`: makes a study and carries it out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echoic import sources
from echoic.api.data_reference import data_reference
from echoic.api.in_memory import gathered
from echoic.api.prepare import Requested
from echoic.api.temporary import run_path
from echoic.errors import ConfigError
from echoic.jobs import settings_class
from echoic.progress import ProgressFn, no_progress
from echoic.studies.definition import Definition, Pruner, Sampler
from echoic.studies.engine import check_installed
from echoic.studies.folder import create, ensure_new, name_of
from echoic.studies.grids import grid
from echoic.studies.searching import Search, check_comparable, flat, listed_names, searched
from echoic.studies.space import with_defaults
from echoic.studies.study import Study
from echoic.studies.work import OnConfirmed, OnTrial, ignore
from echoic.studies.workforce import check_workers

_TRIALS = 40
"""Trials without a budget."""


def tune(
    job: str,
    data: Any = None,
    *,
    out: str | Path | None = None,
    trials: int | None = None,
    minutes: float | None = None,
    workers: int = 1,
    sampler: Sampler = "tpe",
    pruner: Pruner = "median",
    goal: str = "loss",
    search: Search | None = None,
    seeds: int = 1,
    confirm: int = 3,
    config: Mapping[str, Any] | None = None,
    storage: str | None = None,
    study: str | None = None,
    on_trial: OnTrial = ignore,
    on_confirmed: OnConfirmed = ignore,
    on_prepare: ProgressFn = no_progress,
    **settings: Any,
) -> Study:
    """Chooses settings by the dev loss of many runs, and returns the study.

    The first trial has the defaults, as near as the space has them, unless the sampler is `grid`; values that are no
    numbers, and are not among the choices, are drawn.

    Args:
        job: the job, as for `echoic.train`.
        data: the data, as for `echoic.train`.
        out: the folder of the study to create; by default a temporary one, which is removed when Python exits.
        trials: number of trials; by default 40, or without limit if there are `minutes`.
        minutes: time budget, confirmation included.
        workers: number of processes that train; with several, each has one thread.
        sampler: the search algorithm: tpe, genetic (NSGA-II), cmaes, gp, qmc, random, or grid (all combinations).
        pruner: ends hopeless trials early, by the median of others or by hyperband; none: no trial.
        goal: `loss`; or several goals, such as `loss,parameters`, `loss,step_us` (time of a single step) or
            `loss,train_s` (time of training), of which the study finds the Pareto front.
        search: the settings to search, as texts such as `lr=0.001..0.1,log`, or by name `(low, high)`,
            `(low, high, "log")` or a list of values. Default: the default space of the job.
        seeds: runs per trial, whose mean dev loss counts.
        confirm: number of best trials that are trained again with three fresh seeds; the lowest mean wins. 0: none.
        config: settings of all trials by section; `settings` take precedence.
        storage: the URL of a PostgreSQL database in which several hosts work on this study: the same call on each.
            Default: a file in `out`, for one host.
        study: the name of the study in `storage`; by default that of the folder `out`.
        on_trial: called with every trial that has ended.
        on_confirmed: called with a trial, the number of a fresh seed, and its dev loss.
        on_prepare: called with the number of prepared clips and their total, by jobs that compute features first.
        settings: settings of all trials, and what belongs to data in memory, as for `echoic.train`.

    Raises:
        ConfigError: a setting is unknown or cannot be searched, or settings contradict each other.
        DataError: the data cannot be read, do not suffice, or have no dev split.
        MissingExtraError: Optuna is not installed.
        RunError: `out` exists or cannot be written.
        TrainingError: no trial could be trained.
        Interrupted: a signal came; the study can be resumed.
    """
    if out is not None:
        ensure_new(Path(out))
    if study is not None and storage is None:
        raise ConfigError("`study` is the name of a study in `storage`, which is missing.")
    shared = None if storage is None else (storage, name_of(study, out))
    data, settings = gathered(job, data, settings)
    fixed = settings_class(job).sectioned(config or {}, settings)
    options: dict[str, Any] = {"trials": trials, "minutes": minutes, "workers": workers, "sampler": sampler}
    options |= {"pruner": pruner, "goals": goal, "seeds": seeds, "confirm": confirm}
    parameters = searched(job, search, fixed)
    draft = Definition.build(
        job=job, data=_reference(data), fingerprint="", settings=fixed, base={}, parameters=parameters, **options
    )
    check_installed(draft)
    check_workers(draft)
    if shared is not None and draft.data is None:
        raise ConfigError("Data in memory are for one host; save them to a file for a study in `storage`.")
    definition = _complete(draft, data, listed_names(search), on_prepare)
    with run_path(out, "study") as path:
        create(path, definition, shared)
        made = Study(path, data if definition.data is None else None, storage)
        made.resume(on_trial=on_trial, on_confirmed=on_confirmed)
    return made


def _complete(draft: Definition, data: Any, listed: set[str], on_prepare: ProgressFn) -> Definition:
    """The definition with what depends on the data: what a trial without searched settings has.

    `listed` are the names of searched settings whose values are given.

    Raises:
        ConfigError: the settings cannot be used, or trials could not be compared.
        DataError: the data cannot be used, or have no dev split.
    """
    requested = Requested.of(draft.job, draft.settings, {}, None)
    sources.refuse_unused(data, requested.settings.data)
    dataset = sources.read(data, requested.settings.data)
    task = requested.prepared(dataset, data, on_prepare).task
    if task.folds:
        raise ConfigError("`folds` would train each trial many times; leave it out, and train the winner with --folds.")
    if task.dev_batches() is None:
        raise ConfigError("There is no dev split to choose settings by; give one with --split.")
    check_comparable(draft.parameters, task.settings)
    base = flat(task.settings)
    parameters = with_defaults(draft.parameters, base, listed)
    found = {"fingerprint": dataset.fingerprint, "base": base, "parameters": parameters}
    return _with_budget(draft.model_copy(update=found))


def _with_budget(definition: Definition) -> Definition:
    """The definition with a number of trials, if it has no budget."""
    if not definition.parameters:
        raise ConfigError("There is nothing to search: all settings of the default space are fixed; give --search.")
    if definition.sampler == "grid":
        points = len(grid(definition))
        if definition.trials is not None:
            raise ConfigError(f"`trials` is for other samplers; the grid has {points} points. Leave it out.")
        return definition.model_copy(update={"trials": points})
    if definition.trials is None and definition.minutes is None:
        return definition.model_copy(update={"trials": _TRIALS})
    return definition


def _reference(data: Any) -> Any:
    if isinstance(data, str) and data == sources.STANDARD_INPUT:
        raise ConfigError("Standard input is read once, and every trial reads the data; save them to a file.")
    return data_reference(data)
