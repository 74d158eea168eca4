"""Texts in memory."""

import hashlib
from collections.abc import Iterator
from typing import Any

from echoic.config.text import TextDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset
from echoic.sources.memory import ORIGIN
from echoic.sources.text import TextSeries, dataset_of

_BLOCK_CHARACTERS = 1 << 20


def read(data: Any, settings: TextDataSettings) -> Dataset:
    """Reads every text of a `Text` as a series of code points (or of UTF-8 bytes), unsigned integers `(steps, 1)`.

    The fingerprint of a single text is that of a file with the same text in UTF-8.

    Raises:
        DataError: a text is empty, or no string.
    """
    texts = [data.text] if isinstance(data.text, str) else list(data.text)
    if not texts:
        raise DataError(f"{ORIGIN} have no text; give at least one string.")
    digest, read_texts = hashlib.sha256(), []
    for number, text in enumerate(texts):
        name = "text" if len(texts) == 1 else f"text {number}"
        raw = _encoded(text, f"{ORIGIN}, {name}")
        digest.update(raw if len(texts) == 1 else f"{name}\0{len(raw)}\0".encode() + raw)
        read_texts.append(TextSeries.of(name, _blocks(text), len(raw), settings.tokenizer, f"{ORIGIN}, {name}"))
    return dataset_of(read_texts, settings, digest.hexdigest(), ORIGIN)


def _blocks(text: str) -> Iterator[str]:
    return (text[at : at + _BLOCK_CHARACTERS] for at in range(0, len(text), _BLOCK_CHARACTERS))


def _encoded(text: Any, place: str) -> bytes:
    if not isinstance(text, str):
        raise DataError(f"{place} is of type {type(text).__name__}; give a string.")
    if not text:
        raise DataError(f"{place} is empty; give at least one character.")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{place}: the character at offset {error.start} is half a surrogate pair; decode the text again."
        ) from None
