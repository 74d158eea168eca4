"""Encoding of characters or bytes as symbols."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.errors import ConfigError, DataError

Symbols = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Characters:
    """A vocabulary of Unicode code points or bytes, `vocabulary`, in increasing order.

    `unknown` is the code point that replaces unknown ones; None: they are an error. `is_bytes`: symbols are the 256
    bytes of UTF-8.
    """

    vocabulary: tuple[int, ...]
    unknown: int | None = None
    is_bytes: bool = False

    @classmethod
    def fit(cls, code_points: Symbols, unknown: str | None) -> Self:
        """The vocabulary of `code_points` `(steps,)` of the train split.

        Raises:
            ConfigError: `unknown` is not one character that occurs.
        """
        vocabulary = tuple(np.unique(code_points).tolist())
        if unknown is None:
            return cls(vocabulary)
        if len(unknown) != 1 or ord(unknown) not in vocabulary:
            raise ConfigError(f"`unknown` must be one character of the train split, got {unknown!r}.")
        return cls(vocabulary, ord(unknown))

    @classmethod
    def byte_level(cls) -> Self:
        """All bytes."""
        return cls(tuple(range(256)), is_bytes=True)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def code_points(self, text: str) -> Symbols:
        """Code points or bytes of a text."""
        if self.is_bytes:
            return np.frombuffer(text.encode(errors="surrogateescape"), np.uint8).astype(np.int64)
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)

    def encode(self, code_points: Symbols, origin: str) -> Symbols:
        """Numbers of symbols `(steps,)` for code points or bytes.

        Raises:
            DataError: a character is unknown, and `unknown` is None.
        """
        known_points = np.array(self.vocabulary)
        symbols = np.minimum(np.searchsorted(known_points, code_points), len(known_points) - 1)
        unknown_mask = known_points[symbols] != code_points
        if not unknown_mask.any():
            return symbols
        if self.unknown is None:
            at = int(unknown_mask.argmax())
            raise DataError(
                f"{origin}: the character {chr(int(code_points[at]))!r} at position {at} is not in the train split; "
                "leave it out, or train with --unknown-char and a replacement character."
            )
        return np.where(unknown_mask, self.vocabulary.index(self.unknown), symbols)

    def decode(self, symbols: Symbols) -> str:
        """The text of symbols; invalid UTF-8 becomes the replacement character."""
        code_points = np.array(self.vocabulary)[symbols]
        if self.is_bytes:
            return code_points.astype(np.uint8).tobytes().decode(errors="replace")
        return code_points.astype(np.uint32).tobytes().decode("utf-32-le")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"vocabulary": list(self.vocabulary), "unknown": self.unknown, "is_bytes": self.is_bytes}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(tuple(values["vocabulary"]), values["unknown"], values["is_bytes"])
