"""Whether songs are in a common key, which decides if they are transposed for training."""

from collections.abc import Sequence

import numpy as np

from echoic.codecs.pianoroll import Roll

OCTAVE = 12

MIN_FITTING = 2 / 3
"""Fraction of songs that fit the others best as given, from which on the key is a common one.

Measured: 0.87 and 0.89 for sets that were transposed to C, 0.47 with half of the songs a fifth away, 0.2 for songs in
the usual mixture of keys, 0.08 for random ones.
"""


def in_common_key(rolls: Sequence[Roll]) -> bool:
    """Whether the pitch classes of most songs fit those of the other songs best without transposition.

    Each song counts the same. A single song is in a key of its own.
    """
    counts = np.array([roll.astype(bool).sum(0) for roll in rolls if roll.any()], np.float64)
    if len(counts) < 2:
        return True
    classes = np.stack([counts[:, pitch_class::OCTAVE].sum(1) for pitch_class in range(OCTAVE)], 1)
    classes /= classes.sum(1, keepdims=True)
    others = classes.sum(0) - classes + 1 / OCTAVE
    log_probs = np.log(others / others.sum(1, keepdims=True))
    fits = np.stack([(np.roll(classes, shift, 1) * log_probs).sum(1) for shift in range(OCTAVE)], 1)
    return bool((fits.argmax(1) == 0).mean() >= MIN_FITTING)
