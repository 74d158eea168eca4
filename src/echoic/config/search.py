"""The search space of `echoic tune`, declared beside each setting as metadata of its field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from echoic.config.base import JobSettings

T = TypeVar("T")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, drawn evenly or evenly in their logarithm.

    `jobs` are those whose default space it belongs to; empty: every job that has the setting.
    """

    low: float
    high: float
    log: bool = False
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choices:
    """Values to choose from; `jobs` as for `Range`."""

    values: tuple[Any, ...]
    jobs: tuple[str, ...] = ()


Space = Range | Choices


@dataclass(frozen=True)
class OnlyWith:
    """A setting has an effect only if one of `settings` is in use, or has one of the values `among` if there are any.

    Settings that are zero, empty or None are not in use. Those that a job does not have are not considered.
    """

    settings: tuple[str, ...]
    among: tuple[Any, ...] = ()

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the setting has an effect beside these values of all settings of a job."""
        found = [values[name] for name in self.settings if name in values]
        return not found or any(value in self.among if self.among else bool(value) for value in found)

    @property
    def text(self) -> str:
        """Such as `cell lstm`."""
        return " ".join(filter(None, [" or ".join(self.settings), " or ".join(map(str, self.among))]))


@dataclass(frozen=True)
class ChangesLoss:
    """Trials with different values of the setting have dev losses that cannot be compared.

    `condition`: only if it holds.
    """

    condition: OnlyWith = field(default=OnlyWith(()))


def default_space(job: str, settings: type[JobSettings]) -> dict[str, Space]:
    """The settings that `echoic tune` searches by default for a job, and their values."""
    spaces = {name: _marks(settings, name, Range) + _marks(settings, name, Choices) for name in settings.places()}
    of_job = {name: [one for one in found if not one.jobs or job in one.jobs] for name, found in spaces.items()}
    return {name: found[0] for name, found in of_job.items() if found}


def conditions(settings: type[JobSettings], name: str) -> list[OnlyWith]:
    """What has to hold for the setting to have an effect, without what always holds for the job."""
    return [mark for mark in _marks(settings, name, OnlyWith) if _may_fail(settings, mark)]


def changes_loss(settings: type[JobSettings], name: str, values: Mapping[str, Any]) -> bool:
    """Whether dev losses of different values of the setting cannot be compared, beside these values of all settings."""
    return any(mark.condition.holds(values) for mark in _marks(settings, name, ChangesLoss))


def _may_fail(settings: type[JobSettings], condition: OnlyWith) -> bool:
    found = [settings.field(name).annotation for name in condition.settings if name in settings.places()]
    return bool(found) and not any(_possible(one) and _possible(one) <= set(condition.among) for one in found)


def _possible(annotation: Any) -> set[Any]:
    """The values of a setting, if there are few."""
    return {False, True} if annotation is bool else set(get_args(annotation))


def _marks(settings: type[JobSettings], name: str, kind: type[T]) -> list[T]:
    return [mark for mark in settings.field(name).metadata if isinstance(mark, kind)]
