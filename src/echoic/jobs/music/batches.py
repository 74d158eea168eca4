"""Songs as batches: in one key, in all twelve, or each in one at random."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import final

import numpy as np
import torch
from torch import Tensor

from echoic.codecs import PianoRoll
from echoic.codecs.pianoroll import Roll
from echoic.tensors import Batch
from echoic.windows import Sampler, WindowIndex, gather, make_generator, next_step_batch

KEYS = range(-5, 7)
"""Semitones by which songs are moved: all twelve keys, 0 among them, none further than a tritone."""

_FOR_KEYS = 1
"""Keeps the draws of keys apart from those of the order."""


@final
class Rolls:
    """All songs one after the other, encoded in any key when it is first asked for."""

    def __init__(self, codec: PianoRoll, rolls: Sequence[Roll]) -> None:
        self.offsets = torch.tensor([0, *np.cumsum([len(roll) for roll in rolls])])
        self.in_key = cache(lambda shift: torch.from_numpy(codec.encode(np.concatenate(rolls), shift)))

    def window(self, index: WindowIndex, shifts: Tensor) -> Tensor:
        """Steps `(rows, steps, features)`, each row moved by its own of `shifts` `(rows,)`."""
        in_keys = {shift: shifts == shift for shift in sorted(set(shifts.tolist()))}
        shifted = [
            gather(self.in_key(shift), index._replace(starts=index.starts[rows], valid=index.valid[rows]))
            for shift, rows in in_keys.items()
        ]
        permutation = torch.cat([rows.nonzero()[:, 0] for rows in in_keys.values()])
        return torch.cat(shifted)[permutation.argsort()]


@final
class SongBatches:
    """Cuts of songs.

    `keys`: none, as they are; all, each row twelve times, in every key; random, one key for a song and epoch.
    """

    def __init__(self, rolls: Rolls, sampler: Sampler, keys: str) -> None:
        self.rolls = rolls
        self.sampler = sampler
        self.keys = keys

    def __len__(self) -> int:
        return len(self.sampler)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        songs = len(self.rolls.offsets) - 1
        drawn = torch.randint(KEYS.start, KEYS.stop, (songs,), generator=make_generator(seed, epoch, _FOR_KEYS))
        for index in self.sampler.epoch(seed, epoch, skip):
            shifts = torch.zeros(len(index.starts), dtype=torch.long)
            if self.keys == "random":
                shifts = drawn[torch.searchsorted(self.rolls.offsets, index.starts, right=True) - 1]
            elif self.keys == "all":
                shifts = torch.tensor(KEYS).repeat(len(index.starts))
                index = index._replace(  # noqa: PLW2901
                    starts=index.starts.repeat_interleave(len(KEYS)), valid=index.valid.repeat_interleave(len(KEYS))
                )
            yield next_step_batch(self.rolls.window(index, shifts).float(), index)
