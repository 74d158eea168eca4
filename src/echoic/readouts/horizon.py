"""All segments of the horizon at once."""

from typing import final

import torch
from torch import Tensor, nn

from echoic.errors import ConfigError
from echoic.readouts.base import Layers, Readout, Seen


@final
class Horizon(Readout):
    """The stack takes one step for each segment ahead, all from the same state: parallel decoding.

    What tells the steps apart is a learned embedding of the segment's position beside one of the row's channel
    (SegRNN, Lin 2023, arXiv 2308.11200). Known future values of a segment are added through a linear map.
    """

    def __init__(self, layers: Layers, segments: int, channels: int = 1, segment_known: int = 0) -> None:
        super().__init__()
        width = layers.input_size
        for_channel = width // 2 if channels > 1 else 0
        self.segments = segments
        self.segment_known = segment_known
        self.output_size = layers.output_size
        self.position = nn.Parameter(torch.randn(segments, width - for_channel))
        self.channel = nn.Parameter(torch.randn(channels, for_channel)) if channels > 1 else None
        self.known = nn.Linear(segment_known, width, bias=False) if segment_known else None

    def forward(self, seen: Seen) -> Tensor:
        embedded, layers, state, ids = self._embeddings(), seen.layers, seen.state, seen.ids
        if layers is None:
            raise ConfigError(
                "A horizon is told by layers that go on from their state; those that read both ways have none."
            )
        if self.known is not None and seen.ahead is not None:
            rows = embedded if ids is None or self.channel is None else embedded[ids]
            return layers.branch(layers.project(rows + self.known(self._cut(seen.ahead))), state)
        # The product with the embeddings is the same for all rows of a channel: made once for each.
        projected = layers.project(embedded)
        if self.channel is not None and ids is not None:
            projected = nn.functional.embedding(ids, projected.flatten(1)).view(len(ids), self.segments, -1)
        return layers.branch(projected, state)

    def _embeddings(self) -> Tensor:
        """`(channels, segments, width)`."""
        if self.channel is None:
            return self.position[None]
        position = self.position.expand(len(self.channel), -1, -1)
        return torch.cat([position, self.channel[:, None].expand(-1, self.segments, -1)], -1)

    def _cut(self, ahead: Tensor) -> Tensor:
        """`(batch, horizon, known)` as `(batch, segments, segment_known)`, the last segment padded with zeros."""
        flat = ahead.flatten(1)
        padded = nn.functional.pad(flat, (0, self.segments * self.segment_known - flat.shape[1]))
        return padded.view(len(ahead), self.segments, self.segment_known)
