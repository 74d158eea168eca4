"""What the networks of the jobs for labelled sound begin with."""

from echoic.cells import CELLS, Bidirectional, Stack
from echoic.config import StackSettings
from echoic.config.spectrum import EncoderSettings
from echoic.encoders import Convolution, Encoder, Identity
from echoic.errors import ConfigError


def check_front(settings: EncoderSettings, stack: StackSettings) -> None:
    """Whether settings go together.

    Raises:
        ConfigError: settings of convolutions that there are none of, or of a state where layers read both ways.
    """
    for name in ("conv_stride", "kernel_size"):
        if not settings.conv_channels and getattr(settings, name) != EncoderSettings.model_fields[name].default:
            raise ConfigError(f"`{name}` is that of convolutions; name some with --conv-channels.")
    if settings.bidirectional and stack.learn_initial_state:
        raise ConfigError("`learn_initial_state` is for layers that read one way.")


def front(settings: EncoderSettings, values: int) -> Encoder:
    """Convolutions over steps of so many `values`, if any."""
    if not settings.conv_channels:
        return Identity(values)
    shape = (settings.conv_channels, settings.kernel_size, settings.conv_stride)
    # Who hears all before telling may look ahead as far as back.
    return Convolution(values, *shape, Convolution.context_size(*shape) // 2 if settings.bidirectional else 0)


def layers(settings: EncoderSettings, inputs: int, stack: StackSettings) -> Stack | Bidirectional:
    """Recurrent layers that read one way or both."""
    return (Bidirectional if settings.bidirectional else Stack)(CELLS, inputs, stack)
