"""The points of a grid."""

import itertools
import json
from collections.abc import Mapping

from echoic.errors import ConfigError
from echoic.jobs import settings_class
from echoic.studies.definition import Definition
from echoic.studies.space import Value, drawn


def grid(definition: Definition) -> list[dict[str, Value]]:
    """All combinations of the values of the parameters; a value without effect in one is not in it.

    Raises:
        ConfigError: a parameter is a range.
    """
    ranges = [one for one in definition.parameters if not one.choices]
    if ranges:
        name = ranges[0].name
        raise ConfigError(
            f"`--sampler grid` needs lists of values, and `{name}` has a range; give --search {name}=A,B."
        )
    points: dict[str, dict[str, Value]] = {}
    for values in itertools.product(*(one.choices for one in definition.parameters)):
        point = _point(definition, dict(zip(definition.names, values, strict=True)))
        points.setdefault(json.dumps(point), point)
    return list(points.values())


def _point(definition: Definition, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """The chosen values that have an effect."""
    settings = settings_class(definition.job)
    return drawn(definition.parameters, settings, definition.base, lambda one: chosen[one.name])
