"""Characters or bytes as numbers of symbols, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.errors import ConfigError, DataError

Codes = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Characters:
    """A vocabulary: `points` are the Unicode code points (or byte values) known, in increasing order.

    `unknown` is the code point that others are read as; None: they are an error. `is_bytes`: a symbol is a byte of
    UTF-8, and all 256 are known.
    """

    points: tuple[int, ...]
    unknown: int | None = None
    is_bytes: bool = False

    @classmethod
    def fit(cls, codes: Codes, unknown: str | None) -> Self:
        """The characters that occur in `codes` `(steps,)`, code points of the training part.

        Raises:
            ConfigError: `unknown` is not one character that occurs.
        """
        points = tuple(np.unique(codes).tolist())
        if unknown is None:
            return cls(points)
        if len(unknown) != 1 or ord(unknown) not in points:
            raise ConfigError(f"`unknown` must be one character that the training part has, got {unknown!r}.")
        return cls(points, ord(unknown))

    @classmethod
    def of_bytes(cls) -> Self:
        """All bytes."""
        return cls(tuple(range(256)), is_bytes=True)

    def __len__(self) -> int:
        return len(self.points)

    def codes(self, text: str) -> Codes:
        """Code points or bytes of a text."""
        if self.is_bytes:
            return np.frombuffer(text.encode(errors="surrogateescape"), np.uint8).astype(np.int64)
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)

    def encode(self, codes: Codes, origin: str) -> Codes:
        """Numbers of symbols `(steps,)` for code points or bytes.

        Raises:
            DataError: a character is unknown and nothing stands in for it.
        """
        known = np.array(self.points)
        numbers = np.minimum(np.searchsorted(known, codes), len(known) - 1)
        strange = known[numbers] != codes
        if not strange.any():
            return numbers
        if self.unknown is None:
            at = int(strange.argmax())
            raise DataError(
                f"{origin}: the character {chr(int(codes[at]))!r} at position {at} is not in the training part; leave "
                "it out, or train with --unknown and a character that stands in for it."
            )
        return np.where(strange, self.points.index(self.unknown), numbers)

    def decode(self, numbers: Codes) -> str:
        """The text of symbols; bytes that are no UTF-8 become the replacement character."""
        codes = np.array(self.points)[numbers]
        if self.is_bytes:
            return codes.astype(np.uint8).tobytes().decode(errors="replace")
        return codes.astype(np.uint32).tobytes().decode("utf-32-le")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"points": list(self.points), "unknown": self.unknown, "is_bytes": self.is_bytes}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(tuple(values["points"]), values["unknown"], values["is_bytes"])
