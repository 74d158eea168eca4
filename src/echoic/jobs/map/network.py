"""The network of the map job."""

import torch

from echoic.components import Components
from echoic.config import HeadSettings
from echoic.config.map import MapSettings
from echoic.encoders import Identity
from echoic.heads import HEADS, EmphasizedPoint, ValueHead
from echoic.jobs.map.codec import MapCodec
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep, Readout


def build_network(settings: MapSettings, codec: MapCodec, components: Components) -> SequenceModel:
    """The model for `settings`; its weights are drawn from torch's default generator.

    With a skip connection the head is linear in the hidden vector and the input of a step.
    """
    encoder = components.build_encoder(len(codec.input_names), Identity)
    stack = components.build_stack(encoder.output_size, settings.stack)
    readout: Readout = PerStep(stack.output_size)
    if settings.output.skip:
        readout = ConcatInput(stack.output_size, encoder.output_size)
    return SequenceModel(encoder, stack, readout, _head(settings, codec, components, readout.output_size))


def _head(settings: MapSettings, codec: MapCodec, components: Components, width: int) -> ValueHead:
    output, targets = settings.output, len(codec.target_names)
    if output.loss == "esr":
        components.refuse("head", reason="with --loss esr, which is that of a head")
        return EmphasizedPoint(width, targets, output.preemphasis, torch.tensor(codec.energy))
    head_class = components.value_head_class(HEADS[output.head])
    return head_class.build(width, targets, 1, HeadSettings(head=output.head, loss=output.loss))
