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
from echoic.windows import Cut, Order, following, gathered, generator_of

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

    def cut(self, cut: Cut, shifts: Tensor) -> Tensor:
        """Steps `(rows, steps, features)`, each row moved by its own of `shifts` `(rows,)`."""
        in_keys = {shift: shifts == shift for shift in sorted(set(shifts.tolist()))}
        moved = [
            gathered(self.in_key(shift), cut._replace(starts=cut.starts[rows], valid=cut.valid[rows]))
            for shift, rows in in_keys.items()
        ]
        order = torch.cat([rows.nonzero()[:, 0] for rows in in_keys.values()])
        return torch.cat(moved)[order.argsort()]


@final
class SongBatches:
    """Cuts of songs.

    `keys`: 1, as they are; 12, each row twelve times, in every key; random, one key for a song and epoch.
    """

    def __init__(self, rolls: Rolls, order: Order, keys: str) -> None:
        self.rolls = rolls
        self.order = order
        self.keys = keys

    def __len__(self) -> int:
        return len(self.order)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        songs = len(self.rolls.offsets) - 1
        drawn = torch.randint(KEYS.start, KEYS.stop, (songs,), generator=generator_of(seed, epoch, _FOR_KEYS))
        for cut in self.order.epoch(seed, epoch, skip):
            shifts = torch.zeros(len(cut.starts), dtype=torch.long)
            if self.keys == "random":
                shifts = drawn[torch.searchsorted(self.rolls.offsets, cut.starts, right=True) - 1]
            elif self.keys == "12":
                shifts = torch.tensor(KEYS).repeat(len(cut.starts))
                cut = cut._replace(  # noqa: PLW2901
                    starts=cut.starts.repeat_interleave(len(KEYS)), valid=cut.valid.repeat_interleave(len(KEYS))
                )
            yield following(self.rolls.cut(cut, shifts).float(), cut)
