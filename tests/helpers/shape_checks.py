"""The type checker of the import hook in conftest.py. It checks shapes and dtypes of arrays; mypy checks the rest.

A check takes longer than a step of a small network, and training repeats the same shapes: in each test, the first calls
of a function are checked. Functions without arrays are left alone: `jaxtyping` binds their arguments in each call, too.
"""

import sys
from collections import Counter
from collections.abc import Callable
from inspect import isfunction
from typing import Annotated, Any, get_args, get_origin, no_type_check

from beartype import beartype
from beartype.door import is_bearable
from beartype.vale import Is
from jaxtyping import AbstractArray

Function = Callable[..., Any]

CHECKS = 100
"""Checks of a function in a test; a call takes one or two, for the arguments and for what is returned."""

_done: Counter[str] = Counter()
_unchecked: list[Any] = []
_with_shapes: set[str] = set()


def begin_test() -> None:
    """Has all functions checked again."""
    _done.clear()
    for function in _unchecked:
        function.__no_type_check__ = False
    _unchecked.clear()


def check_shapes(function: Function) -> Function:
    """`function`, made by jaxtyping from the annotations of one that it wraps, with its array annotations checked."""
    hints = {name: _fields_checked(hint) for name, hint in function.__annotations__.items()}
    function.__annotations__ = {name: hint for name, hint in hints.items() if _has_shape(hint)}
    checked, name = beartype(function), f"{function.__module__}.{function.__qualname__}"
    # Made twice: of the arguments alone, and with what is returned.
    if function.__annotations__:
        _with_shapes.add(name)

    def counted(*arguments: Any, **named: Any) -> Any:
        _done[name] += 1
        if name not in _with_shapes:
            _mark_unchecked(function)
        elif _done[name] == CHECKS:
            _unchecked.extend(_mark_unchecked(function))
        return checked(*arguments, **named)

    return counted


def _mark_unchecked(function: Function) -> list[Any]:
    """Has jaxtyping call the function of that name without checks from now on; the function, where it can be found."""
    found: Any = sys.modules[function.__module__]
    for part in function.__qualname__.split("."):
        found = vars(found).get(part)
        if found is None:
            return []  # a function in a function
    found = getattr(found, "__func__", found)
    return [no_type_check(found)] if isfunction(found) else []


def _has_shape(hint: Any) -> bool:
    if get_origin(hint) is Annotated or (isinstance(hint, type) and issubclass(hint, AbstractArray)):
        return True
    return any(map(_has_shape, get_args(hint)))


def _fields_checked(hint: Any) -> Any:
    """A NamedTuple of arrays with a check of its fields; sizes agree with those of the other arguments."""
    fields = getattr(hint, "__annotations__", {}) if hasattr(hint, "_fields") else {}
    if not any(map(_has_shape, fields.values())):
        return hint
    return Annotated[
        hint,
        Is[lambda value: all(is_bearable(getattr(value, name), of) for name, of in fields.items() if _has_shape(of))],
    ]
