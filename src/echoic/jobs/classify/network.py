"""The network of the classify job, put together from parts."""

from torch import Tensor

from echoic.config import ClassifySettings
from echoic.heads import Categorical
from echoic.jobs.front import front, layers
from echoic.model import SequenceModel
from echoic.readouts import Attention, Last, Mean, Readout

POOLING: dict[str, type[Last] | type[Mean] | type[Attention]] = {"last": Last, "mean": Mean, "attention": Attention}


def build_network(settings: ClassifySettings, values: int, classes: int, weights: Tensor | None) -> SequenceModel:
    """The model that `settings` ask for, over steps of so many `values`; `weights` are those of classes in the loss."""
    encoder = front(settings.front, values)
    stack = layers(settings.front, encoder.output_size, settings.stack)
    readout: Readout = POOLING[settings.network.pooling](stack.output_size)
    return SequenceModel(encoder, stack, readout, Categorical(readout.output_size, classes, weights=weights))
