"""Text generation with a trained network."""

import codecs
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from echoic.codecs import Characters
from echoic.codecs.characters import Symbols
from echoic.config.text import TextRequest
from echoic.errors import DataError
from echoic.heads import Categorical, Sampling
from echoic.heads.sampling import SymbolSampler
from echoic.jobs.base import Fitted
from echoic.jobs.text.evaluate import mixture_of
from echoic.jobs.text.stream import MixtureStream
from echoic.jobs.text.task import TextTask
from echoic.progress import ProgressFn
from echoic.streams import GenerationStream, NetworkStream
from echoic.streams.autoregressive import RowPredictor
from echoic.types.counted import counted
from echoic.writers.files import write_bytes

_SHOWN_AT_ONCE = 8
"""Characters of one kernel call; more would make the text of a large network jump."""


def symbol_stream(fitted: Fitted[TextTask], request: TextRequest) -> GenerationStream:
    """A stream of symbols, sampled according to `request`; the unknown symbol is never drawn."""
    return GenerationStream(fitted.model, sampler(fitted, request), predictor=predictor_of(fitted))


def predictor_of(fitted: Fitted[TextTask]) -> RowPredictor:
    """The source of log-probabilities or logits: the network, or its mixture with an n-gram model."""
    mixture = mixture_of(fitted)
    if mixture.weight == 1 and isinstance(fitted.model.head, Categorical):
        return NetworkStream(fitted.model)
    return MixtureStream(fitted.model, mixture.model(fitted.task.ngram), mixture.weight)


def sampler(fitted: Fitted[TextTask], request: TextRequest) -> SymbolSampler:
    """Draws symbols according to `request`; the unknown one is never drawn."""
    sampling = Sampling(request.temperature, request.top_k, request.top_p)
    return SymbolSampler(sampling, fitted.task.codec.unknown)


def generate(fitted: Fitted[TextTask], request: TextRequest, on_chunk: Callable[[str], None] = lambda _: None) -> str:
    """Generates `length` characters after the prime (by default a line break), and returns them without the prime.

    `on_chunk` is called with a few characters at a time. A byte-level run generates `length` bytes and calls it as soon
    as they form characters; an incomplete last one is left out.

    Raises:
        DataError: the prime is empty.
    """
    codec: Characters = fitted.task.codec
    stream = symbol_stream(fitted, request)
    known = torch.from_numpy(prime_symbols(codec, request.prime)).float()[None, :, None]
    state = stream.start(known, request.seed)
    to_text, pieces = _decoder(codec), []
    each = _SHOWN_AT_ONCE if stream.is_one_call else 1
    for first in range(0, request.length, each):
        symbols, state = stream.push(min(each, request.length - first), state)
        piece = to_text(symbols[0, :, 0].long().numpy())
        pieces.append(piece)
        if piece:
            on_chunk(piece)
    return "".join(pieces)


def write_text(fitted: Fitted[TextTask], request: TextRequest, output: Path | None, on_progress: ProgressFn) -> str:
    """Writes generated text into a file, or onto standard output as it is generated.

    Raises:
        RunError: the file cannot be written.
    """
    before = (request.prime or "") if request.keep_prime else ""
    if output is None:
        pending = iter([before])  # printed once the request is known to be valid
        made = generate(fitted, request, lambda piece: _print(next(pending, "") + piece))
        _print("\n")
        return ""
    done = 0

    def count(piece: str) -> None:
        nonlocal done
        done += len(piece)
        on_progress(done, request.length)

    made = generate(fitted, request, count)
    write_bytes(output, (before + made).encode(errors="surrogateescape"))
    return f"{output}: {counted(len(made), 'character')}"


def _print(text: str) -> None:
    """Prints at once; characters that the terminal's encoding lacks are replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def prime_symbols(codec: Characters, text: str | None) -> Symbols:
    """The symbols of a prime; without one, of a line break.

    Raises:
        DataError: the prime is empty.
    """
    if text is None:
        newline = codec.code_points("\n")
        return codec.encode(newline) if newline[0] in codec.vocabulary else np.zeros(1, np.int64)
    if not text:
        raise DataError("The prime is empty; give at least one character, or leave it out to start with a line break.")
    return codec.encode(codec.code_points(text))


def _decoder(codec: Characters) -> Callable[[Symbols], str]:
    """Decodes part by part; bytes are held back until they form a character."""
    if not codec.is_bytes:
        return codec.decode
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return lambda symbols: decoder.decode(symbols.astype(np.uint8).tobytes())
