"""The type checker of the import hook in conftest.py. It checks shapes and dtypes of arrays; mypy checks the rest."""

from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from beartype import beartype
from beartype.door import is_bearable
from beartype.vale import Is
from jaxtyping import AbstractArray

Function = Callable[..., Any]


def check_shapes(function: Function) -> Function:
    """`function` with its array annotations checked at every call."""
    hints = {name: _fields_checked(hint) for name, hint in function.__annotations__.items()}
    function.__annotations__ = {name: hint for name, hint in hints.items() if _has_shape(hint)}
    return beartype(function)


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
