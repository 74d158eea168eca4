"""Random generators of training: an independent stream per purpose."""

import enum

import numpy as np
import torch


class Purpose(enum.IntEnum):
    """Purposes of random numbers, besides shuffling. Values start at 1 because a trailing 0 would not change a seed."""

    TRANSPOSE = 1
    AUGMENT = 2
    EXCERPT = 3
    GAIN = 4
    SUBSAMPLE = 5
    UNKNOWN = 6
    CALENDAR = 7
    VARY = 8


def make_generator(*seeds: int) -> torch.Generator:
    """A generator seeded by a hash of all `seeds` (seed, epoch, ...); torch itself uses only 32 bits of a seed."""
    (state,) = np.random.SeedSequence(seeds).generate_state(1).tolist()
    return torch.Generator().manual_seed(state)
