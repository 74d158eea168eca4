"""Texts as units: characters, words, or a list of symbols, after a stated normalization."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

from echoic.types import stored

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"


@final
@dataclass(frozen=True)
class Normalization:
    """What of a text does not count: the case if `lower`, and punctuation unless `punctuation`.

    Spaces are single, and none is at the ends; letters with accents are single characters (NFC). Punctuation becomes a
    space, but for apostrophes between letters.
    """

    lower: bool
    punctuation: bool

    def apply(self, text: str) -> str:
        """The text without what does not count."""
        text = unicodedata.normalize("NFC", text)
        if self.lower:
            text = text.lower()
        if not self.punctuation:
            text = "".join(one if _is_kept(text, place) else " " for place, one in enumerate(text))
        return " ".join(text.split())


@final
@dataclass(frozen=True)
class Units:
    """The units of texts: `names` in order, put together with `joint` between them.

    Units are numbered from 0. Characters have no joint, words and listed symbols have a space.
    """

    normalization: Normalization
    names: tuple[str, ...]
    joint: str = ""

    @classmethod
    def fit(cls, texts: Iterable[str], normalization: Normalization, joint: str = "") -> Self:
        """The units that `texts` have."""
        names = {name for text in texts for name in _split(normalization.apply(text), joint)}
        return cls(normalization, tuple(sorted(names)), joint)

    def __len__(self) -> int:
        return len(self.names)

    def split(self, text: str) -> list[str]:
        """The names of the units of a text, also of such as there are not among `names`."""
        return _split(self.normalization.apply(text), self.joint)

    def encode(self, text: str) -> list[int]:
        """The numbers of the units of a text; those that are not among `names` are left out."""
        numbers = {name: number for number, name in enumerate(self.names)}
        return [numbers[name] for name in self.split(text) if name in numbers]

    def unknown(self, text: str) -> list[str]:
        """The units of a text that are not among `names`."""
        return [name for name in self.split(text) if name not in self.names]

    def decode(self, units: Sequence[int]) -> str:
        """The text of units."""
        return self.joint.join(self.names[unit] for unit in units)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        rules = {"lower": self.normalization.lower, "punctuation": self.normalization.punctuation}
        return {"names": list(self.names), "joint": self.joint, **rules}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or there are no units.
        """
        names = stored.texts(values, "names")
        if not names or len(set(names)) < len(names) or "" in names:
            raise ValueError("`names` must be different names of units")
        rules = Normalization(stored.flag(values, "lower"), stored.flag(values, "punctuation"))
        return cls(rules, names, stored.text(values, "joint"))


def _split(text: str, joint: str) -> list[str]:
    return text.split(joint) if joint and text else list(text)


def _is_kept(text: str, place: int) -> bool:
    """Whether a character is no punctuation, or an apostrophe within a word."""
    one = text[place]
    if one in _APOSTROPHES:
        return 0 < place < len(text) - 1 and text[place - 1].isalpha() and text[place + 1].isalpha()
    return unicodedata.category(one)[0] not in "PSC"
