"""Cuts sound that comes as chunks into clips: a clip is what lies between two pauses."""

import math
from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np

from echoic.types import Floats

BLOCK_S = 0.01
"""Duration of the blocks whose level is measured."""

MARGIN_S = 0.05
"""Sound before the first and after the last loud block that belongs to a clip."""

LOUD_DB = 12.0
"""Decibels above the background from which a block is loud."""

_FIRST_FLOOR_DB, _LEAST_FLOOR_DB, _MOST_FLOOR_DB = -50.0, -80.0, -20.0
_RISE_DB, _FALL_DB = 0.02, 1.0
"""Changes of the background's level per block: it rises slowly and falls fast."""

_SILENCE_DB = -120.0
_NO_CLIP = -1


class Piece(NamedTuple):
    """A piece of a clip that began at the sample `begin`; `is_end`: the last one."""

    samples: Floats
    begin: int
    is_end: bool


class SegmenterState(NamedTuple):
    """Sound between two chunks.

    Attributes:
        num_samples: number of samples in complete blocks so far.
        begin: the first sample of the clip; -1 between clips.
        num_quiet: number of quiet blocks since the last loud one.
        floor_db: level of the background.
        held: samples that are not yet given: the margin before a clip, or a pause within one.
        block: samples of the incomplete block.
    """

    num_samples: int
    begin: int
    num_quiet: int
    floor_db: float
    held: Floats
    block: Floats


@final
class Segmenter:
    """Cuts sound into clips at pauses.

    A block of 10 ms is loud if its level is more than 12 dB above the background: a floor that falls by up to 1 dB per
    block to the level of quiet ones and rises by 0.02 dB per block, from -50 dB of full scale. A clip begins 50 ms
    before the first loud block. It ends 50 ms after the last one, once `pause_s` have been quiet.

    Args:
        rate_hz: samples per second.
        pause_s: duration of the pause that ends a clip, in seconds.
    """

    def __init__(self, rate_hz: int, pause_s: float) -> None:
        self._block = _block_samples(rate_hz)
        self._margin = round(MARGIN_S / BLOCK_S) * self._block
        self._pause_blocks = max(1, round(pause_s / BLOCK_S))

    @property
    def limits(self) -> dict[str, tuple[int, int]]:
        """Least and most values of what varies in a state."""
        held = max(self._margin, self._pause_blocks * self._block)
        return {"begin": (_NO_CLIP, 1 << 53), "held": (0, held), "block": (0, self._block - 1)}

    def start(self) -> SegmenterState:
        """The state before the first sample."""
        nothing = np.zeros(0, np.float32)
        return SegmenterState(0, _NO_CLIP, 0, _FIRST_FLOOR_DB, nothing, nothing)

    def push(self, chunk: Floats, state: SegmenterState) -> tuple[list[Piece], SegmenterState]:
        """The pieces of clips in `chunk` `(samples,)`, full scale 1, and the state."""
        samples = np.concatenate([state.block, chunk])
        whole = len(samples) // self._block * self._block
        pieces = list[Piece]()
        for block in samples[:whole].reshape(-1, self._block):
            found, state = self._next(block, state)
            pieces += found
        return _joined(pieces), state._replace(block=samples[whole:].copy())

    def finish(self, state: SegmenterState) -> list[Piece]:
        """The end of the clip that has not ended."""
        if state.begin == _NO_CLIP:
            return []
        rest = state.held[: self._margin] if state.num_quiet else state.block
        return [Piece(rest, state.begin, is_end=True)]

    def _next(self, block: Floats, state: SegmenterState) -> tuple[list[Piece], SegmenterState]:
        level_db = _level_db(float(np.mean(np.square(block, dtype=np.float64))))
        is_loud = level_db > state.floor_db + LOUD_DB
        floor_db = _next_floor_db(state.floor_db, level_db)
        state = state._replace(num_samples=state.num_samples + len(block), floor_db=floor_db)
        held = np.concatenate([state.held, block])
        nothing = held[:0]
        if is_loud:
            begin = state.num_samples - len(held) if state.begin == _NO_CLIP else state.begin
            after = state._replace(begin=begin, num_quiet=0, held=nothing)
            return [Piece(held, begin, is_end=False)], after
        if state.begin == _NO_CLIP:
            return [], state._replace(held=held[-self._margin :])
        if state.num_quiet + 1 < self._pause_blocks:
            return [], state._replace(num_quiet=state.num_quiet + 1, held=held)
        # The margin before the next clip may be that after this one.
        after = state._replace(begin=_NO_CLIP, num_quiet=0, held=held[-self._margin :])
        return [Piece(held[: self._margin], state.begin, is_end=True)], after


def trimmed(sound: Floats, rate_hz: int) -> Floats:
    """A clip of sound `(samples,)` from 50 ms before its first loud block to 50 ms after the last one.

    The background begins at the level of the quietest 50 ms, but at -50 dB at most. Sound without a loud block is
    returned as it is.
    """
    size, margin = _block_samples(rate_hz), round(MARGIN_S / BLOCK_S)
    powers = np.square(sound[: len(sound) // size * size], dtype=np.float64).reshape(-1, size).mean(1)
    if len(powers) < margin:
        return sound
    quietest_db = _level_db(float(np.convolve(powers, np.full(margin, 1 / margin), "valid").min()))
    floor_db, loud = min(max(quietest_db, _LEAST_FLOOR_DB), _FIRST_FLOOR_DB), list[int]()
    for number, level_db in enumerate(map(_level_db, powers.tolist())):
        if level_db > floor_db + LOUD_DB:
            loud.append(number)
        floor_db = _next_floor_db(floor_db, level_db)
    return sound[max(0, loud[0] - margin) * size : (loud[-1] + 1 + margin) * size] if loud else sound


def _block_samples(rate_hz: int) -> int:
    return max(1, round(BLOCK_S * rate_hz))


def _level_db(power: float) -> float:
    return max(_SILENCE_DB, 10 * math.log10(max(power, 0.0) + 1e-20))


def _next_floor_db(floor_db: float, level_db: float) -> float:
    """The level of the background after a block."""
    moved_db = floor_db + min(max(level_db - floor_db, -_FALL_DB), _RISE_DB)
    return min(max(moved_db, _LEAST_FLOOR_DB), _MOST_FLOOR_DB)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """The same with one piece per clip."""
    return list(_join(pieces))


def _join(pieces: list[Piece]) -> Iterator[Piece]:
    together = list[Piece]()
    for piece in pieces:
        together.append(piece)
        if piece.is_end:
            yield Piece(np.concatenate([one.samples for one in together]), piece.begin, is_end=True)
            together = []
    if together:
        yield Piece(np.concatenate([one.samples for one in together]), together[0].begin, is_end=False)
