"""States of streams as bytes: a safetensors file with a digest, never pickle."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from echoic.errors import DataError

FORMAT = "echoic-state-1"

MAX_BYTES = 64 << 20
"""Larger states are refused."""

MAX_COUNT = 1 << 53
"""Largest count in a state."""

Limits = Mapping[str, tuple[int, int]]
"""Least and most rows of arrays whose first dimension varies, or values of integers, by their paths in the state."""

StateT = TypeVar("StateT", bound=tuple[Any, ...])

_ABOUT = "echoic"

_SCALARS: dict[type, Any] = {bool: np.bool_, int: np.int64, float: np.float64}


def nested(**parts: Limits) -> Limits:
    """The limits of a state from those of its parts."""
    return {f"{part}.{name}": limit for part, limits in parts.items() for name, limit in limits.items()}


def to_bytes(state: tuple[Any, ...], origin: Mapping[str, str]) -> bytes:
    """A state, a named tuple of arrays, numbers and further tuples, with `origin`, which `from_bytes` checks."""
    arrays = {name: np.asarray(array, order="C") for name, array in _arrays(state, "")}
    # One entry: the order of several is not kept, and equal states shall be equal bytes.
    about = json.dumps({"format": FORMAT, **origin, "sha256": _digest(arrays, origin)})
    return bytes(save(arrays, {_ABOUT: about}))


def from_bytes(data: bytes, like: StateT, origin: Mapping[str, str], limits: Limits) -> StateT:
    """The state in `data`, with the types and shapes of `like`, within `limits`.

    Raises:
        DataError: the data are damaged, too large, or of another origin or shape.
    """
    if not isinstance(data, bytes) or len(data) > MAX_BYTES:
        _refuse(f"it must be at most {MAX_BYTES:,} bytes")
    try:
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        found = json.loads(header["__metadata__"][_ABOUT])
    except (SafetensorError, ValueError, KeyError, RecursionError):
        _refuse("the bytes are no state")
    if not isinstance(found, dict):
        _refuse("the bytes are no state")
    if found.get("format") != FORMAT:
        _refuse(f"its format is {found.get('format', 'unknown')!r}, not {FORMAT!r}")
    for name, value in origin.items():
        if found.get(name) != value:
            _refuse(f"it is of another {name} ({found.get(name)!r}, not {value!r})")
    if found.get("sha256") != _digest(arrays, origin):
        _refuse("its checksum does not match")
    state: StateT = _like(like, arrays, "", limits)
    if arrays:
        _refuse(f"`{min(arrays)}` is unknown")
    return state


def _arrays(state: tuple[Any, ...], prefix: str) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, value in zip(_names(state), state, strict=True):
        if isinstance(value, tuple):
            yield from _arrays(value, f"{prefix}{name}.")
        elif isinstance(value, np.ndarray):
            yield prefix + name, value
        else:
            yield prefix + name, np.array(value, _SCALARS[type(value)])


def _like(like: Any, arrays: dict[str, NDArray[Any]], prefix: str, limits: Limits) -> Any:
    """A state of the type of `like` from `arrays`, which are taken out."""
    values = []
    for name, value in zip(_names(like), like, strict=True):
        path = prefix + name
        if isinstance(value, tuple):
            values.append(_like(value, arrays, f"{path}.", limits))
            continue
        if path not in arrays:
            _refuse(f"`{path}` is missing")
        values.append(_checked(path, arrays.pop(path), value, limits.get(path)))
    return type(like)(*values) if hasattr(like, "_fields") else tuple(values)


def _checked(path: str, array: NDArray[Any], like: Any, limits: tuple[int, int] | None) -> Any:
    """An array or number of the type and shape of `like`, but for what `limits` say of it."""
    expected = like if isinstance(like, np.ndarray) else np.array(like, _SCALARS[type(like)])
    shape = array.shape
    if isinstance(like, np.ndarray) and limits is not None and array.ndim and limits[0] <= shape[0] <= limits[1]:
        shape = (expected.shape[0], *shape[1:])
    if array.dtype != expected.dtype or shape != expected.shape:
        _refuse(f"`{path}` is {array.dtype} {array.shape}, not {expected.dtype} {expected.shape}")
    if isinstance(like, np.ndarray):
        return array.copy()  # what is read from bytes cannot be written to
    value = type(like)(array[()])
    least, most = limits or (0, MAX_COUNT)
    if type(like) is int and not least <= value <= most:
        _refuse(f"`{path}` must be from {least} to {most}, got {value}")
    return value


def _names(state: tuple[Any, ...]) -> tuple[str, ...]:
    """The names of the entries; of a tuple without names, their numbers."""
    names: tuple[str, ...] = getattr(state, "_fields", tuple(map(str, range(len(state)))))
    return names


def _digest(arrays: Mapping[str, NDArray[Any]], origin: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(dict(sorted(origin.items()))).encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape} ".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _refuse(reason: str) -> NoReturn:
    raise DataError(f"The state cannot be used: {reason}. Save one with `to_bytes` of this run, or start without one.")
