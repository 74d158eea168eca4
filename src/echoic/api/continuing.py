"""Training that continues from the weights of a run, on the same or on newer data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echoic import sources
from echoic.api.data_reference import check_present
from echoic.api.in_memory import BESIDE_DATA, gathered
from echoic.api.prepare import Prepared, check_length, precision_notes
from echoic.api.run import load
from echoic.config import JobSettings
from echoic.errors import ConfigError

_CHANGEABLE = ("train", "split", "curriculum")
"""Sections of settings that neither the network nor its inputs depend on."""

_LENGTHS = {"epochs", "steps", "minutes"}
"""Settings of the length of training, of which the given one replaces that of the run."""

_FOLDS = {"split": ("folds", "test_fold"), "data": ("fold",)}
"""Settings of folds by section, which `split` replaces."""


def prepare_from(
    run: str | Path,
    job: str,
    data: Any,
    *,
    config: Mapping[str, Any],
    components: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
) -> Prepared:
    """A task that is ready to continue training from the weights of `run`.

    Settings, vocabulary, classes and scales are those of the run; settings of training and of the split may be
    changed.

    Args:
        run: the run folder.
        job: the job of the run.
        data: the same or newer data; None reads those of the run from where they were.
        config: settings by section; `settings` take precedence.
        components: the classes that were passed to `echoic.train`.
        settings: settings by name, and what belongs to data in memory, as for `echoic.train`.

    Raises:
        ConfigError: the job is another one, a setting cannot be changed, or there are folds.
        DataError: the data have symbols, classes or columns that the run has not, or cannot be read.
        RunError: there is no run, or it is damaged or has no model yet.
    """
    opened = load(run, components=components)
    if job != opened.job.name:
        raise ConfigError(f"{run} is a {opened.job.name} run and cannot be trained on as {job}.")
    own = opened.config["data"]["path"]
    data, settings = _data(own, job, data, settings)
    if data is own:
        check_present(run, own, "name the data to train on")
    resolved = _settings(opened.settings, config, settings)
    opened.components.check_precision(resolved.train.precision)
    if data is None:
        raise ConfigError(f"{run} was trained on in-memory data; pass the data to train on.")
    task = opened.fitted.task.continued(sources.read(data, resolved.data), resolved)
    if task.folds:
        raise ConfigError(
            "Training cannot continue with `folds`: the run has learned from clips of every fold. Give --split, such "
            "as 0.9,0.1,0, to train on without folds."
        )
    weights, _ = opened.folder.read_model()
    note = (
        f"Training started from the weights of {opened.path.resolve()}. Scores on what that run learned from would be "
        "too good, so dev and test must be new to it."
    )
    return Prepared(
        opened.job,
        task.with_components(opened.components),
        data,
        weights,
        (note, *precision_notes(task.settings.train)),
    )


def _data(own: Any, job: str, data: Any, settings: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The data to train on, by default the run's `own`, and the settings without what belongs to data in memory."""
    lonely = [name for name in settings if name in BESIDE_DATA and name != "text" and data is None]
    if lonely:
        raise ConfigError(f"`{lonely[0]}` belongs to data in memory; pass these, too.")
    given, settings = gathered(job, data, settings)
    return own if given is None else given, settings


def _settings(own: JobSettings, config: Mapping[str, Any], given: Mapping[str, Any]) -> JobSettings:
    """The settings of a run with the given ones.

    Raises:
        ConfigError: one is changed that the network or its inputs depend on.
    """
    job_settings = type(own)
    names, places = job_settings.fields_in(config, given), job_settings.places()
    values = own.model_dump()
    if names & _LENGTHS:
        values["train"] |= dict.fromkeys(_LENGTHS - {"epochs"})
    if "split" in names:
        for section, fields in _FOLDS.items():
            values[section] |= dict.fromkeys(set(fields) & values[section].keys())
    resolved = job_settings.build(values, config, given)
    check_length(resolved.train, names)
    for name in sorted(names):
        section = places[name]
        if section not in _CHANGEABLE and getattr(getattr(resolved, section), name) != values[section][name]:
            raise ConfigError(
                f"`{name}` cannot be changed when training continues from a run; train a new run without --from."
            )
    return resolved
