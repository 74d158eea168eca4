"""The networks of the forecast job."""

from torch import nn

from echoic.cells import NetworkStack, Stack
from echoic.components import Components
from echoic.config import ForecastSettings
from echoic.encoders import Encoder, Identity, Segments
from echoic.forecasting.framing import Framing
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import Horizon, Last, PerStep, Readout


def build_network(settings: ForecastSettings, framing: Framing, components: Components) -> SequenceModel:
    """The model for `settings` (as planned); its weights are drawn from torch's default generator.

    recursive: one value after every step. direct: the whole horizon after the last step. segments: a step of the
    network is a segment, and the segments of the horizon are decoded in parallel.
    """
    horizon, segment = settings.window.horizon, settings.window.segment_steps or 1
    strategy = settings.window.strategy
    encoder: Encoder
    if strategy == "segments":
        components.refuse("encoder", "network", reason="with --strategy segments; use direct or recursive")
        encoder = Segments(framing.width, segment, settings.stack.layers[0])
    else:
        encoder = components.build_encoder(framing.width, Identity)
    stack = components.build_stack(encoder.output_size, settings.stack, is_stepwise=strategy == "recursive")
    readout, span = _readout(settings, framing, stack, horizon, segment)
    head_class = components.value_head_class(HEADS[settings.output.head])
    head = head_class.build(readout.output_size, framing.features, span, settings.output)
    if strategy == "direct":
        # Training starts at the baseline that the output is added to: short series allow few training steps.
        nn.init.zeros_(head.linear.weight)
        nn.init.zeros_(head.linear.bias)
    return SequenceModel(encoder, stack, readout, head)


def _readout(
    settings: ForecastSettings, framing: Framing, stack: Stack | NetworkStack, horizon: int, segment: int
) -> tuple[Readout, int]:
    """The readout, and the number of steps that each of its vectors predicts."""
    if settings.window.strategy == "recursive":
        return PerStep(stack.output_size), 1
    if settings.window.strategy == "direct":
        return Last(stack.output_size, horizon, framing.ahead_width), horizon
    if not isinstance(stack, Stack):
        raise TypeError("segments are decoded by a stack of cells")
    segments = -(-horizon // segment)
    return Horizon(stack, segments, framing.channels, segment * framing.ahead_width), segment
