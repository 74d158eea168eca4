"""Encoding of characters or bytes as symbols."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.types import stored

Symbols = NDArray[np.int64]

_HIGHEST_POINT, _HIGHEST_BYTE = 0x10FFFF, 0xFF
_REPLACEMENT = 0xFFFD
"""The code point that unknown characters are decoded as."""


@final
@dataclass(frozen=True)
class Characters:
    """A vocabulary of Unicode code points or bytes, `vocabulary`, in increasing order.

    Characters have one symbol more, `unknown`, for all that are not in the vocabulary. `is_bytes`: symbols are the 256
    bytes of UTF-8, none of which is unknown.
    """

    vocabulary: tuple[int, ...]
    is_bytes: bool = False

    @classmethod
    def fit(cls, code_points: Symbols) -> Self:
        """The vocabulary of `code_points` `(steps,)`."""
        return cls(tuple(np.unique(code_points).tolist()))

    @classmethod
    def byte_level(cls) -> Self:
        """All bytes."""
        return cls(tuple(range(256)), is_bytes=True)

    def __len__(self) -> int:
        """Number of symbols, the unknown one included."""
        return len(self.vocabulary) + (not self.is_bytes)

    @property
    def unknown(self) -> int | None:
        """The symbol of unknown characters, the last one; None for bytes."""
        return None if self.is_bytes else len(self.vocabulary)

    def code_points(self, text: str) -> Symbols:
        """Code points or bytes of a text.

        Raises:
            DataError: the text has half a character, of which there are no bytes.
        """
        if self.is_bytes:
            try:
                data = text.encode(errors="surrogateescape")
            except UnicodeEncodeError as error:
                half = f"U+{ord(text[error.start]):04X}"
                raise DataError(f"The text has half a character ({half}) at {error.start}; leave it out.") from None
            return np.frombuffer(data, np.uint8).astype(np.int64)
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)

    def encode(self, code_points: Symbols) -> Symbols:
        """Numbers of symbols `(steps,)` for code points or bytes."""
        known_points = np.array(self.vocabulary)
        symbols = np.minimum(np.searchsorted(known_points, code_points), len(known_points) - 1)
        return np.where(known_points[symbols] == code_points, symbols, len(known_points))

    def decode(self, symbols: Symbols) -> str:
        """The text of symbols; unknown characters and invalid UTF-8 become the replacement character."""
        code_points = np.array([*self.vocabulary, _REPLACEMENT])[symbols]
        if self.is_bytes:
            return code_points.astype(np.uint8).tobytes().decode(errors="replace")
        return code_points.astype(np.uint32).tobytes().decode("utf-32-le", "surrogatepass")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"vocabulary": list(self.vocabulary), "is_bytes": self.is_bytes}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or the vocabulary is none.
        """
        is_bytes, vocabulary = stored.flag(values, "is_bytes"), stored.field(values, "vocabulary")
        points = vocabulary if isinstance(vocabulary, list) else []
        highest = _HIGHEST_BYTE if is_bytes else _HIGHEST_POINT
        known = all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one <= highest for one in points)
        if not points or not known or points != sorted(set(points)):
            raise ValueError("`vocabulary` must be different code points in increasing order")
        return cls(tuple(points), is_bytes)
