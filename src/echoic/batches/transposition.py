"""Songs as given, in all twelve keys, or each in a random key."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
import torch
from torch import Tensor

from echoic.batches.collate import gather, next_step_batch
from echoic.batches.draws import Draws
from echoic.codecs import PianoRoll
from echoic.codecs.pianoroll import Roll
from echoic.tensors import Batch
from echoic.windows import Purpose, Ranges, WindowIndex

KEYS = range(-5, 7)
"""Transpositions in semitones to all twelve keys; none is larger than a tritone."""


@final
class TransposedRolls:
    """All songs one after the other, encoded in each key when it is first needed; `ranges` are their steps."""

    def __init__(self, codec: PianoRoll, rolls: Sequence[Roll]) -> None:
        self.ranges = Ranges.from_lengths([len(roll) for roll in rolls])
        self.in_key = cache(lambda shift: torch.from_numpy(codec.encode(np.concatenate(rolls), shift)))

    def songs_of(self, steps: Tensor) -> Tensor:
        """The number of the song that each step belongs to."""
        return torch.searchsorted(self.ranges.end, steps, right=True)

    def window(self, index: WindowIndex, shifts: Tensor) -> Tensor:
        """The steps of the windows, `(rows, steps, features)`, each transposed by its entry of `shifts` `(rows,)`."""
        in_keys = {shift: shifts == shift for shift in sorted(set(shifts.tolist()))}
        shifted = [
            gather(self.in_key(shift), index._replace(starts=index.starts[rows], valid=index.valid[rows]))
            for shift, rows in in_keys.items()
        ]
        permutation = torch.cat([rows.nonzero()[:, 0] for rows in in_keys.values()])
        return torch.cat(shifted)[permutation.argsort()]


@final
@dataclass(frozen=True, eq=False)
class SongCollate:
    """Windows of songs with the next step as target.

    `transpose`: none, as given; all, every window in twelve keys, as rows of one batch; random, one key per song and
    epoch.
    """

    rolls: TransposedRolls
    transpose: str = "none"

    def __call__(self, index: WindowIndex, draws: Draws) -> Batch:
        shifts = torch.zeros(len(index.starts), dtype=torch.long)
        if self.transpose == "random":
            num_songs, generator = len(self.rolls.ranges.begin), draws.epoch_generator(Purpose.TRANSPOSE)
            keys = torch.randint(KEYS.start, KEYS.stop, (num_songs,), generator=generator)
            shifts = keys[self.rolls.songs_of(index.starts)]
        elif self.transpose == "all":
            shifts = torch.tensor(KEYS).repeat(len(index.starts))
            starts, valid = (values.repeat_interleave(len(KEYS)) for values in (index.starts, index.valid))
            index = index._replace(starts=starts, valid=valid)
        return next_step_batch(self.rolls.window(index, shifts).float(), index)
