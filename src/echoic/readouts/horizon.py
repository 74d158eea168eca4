"""All segments of the horizon in parallel."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic.errors import ConfigError
from echoic.readouts.base import Layers, Readout, ReadoutInputs


@final
class Horizon(Readout):
    """Parallel decoding: one step of the stack per segment of the horizon, all from the same state.

    The input of a step is a learned embedding of the segment's position, concatenated with one of the row's channel
    (SegRNN, Lin 2023, arXiv 2308.11200). Future covariates of a segment are added through a linear map.
    """

    def __init__(self, layers: Layers, num_segments: int, channels: int = 1, segment_covariates: int = 0) -> None:
        super().__init__()
        width = layers.input_size
        for_channel = width // 2 if channels > 1 else 0
        self.num_segments = num_segments
        self.segment_covariates = segment_covariates
        self.output_size = layers.output_size
        self.position = nn.Parameter(torch.randn(num_segments, width - for_channel))
        self.channel = nn.Parameter(torch.randn(channels, for_channel)) if channels > 1 else None
        self.covariates = nn.Linear(segment_covariates, width, bias=False) if segment_covariates else None

    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch segments outputs"]:
        embedded, layers, state, ids = self._embeddings(), inputs.layers, inputs.state, inputs.ids
        if layers is None:
            raise ConfigError(
                "Decoding a horizon requires recurrent layers with a state; bidirectional layers have none."
            )
        if self.covariates is not None and inputs.future_covariates is not None:
            rows = embedded if ids is None or self.channel is None else embedded[ids]
            return layers.parallel_step(
                layers.project(rows + self.covariates(self._to_segments(inputs.future_covariates))), state
            )
        # The product with the embeddings is the same for all rows of a channel, so it is computed once per channel.
        projected = layers.project(embedded)
        if self.channel is not None and ids is not None:
            projected = nn.functional.embedding(ids, projected.flatten(1)).view(len(ids), self.num_segments, -1)
        return layers.parallel_step(projected, state)

    def _embeddings(self) -> Float[Tensor, "channels segments inputs"]:
        """The input of each step, for each channel."""
        if self.channel is None:
            return self.position[None]
        position = self.position.expand(len(self.channel), -1, -1)
        return torch.cat([position, self.channel[:, None].expand(-1, self.num_segments, -1)], -1)

    def _to_segments(
        self, future_covariates: Float[Tensor, "batch horizon covariates"]
    ) -> Float[Tensor, "batch segments segment_covariates"]:
        """The covariates of each segment, padded with zeros."""
        flat = future_covariates.flatten(1)
        padded = nn.functional.pad(flat, (0, self.num_segments * self.segment_covariates - flat.shape[1]))
        return padded.view(len(future_covariates), self.num_segments, self.segment_covariates)
