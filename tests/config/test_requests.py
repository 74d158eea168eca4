"""Lengths with units, as `generate` reads them."""

from typing import Any

import pytest

from echoic.config.requests import parse_length
from echoic.errors import ConfigError

UNITS = {"steps": 1.0, "beats": 4.0, "bars": 16.0, "s": 8.0}


@pytest.mark.parametrize(
    ("length", "steps"),
    [(3, 3), ("3", 3), ("2bars", 32), ("1 bar", 16), (" 1.5beats ", 6), ("0.25s", 2), ("0", 0), (2.6, 3), ("1step", 1)],
)
def test_lengths_are_read_in_their_unit(length: Any, steps: Any) -> None:
    assert parse_length(length, UNITS, "32bars") == steps


@pytest.mark.parametrize("length", ["", "long", "-1", "3 hours", "1e3", "bars", "nan", None])
def test_other_lengths_are_refused(length: Any) -> None:
    with pytest.raises(ConfigError, match="`length` must be a number of steps, beats, bars or s, such as 32bars, got"):
        parse_length(length, UNITS, "32bars")
