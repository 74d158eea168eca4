"""Letting a trained network write."""

import codecs
from collections.abc import Callable
from itertools import islice

import numpy as np
import torch

from echoic.codecs import Characters
from echoic.errors import ConfigError, DataError
from echoic.heads import Sampling
from echoic.jobs.base import Fitted, GenerateRequest
from echoic.streams.generation import symbols_after

DEFAULT_LENGTH = 500


def generate(fitted: Fitted, request: GenerateRequest) -> str:
    """`length` characters that follow the prime (by default a line break), without the prime.

    `on_chunk` is called with each character. A run of bytes makes `length` bytes, and calls it as soon as they make
    characters; a last one that is not finished is left out.

    Raises:
        ConfigError: `length` is not a positive number of characters, or a way of drawing is out of range.
        DataError: the prime is empty, or has a character that the network does not know.
    """
    codec: Characters = fitted.task.codec
    length = _length(request)
    sampling = Sampling(1.0 if request.temperature is None else request.temperature, request.top_k, request.top_p)
    known = torch.from_numpy(_prime(codec, request.prime)).float()[None, :, None]
    to_text, pieces = _decoder(codec), []
    for symbol in islice(symbols_after(fitted.model, known, sampling, request.seed), length):
        piece = to_text(int(symbol))
        pieces.append(piece)
        if piece:
            request.on_chunk(piece)
    return "".join(pieces)


def _length(request: GenerateRequest) -> int:
    length = DEFAULT_LENGTH if request.length is None else request.length
    if not str(length).isdigit() or int(length) < 1:
        raise ConfigError(f"`--length` must be a positive number of characters, got {length}.")
    return int(length)


def _prime(codec: Characters, text: str | None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if text is None:
        newline = codec.code_points("\n")
        return codec.encode(newline, "prime") if newline[0] in codec.vocabulary else np.zeros(1, np.int64)
    if not text:
        raise DataError("The prime is empty; give some characters to go on from, or none of it for a new line.")
    return codec.encode(codec.code_points(text), "--prime")


def _decoder(codec: Characters) -> Callable[[int], str]:
    """From symbol after symbol to text; bytes are held back until they make a character."""
    if not codec.is_bytes:
        return lambda symbol: codec.decode(np.array([symbol]))
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return lambda symbol: decoder.decode(bytes([symbol]))
