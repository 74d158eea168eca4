"""States as bytes: what an attacker makes of them is refused, too."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from echoic.errors import DataError
from echoic.streams.state_bytes import MAX_BYTES, from_bytes, nested, to_bytes

ORIGIN = {"job": "detect", "network": "abc"}


class Inner(NamedTuple):
    buffer: np.ndarray
    number: int


class Outer(NamedTuple):
    recurrent: np.ndarray
    inner: Inner
    level: float
    is_on: bool


LIMITS = {"inner.buffer": (1, 3), "inner.number": (-1, 5)}


def state(rows: int = 2, count: int = 3, **changed: Any) -> Outer:
    own = Outer(np.arange(4, dtype=np.float32), Inner(np.ones((rows, 2)), count), 0.25, is_on=True)
    return own._replace(**changed)


def read(data: bytes, **origin: str) -> Outer:
    return from_bytes(data, state(), ORIGIN | origin, LIMITS)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_state_comes_back_as_it_was(rows: int) -> None:
    own = state(rows, -1, is_on=False)
    back = read(to_bytes(own, ORIGIN))
    assert to_bytes(back, ORIGIN) == to_bytes(own, ORIGIN)
    assert (back.inner.number, back.level, back.is_on) == (-1, 0.25, False)
    assert [type(one) for one in (back.inner.number, back.level, back.is_on)] == [int, float, bool]
    back.recurrent[0] = 5  # a copy, which can be written to


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (state(rows=4), r"`inner\.buffer` is float64 \(4, 2\), not float64 \(2, 2\)"),
        (state(rows=0), r"`inner\.buffer` is float64 \(0, 2\)"),
        (state(count=6), r"`inner\.number` must be from -1 to 5, got 6"),
        (state(count=-2), r"`inner\.number` must be from -1 to 5, got -2"),
        (state(recurrent=np.zeros(5, np.float32)), r"`recurrent` is float32 \(5,\)"),
        (state(recurrent=np.zeros(4)), r"`recurrent` is float64 \(4,\)"),
        (state(level=np.zeros(2)), r"`level` is float64 \(2,\)"),
    ],
)
def test_forged_states_with_a_right_checksum_are_refused(forged: Outer, reason: str) -> None:
    with pytest.raises(DataError, match=f"The state cannot be used: {reason}"):
        read(to_bytes(forged, ORIGIN))


def test_a_state_of_another_shape_or_origin_is_refused() -> None:
    class Other(NamedTuple):
        recurrent: np.ndarray

    class More(NamedTuple):
        recurrent: np.ndarray
        inner: Inner
        level: float
        is_on: bool
        extra: int

    with pytest.raises(DataError, match=r"`inner\.buffer` is missing"):
        read(to_bytes(Other(state().recurrent), ORIGIN))
    with pytest.raises(DataError, match="`extra` is unknown"):
        read(to_bytes(More(*state(), 1), ORIGIN))
    with pytest.raises(DataError, match="it is of another network \\('abc', not 'other'\\)"):
        read(to_bytes(state(), ORIGIN), network="other")


def test_a_state_that_is_too_large_is_not_even_read() -> None:
    with pytest.raises(DataError, match="it must be at most"):
        read(bytes(MAX_BYTES + 1))


def test_limits_of_parts_are_named_by_their_path() -> None:
    assert nested(a={"b": (0, 1)}, c={"d.e": (2, 3)}) == {"a.b": (0, 1), "c.d.e": (2, 3)}
