"""Convolutions and recurrent layers of networks for labelled sequences."""

from echoic.cells import Bidirectional, NetworkStack, Stack
from echoic.components import Components
from echoic.config import StackSettings
from echoic.config.spectrum import EncoderSettings
from echoic.config.train import refuse_input_noise
from echoic.encoders import Convolution, Encoder, Identity
from echoic.errors import ConfigError
from echoic.labelled.task import LabelledSettings


def check_front(settings: LabelledSettings) -> None:
    """Refuses settings that have no effect.

    Raises:
        ConfigError: settings of convolutions without convolutions, a learned initial state of bidirectional layers, or
            input noise (which would alter padding).
    """
    encoder = settings.encoder
    for name in ("conv_stride", "kernel_size", "conv_dims"):
        if not encoder.conv_channels and getattr(encoder, name) != EncoderSettings.model_fields[name].default:
            raise ConfigError(f"`{name}` requires convolutions; add some with --conv-channels.")
    augment = settings.augment
    for count, mask in (("n_time_masks", "time_mask_param"), ("n_freq_masks", "freq_mask_param")):
        if not getattr(augment, count):
            augment.refuse_changed([mask], f"without masks; set --{count.replace('_', '-')}.")
    if encoder.bidirectional and settings.stack.learn_initial_state:
        raise ConfigError("`learn_initial_state` is not supported by bidirectional layers; leave one of them out.")
    refuse_input_noise(settings.train, "padded sequences", "noise_std")


def front(settings: EncoderSettings, values: int, components: Components, *, is_stepwise: bool) -> Encoder:
    """The user's encoder, convolutions over steps of `values` values, or the identity."""
    if components.encoder is not None or not settings.conv_channels:
        return components.build_encoder(values, Identity, is_stepwise=is_stepwise)
    shape = (settings.conv_channels, settings.kernel_size, settings.conv_stride)
    # Bidirectional networks use future context anyway, so convolutions can be centred.
    right_context = Convolution.context_size(*shape) // 2 if settings.bidirectional else 0
    return Convolution(values, *shape, right_context, across_bands=settings.conv_dims != 1)


def layers(
    settings: EncoderSettings, inputs: int, stack: StackSettings, components: Components, *, is_stepwise: bool
) -> Stack | Bidirectional | NetworkStack:
    """Unidirectional or bidirectional recurrent layers."""
    if settings.bidirectional:
        return components.build_bidirectional(inputs, stack)
    return components.build_stack(inputs, stack, is_stepwise=is_stepwise)
