"""The type checker of the import hook in conftest.py. It checks shapes and dtypes of arrays; mypy checks the rest.

A check takes longer than a step of a small network, and training repeats the same shapes: in each test, the first calls
of a function are checked.
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

    def counted(*arguments: Any, **named: Any) -> Any:
        _done[name] += 1
        if _done[name] == CHECKS:
            _leave_unchecked(function)
        return checked(*arguments, **named)

    return counted


def _leave_unchecked(function: Function) -> None:
    """Has jaxtyping call the function of that name without checks for the rest of the test."""
    found: Any = sys.modules[function.__module__]
    for part in function.__qualname__.split("."):
        found = vars(found).get(part)
        if found is None:
            return  # a function in a function
    found = getattr(found, "__func__", found)
    if isfunction(found):
        _unchecked.append(no_type_check(found))


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
