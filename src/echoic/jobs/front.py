"""What the networks of the jobs for labelled sound begin with."""

from echoic.cells import CELLS, Stack, TwoWay
from echoic.config import StackSettings
from echoic.config.spectrum import FrontSettings
from echoic.encoders import Convolution, Encoder, Plain
from echoic.errors import ConfigError


def check_front(settings: FrontSettings, stack: StackSettings) -> None:
    """Whether settings go together.

    Raises:
        ConfigError: settings of convolutions that there are none of, or of a state where layers read both ways.
    """
    for name in ("stride", "kernel"):
        if not settings.channels and getattr(settings, name) != FrontSettings.model_fields[name].default:
            raise ConfigError(f"`{name}` is that of convolutions; name some with --channels.")
    if settings.bidirectional and stack.learn_initial_state:
        raise ConfigError("`learn_initial_state` is for layers that read one way.")


def front(settings: FrontSettings, values: int) -> Encoder:
    """Convolutions over steps of so many `values`, if any."""
    if not settings.channels:
        return Plain(values)
    shape = (settings.channels, settings.kernel, settings.stride)
    # Who hears all before telling may look ahead as far as back.
    return Convolution(values, *shape, Convolution.reach(*shape) // 2 if settings.bidirectional else 0)


def layers(settings: FrontSettings, inputs: int, stack: StackSettings) -> Stack | TwoWay:
    """Recurrent layers that read one way or both."""
    return (TwoWay if settings.bidirectional else Stack)(CELLS, inputs, stack)
