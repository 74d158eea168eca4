"""What the networks of the jobs for labelled sound begin with."""

from echoic.cells import CELLS, Stack, TwoWay
from echoic.config import StackSettings
from echoic.config.spectrum import FrontSettings
from echoic.encoders import Convolution, Encoder, Plain
from echoic.errors import ConfigError


def front(settings: FrontSettings, values: int) -> Encoder:
    """Convolutions over steps of so many `values`, if any.

    Raises:
        ConfigError: a stride without convolutions.
    """
    if not settings.channels:
        if settings.stride > 1:
            raise ConfigError("`stride` is that of convolutions; name some with --channels.")
        return Plain(values)
    shape = (settings.channels, settings.kernel, settings.stride)
    # Who hears all before telling may look ahead as far as back.
    return Convolution(values, *shape, Convolution.reach(*shape) // 2 if settings.bidirectional else 0)


def layers(settings: FrontSettings, inputs: int, stack: StackSettings) -> Stack | TwoWay:
    """Recurrent layers that read one way or both."""
    return (TwoWay if settings.bidirectional else Stack)(CELLS, inputs, stack)
