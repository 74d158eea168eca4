"""The networks of the forecast job."""

from torch import nn

from echoic.cells import CELLS, Stack
from echoic.config import ForecastSettings
from echoic.encoders import Encoder, Identity, Segments
from echoic.forecasting.framing import Framing
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import Horizon, Last, PerStep, Readout


def build_network(settings: ForecastSettings, framing: Framing) -> SequenceModel:
    """The model for `settings` (as planned); its weights are drawn from torch's default generator.

    recursive: one value after every step. direct: the whole horizon after the last step. segments: a step of the
    network is a segment, and the segments of the horizon are decoded in parallel.
    """
    horizon, segment = settings.window.horizon, settings.window.segment_steps or 1
    encoder: Encoder = Identity(framing.width)
    if settings.window.strategy == "segments":
        encoder = Segments(framing.width, segment, settings.stack.layers[0])
    stack = Stack(CELLS, encoder.output_size, settings.stack)
    readout, span = _readout(settings, framing, stack, horizon, segment)
    head = HEADS[settings.output.head].build(readout.output_size, framing.features, span, settings.output)
    if settings.window.strategy == "direct":
        # Training starts at the baseline that the output is added to: short series allow few training steps.
        nn.init.zeros_(head.linear.weight)
        nn.init.zeros_(head.linear.bias)
    return SequenceModel(encoder, stack, readout, head)


def _readout(
    settings: ForecastSettings, framing: Framing, stack: Stack, horizon: int, segment: int
) -> tuple[Readout, int]:
    """The readout, and the number of steps that each of its vectors predicts."""
    if settings.window.strategy == "recursive":
        return PerStep(stack.output_size), 1
    if settings.window.strategy == "direct":
        return Last(stack.output_size, horizon, framing.ahead_width), horizon
    segments = -(-horizon // segment)
    return Horizon(stack, segments, framing.channels, segment * framing.ahead_width), segment
