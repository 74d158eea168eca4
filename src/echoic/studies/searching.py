"""`--search` and `--fix` as text, and as values in Python."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from echoic.config import JobSettings
from echoic.config.search import Choices, Range, changes_loss
from echoic.errors import ConfigError
from echoic.jobs import settings_class
from echoic.studies.space import Parameter, default_parameters, plain

_RANGE = re.compile(r"(?P<low>[^,;]+?)\.\.(?P<high>[^,;]+?)(?P<log>,log)?")

_FOR_ALL = {
    "seed": "--seeds trains each trial with several",
    "device": "--fix sets it",
    "threads": "--fix sets it",
    "checkpoint_interval_s": "--fix sets it",
}
"""Settings that do not make a network better, and their remedy."""

Search = Sequence[str] | Mapping[str, Any]


def searched(job: str, search: Search | None, fixed: Mapping[str, Mapping[str, Any]]) -> list[Parameter]:
    """The parameters of a study: those of `search`, or without it the default space without `fixed` settings.

    Args:
        job: the job.
        search: texts `NAME=LOW..HIGH`, `NAME=LOW..HIGH,log`, `NAME=A,B` (lists: `NAME=A,B;C`) and `NAME` for the range
            of the default space; or values by name: `(low, high)`, `(low, high, "log")` or a list.
        fixed: the settings of all trials, by section.

    Raises:
        ConfigError: a setting is unknown, cannot be searched or is fixed, or its values are not allowed.
    """
    taken = {name for section in fixed.values() for name in section}
    if not search:
        return [one for one in default_parameters(job).values() if one.name not in taken]
    spaces = _from_mapping(search) if isinstance(search, Mapping) else _from_texts(search)
    found = [_parameter(job, name, space, fixed) for name, space in spaces.items()]
    for one in found:
        if one.name in taken:
            raise ConfigError(f"`{one.name}` is both fixed and searched; leave one of the two out.")
    return found


def listed_names(search: Search | None) -> set[str]:
    """The names of settings whose values are given, and not taken from the default space."""
    if not search:
        return set()
    spaces = _from_mapping(search) if isinstance(search, Mapping) else _from_texts(search)
    return {name.rpartition(".")[2] for name, space in spaces.items() if space is not None}


def check_comparable(parameters: Iterable[Parameter], settings: JobSettings) -> None:
    """Refuses parameters that change the dev loss itself; `settings` are those of a trial without them.

    Raises:
        ConfigError: there is one.
    """
    values = flat(settings)
    for one in parameters:
        if changes_loss(type(settings), one.name, values):
            raise ConfigError(
                f"`{one.name}` changes what the dev loss measures, so trials with different values cannot be compared; "
                "fix it, and make a study for each value."
            )


def flat(settings: JobSettings) -> dict[str, Any]:
    """All settings by name, as JSON."""
    return {name: value for section in settings.model_dump(mode="json").values() for name, value in section.items()}


def _from_mapping(search: Mapping[str, Any]) -> dict[str, Any]:
    spaces: dict[str, Any] = {}
    for name, value in search.items():
        if value is None or isinstance(value, list):
            spaces[name] = value
        elif isinstance(value, tuple) and len(value) in (2, 3) and value[2:] in ((), ("log",)):
            spaces[name] = (value[0], value[1], len(value) == 3)
        else:
            raise ConfigError(
                f'`search` takes (low, high), (low, high, "log") or a list of values for each setting, got {value!r} '
                f"for `{name}`."
            )
    return spaces


def _from_texts(search: Sequence[str]) -> dict[str, Any]:
    """By name a tuple (low, high, log), a list of values, or None."""
    spaces: dict[str, Any] = {}
    for text in [search] if isinstance(search, str) else search:
        name, equals, values = text.partition("=")
        name = name.strip()
        if name in spaces:
            raise ConfigError(f"`{name}` is searched twice; give all of its values in one --search.")
        found = _RANGE.fullmatch(values.strip())
        if not equals:
            spaces[name] = None
        elif found:
            spaces[name] = (found["low"], found["high"], found["log"] is not None)
        else:
            spaces[name] = values.split(";") if ";" in values else values
    return spaces


def _parameter(job: str, name: str, space: Any, fixed: Mapping[str, Mapping[str, Any]]) -> Parameter:
    settings = settings_class(job)
    name = name if name in settings.places() else name.rpartition(".")[2]
    place = settings.places().get(name)
    if place is None:
        settings.build({name: None})  # raises, with the nearest name
    elif name in _FOR_ALL:
        raise ConfigError(f"`{name}` is the same in all trials and cannot be searched; {_FOR_ALL[name]}.")
    elif settings.sections()[place].panel == "Data":
        raise ConfigError(f"`{name}` belongs to the data, which are the same in all trials; fix it, with --fix.")
    if space is None:
        declared = default_parameters(job).get(name)
        if declared is None:
            raise ConfigError(f"`{name}` has no range by default; give --search {name}=LOW..HIGH or {name}=A,B.")
        return declared
    if isinstance(space, tuple):
        return _range(settings, name, space, fixed)
    values = space if isinstance(space, list) else [space] if _is_listed(settings, name) else space.split(",")
    return _choices(settings, name, [one.strip() if isinstance(one, str) else one for one in values], fixed)


def _range(settings: type[JobSettings], name: str, space: tuple[Any, Any, bool], fixed: Any) -> Parameter:
    low, high = (_checked(settings, fixed, name, one) for one in space[:2])
    if isinstance(low, bool) or not isinstance(low, int | float):
        raise ConfigError(f"`{name}` has no range, since its values are no numbers; list them: --search {name}=A,B.")
    if not low < high:
        raise ConfigError(f"The range of `{name}` must rise, got {low}..{high}.")
    if space[2] and low <= 0:
        raise ConfigError(f"A logarithmic range must begin above 0, got `{name}`={low}..{high},log.")
    return Parameter.of(name, Range(low, high, space[2]), is_integer=isinstance(low, int))


def _choices(settings: type[JobSettings], name: str, values: Sequence[Any], fixed: Any) -> Parameter:
    found = [plain(_checked(settings, fixed, name, one)) for one in values]
    if len(set(found)) < len(found):
        raise ConfigError(f"`{name}` has a value twice; leave one out.")
    if len(found) < 2:
        separated = " separated by ;" if _is_listed(settings, name) else ""
        raise ConfigError(f"`{name}` needs two or more values to search{separated}; --fix {name}=VALUE sets one.")
    return Parameter.of(name, Choices(tuple(found)), is_integer=False)


def _checked(settings: type[JobSettings], fixed: Mapping[str, Any], name: str, value: Any) -> Any:
    """The value as the settings have it.

    Raises:
        ConfigError: it is not allowed.
    """
    built = settings.build(fixed, {name: value})
    return getattr(getattr(built, settings.places()[name]), name)


def _is_listed(settings: type[JobSettings], name: str) -> bool:
    """Whether the values of the setting are lists."""
    return "tuple" in str(settings.field(name).annotation)
