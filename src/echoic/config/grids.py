"""Names of the steps of a grid: note values, fractions of a whole note, quarter notes, or time."""

import re
from fractions import Fraction
from typing import NamedTuple

BEATS_PER_WHOLE = 4
"""A beat is a quarter note."""

NOTE_VALUES = {
    "whole": 1,
    "half": 2,
    "quarter": 4,
    "eighth": 8,
    "sixteenth": 16,
    "thirty-second": 32,
    "sixty-fourth": 64,
    "minim": 2,
    "crotchet": 4,
    "quaver": 8,
    "semiquaver": 16,
    "demisemiquaver": 32,
}
"""Notes by name, American and British: how many make a whole note."""

EXAMPLES = "quarter, eighth, sixteenth, 1/16, 1/16T (triplets), 0.5q (quarter notes), 0.1s or 100ms"

_QUARTERS = frozenset({"q", "quarter", "quarters", "quarter note", "quarter notes", "beat", "beats"})
_SECONDS = {
    "s": Fraction(1),
    "sec": Fraction(1),
    "second": Fraction(1),
    "seconds": Fraction(1),
    "ms": Fraction(1, 1000),
}
_TRIPLET = Fraction(2, 3)

_MIN_BEATS, _MAX_BEATS = Fraction(1, 64), 16
_MIN_S, _MAX_S = Fraction(1, 1000), 60

_NUMBER = r"\d+/\d+|\d+\.?\d*|\.\d+"


class GridStep(NamedTuple):
    """The duration of a step: one of quarter notes and seconds is set."""

    beats: float | None = None
    seconds: float | None = None


def grid_step(text: str) -> GridStep:
    """The step that a name means.

    Names are note values (`sixteenth`, `1/16`, `16th`), also as triplets (`1/16T`, `sixteenth-triplet`; `triplet` alone
    is that of eighths), numbers of quarter notes (`0.5q`, `1/3 quarters`), and times (`0.1s`, `100ms`).

    Raises:
        ValueError: it is none of these, a number without a unit, or too short or too long.
    """
    words = " ".join(text.lower().replace("_", "-").split())
    found = re.fullmatch(rf"({_NUMBER})\s*([a-z ]*)", words)
    if found and found[2] in _SECONDS:
        return GridStep(seconds=float(_within(_number(found[1]) * _SECONDS[found[2]], _MIN_S, _MAX_S, "seconds")))
    if found and found[2] in _QUARTERS:
        return GridStep(beats=_beats(_number(found[1])))
    if found and not found[2] and "/" not in found[1]:
        number = found[1]
        raise ValueError(
            f"must say the unit of {number}: {number}s for seconds, {number}q for quarter notes, "
            "or 1/16 for a fraction of a whole note"
        )
    return GridStep(beats=_beats(_note_value(words) * BEATS_PER_WHOLE))


def _note_value(words: str) -> Fraction:
    """The fraction of a whole note."""
    base = "eighth-triplet" if words in {"triplet", "triplets"} else words
    straight = re.sub(r"[- ]?triplets?$|(?<=\d)[ -]?t$", "", base)
    factor = Fraction(1) if straight == base else _TRIPLET
    name = straight.removesuffix("s")
    if name in NOTE_VALUES:
        return factor / NOTE_VALUES[name]
    ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", name)
    fraction = f"1/{ordinal[1]}" if ordinal else straight
    if not re.fullmatch(r"\d+/\d+", fraction):
        raise ValueError(f"must be the duration of a step, such as {EXAMPLES}")
    return factor * _number(fraction)


def _number(text: str) -> Fraction:
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise ValueError(f"must be the duration of a step, such as {EXAMPLES}") from None


def _beats(beats: Fraction) -> float:
    return float(_within(beats, _MIN_BEATS, _MAX_BEATS, "quarter notes"))


def _within(value: Fraction, least: Fraction, most: int, unit: str) -> Fraction:
    if not least <= value <= most:
        raise ValueError(f"must be {least} to {most} {unit} long")
    return value
