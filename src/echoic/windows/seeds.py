"""Generators for orders and other draws of training."""

import numpy as np
import torch


def make_generator(*seeds: int) -> torch.Generator:
    """A generator that all `seeds` (seed, epoch) decide: torch itself takes 32 bits of a seed and drops the rest."""
    (state,) = np.random.SeedSequence(seeds).generate_state(1).tolist()
    return torch.Generator().manual_seed(state)
