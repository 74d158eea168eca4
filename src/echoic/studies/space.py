"""The settings that a study searches, and which of them have an effect in a trial."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from echoic.config import JobSettings
from echoic.config.search import Choices, Space, conditions, default_space
from echoic.jobs import settings_class

Value = bool | int | float | str


class Parameter(BaseModel):
    """A setting that is searched: whole or other numbers from `low` to `high`, or one of `choices`.

    Choices that are lists are text, such as `32,32`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    is_integer: bool = False
    choices: tuple[Value, ...] = ()

    @classmethod
    def of(cls, name: str, space: Space, *, is_integer: bool) -> Self:
        """The parameter of a declared or given space."""
        if isinstance(space, Choices):
            return cls(name=name, choices=tuple(map(plain, space.values)))
        return cls(name=name, low=space.low, high=space.high, log=space.log, is_integer=is_integer)

    def including(self, value: Value) -> Self:
        """The same with one more choice, if it is none yet."""
        return self.model_copy(update={"choices": (*self.choices, value)} if value not in self.choices else {})

    def nearest(self, value: Value) -> Value | None:
        """The value itself, or of numbers the nearest that the parameter has; None if there is none."""
        if value in self.choices:
            return value
        if isinstance(value, bool | str):
            return None
        if self.choices:
            numbers = [one for one in self.choices if not isinstance(one, bool | str)]
            return min(numbers, key=lambda one: abs(one - value), default=None)
        inside = min(max(value, self.low), self.high)
        return int(inside) if self.is_integer else inside

    @property
    def text(self) -> str:
        """Its values as `--search` takes them."""
        if self.choices:
            separator = ";" if any("," in str(one) for one in self.choices) else ","
            return separator.join(map(_typed, self.choices))
        low, high = (f"{end:.0f}" if self.is_integer else f"{end:g}" for end in (self.low, self.high))
        return f"{low}..{high}{',log' if self.log else ''}"


def default_parameters(job: str) -> dict[str, Parameter]:
    """The default space of a job."""
    settings = settings_class(job)
    spaces = default_space(job, settings)
    return {name: Parameter.of(name, space, is_integer=_is_integer(settings, name)) for name, space in spaces.items()}


def with_defaults(
    parameters: Sequence[Parameter], base: Mapping[str, Any], listed: Collection[str]
) -> tuple[Parameter, ...]:
    """The parameters with the default values for the data, which `base` has, among their choices.

    Those named in `listed` have the choices of the user, and stay.
    """
    return tuple(
        one.including(plain(base[one.name]))
        if one.choices and base[one.name] is not None and one.name not in listed
        else one
        for one in parameters
    )


def default_point(parameters: Sequence[Parameter], base: Mapping[str, Any]) -> dict[str, Value]:
    """The values of a trial without searched settings, as near as the space has them."""
    near = {one.name: one.nearest(plain(base[one.name])) for one in parameters if base[one.name] is not None}
    return {name: value for name, value in near.items() if value is not None}


def drawn(
    parameters: Sequence[Parameter],
    settings: type[JobSettings],
    base: Mapping[str, Any],
    draw: Callable[[Parameter], Value],
) -> dict[str, Value]:
    """A value by `draw` for each parameter that has an effect beside the others and `base`, the values of all settings.

    A setting is drawn after those on which its effect depends.
    """
    values, found = dict(base), dict[str, Value]()
    waiting = list(parameters)
    while waiting:
        names = {one.name for one in waiting}
        ready = next((one for one in waiting if not _depends_on(settings, one.name, names - {one.name})), waiting[0])
        waiting.remove(ready)
        if all(condition.holds(values) for condition in conditions(settings, ready.name)):
            values[ready.name] = found[ready.name] = draw(ready)
    return found


def plain(value: Any) -> Value:
    """A value of a setting as JSON: lists as text, such as `32,32`, and None as the empty text."""
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    found: Value = "" if value is None else value
    return found


def _depends_on(settings: type[JobSettings], name: str, others: set[str]) -> bool:
    return any(others & set(condition.settings) for condition in conditions(settings, name))


def _is_integer(settings: type[JobSettings], name: str) -> bool:
    return settings.field(name).annotation in (int, int | None)


def _typed(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
