"""Songs in all twelve keys, or each in a random one."""

import numpy as np
import torch

from echoic.batches import KEYS, BatchLoader, SongCollate, TransposedRolls
from echoic.codecs import PianoRoll
from echoic.tensors import Batch
from echoic.types.score import ONSET
from echoic.windows import ChunkSampler


def songs(transpose: str, rows: int, chunk: int | None = None, count: int = 6, steps: int = 9) -> BatchLoader:
    """Batches of `count` songs; song number n repeats pitch 50 + n."""
    rolls = np.zeros((count, steps, 128), np.uint8)
    for number in range(count):
        rolls[number, :, 50 + number] = ONSET
    transposed = TransposedRolls(PianoRoll("chords", 21, 108, "fold"), list(rolls))
    sampler = ChunkSampler.from_ranges(transposed.ranges, rows, chunk)
    return BatchLoader(sampler, SongCollate(transposed, transpose))


def pitches(batch: Batch) -> list[int]:
    found: list[int] = (batch.inputs.argmax(2) + 21)[:, 0].tolist()
    return found


def test_songs_as_given_are_not_transposed() -> None:
    found = [pitch for batch in songs("none", 2).epoch(0, 0) for pitch in pitches(batch)]
    assert sorted(found) == list(range(50, 56))


def test_twelve_keys_are_rows_of_one_batch() -> None:
    for batch in songs("all", 1).epoch(0, 0):
        (song,) = {pitch - shift for pitch, shift in zip(pitches(batch), KEYS, strict=True)}
        assert 50 <= song < 56
        assert torch.equal(batch.inputs[:, 1:], batch.targets[:, :-1])


def test_random_keys_change_with_song_and_epoch_and_stay_for_all_chunks() -> None:
    loader = songs("random", 3, chunk=4)
    epochs = []
    for epoch in range(3):
        found = [pitches(batch) for batch in loader.epoch(0, epoch)]
        assert found[0] == found[1]
        assert found[2] == found[3]
        epochs.append(sorted(found[0] + found[2]))
    assert epochs[0] != epochs[1] != epochs[2]


def test_random_keys_are_all_twelve() -> None:
    loader = songs("random", 6)
    found = np.array([pitch for seed in range(60) for batch in loader.epoch(seed, 0) for pitch in pitches(batch)])
    assert found.min() == 50 + KEYS[0]
    assert found.max() == 55 + KEYS[-1]
