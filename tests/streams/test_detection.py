from typing import Any

import numpy as np
import pytest
import torch

from echoic.cells import CELLS, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Identity
from echoic.errors import ShapeError
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams import DetectionStream


@pytest.mark.parametrize("chunk", [torch.zeros(5), torch.zeros(1, 5, 2), torch.zeros(5, 3), np.zeros((5, 2)), None])
def test_chunks_of_another_shape_are_refused(chunk: Any) -> None:
    stack = Stack(CELLS, 2, StackSettings(cell="gru", layers=(3,)))
    head = HEADS["point"].build(3, 1, 1, HeadSettings())
    stream = DetectionStream(SequenceModel(Identity(2), stack, PerStep(3), head), values=2, delay=0)
    with pytest.raises(ShapeError, match=r"`chunk` must be a tensor of shape \(frames, 2\), got"):
        stream.push(chunk, stream.start())
