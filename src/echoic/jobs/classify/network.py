"""The network of the classify job, put together from parts."""

from torch import Tensor

from echoic.cells import CELLS, Stack, TwoWay
from echoic.config import ClassifySettings
from echoic.encoders import Convolution, Encoder, Plain
from echoic.heads import Categorical
from echoic.model import SequenceModel
from echoic.readouts import Attention, Last, Mean, Readout

POOLING: dict[str, type[Last] | type[Mean] | type[Attention]] = {"last": Last, "mean": Mean, "attention": Attention}


def build_network(settings: ClassifySettings, values: int, classes: int, weights: Tensor | None) -> SequenceModel:
    """The model that `settings` ask for, over steps of so many `values`; `weights` are those of classes in the loss."""
    network = settings.network
    encoder: Encoder = Plain(values)
    if network.channels:
        # Who hears the whole clip may look ahead as far as back.
        ahead = network.kernel // 2 * len(network.channels) if network.bidirectional else 0
        encoder = Convolution(values, network.channels, network.kernel, network.stride, ahead)
    kind = TwoWay if network.bidirectional else Stack
    stack = kind(CELLS, encoder.output_size, settings.stack)
    readout: Readout = POOLING[network.pooling](stack.output_size)
    return SequenceModel(encoder, stack, readout, Categorical(readout.output_size, classes, weights=weights))
