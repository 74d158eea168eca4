"""From data and settings to a task that is ready to train."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import torch
from torch import Tensor

from echoic import ops, sources
from echoic.api.in_memory import gathered
from echoic.cells import Cell
from echoic.components import Components
from echoic.config import JobSettings, StackSettings, TrainSettings
from echoic.errors import ConfigError
from echoic.jobs import get_job, settings_class
from echoic.jobs.base import Job, Task
from echoic.progress import ProgressFn, no_progress
from echoic.training import default_threads, no_randomness


@final
@dataclass(frozen=True, eq=False)
class Prepared:
    """A task that is ready to train: the job, the task over its data, and where the data came from.

    `weights` are those to start from, by name; None draws them. `notes` are added to those of the data.
    """

    job: Job[Any]
    task: Task[Any]
    data: Any
    weights: Mapping[str, Tensor] | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Prepared(job={self.job.name!r}, data={self.task.dataset.origin!r})"


def prepare(
    job: str,
    data: Any = None,
    *,
    config: Mapping[str, Any] | None = None,
    components: Mapping[str, Any] | None = None,
    on_progress: ProgressFn = no_progress,
    **settings: Any,
) -> Prepared:
    """Reads the data, splits them, fits the codecs on the train split and resolves every open setting.

    Arguments are those of `echoic.train`; pass the result to `echoic.fit`.

    Raises:
        ConfigError: a setting is unknown, settings contradict each other, or a component cannot be used.
        DataError: the data cannot be read, or do not suffice.
    """
    data, settings = gathered(job, data, settings)
    requested = Requested.of(job, config, settings, components)
    sources.refuse_unused(data, requested.settings.data)
    return requested.prepared(sources.read(data, requested.settings.data), data, on_progress)


class Requested(NamedTuple):
    """What a user asks of a training besides the data: the job, its settings, and the user's own parts."""

    job: str
    settings: Any
    components: Components

    @classmethod
    def of(
        cls,
        job: str,
        config: Mapping[str, Any] | None,
        settings: Mapping[str, Any],
        components: Mapping[str, Any] | None,
    ) -> Self:
        """The validated settings, from sections (`config`) and from single fields, which come first.

        Raises:
            ConfigError: as `prepare` does, as far as that does not depend on the data.
        """
        layers = (config or {}, settings)
        resolved, given = settings_class(job).build(*layers), settings_class(job).fields_in(*layers)
        check_device(resolved.train)
        own = Components.build(components)
        own.check_settings(given, _replaced_settings(type(resolved)))
        own.check_precision(resolved.train.precision)
        _check_cell(own.cell_class(resolved.stack), resolved.stack, given)
        check_length(resolved.train, given)
        return cls(job, resolved, own)

    def prepared(self, dataset: sources.Dataset, data: Any, on_progress: ProgressFn = no_progress) -> Prepared:
        """The task over `dataset`, which was read from `data`.

        Raises:
            ConfigError, DataError: as `prepare` does.
        """
        task = get_job(self.job).task_class.prepare(dataset, self.settings, on_progress)
        stack = task.settings.stack
        if not (stack.dropout or stack.input_dropout):
            stack.refuse_changed(["variational_dropout"], "without dropout; set --dropout or --input-dropout.")
        task = task.with_components(self.components)
        if self.settings.train.scheduled_sampling and not task.supports_scheduled_sampling:
            raise ConfigError(
                "`train.scheduled_sampling` requires a network whose input is its own last output; this one has other "
                "inputs, so leave it out."
            )
        return Prepared(get_job(self.job), task, data, notes=precision_notes(self.settings.train))


def choose_threads(task: Task[Any], workers: int = 1) -> Task[Any]:
    """The task with a number of threads: the user's, or one per worker, or the default for the work of a batch."""
    train = task.settings.train
    if train.threads is not None:
        return task
    if workers > 1:
        return task.with_threads(1)
    with no_randomness():
        model = task.build_model()
    return task.with_threads(default_threads(model, next(task.train_batches().epoch(train.seed, 0))))


def precision_notes(train: TrainSettings) -> tuple[str, ...]:
    """Says where products in bfloat16 gain nothing."""
    if train.precision == "float32" or train.device != "cpu" or ops.multiplies_bfloat16():
        return ()
    return (
        "This CPU, or the kernel in use, multiplies no bfloat16: training with --precision bf16 is not faster here.",
    )


def _replaced_settings(settings: type[JobSettings]) -> dict[str, tuple[str, ...]]:
    """The settings that each kind of component replaces."""
    of_layers = {"cell": ("cell",), "network": tuple(StackSettings.model_fields)}
    kinds = of_layers.keys() | settings.component_settings.keys()
    return {kind: (*of_layers.get(kind, ()), *settings.component_settings.get(kind, ())) for kind in kinds}


def _check_cell(cell: type[Cell], settings: StackSettings, given: set[str]) -> None:
    """Refuses settings of parts that the cell does not have."""
    if not cell.has_forget_gate and "forget_bias" in given:
        raise ConfigError(f"`stack.forget_bias` requires a cell with a forget gate; {cell.__name__} has none.")
    if not cell.has_recurrent_weights and settings.weight_dropout:
        raise ConfigError(f"`stack.weight_dropout` requires a cell with recurrent weights; {cell.__name__} has none.")


def check_length(settings: TrainSettings, given: set[str]) -> None:
    """Refuses settings of the length of training beside a time budget or a number of steps, which decide it.

    Raises:
        ConfigError: there is such a setting among those `given`.
    """
    without_effect = {"minutes": ("epochs", "steps", "patience"), "steps": ("epochs",)}
    for length, names in without_effect.items():
        for name in names:
            if getattr(settings, length) is not None and name in given:
                reason = "never stops early" if name == "patience" else "sets the length of training"
                raise ConfigError(f"`{name}` has no effect with --{length}, which {reason}; leave one of the two out.")


def check_device(settings: TrainSettings) -> None:
    """Checks that this machine has the device to train on.

    Raises:
        ConfigError: it has not.
    """
    try:
        torch.zeros(1, device=settings.device)
    except (RuntimeError, AssertionError):
        raise ConfigError(f"`train.device` {settings.device!r} is not available here; try cpu.") from None
