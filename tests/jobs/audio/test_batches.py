"""Batches of frames: a gain for each stream, and the fraction of frames that the loss counts."""

import pytest
import torch

from echoic.codecs import MuLaw
from echoic.jobs.audio.batches import LearnedFrames
from echoic.tensors import Batch

STREAMS = 64


class Chunks:
    """Two streams of batches of one level, of three chunks each."""

    def __len__(self) -> int:
        return 6

    def epoch(self, _seed, _epoch, skip=0):
        for number in range(skip, 6):
            levels = torch.full((STREAMS, 4, 5), 200.0)
            yield Batch(levels, levels + 1, torch.ones(levels.shape, dtype=torch.bool), carry=number % 3 > 0)


@pytest.fixture(scope="module")
def codec():
    sound = torch.sin(torch.arange(4000) * 0.3).numpy()
    return MuLaw.fit([sound])


def test_each_stream_has_a_gain_of_its_own_for_as_long_as_its_state_is_carried(codec):
    batches = list(LearnedFrames(Chunks(), codec, 1.0, 6.0).epoch(0, 0))
    for batch in batches:
        assert (batch.inputs == batch.inputs[:, :1, :1]).all()
        assert len(batch.inputs[:, 0, 0].unique()) > 8
        assert batch.inputs.min() < 190
        assert batch.inputs.max() > 210
    first, second = batches[:3], batches[3:]
    for stream in (first, second):
        assert all(torch.equal(batch.inputs, stream[0].inputs) for batch in stream)
    assert not torch.equal(first[0].inputs, second[0].inputs)
    skipped = list(LearnedFrames(Chunks(), codec, 1.0, 6.0).epoch(0, 0, 4))
    assert all(torch.equal(one.inputs, other.inputs) for one, other in zip(skipped, batches[4:], strict=True))


def test_the_given_fraction_of_the_frames_counts(codec):
    masks = torch.stack([batch.mask for batch in LearnedFrames(Chunks(), codec, 0.25, 0.0).epoch(0, 0)])
    assert masks.float().mean().item() == pytest.approx(0.25, abs=0.05)
    assert (masks == masks[..., :1]).all(), "a frame counts as a whole"
