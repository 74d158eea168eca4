"""Generators for orders and other draws of training."""

import numpy as np
import torch


def generator_of(*words: int) -> torch.Generator:
    """A generator that all `words` (seed, epoch) decide: torch itself takes 32 bits of a seed and drops the rest."""
    (state,) = np.random.SeedSequence(words).generate_state(1).tolist()
    return torch.Generator().manual_seed(state)
