"""Random generators of training: each use has a stream of its own."""

import enum

import numpy as np
import torch


class Purpose(enum.IntEnum):
    """Uses of random numbers besides the order of an epoch. Values start at 1: a trailing 0 would not change a seed."""

    TRANSPOSE = 1
    AUGMENT = 2
    EXCERPT = 3
    GAIN = 4
    SUBSAMPLE = 5


def make_generator(*seeds: int) -> torch.Generator:
    """A generator seeded by all `seeds` (seed, epoch, ...); torch alone uses 32 bits of a seed and drops the rest."""
    (state,) = np.random.SeedSequence(seeds).generate_state(1).tolist()
    return torch.Generator().manual_seed(state)
